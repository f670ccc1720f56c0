// Copyright (c) 2026, officefleet.c2r contributors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Calls plugins/module_utils/_UpdateNotify.cs as it is told on standard input, one line each (tests/windows/driver.py):
//     > COMMAND WORD...       a text is "-" (null) or "=" and its UTF-16LE in hexadecimal
//     < WORD...               or "fault" and a text, when the client let an exception through

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify;

public static class Driver
{
    // Exported by the COM server, which is loaded from this program's folder as soon as an object was asked for.
    [DllImport("OfficeC2RCom.dll")]
    private static extern void Counters([Out] int[] counts);

    public static void Main(string[] arguments)
    {
        Thread thread = new Thread(Serve);
        thread.SetApartmentState(arguments[0] == "STA" ? ApartmentState.STA : ApartmentState.MTA);
        thread.Start();
        thread.Join();
    }

    private static void Serve()
    {
        Console.WriteLine("ready " + Thread.CurrentThread.GetApartmentState());
        string line;
        while ((line = Console.In.ReadLine()) != null)
        {
            string answer;
            try
            {
                answer = Answer(line.Split(' '));
            }
            catch (Exception error)
            {
                answer = "fault " + Put(error.GetType().Name + ": " + error.Message);
            }
            Console.WriteLine(answer);
        }
    }

    private static string Answer(string[] words)
    {
        switch (words[0])
        {
            case "Download":
                return Describe(UpdateNotifyClient.Download(Get(words[1])));
            case "Apply":
                return Describe(UpdateNotifyClient.Apply(Get(words[1])));
            case "Cancel":
                return Describe(UpdateNotifyClient.Cancel());
            case "Status":
                return Describe(UpdateNotifyClient.Status());
            case "GetBlockingApps":
                return Describe(UpdateNotifyClient.GetBlockingApps());
            case "GetOfficeDeploymentData":
                return DeploymentData(Int32.Parse(words[1]), Get(words[2]));
            case "DeploymentData":
                UpdateNotifyAnswer answer = UpdateNotifyClient.GetOfficeDeploymentData(Int32.Parse(words[1]), Get(words[2]));
                return answer.HResultText + " " + Put(answer.Data);
            case "DownloadText":
                return Build(delegate
                {
                    return UpdateParameters.Download(
                        words[1] == "True", Get(words[2]), Get(words[3]), Get(words[4]), Get(words[5]));
                });
            case "ApplyText":
                return Build(delegate { return UpdateParameters.Apply(words[1] == "True", words[2] == "True"); });
            case "Counters":
                int[] counts = new int[4];
                Counters(counts);
                return String.Join(" ", Array.ConvertAll(counts, Convert.ToString));
            default:
                throw new ArgumentException("unknown command " + words[0]);
        }
    }

    private static string Describe(UpdateNotifyAnswer answer)
    {
        List<string> words = new List<string>();
        words.Add(answer.Activated.ToString());
        words.Add(answer.Succeeded.ToString());
        words.Add(answer.HResult.ToString());
        words.Add(answer.HResultText);
        words.Add(answer.Status.ToString());
        words.Add(answer.Error.ToString());
        words.Add(Put(answer.ContentId));
        foreach (string app in answer.Apps)
        {
            words.Add(Put(app));
        }
        return String.Join(" ", words.ToArray());
    }

    // Straight through the interface, which tells a null string from an empty one.
    private static string DeploymentData(int type, string name)
    {
        object instance = Activator.CreateInstance(Type.GetTypeFromCLSID(new Guid(UpdateNotifyClient.ClassId), true));
        try
        {
            string data;
            int result = ((IUpdateNotify2)instance).GetOfficeDeploymentData(type, name, out data);
            return result + " " + Put(data);
        }
        finally
        {
            Marshal.FinalReleaseComObject(instance);
        }
    }

    private static string Build(Func<string> text)
    {
        try
        {
            return "built " + Put(text());
        }
        catch (ArgumentException error)
        {
            return "refused " + Put(error.Message);
        }
    }

    private static string Put(string text)
    {
        return text == null ? "-" : "=" + BitConverter.ToString(Encoding.Unicode.GetBytes(text)).Replace("-", "").ToLowerInvariant();
    }

    private static string Get(string word)
    {
        if (word == "-")
        {
            return null;
        }
        byte[] bytes = new byte[(word.Length - 1) / 2];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = Convert.ToByte(word.Substring(1 + 2 * i, 2), 16);
        }
        return Encoding.Unicode.GetString(bytes);
    }
}
