// Copyright (c) 2026, officefleet.c2r contributors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs the C# of plugins/module_utils/_ComDiagnosis.psm1 and prints what it gives, one line for each value:
//     PATH = TEXT        where PATH is made of keys and places, "types.3.functions.0.name"
// Arguments: "read" FILE, or "ask" CLASS INTERFACE...

using System;
using System.Collections.Generic;
using OfficeFleet.C2R;

public static class TypeLibraryProgram
{
    public static void Main(string[] arguments)
    {
        List<string> rest = new List<string>(arguments);
        rest.RemoveRange(0, 2);
        Print("", arguments[0] == "read" ? TypeLibrary.Read(arguments[1]) : TypeLibrary.Ask(arguments[1], rest.ToArray()));
    }

    private static void Print(string path, object value)
    {
        Dictionary<string, object> named = value as Dictionary<string, object>;
        List<object> listed = value as List<object>;
        if (named != null)
        {
            foreach (KeyValuePair<string, object> each in named)
            {
                Print(path + "." + each.Key, each.Value);
            }
        }
        else if (listed != null)
        {
            for (int i = 0; i < listed.Count; i++)
            {
                Print(path + "." + i, listed[i]);
            }
        }
        else
        {
            Console.WriteLine(path.Substring(1) + " = " + value);
        }
    }
}
