# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The C# client of the update interface: compiled as Windows PowerShell 5.1 would, its own part run with Mono.

Mono has no COM here; so what is shown is the compiler's opinion, the declaration of the interface and the text that
Download and Apply are given, not a call.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "plugins" / "module_utils" / "_UpdateNotify.cs"
NAMESPACE = "ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify"

needs_mcs = pytest.mark.skipif(shutil.which("mcs") is None, reason="Mono's C# compiler (mcs) is not installed")
needs_mono = pytest.mark.skipif(
    shutil.which("mcs") is None or shutil.which("mono") is None, reason="Mono (mcs and mono) is not installed"
)

PROBE = """
using System;
using System.Reflection;
using System.Runtime.InteropServices;
using NAMESPACE;

public static class Probe
{
    static string Quote(object value)
    {
        return "\\"" + Convert.ToString(value).Replace("\\\\", "\\\\\\\\").Replace("\\"", "\\\\\\"")
            .Replace("\\n", "\\\\n").Replace("\\t", "\\\\t") + "\\"";
    }

    static string Attempt(Func<string> build)
    {
        try { return Quote(build()); }
        catch (ArgumentException error) { return Quote("refused: " + error.Message); }
    }

    public static void Main()
    {
        Type service = typeof(IUpdateNotify2);
        string methods = "";
        foreach (MethodInfo method in service.GetMethods())
        {
            bool preserved = (method.GetMethodImplementationFlags() & MethodImplAttributes.PreserveSig) != 0;
            string line = method.ReturnType.Name + " " + method.Name + (preserved ? " preserved" : "");
            foreach (ParameterInfo parameter in method.GetParameters())
            {
                object[] marshal = parameter.GetCustomAttributes(typeof(MarshalAsAttribute), false);
                line += " " + parameter.ParameterType.Name
                    + (marshal.Length > 0 ? ":" + ((MarshalAsAttribute)marshal[0]).Value : "");
            }
            methods += (methods == "" ? "" : ",") + Quote(line);
        }
        UpdateNotifyAnswer failed = new UpdateNotifyAnswer { Activated = true, HResult = unchecked((int)0x8000000E) };
        Console.WriteLine("{" + String.Join(",", new string[] {
            "\\"guid\\":" + Quote(service.GUID),
            "\\"class\\":" + Quote(UpdateNotifyClient.ClassId),
            "\\"methods\\":[" + methods + "]",
            "\\"size\\":" + Marshal.SizeOf(typeof(UpdateStatusReport)),
            "\\"pointer\\":" + IntPtr.Size,
            "\\"hresult\\":" + Quote(failed.HResultText + " " + failed.Succeeded),
            "\\"accepted\\":" + Quote(new UpdateNotifyAnswer { Activated = true }.HResultText),
            "\\"apps\\":" + Quote(String.Join("|", UpdateNotifyClient.SplitApps(" WINWORD,EXCEL , ,"))),
            "\\"no_apps\\":" + UpdateNotifyClient.SplitApps(null).Length,
            "\\"texts\\":[" + String.Join(",", new string[] {
                TEXTS
            }) + "]"
        }) + "}");
    }
}
"""

TEXTS = {
    'UpdateParameters.Download(false, "http://lib/Current/16.0.1.2", "16.0.1.2", null, null)': (
        "displaylevel=false updatebaseurl=http://lib/Current/16.0.1.2 updatetoversion=16.0.1.2"
    ),
    'UpdateParameters.Download(true, "", "16.0.1.2", null, null)': "displaylevel=true updatetoversion=16.0.1.2",
    "UpdateParameters.Download(true, null, null, null, null)": "displaylevel=true",
    'UpdateParameters.Download(false, "\\\\\\\\server\\\\share", null, null, null)': (
        r"displaylevel=false updatebaseurl=\\server\share"
    ),
    'UpdateParameters.Download(false, "", "16.0.1.2", "{0A1B}", "id-1")': (
        "displaylevel=false updatetoversion=16.0.1.2 downloadsource={0A1B} contentid=id-1"
    ),
    "UpdateParameters.Apply(false, true)": "displaylevel=false forceappshutdown=true",
    "UpdateParameters.Apply(true, false)": "displaylevel=true forceappshutdown=false",
}
REFUSED = {
    'UpdateParameters.Download(false, "http://lib/a b", null, null, null)': "source: the value holds",
    'UpdateParameters.Download(false, "http://lib/?a=b", null, null, null)': "source: the value holds",
    'UpdateParameters.Download(false, "http://lib/\\"", null, null, null)': "source: the value holds",
    'UpdateParameters.Download(false, "http://lib/\'", null, null, null)': "source: the value holds",
    'UpdateParameters.Download(false, "http://lib/\\n", null, null, null)': "source: the value holds",
    'UpdateParameters.Download(false, null, "16.0.1.2", "{0A1B}", "id 1")': "content_id: the value holds",
    'UpdateParameters.Download(false, null, "16.0.1.2", "{0A1B}\\t", "id-1")': "download_source: the value holds",
    'UpdateParameters.Download(false, null, "16.0.1.2 forceappshutdown=true", null, null)': "version: the value holds",
}


def compile_csharp(target: Path, *sources: Path, kind: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["mcs", "-langversion:5", "-warnaserror", "-warn:4", f"-target:{kind}", f"-out:{target}", *map(str, sources)],
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    directory = tmp_path_factory.mktemp("probe")
    source = directory / "Probe.cs"
    attempts = ",\n".join(f"Attempt(() => {call})" for call in (*TEXTS, *REFUSED))
    source.write_text(PROBE.replace("NAMESPACE", NAMESPACE).replace("TEXTS", attempts))
    compiled = compile_csharp(directory / "probe.exe", source, SOURCE, kind="exe")
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    run = subprocess.run(["mono", str(directory / "probe.exe")], check=True, capture_output=True, text=True)
    return cast(dict[str, Any], json.loads(run.stdout))


def test_namespace_is_the_one_that_ansible_asks_for() -> None:
    assert f"namespace {NAMESPACE}\n" in SOURCE.read_text()


def test_only_the_framework_is_used() -> None:
    usings = re.findall(r"^using (.+);$", SOURCE.read_text(), re.MULTILINE)
    assert usings == ["System", "System.Collections.Generic", "System.Runtime.InteropServices"]


@needs_mcs
def test_compiles_as_csharp_5_without_a_warning(tmp_path: Path) -> None:
    compiled = compile_csharp(tmp_path / "client.dll", SOURCE, kind="library")
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr


@needs_mcs
@pytest.mark.parametrize(
    "fault",
    ['string newer = $"{1}";', "int unused = 1;"],
    ids=["C# 6", "a warning"],
)
def test_compiler_would_find_a_fault(tmp_path: Path, fault: str) -> None:
    broken = tmp_path / "Broken.cs"
    broken.write_text(
        SOURCE.read_text().replace("List<string> names =", f"{fault}\n            List<string> names =", 1)
    )
    assert compile_csharp(tmp_path / "broken.dll", broken, kind="library").returncode != 0


@needs_mono
def test_interface_is_declared_as_documented(probe: dict[str, Any]) -> None:
    assert probe["guid"] == "90e166f0-d621-4793-be78-f58008dddd2a"
    assert probe["class"].lower() == "52c2f9c2-f1ac-4021-bf50-756a5fa8ddfe"
    assert probe["methods"] == [
        "Int32 Download preserved String:LPWStr",
        "Int32 Apply preserved String:LPWStr",
        "Int32 Cancel preserved",
        "Int32 Status preserved UpdateStatusReport&",
        "Int32 GetBlockingApps preserved String&:BStr",
        "Int32 GetOfficeDeploymentData preserved Int32 String:LPWStr String&:BStr",
    ]
    assert probe["size"] == 8 + probe["pointer"]  # int, unsigned int, BSTR


@needs_mono
def test_answers_are_plain(probe: dict[str, Any]) -> None:
    assert probe["hresult"] == "0x8000000E False"
    assert probe["accepted"] == "0x00000000"
    assert probe["apps"] == "WINWORD|EXCEL"
    assert probe["no_apps"] == 0


@needs_mono
def test_parameter_texts(probe: dict[str, Any]) -> None:
    assert probe["texts"][: len(TEXTS)] == list(TEXTS.values())


@needs_mono
def test_values_that_would_break_the_text_are_refused(probe: dict[str, Any]) -> None:
    refusals = probe["texts"][len(TEXTS) :]
    assert len(refusals) == len(REFUSED)
    for found, expected in zip(refusals, REFUSED.values(), strict=True):
        assert found.startswith(f"refused: {expected}")
        assert "give a value without them" in found
