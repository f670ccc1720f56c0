# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What Windows is, and whether it waits for a restart. Internal use only, the interface may change at any time.

#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._ClickToRun
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry

function Get-WindowsEdition {
    <#
    .SYNOPSIS
    Product name, edition and kind of installation as the registry has them. Windows 11 calls itself Windows 10 there.
    #>
    [CmdletBinding()]
    param ()

    $windows = Read-RegistryKey -Path 'SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    return @{
        product_name = Get-TextOrNull -Value $windows['productname']
        edition = Get-TextOrNull -Value $windows['editionid']
        installation_type = Get-TextOrNull -Value $windows['installationtype']
    }
}

function Get-PendingRestart {
    <#
    .SYNOPSIS
    Whether Windows waits for a restart, and the signs of it in the registry.
    #>
    [CmdletBinding()]
    param ()

    $current = 'SOFTWARE\Microsoft\Windows\CurrentVersion'
    $control = 'SYSTEM\CurrentControlSet\Control'
    $renames = (Read-RegistryKey -Path "$control\Session Manager")['pendingfilerenameoperations']
    $active = (Read-RegistryKey -Path "$control\ComputerName\ActiveComputerName")['computername']
    $next = (Read-RegistryKey -Path "$control\ComputerName\ComputerName")['computername']

    $evidence = @(
        if (Test-RegistryKey -Path "$current\Component Based Servicing\RebootPending") {
            'component_based_servicing'
        }
        if (Test-RegistryKey -Path "$current\WindowsUpdate\Auto Update\RebootRequired") {
            'windows_update'
        }
        if ("$renames".Trim()) {
            'file_renames'
        }
        if ("$active" -ne "$next") {
            'computer_name'
        }
    )
    return @{
        pending = $evidence.Count -gt 0
        evidence = $evidence
    }
}

Export-ModuleMember -Function @(
    'Get-PendingRestart'
    'Get-WindowsEdition'
)
