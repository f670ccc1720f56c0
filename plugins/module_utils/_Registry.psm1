# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Registry access of this collection's modules. Internal use only, the interface may change at any time.
# Always the 64-bit view: a 32-bit PowerShell would be shown another SOFTWARE key.

function Open-RegistryHive {
    <#
    .SYNOPSIS
    The root key of a hive, LocalMachine or Users, in the 64-bit view. The caller disposes of it.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Hive
    )

    [Microsoft.Win32.RegistryKey]::OpenBaseKey($Hive, 'Registry64')
}

function Read-RegistryKey {
    <#
    .SYNOPSIS
    All values of a key as a hashtable from lower-case name to data, empty where the key does not exist.
    .DESCRIPTION
    A DWORD is given as the unsigned number it is; .NET reads it as a signed one.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Path,

        [string]
        $Hive = 'LocalMachine'
    )

    $values = @{}
    $root = Open-RegistryHive -Hive $Hive
    try {
        $key = $root.OpenSubKey($Path)
        if ($null -ne $key) {
            try {
                foreach ($name in $key.GetValueNames()) {
                    $data = $key.GetValue($name, $null, 'DoNotExpandEnvironmentNames')
                    if ($data -is [int]) {
                        $data = [long][System.BitConverter]::ToUInt32([System.BitConverter]::GetBytes($data), 0)
                    }
                    $values[$name.ToLowerInvariant()] = $data
                }
            }
            finally {
                $key.Dispose()
            }
        }
    }
    finally {
        $root.Dispose()
    }

    return $values
}

function Get-RegistrySubKeyName {
    <#
    .SYNOPSIS
    The names of the keys below a key, one by one; none where the key does not exist.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Path,

        [string]
        $Hive = 'LocalMachine'
    )

    $root = Open-RegistryHive -Hive $Hive
    try {
        $key = $root.OpenSubKey($Path)
        if ($null -ne $key) {
            try {
                $key.GetSubKeyNames()
            }
            finally {
                $key.Dispose()
            }
        }
    }
    finally {
        $root.Dispose()
    }
}

function Test-RegistryKey {
    <#
    .SYNOPSIS
    Whether a key exists.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Path,

        [string]
        $Hive = 'LocalMachine'
    )

    $root = Open-RegistryHive -Hive $Hive
    try {
        $key = $root.OpenSubKey($Path)
        $exists = $null -ne $key
        if ($exists) {
            $key.Dispose()
        }
    }
    finally {
        $root.Dispose()
    }

    return $exists
}

function Set-RegistryEntry {
    <#
    .SYNOPSIS
    Gives a value exactly this type and data. Returns whether anything had to be changed; in check mode nothing is.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Path,

        [Parameter(Mandatory = $true)]
        [string]
        $Name,

        [Parameter(Mandatory = $true)]
        [ValidateSet('DWord', 'String')]
        [string]
        $Kind,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [object]
        $Data,

        [string]
        $Hive = 'LocalMachine',

        [switch]
        $CheckMode
    )

    # Typed here, so that neither the comparison nor SetValue depends on what the caller's value was wrapped in.
    if ($Kind -eq 'DWord') {
        # .NET takes the upper half of a DWORD's range as negative numbers.
        $wanted = [System.BitConverter]::ToInt32([System.BitConverter]::GetBytes([uint32]$Data), 0)
    }
    else {
        $wanted = [string]$Data
    }

    $root = Open-RegistryHive -Hive $Hive
    try {
        $same = $false
        $key = $root.OpenSubKey($Path)
        if ($null -ne $key) {
            try {
                # GetValueKind throws for a value that does not exist.
                if ($key.GetValueNames() -contains $Name) {
                    $isKind = "$($key.GetValueKind($Name))" -eq $Kind
                    $same = $isKind -and $key.GetValue($Name) -ceq $wanted
                }
            }
            finally {
                $key.Dispose()
            }
        }

        if (-not $same -and -not $CheckMode) {
            $key = $root.CreateSubKey($Path)
            try {
                $key.SetValue($Name, $wanted, $Kind)
            }
            finally {
                $key.Dispose()
            }
        }
    }
    finally {
        $root.Dispose()
    }

    return -not $same
}

function Remove-RegistryEntry {
    <#
    .SYNOPSIS
    Removes one value and nothing else. Returns whether it was there; in check mode it stays.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Path,

        [Parameter(Mandatory = $true)]
        [string]
        $Name,

        [string]
        $Hive = 'LocalMachine',

        [switch]
        $CheckMode
    )

    $root = Open-RegistryHive -Hive $Hive
    try {
        # Opened for writing only where something will be written: check mode needs no right to do so.
        $present = $false
        $key = $root.OpenSubKey($Path, -not $CheckMode)
        if ($null -ne $key) {
            try {
                $present = $key.GetValueNames() -contains $Name
                if ($present -and -not $CheckMode) {
                    $key.DeleteValue($Name, $false)
                }
            }
            finally {
                $key.Dispose()
            }
        }
    }
    finally {
        $root.Dispose()
    }

    return $present
}

function Copy-RegistryEntry {
    <#
    .SYNOPSIS
    Copies one value with its type and the spelling of its name. Returns whether there was one to copy.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Path,

        [Parameter(Mandatory = $true)]
        [string]
        $Name,

        [Parameter(Mandatory = $true)]
        [string]
        $Destination,

        [string]
        $Hive = 'LocalMachine',

        [string]
        $DestinationHive = 'LocalMachine'
    )

    $root = Open-RegistryHive -Hive $Hive
    $destinationRoot = Open-RegistryHive -Hive $DestinationHive
    try {
        $spelt = $null
        $key = $root.OpenSubKey($Path)
        if ($null -ne $key) {
            try {
                foreach ($each in $key.GetValueNames()) {
                    if ($each -eq $Name) {
                        $spelt = $each
                        $kind = $key.GetValueKind($each)
                        $data = $key.GetValue($each, $null, 'DoNotExpandEnvironmentNames')
                    }
                }
            }
            finally {
                $key.Dispose()
            }
        }

        if ($null -ne $spelt) {
            $key = $destinationRoot.CreateSubKey($Destination)
            try {
                # A value that is there keeps the spelling it was first given.
                $key.DeleteValue($spelt, $false)
                $key.SetValue($spelt, $data, $kind)
            }
            finally {
                $key.Dispose()
            }
        }
    }
    finally {
        $destinationRoot.Dispose()
        $root.Dispose()
    }

    return $null -ne $spelt
}

function Get-MissingRegistryKey {
    <#
    .SYNOPSIS
    The uppermost key of a path that does not exist, $null where all of them do.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Path,

        [string]
        $Hive = 'LocalMachine'
    )

    $upper = ''
    foreach ($part in $Path.Split('\')) {
        $upper = "$upper\$part".TrimStart('\')
        if (-not (Test-RegistryKey -Hive $Hive -Path $upper)) {
            return $upper
        }
    }
    return $null
}

function New-VolatileRegistryKey {
    <#
    .SYNOPSIS
    Makes a key of HKEY_LOCAL_MACHINE that is gone after the next start of Windows; the keys above it stay.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Path
    )

    $root = Open-RegistryHive -Hive 'LocalMachine'
    try {
        # One by one: made in one go, the keys above would be volatile too, and no lasting key can be made below such a one.
        $root.CreateSubKey($Path.Substring(0, $Path.LastIndexOf('\'))).Dispose()
        $root.CreateSubKey(
            $Path,
            [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree,
            [Microsoft.Win32.RegistryOptions]::Volatile).Dispose()
    }
    finally {
        $root.Dispose()
    }
}

function Remove-EmptyRegistryKey {
    <#
    .SYNOPSIS
    Removes a key and then the keys above it, up to and with the one given, for as long as they hold nothing.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Path,

        [Parameter(Mandatory = $true)]
        [string]
        $UpTo,

        [string]
        $Hive = 'LocalMachine'
    )

    $root = Open-RegistryHive -Hive $Hive
    try {
        $each = $Path
        $empty = $true
        while ($empty -and $each.Length -ge $UpTo.Length) {
            $key = $root.OpenSubKey($each)
            if ($null -ne $key) {
                $empty = $key.ValueCount -eq 0 -and $key.SubKeyCount -eq 0
                $key.Dispose()
                if ($empty) {
                    $root.DeleteSubKey($each, $false)
                }
            }
            $each = $each.Substring(0, [System.Math]::Max($each.LastIndexOf('\'), 0))
        }
    }
    finally {
        $root.Dispose()
    }
}

function Remove-RegistryKey {
    <#
    .SYNOPSIS
    Removes a key of HKEY_LOCAL_MACHINE with everything in it; a missing one is fine.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Path
    )

    $root = Open-RegistryHive -Hive 'LocalMachine'
    try {
        $root.DeleteSubKeyTree($Path, $false)
    }
    finally {
        $root.Dispose()
    }
}

Export-ModuleMember -Function @(
    'Copy-RegistryEntry'
    'Get-MissingRegistryKey'
    'Get-RegistrySubKeyName'
    'New-VolatileRegistryKey'
    'Read-RegistryKey'
    'Remove-EmptyRegistryKey'
    'Remove-RegistryEntry'
    'Remove-RegistryKey'
    'Set-RegistryEntry'
    'Test-RegistryKey'
)
