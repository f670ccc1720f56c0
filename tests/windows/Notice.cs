// Copyright (c) 2026, officefleet.c2r contributors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shows one message with the product's own code and prints what became of it:
// Notice.exe FILE POSTPONE SECONDS WAIT, the file holding the title in its first line and the text in the others.

using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using ansible_collections.officefleet.c2r.plugins.module_utils._SessionMessage;

public static class Notice
{
    public static int Main(string[] args)
    {
        string[] parts = File.ReadAllText(args[0], Encoding.UTF8).Split(new char[] { '\n' }, 2);
        try
        {
            UserSession[] sessions = SessionMessage.List();
            int start = Environment.TickCount;
            SessionMessage.Show(sessions, parts[0], parts[1], args[1] == "true", Int32.Parse(args[2]), args[3] == "true");
            int took = unchecked(Environment.TickCount - start);
            foreach (UserSession session in sessions)
            {
                Console.Out.Write(String.Join(";", new string[] {
                    session.Id.ToString(), session.User ?? "null", session.State, session.Answer,
                    session.Response.HasValue ? session.Response.Value.ToString() : "null", session.Error.ToString()
                }) + "\n");
            }
            Console.Out.Write("took " + took + "\n");
        }
        catch (InvalidOperationException error)
        {
            Console.Out.Write("refused " + error.Message + "\n");
        }
        Console.Out.Write("layout " + IntPtr.Size + " " + Marshal.SizeOf(typeof(SessionInfo)) + " "
            + Marshal.OffsetOf(typeof(SessionInfo), "WinStationName") + " " + Marshal.OffsetOf(typeof(SessionInfo), "State") + "\n");
        Console.Out.Flush();
        return 0;
    }
}
