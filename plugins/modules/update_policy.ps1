#!powershell

# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._ClickToRun
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry

$spec = @{
    options = @{
        absent = @{
            type = 'list'
            elements = 'str'
            choices = @(
                'enableautomaticupdates',
                'hideenabledisableupdates',
                'hideupdatenotifications',
                'officemgmtcom',
                'updatebranch',
                'updatedeadline',
                'updatepath',
                'updatetargetversion'
            )
            default = @()
        }
        enableautomaticupdates = @{ type = 'bool' }
        hideenabledisableupdates = @{ type = 'bool' }
        hideupdatenotifications = @{ type = 'bool' }
        officemgmtcom = @{ type = 'bool' }
        restart_service = @{ type = 'bool'; default = $true }
        updatebranch = @{ type = 'str' }
        updatedeadline = @{ type = 'str' }
        updatepath = @{ type = 'str' }
        updatetargetversion = @{ type = 'str' }
    }
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

$absent = @($module.Params.absent)
$restartService = $module.Params.restart_service
$wantedManagement = $module.Params.officemgmtcom

# The registry's type of each policy, as in Microsoft's template.
$policyKinds = @{
    enableautomaticupdates = 'DWord'
    hideenabledisableupdates = 'DWord'
    hideupdatenotifications = 'DWord'
    officemgmtcom = 'DWord'
    updatebranch = 'String'
    updatedeadline = 'String'
    updatepath = 'String'
    updatetargetversion = 'String'
}

function Test-RestartSafe {
    # A restart of the service ends what it is doing and disturbs open applications.
    $state = Get-ClickToRunState
    if (Test-UpdateBusy -Status $state.status) {
        return $false
    }
    if ($null -ne $state.scenario) {
        return $false
    }
    # What COM names and what runs: only an application that neither knows is overlooked.
    return ($state.blocking_apps.Count -eq 0 -and @(Get-OpenOfficeApp).Count -eq 0)
}

function Restart-ClickToRunService {
    # Not Restart-Service, which waits without an end of its own.
    param ([object]$Service)

    $patience = [System.TimeSpan]::FromSeconds(60)
    if ("$($Service.Status)" -ne 'Stopped') {
        $Service.Stop()
        $Service.WaitForStatus('Stopped', $patience)
    }
    $Service.Start()
    $Service.WaitForStatus('Running', $patience)
}

function Wait-ManagementRegistered {
    # The service registers or unregisters the class some time after its start.
    param ([bool]$Wanted)

    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ((Test-ManagementRegistered) -ne $Wanted -and $watch.Elapsed.TotalSeconds -lt 30) {
        Start-Sleep -Seconds 1
    }
}

foreach ($name in $absent) {
    if ($null -ne $module.Params[$name]) {
        $module.FailJson("absent: '$name' is given a value as well; either set it or remove it")
    }
}
$targetVersion = $module.Params.updatetargetversion
if ($targetVersion -and $targetVersion -notmatch '^16\.0\.\d{1,9}\.\d{1,9}\z') {
    $module.FailJson("updatetargetversion: '$targetVersion' is not a full Office build; give one such as 16.0.20326.20100, or an empty text for the newest")
}

$key = Get-UpdatePolicyKey
$before = Get-UpdatePolicy
$after = $before.Clone()
$registered = Test-ManagementRegistered

$module.Result.before = $before
$module.Result.after = $before
$module.Result.com_registered = $registered
$module.Result.restarted = $false
$module.Result.restart_pending = $false

$managementChanged = $false
foreach ($name in $policyKinds.Keys) {
    $value = $module.Params[$name]
    $changed = $false
    try {
        if ($null -ne $value) {
            if ($policyKinds[$name] -eq 'DWord') {
                $value = [int]$value
            }
            $changed = Set-RegistryEntry -Path $key -Name $name -Kind $policyKinds[$name] -Data $value -CheckMode:$module.CheckMode
            $after[$name] = $value
        }
        elseif ($absent -contains $name) {
            $changed = Remove-RegistryEntry -Path $key -Name $name -CheckMode:$module.CheckMode
            $after.Remove($name)
        }
    }
    catch {
        $module.FailJson("${name}: cannot be changed in HKEY_LOCAL_MACHINE\${key}: $($_.Exception.GetBaseException().Message)", $_)
    }
    if ($changed) {
        $module.Result.changed = $true
        if ($name -eq 'officemgmtcom') {
            $managementChanged = $true
        }
    }
}

$module.Result.after = $after
$module.Diff.before = $before
$module.Diff.after = $after

# The service reads officemgmtcom when it starts, and (un)registers the class of the update interface then.
$restartNeeded = $managementChanged -or ($null -ne $wantedManagement -and $registered -ne $wantedManagement)
$service = Get-Service -Name 'ClickToRunSvc' -ErrorAction SilentlyContinue

# Without the service there is no Office yet; its installation starts the service and with that reads the policy.
if ($restartNeeded -and $null -ne $service) {
    if (-not $restartService -or -not (Test-RestartSafe)) {
        $module.Result.restart_pending = $true
    }
    else {
        if (-not $module.CheckMode) {
            try {
                Restart-ClickToRunService -Service $service
            }
            catch {
                $module.FailJson(
                    "The policy is set, but the service ClickToRunSvc could not be restarted: $($_.Exception.GetBaseException().Message). " +
                    'See to it that it runs: Office applications need it.', $_)
            }
            if ($null -ne $wantedManagement) {
                Wait-ManagementRegistered -Wanted $wantedManagement
            }
        }
        $module.Result.restarted = $true
        $module.Result.changed = $true
    }
}

if (-not $module.CheckMode) {
    $registered = Test-ManagementRegistered
    $module.Result.com_registered = $registered
    if ($module.Result.restarted -and $null -ne $wantedManagement -and $registered -ne $wantedManagement) {
        $found = 'not registered'
        if ($registered) {
            $found = 'still registered'
        }
        $module.Warn(
            "officemgmtcom is $wantedManagement and ClickToRunSvc was restarted, but the update interface is $found; " +
            'look at the COM+ application OfficeC2RCom')
    }
}

$module.ExitJson()
