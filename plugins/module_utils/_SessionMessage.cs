// Copyright (c) 2026, officefleet.c2r contributors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shows a message to the signed-in users and brings back what they chose. Internal to this collection.
// Windows PowerShell 5.1 compiles this with the C# 5 compiler of the .NET Framework, and every warning is an error.
// https://learn.microsoft.com/windows/win32/api/wtsapi32/nf-wtsapi32-wtssendmessagew

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace ansible_collections.officefleet.c2r.plugins.module_utils._SessionMessage
{
    // A session with a user in it, and what became of the message there.
    public sealed class UserSession
    {
        public UserSession()
        {
            State = "";
            Answer = "not_shown";
        }

        public long Id { get; set; }

        // DOMAIN\name; null when Windows would not say.
        public string User { get; set; }

        public string State { get; set; }

        // ok, postpone, timeout, shown (nobody waits for an answer), not_shown or failed.
        public string Answer { get; set; }

        // What WTSSendMessage answered; null when it was not asked or failed.
        public long? Response { get; set; }

        // The Windows error of a failed call; 0 for none.
        public int Error { get; set; }
    }

    public static class SessionMessage
    {
        public const uint Ok = 1;
        public const uint Cancel = 2;
        public const uint TimedOut = 32000;
        public const uint NotWaited = 32001;

        public const uint ButtonsOk = 0x0;
        public const uint ButtonsOkCancel = 0x1;
        public const uint IconInformation = 0x40;
        // The second button is the one that an Enter meant for another window presses: Cancel.
        public const uint SecondIsDefault = 0x100;
        public const uint Foreground = 0x10000;

        private const int ErrorTimeout = 1460;
        private const int UserName = 5;
        private const int DomainName = 7;
        // Beyond the time that Windows itself should keep to.
        private const int GraceMilliseconds = 5000;
        private const int StackBytes = 256 * 1024;

        // WTS_CONNECTSTATE_CLASS; the place in the list is the number.
        private static readonly string[] StateNames = new string[]
        {
            "active", "connected", "connect_query", "shadow", "disconnected", "idle", "listen", "reset", "down", "init"
        };

        // The sessions that somebody is signed in to, by their number.
        public static UserSession[] List()
        {
            IntPtr first;
            uint count;
            if (!NativeMethods.WTSEnumerateSessionsW(IntPtr.Zero, 0, 1, out first, out count))
            {
                throw new InvalidOperationException(String.Format(
                    "WTSEnumerateSessions failed with Windows error {0}", Marshal.GetLastWin32Error()));
            }
            List<UserSession> sessions = new List<UserSession>();
            try
            {
                int size = Marshal.SizeOf(typeof(SessionInfo));
                for (int place = 0; place < count; place++)
                {
                    IntPtr entry = new IntPtr(first.ToInt64() + (long)place * size);
                    SessionInfo info = (SessionInfo)Marshal.PtrToStructure(entry, typeof(SessionInfo));
                    UserSession session = Describe(info);
                    if (session != null)
                    {
                        sessions.Add(session);
                    }
                }
            }
            finally
            {
                NativeMethods.WTSFreeMemory(first);
            }
            sessions.Sort(delegate(UserSession left, UserSession right) { return left.Id.CompareTo(right.Id); });
            return sessions.ToArray();
        }

        // Shows the message in all active sessions at a time and puts the answers into them.
        public static void Show(UserSession[] sessions, string title, string text, bool postpone, int seconds, bool wait)
        {
            List<Delivery> deliveries = new List<Delivery>();
            int start = Environment.TickCount;
            foreach (UserSession session in sessions)
            {
                if (session.State == "active" && session.Error == 0)
                {
                    Delivery delivery = new Delivery(session, title, text, Style(postpone), (uint)seconds, wait);
                    delivery.Begin(StackBytes);
                    deliveries.Add(delivery);
                }
            }
            int limit = (wait ? seconds * 1000 : 0) + GraceMilliseconds;
            foreach (Delivery delivery in deliveries)
            {
                int left = limit - unchecked(Environment.TickCount - start);
                delivery.End(Math.Max(0, left), postpone, ErrorTimeout);
            }
        }

        public static uint Style(bool postpone)
        {
            uint buttons = postpone ? ButtonsOkCancel | SecondIsDefault : ButtonsOk;
            return buttons | IconInformation | Foreground;
        }

        // A box with nothing but OK can only be read and closed.
        public static string Interpret(uint response, bool postpone)
        {
            switch (response)
            {
                case Ok:
                    return "ok";
                case Cancel:
                    return postpone ? "postpone" : "ok";
                case TimedOut:
                    return "timeout";
                case NotWaited:
                    return "shown";
                default:
                    return "failed";
            }
        }

        public static string StateName(int state)
        {
            return state >= 0 && state < StateNames.Length ? StateNames[state] : "state_" + state;
        }

        // null for a session without a user, such as that of the services or the sign-in screen.
        private static UserSession Describe(SessionInfo info)
        {
            UserSession session = new UserSession { Id = info.SessionId, State = StateName(info.State) };
            string user;
            int error = Query(info.SessionId, UserName, out user);
            if (error != 0)
            {
                session.Error = error;
                session.Answer = "failed";
                return session.State == "active" ? session : null;
            }
            if (user.Length == 0)
            {
                return null;
            }
            string domain;
            Query(info.SessionId, DomainName, out domain);
            session.User = domain.Length > 0 ? domain + "\\" + user : user;
            return session;
        }

        // The Windows error, 0 for none; the text is never null.
        private static int Query(uint sessionId, int what, out string text)
        {
            IntPtr buffer;
            uint bytes;
            text = "";
            if (!NativeMethods.WTSQuerySessionInformationW(IntPtr.Zero, sessionId, what, out buffer, out bytes))
            {
                return Marshal.GetLastWin32Error();
            }
            try
            {
                text = Marshal.PtrToStringUni(buffer) ?? "";
            }
            finally
            {
                NativeMethods.WTSFreeMemory(buffer);
            }
            return 0;
        }
    }

    // One call of WTSSendMessage on a thread of its own, which must not keep the process alive.
    internal sealed class Delivery
    {
        private readonly UserSession session;
        private readonly uint sessionId;
        private readonly string title;
        private readonly string text;
        private readonly uint style;
        private readonly uint seconds;
        private readonly bool wait;
        private Thread thread;
        private bool sent;
        private uint response;
        private int error;

        internal Delivery(UserSession session, string title, string text, uint style, uint seconds, bool wait)
        {
            this.session = session;
            this.sessionId = (uint)session.Id;
            this.title = title;
            this.text = text;
            this.style = style;
            this.seconds = seconds;
            this.wait = wait;
        }

        internal void Begin(int stackBytes)
        {
            thread = new Thread(Send, stackBytes);
            thread.IsBackground = true;
            thread.Start();
        }

        // Only here is the session written to, so that a call that comes back too late changes nothing.
        internal void End(int milliseconds, bool postpone, int errorWhenLate)
        {
            if (!thread.Join(milliseconds))
            {
                session.Answer = "failed";
                session.Error = errorWhenLate;
            }
            else if (!sent)
            {
                session.Answer = "failed";
                session.Error = error;
            }
            else
            {
                session.Answer = SessionMessage.Interpret(response, postpone);
                session.Response = response;
            }
        }

        private void Send()
        {
            // The lengths are in bytes, without the final null.
            sent = NativeMethods.WTSSendMessageW(
                IntPtr.Zero, sessionId, title, (uint)title.Length * 2, text, (uint)text.Length * 2, style, seconds, out response, wait);
            error = sent ? 0 : Marshal.GetLastWin32Error();
        }
    }

    // WTS_SESSION_INFOW: 24 bytes in a 64-bit process, 12 in a 32-bit one. Public, because only Windows assigns its fields.
    [StructLayout(LayoutKind.Sequential)]
    public struct SessionInfo
    {
        public uint SessionId;
        public IntPtr WinStationName;
        public int State;
    }

    // The server is always this machine (a null handle).
    internal static class NativeMethods
    {
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        [DllImport("wtsapi32.dll", ExactSpelling = true, SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        internal static extern bool WTSEnumerateSessionsW(
            IntPtr server, uint reserved, uint version, out IntPtr sessions, out uint count);

        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        [DllImport("wtsapi32.dll", ExactSpelling = true, SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        internal static extern bool WTSQuerySessionInformationW(
            IntPtr server, uint sessionId, int what, out IntPtr buffer, out uint bytes);

        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        [DllImport("wtsapi32.dll", ExactSpelling = true, SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        internal static extern bool WTSSendMessageW(
            IntPtr server,
            uint sessionId,
            [MarshalAs(UnmanagedType.LPWStr)] string title,
            uint titleBytes,
            [MarshalAs(UnmanagedType.LPWStr)] string message,
            uint messageBytes,
            uint style,
            uint seconds,
            out uint response,
            [MarshalAs(UnmanagedType.Bool)] bool wait);

        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        [DllImport("wtsapi32.dll", ExactSpelling = true)]
        internal static extern void WTSFreeMemory(IntPtr memory);
    }
}
