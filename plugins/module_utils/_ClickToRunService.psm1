# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Restarting the Click-to-Run service, and remembering that it has to be. Internal use only, the interface may change at any time.

#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._ClickToRun
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry

$script:OwnUpperKey = 'SOFTWARE\officefleet'
$script:OwnKey = 'SOFTWARE\officefleet\c2r'
$script:PendingKey = 'SOFTWARE\officefleet\c2r\restart_pending'

function Test-RestartSafe {
    <#
    .SYNOPSIS
    Whether a restart of the service would end nothing that it is doing and, unless that is accepted, disturb no open application.
    #>
    [CmdletBinding()]
    param (
        [switch]
        $AcceptOpenApps
    )

    $state = Get-ClickToRunState
    if (Test-UpdateBusy -Status $state.status) {
        return $false
    }
    if ($null -ne $state.scenario) {
        return $false
    }
    # What COM names and what runs: only an application that neither knows is overlooked.
    return $AcceptOpenApps -or ($state.blocking_apps.Count -eq 0 -and @(Get-OpenOfficeApp).Count -eq 0)
}

function Restart-ClickToRunService {
    <#
    .SYNOPSIS
    Restarts the service, within two minutes or with an exception. Not Restart-Service, which waits without an end of its own.
    .DESCRIPTION
    Whatever goes wrong, a service that stops late is started all the same, for a minute more, and the restart left to a later run.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [object]
        $Service
    )

    $patience = [System.TimeSpan]::FromSeconds(60)
    $Service.Refresh()
    try {
        if ("$($Service.Status)" -ne 'Stopped') {
            $Service.Stop()
            $Service.WaitForStatus('Stopped', $patience)
        }
        $Service.Start()
        $Service.WaitForStatus('Running', $patience)
    }
    catch {
        $fault = $_.Exception.GetBaseException().Message
        try {
            $Service.Refresh()
            if ("$($Service.Status)" -in @('StopPending', 'Stopped')) {
                $Service.WaitForStatus('Stopped', $patience)
                $Service.Start()
            }
        }
        catch {
            $fault = "$fault (and it was not started again: $($_.Exception.GetBaseException().Message))"
        }
        Set-PendingRestart
        throw $fault
    }
}

function Wait-ManagementRegistered {
    <#
    .SYNOPSIS
    Waits, for half a minute at most, until the service has registered or unregistered the class, some time after its start.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [bool]
        $Wanted
    )

    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ((Test-ManagementRegistered) -ne $Wanted -and $watch.Elapsed.TotalSeconds -lt 30) {
        Start-Sleep -Seconds 1
    }
}

function Test-PendingRestart {
    <#
    .SYNOPSIS
    Whether an earlier run left a restart of the service to a later one, and Windows has not been restarted since.
    #>
    [CmdletBinding()]
    param ()

    return Test-RegistryKey -Path $script:PendingKey
}

function Set-PendingRestart {
    <#
    .SYNOPSIS
    Leaves the restart to a later run. The mark goes with the next start of Windows, as the need for it does.
    #>
    [CmdletBinding()]
    param ()

    New-VolatileRegistryKey -Path $script:PendingKey
}

function Remove-PendingRestart {
    <#
    .SYNOPSIS
    The service was restarted, or need not be any more.
    #>
    [CmdletBinding()]
    param ()

    Remove-RegistryKey -Path $script:PendingKey
    Remove-EmptyRegistryKey -Path $script:OwnKey -UpTo $script:OwnUpperKey
}

Export-ModuleMember -Function @(
    'Remove-PendingRestart'
    'Restart-ClickToRunService'
    'Set-PendingRestart'
    'Test-PendingRestart'
    'Test-RestartSafe'
    'Wait-ManagementRegistered'
)
