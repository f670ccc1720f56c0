# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What Click-to-Run has done lately: its times, its results, its log. Internal use only, the interface may change at any time.

#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._ClickToRun
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry

$script:ClickToRunKey = 'SOFTWARE\Microsoft\Office\ClickToRun'

# The values that hold a time, by the key that they are in.
$script:TimeNames = @{
    'Updates' = @('UpdateDetectionLastRunTime', 'UpdatesAppliedTime', 'DownloadTime')
    'UpdateStatus' = @(
        'UpdateDetectionStartTime'
        'UpdateDetectionEndTime'
        'UpdateClientDownloadStartTime'
        'UpdateClientDownloadEndTime'
        'UpdateDownloadStartTime'
        'UpdateDownloadEndTime'
        'UpdateApplyStartTime'
        'UpdateApplyEndTime'
        'UpdateFinalizeStartTime'
        'UpdateFinalizeEndTime'
    )
}
# The last millisecond of the year 9999, where .NET's calendar ends.
$script:LastMillisecond = 265046774399999

# As much of the end of a log as is read at most.
$script:LogBytes = 1048576

function ConvertTo-IsoTime {
    <#
    .SYNOPSIS
    A moment in UTC as text such as 2026-11-21T07:38:00Z.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [System.DateTime]
        $Time
    )

    return $Time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", [System.Globalization.CultureInfo]::InvariantCulture)
}

function ConvertFrom-ClickToRunTime {
    <#
    .SYNOPSIS
    A number of milliseconds since 1601 in UTC, as Click-to-Run writes times, as ISO text; $null for anything else.
    #>
    [CmdletBinding()]
    param (
        [AllowNull()]
        [object]
        $Value
    )

    # Not \d, which takes digits of other scripts too.
    if ("$Value" -notmatch '^[0-9]{1,15}\z') {
        return $null
    }
    $milliseconds = [long]"$Value"
    if ($milliseconds -eq 0 -or $milliseconds -gt $script:LastMillisecond) {
        return $null
    }
    return ConvertTo-IsoTime -Time ([System.DateTime]::FromFileTimeUtc($milliseconds * 10000))
}

function Get-UpdateTime {
    <#
    .SYNOPSIS
    The times that are in the registry, as a hashtable from lower-case name to ISO text, $null for a damaged one.
    #>
    [CmdletBinding()]
    param ()

    $times = @{}
    foreach ($key in $script:TimeNames.Keys) {
        $values = Read-RegistryKey -Path "$script:ClickToRunKey\$key"
        foreach ($name in $script:TimeNames[$key]) {
            $name = $name.ToLowerInvariant()
            if ($values.ContainsKey($name)) {
                $times[$name] = ConvertFrom-ClickToRunTime -Value $values[$name]
            }
        }
    }
    return $times
}

function Get-LastResult {
    <#
    .SYNOPSIS
    What Click-to-Run carried out last and how it ended, as it says itself.
    #>
    [CmdletBinding()]
    param ()

    $clickToRun = Read-RegistryKey -Path $script:ClickToRunKey
    $status = Read-RegistryKey -Path "$script:ClickToRunKey\UpdateStatus"
    return @{
        scenario = Get-TextOrNull -Value $clickToRun['lastscenario']
        scenario_result = Get-TextOrNull -Value $clickToRun['lastscenarioresult']
        update_result = Get-TextOrNull -Value $status['lastupdateresult']
    }
}

function Find-ClickToRunLog {
    <#
    .SYNOPSIS
    The path of the log of the Click-to-Run service that was written to last, $null where there is none.
    .DESCRIPTION
    Their names are <computer>-<date>-<time>.log, with a letter after the time where that is taken already.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Folder
    )

    $pattern = '^' + [regex]::Escape([System.Environment]::MachineName) + '-[0-9]{8}-[0-9]{4}[a-z]*\.log\z'
    $newest = $null
    $written = [System.DateTime]::MinValue
    if ([System.IO.Directory]::Exists($Folder)) {
        foreach ($path in [System.IO.Directory]::GetFiles($Folder, '*.log')) {
            if ([System.IO.Path]::GetFileName($path) -match $pattern) {
                $time = [System.IO.File]::GetLastWriteTimeUtc($path)
                if ($time -gt $written) {
                    $newest = $path
                    $written = $time
                }
            }
        }
    }
    return $newest
}

function Get-ClickToRunLog {
    <#
    .SYNOPSIS
    The last lines of the newest log of the Click-to-Run service; $null where there is no log.
    .DESCRIPTION
    The service keeps it open for writing, and may delete it: hence the share. It is UTF-16 with a byte order mark.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [int]
        $Tail
    )

    $windows = [System.Environment]::GetFolderPath('Windows')
    $path = $null
    $written = $null
    $lines = @()
    $fault = $null
    try {
        $path = Find-ClickToRunLog -Folder ([System.IO.Path]::Combine($windows, 'Temp'))
        if ($null -eq $path) {
            return $null
        }
        $written = ConvertTo-IsoTime -Time ([System.IO.File]::GetLastWriteTimeUtc($path))
        $stream = [System.IO.File]::Open($path, 'Open', 'Read', 'ReadWrite, Delete')
        try {
            $start = [System.Math]::Max([long]0, $stream.Length - $script:LogBytes)
            # Two bytes make a character.
            $start -= $start % 2
            $null = $stream.Seek($start, 'Begin')
            $reader = New-Object -TypeName System.IO.StreamReader -ArgumentList @($stream, [System.Text.Encoding]::Unicode, $true)
            $lines = @($reader.ReadToEnd() -split '\r?\n')
        }
        finally {
            $stream.Dispose()
        }

        $first = 0
        if ($start -gt 0) {
            # The reading began in the middle of this one.
            $first = 1
        }
        $last = $lines.Count - 1
        if ($lines[$last] -eq '') {
            # What follows the last line's end.
            $last--
        }
        $first = [System.Math]::Max($first, $last - $Tail + 1)
        $lines = @(
            for ($index = $first; $index -le $last; $index++) {
                $lines[$index]
            }
        )
    }
    catch {
        $lines = @()
        $fault = $_.Exception.GetBaseException().Message
    }

    return @{
        path = $path
        written = $written
        lines = $lines
        fault = $fault
    }
}

Export-ModuleMember -Function @(
    'Get-ClickToRunLog'
    'Get-LastResult'
    'Get-UpdateTime'
)
