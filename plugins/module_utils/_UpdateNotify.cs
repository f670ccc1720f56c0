// Copyright (c) 2026, officefleet.c2r contributors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The Click-to-Run service's COM interface for management tools. Internal to this collection.
// Windows PowerShell 5.1 compiles this with the C# 5 compiler of the .NET Framework, and every warning is an error.
// https://learn.microsoft.com/office/client-developer/shared/manageability-applications-with-the-office-365-click-to-run-installer

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify
{
    // UPDATE_STATUS_REPORT. The marshaller copies and frees the BSTR.
    [StructLayout(LayoutKind.Sequential)]
    public struct UpdateStatusReport
    {
        public int Status;
        public uint Error;
        [MarshalAs(UnmanagedType.BStr)]
        public string ContentId;
    }

    // The order of the methods is the order of the native table. PreserveSig everywhere: without it .NET would pass
    // one argument more than the native methods take and turn failures into exceptions.
    [ComImport]
    [Guid("90E166F0-D621-4793-BE78-F58008DDDD2A")]
    [InterfaceType(ComInterfaceType.InterfaceIsIUnknown)]
    public interface IUpdateNotify2
    {
        [PreserveSig]
        int Download([MarshalAs(UnmanagedType.LPWStr)] string parameters);

        [PreserveSig]
        int Apply([MarshalAs(UnmanagedType.LPWStr)] string parameters);

        [PreserveSig]
        int Cancel();

        [PreserveSig]
        int Status(ref UpdateStatusReport report);

        [PreserveSig]
        int GetBlockingApps([MarshalAs(UnmanagedType.BStr)] out string apps);

        [PreserveSig]
        int GetOfficeDeploymentData(
            int dataType,
            [MarshalAs(UnmanagedType.LPWStr)] string name,
            [MarshalAs(UnmanagedType.BStr)] out string data);
    }

    // What one call brought. HResult is that of the call, or of the activation when Activated is false.
    public sealed class UpdateNotifyAnswer
    {
        public UpdateNotifyAnswer()
        {
            ContentId = "";
            Apps = new string[0];
            Data = "";
        }

        public bool Activated { get; set; }

        public int HResult { get; set; }

        public bool Succeeded
        {
            get { return Activated && HResult >= 0; }
        }

        // As text, because PowerShell reads the literal 0x80070005 as other numbers in other places.
        public string HResultText
        {
            get { return "0x" + HResult.ToString("X8"); }
        }

        public int Status { get; set; }

        public long Error { get; set; }

        public string ContentId { get; set; }

        public string[] Apps { get; set; }

        public string Data { get; set; }
    }

    // One fresh object for each call, as the interface's documentation asks: COM+ unloads an idle one.
    public static class UpdateNotifyClient
    {
        public const string ClassId = "52C2F9C2-F1AC-4021-BF50-756A5FA8DDFE";

        private delegate int Call(IUpdateNotify2 service, UpdateNotifyAnswer answer);

        public static UpdateNotifyAnswer Download(string parameters)
        {
            return Invoke(delegate(IUpdateNotify2 service, UpdateNotifyAnswer answer)
            {
                return service.Download(parameters);
            });
        }

        public static UpdateNotifyAnswer Apply(string parameters)
        {
            return Invoke(delegate(IUpdateNotify2 service, UpdateNotifyAnswer answer)
            {
                return service.Apply(parameters);
            });
        }

        public static UpdateNotifyAnswer Cancel()
        {
            return Invoke(delegate(IUpdateNotify2 service, UpdateNotifyAnswer answer)
            {
                return service.Cancel();
            });
        }

        public static UpdateNotifyAnswer Status()
        {
            return Invoke(delegate(IUpdateNotify2 service, UpdateNotifyAnswer answer)
            {
                UpdateStatusReport report = new UpdateStatusReport();
                int result = service.Status(ref report);
                answer.Status = report.Status;
                answer.Error = report.Error;
                answer.ContentId = report.ContentId ?? "";
                return result;
            });
        }

        public static UpdateNotifyAnswer GetBlockingApps()
        {
            return Invoke(delegate(IUpdateNotify2 service, UpdateNotifyAnswer answer)
            {
                string apps;
                int result = service.GetBlockingApps(out apps);
                answer.Apps = SplitApps(apps);
                return result;
            });
        }

        // What the numbers ask for is not documented. An empty name is handed over as one.
        public static UpdateNotifyAnswer GetOfficeDeploymentData(int dataType, string name)
        {
            return Invoke(delegate(IUpdateNotify2 service, UpdateNotifyAnswer answer)
            {
                string data;
                int result = service.GetOfficeDeploymentData(dataType, name, out data);
                answer.Data = data ?? "";
                return result;
            });
        }

        // "WINWORD, EXCEL" to two names; no answer (a null BSTR) to none.
        public static string[] SplitApps(string apps)
        {
            List<string> names = new List<string>();
            foreach (string part in (apps ?? "").Split(','))
            {
                string name = part.Trim();
                if (name.Length > 0)
                {
                    names.Add(name);
                }
            }
            return names.ToArray();
        }

        private static UpdateNotifyAnswer Invoke(Call call)
        {
            UpdateNotifyAnswer answer = new UpdateNotifyAnswer();
            object instance = null;
            try
            {
                instance = Activator.CreateInstance(Type.GetTypeFromCLSID(new Guid(ClassId), true));
                IUpdateNotify2 service = (IUpdateNotify2)instance;
                answer.Activated = true;
                answer.HResult = call(service, answer);
            }
            catch (Exception error)
            {
                // .NET maps the HRESULTs of a failed activation to many exception types; each still carries its own.
                answer.HResult = error.GetBaseException().HResult;
            }
            finally
            {
                if (instance != null)
                {
                    Marshal.FinalReleaseComObject(instance);
                }
            }
            return answer;
        }
    }

    // The "key=value key=value" text that Download and Apply take. The format knows no quoting, so a value that would
    // break it is refused with an ArgumentException that names the module's option.
    public static class UpdateParameters
    {
        // An empty source means Office's own CDN, an empty version the newest build there. A download source, the class of
        // a BITS manager, and a content identifier go together and take the source's place.
        public static string Download(bool displayLevel, string source, string version, string downloadSource, string contentId)
        {
            List<string> pairs = new List<string>();
            pairs.Add(Flag("displaylevel", displayLevel));
            AddText(pairs, "updatebaseurl", "source", source);
            AddText(pairs, "updatetoversion", "version", version);
            AddText(pairs, "downloadsource", "download_source", downloadSource);
            AddText(pairs, "contentid", "content_id", contentId);
            return String.Join(" ", pairs.ToArray());
        }

        public static string Apply(bool displayLevel, bool forceAppShutdown)
        {
            return Flag("displaylevel", displayLevel) + " " + Flag("forceappshutdown", forceAppShutdown);
        }

        private static string Flag(string key, bool value)
        {
            return key + "=" + (value ? "true" : "false");
        }

        private static void AddText(List<string> pairs, string key, string option, string value)
        {
            // PowerShell hands $null over as an empty string.
            if (String.IsNullOrEmpty(value))
            {
                return;
            }
            foreach (char letter in value)
            {
                if (Char.IsWhiteSpace(letter) || Char.IsControl(letter) || letter == '=' || letter == '"' || letter == '\'')
                {
                    // Without the value, which may hold a secret.
                    throw new ArgumentException(String.Format(
                        "{0}: the value holds white space, '=' or a quote, which the parameter text of Click-to-Run cannot carry; give a value without them",
                        option));
                }
            }
            pairs.Add(key + "=" + value);
        }
    }
}
