# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What values were before this collection first changed them, so that a host can be left as it was found.
# Internal use only, the interface may change at any time.
#
# HKEY_LOCAL_MACHINE\SOFTWARE\officefleet\c2r\<owner>            created: the uppermost key that was missing
# HKEY_LOCAL_MACHINE\SOFTWARE\officefleet\c2r\<owner>\earlier    the values as they were, with their types
# HKEY_LOCAL_MACHINE\SOFTWARE\officefleet\c2r\<owner>\absent     the names of those that were not there

#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry

$script:OwnUpperKey = 'SOFTWARE\officefleet'
$script:OwnKey = 'SOFTWARE\officefleet\c2r'

function Get-EarlierKey {
    <#
    .SYNOPSIS
    The path below HKEY_LOCAL_MACHINE where an owner's earlier values are kept.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Owner
    )

    return "$script:OwnKey\$Owner"
}

function Get-EarlierValue {
    <#
    .SYNOPSIS
    The kept values as a hashtable from lower-case name to data, $null for a value that was not there.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Owner
    )

    $kept = Get-EarlierKey -Owner $Owner
    $values = Read-RegistryKey -Path "$kept\earlier"
    foreach ($name in (Read-RegistryKey -Path "$kept\absent").Keys) {
        $values[$name] = $null
    }
    return $values
}

function Save-EarlierValue {
    <#
    .SYNOPSIS
    Keeps a value as it is before a change. The first change wins: what is kept already stays.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Owner,

        [Parameter(Mandatory = $true)]
        [string]
        $Path,

        [Parameter(Mandatory = $true)]
        [string]
        $Name,

        [string]
        $Hive = 'LocalMachine'
    )

    if ((Get-EarlierValue -Owner $Owner).ContainsKey($Name.ToLowerInvariant())) {
        return
    }
    $kept = Get-EarlierKey -Owner $Owner
    $missing = Get-MissingRegistryKey -Hive $Hive -Path $Path
    if ($null -ne $missing -and -not (Read-RegistryKey -Path $kept).ContainsKey('created')) {
        $null = Set-RegistryEntry -Path $kept -Name 'created' -Kind 'String' -Data $missing
    }
    if (-not (Copy-RegistryEntry -Hive $Hive -Path $Path -Name $Name -Destination "$kept\earlier")) {
        $null = Set-RegistryEntry -Path "$kept\absent" -Name $Name -Kind 'String' -Data ''
    }
}

function Restore-EarlierValue {
    <#
    .SYNOPSIS
    Brings all kept values back, removes the keys that were missing before, and then what was kept.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [string]
        $Owner,

        [Parameter(Mandatory = $true)]
        [string]
        $Path,

        [string]
        $Hive = 'LocalMachine'
    )

    $kept = Get-EarlierKey -Owner $Owner
    foreach ($name in @((Read-RegistryKey -Path "$kept\absent").Keys)) {
        $null = Remove-RegistryEntry -Hive $Hive -Path $Path -Name $name
    }
    foreach ($name in @((Read-RegistryKey -Path "$kept\earlier").Keys)) {
        $null = Copy-RegistryEntry -Path "$kept\earlier" -Name $name -Destination $Path -DestinationHive $Hive
    }
    $created = (Read-RegistryKey -Path $kept)['created']
    if ($created) {
        Remove-EmptyRegistryKey -Hive $Hive -Path $Path -UpTo $created
    }

    # Last, so that a run that is broken off is finished by the next one.
    Remove-RegistryKey -Path $kept
    Remove-EmptyRegistryKey -Path $script:OwnKey -UpTo $script:OwnUpperKey
}

Export-ModuleMember -Function @(
    'Get-EarlierKey'
    'Get-EarlierValue'
    'Restore-EarlierValue'
    'Save-EarlierValue'
)
