# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Reads {"import": base64 of a .reg file or "", "export": [keys]}, writes {"exports": [base64 of a .reg file or ""]}.
# Windows PowerShell 5.1 and PowerShell 7.

$ErrorActionPreference = 'Stop'

function Invoke-RegProgram {
    # Not called by name: how PowerShell quotes arguments differs between its versions.
    param ([string]$Arguments)

    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo -ArgumentList 'reg.exe', $Arguments
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    [void]$process.StandardOutput.ReadToEnd()
    $message = $process.StandardError.ReadToEnd()
    $process.WaitForExit()
    return @{ ExitCode = $process.ExitCode; Message = $message }
}

$request = @($input) -join "`n" | ConvertFrom-Json
$file = [System.IO.Path]::GetTempFileName()
try {
    if ($request.import) {
        [System.IO.File]::WriteAllBytes($file, [System.Convert]::FromBase64String($request.import))
        $result = Invoke-RegProgram -Arguments "import `"$file`" /reg:64"
        if ($result.ExitCode -ne 0) {
            throw "reg import ended with $($result.ExitCode): $($result.Message) (an administrator's PowerShell is needed)"
        }
    }
    $exports = @(
        foreach ($key in $request.export) {
            $result = Invoke-RegProgram -Arguments "export `"$key`" `"$file`" /y /reg:64"
            if ($result.ExitCode -eq 0) {
                [System.Convert]::ToBase64String([System.IO.File]::ReadAllBytes($file))
            }
            else {
                ''
            }
        }
    )
    [System.Console]::Out.WriteLine((ConvertTo-Json -InputObject @{ exports = $exports } -Compress))
}
finally {
    [System.IO.File]::Delete($file)
}
