#!powershell

# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._ClickToRun
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._ClickToRunService
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._EarlierValues
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry

$spec = @{
    options = @{
        absent = @{
            type = 'list'
            elements = 'str'
            choices = @(
                'blockversion',
                'deferupdatedays',
                'enableautomaticupdates',
                'fallbacktocdn',
                'hideenabledisableupdates',
                'hideupdatenotifications',
                'localodtpath',
                'maxstaledays',
                'officemgmtcom',
                'onlinerepair',
                'preventbinginstall',
                'preventteamsinstall',
                'setbitsasprimary',
                'updatebranch',
                'updatedeadline',
                'updatepath',
                'updatetargetversion',
                'vltosubscription'
            )
            default = @()
        }
        blockversion = @{ type = 'str' }
        deferupdatedays = @{ type = 'int' }
        enableautomaticupdates = @{ type = 'bool' }
        fallbacktocdn = @{ type = 'bool' }
        hideenabledisableupdates = @{ type = 'bool' }
        hideupdatenotifications = @{ type = 'bool' }
        localodtpath = @{ type = 'str' }
        maxstaledays = @{ type = 'int' }
        officemgmtcom = @{ type = 'bool' }
        onlinerepair = @{ type = 'bool' }
        preventbinginstall = @{ type = 'bool' }
        preventteamsinstall = @{ type = 'bool' }
        repair_registration = @{ type = 'bool'; default = $false }
        restart_service = @{ type = 'bool'; default = $true }
        restart_with_open_apps = @{ type = 'bool'; default = $false }
        setbitsasprimary = @{ type = 'bool' }
        state = @{ type = 'str'; choices = @('present', 'restored'); default = 'present' }
        updatebranch = @{
            type = 'str'
            choices = @(
                'BetaChannel',
                'Current',
                'CurrentPreview',
                'Deferred',
                'FirstReleaseCurrent',
                'FirstReleaseDeferred',
                'InsiderFast',
                'MonthlyEnterprise'
            )
        }
        updatedeadline = @{ type = 'str' }
        updatepath = @{ type = 'str' }
        updatetargetversion = @{ type = 'str' }
        vltosubscription = @{ type = 'bool' }
    }
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

$absent = @(
    foreach ($name in $module.Params.absent) {
        if ($null -ne $name) {
            $name
        }
    }
)
$repairRegistration = $module.Params.repair_registration
$restartService = $module.Params.restart_service
$restartWithOpenApps = $module.Params.restart_with_open_apps
$state = $module.Params.state
$wantedManagement = $module.Params.officemgmtcom

# The registry's type of each policy, as in Microsoft's template office16.admx.
$policyKinds = @{
    blockversion = 'String'
    deferupdatedays = 'DWord'
    enableautomaticupdates = 'DWord'
    fallbacktocdn = 'DWord'
    hideenabledisableupdates = 'DWord'
    hideupdatenotifications = 'DWord'
    localodtpath = 'String'
    maxstaledays = 'DWord'
    officemgmtcom = 'DWord'
    onlinerepair = 'DWord'
    preventbinginstall = 'DWord'
    preventteamsinstall = 'DWord'
    setbitsasprimary = 'DWord'
    updatebranch = 'String'
    updatedeadline = 'String'
    updatepath = 'String'
    updatetargetversion = 'String'
    vltosubscription = 'DWord'
}

function Assert-Option {
    # Everything that can be wrong with the options, said before the host is looked at.
    foreach ($name in ($policyKinds.Keys | Sort-Object)) {
        if ($null -ne $module.Params[$name]) {
            if ($state -eq 'restored') {
                $module.FailJson("state: 'restored' takes no policies, and '$name' is given; leave it out")
            }
            if ($absent -contains $name) {
                $module.FailJson("absent: '$name' is given a value as well; either set it or remove it")
            }
        }
    }
    if ($state -eq 'restored' -and ($absent.Count -gt 0 -or $repairRegistration)) {
        $module.FailJson("state: 'restored' goes with neither absent nor repair_registration; leave them out")
    }
    $days = $module.Params.deferupdatedays
    if ($null -ne $days -and ($days -lt 0 -or $days -gt 14)) {
        $module.FailJson("deferupdatedays: $days is not a number of days from 0 to 14")
    }
    $days = $module.Params.maxstaledays
    if ($null -ne $days -and ($days -lt 1 -or $days -gt 90)) {
        $module.FailJson("maxstaledays: $days is not a number of days from 1 to 90")
    }
    $version = $module.Params.updatetargetversion
    if ($version -and $version -notmatch '^16\.0\.\d{1,9}\.\d{1,9}\z') {
        $module.FailJson("updatetargetversion: '$version' is not a full Office build; give one such as 16.0.20326.20100, or an empty text for the newest")
    }
    $blocked = $module.Params.blockversion
    $pair = '16\.0\.\d{1,9}\.\d{1,9}:16\.0\.\d{1,9}\.\d{1,9}'
    if ($null -ne $blocked -and $blocked -notmatch "^$pair(\|$pair)*\z") {
        $module.FailJson(
            "blockversion: '$blocked' does not name builds to block with the builds to go to instead; " +
            'give pairs such as 16.0.10326.10000:16.0.10328.10000, with | between them')
    }
    $deadline = $module.Params.updatedeadline
    $moment = [System.DateTime]::MinValue
    $culture = [System.Globalization.CultureInfo]::InvariantCulture
    if ($null -ne $deadline -and $deadline -notmatch '^[0-9]{1,3}\z' -and
        -not [System.DateTime]::TryParseExact($deadline, 'MM/dd/yyyy HH:mm', $culture, 'None', [ref]$moment)) {
        $module.FailJson("updatedeadline: '$deadline' is neither a number of days nor a date and time in UTC such as 12/31/2026 17:00")
    }
}

function Invoke-Restart {
    # Restarts the service where that is wanted and disturbs nobody, or leaves it to a later run. Returns whether it was (would be) restarted.
    if (-not $restartService -or -not (Test-RestartSafe -AcceptOpenApps:$restartWithOpenApps)) {
        $module.Result.restart_pending = $true
        if (-not $module.CheckMode) {
            Set-PendingRestart
        }
        return $false
    }
    if (-not $module.CheckMode) {
        try {
            Restart-ClickToRunService -Service $service
        }
        catch {
            $module.Result.restart_pending = $true
            $module.FailJson(
                "The policy is set, but the service ClickToRunSvc could not be restarted: $($_.Exception.GetBaseException().Message). " +
                'See to it that it runs: Office applications need it.', $_)
        }
        Remove-PendingRestart
    }
    $module.Result.restarted = $true
    $module.Result.changed = $true
    return $true
}

function Repair-Registration {
    # Microsoft's remedy for a class that is missing although management is on: off, restart, on, restart.
    # Looked at again: since the restart before, half a minute may have passed.
    if (-not (Test-RestartSafe -AcceptOpenApps:$restartWithOpenApps)) {
        $module.Result.restart_pending = $true
        Set-PendingRestart
        return
    }
    $hadPolicy = $after.ContainsKey('officemgmtcom')
    $fault = $null
    try {
        $null = Set-RegistryEntry -Path $key -Name 'officemgmtcom' -Kind 'DWord' -Data 0
        Restart-ClickToRunService -Service $service
        # There is nothing to be seen go; the service needs some time after its start.
        Start-Sleep -Seconds 5
    }
    catch {
        # Said once the policy is back.
        $fault = $_
    }
    finally {
        if ($hadPolicy) {
            $null = Set-RegistryEntry -Path $key -Name 'officemgmtcom' -Kind 'DWord' -Data 1
        }
        else {
            $null = Remove-RegistryEntry -Path $key -Name 'officemgmtcom'
        }
    }
    if ($null -ne $fault) {
        $module.Result.restart_pending = Test-PendingRestart
        $module.FailJson("repair_registration: ClickToRunSvc could not be restarted: $($fault.Exception.GetBaseException().Message)", $fault)
    }
    if (Invoke-Restart) {
        Wait-ManagementRegistered -Wanted $true
        $module.Result.repaired = $true
    }
}

function Test-Repairable {
    # Whether the class is missing although management is on, by policy or by how Office was installed.
    if (-not $repairRegistration -or $registered) {
        return $false
    }
    if ($after.ContainsKey('officemgmtcom')) {
        return $after['officemgmtcom'] -eq 1
    }
    return (Get-ClickToRunState).management.com_enabled -eq $true
}

function Set-Policy {
    # Sets and removes what is asked for. Returns whether officemgmtcom was changed.
    $managementChanged = $false
    foreach ($name in ($policyKinds.Keys | Sort-Object)) {
        $value = $module.Params[$name]
        $changed = $false
        $entry = @{ Path = $key; Name = $name }
        try {
            if ($null -ne $value) {
                $entry.Kind = $policyKinds[$name]
                $entry.Data = $value
                # Ansible.Basic takes choices in any case and leaves them in it.
                foreach ($choice in $spec.options[$name].choices) {
                    if ($choice -eq $value) {
                        $entry.Data = $choice
                    }
                }
                if ($entry.Kind -eq 'DWord') {
                    $entry.Data = [int]$value
                }
                $changed = Set-RegistryEntry @entry -CheckMode
                $after[$name] = $entry.Data
            }
            elseif ($absent -contains $name) {
                $changed = Remove-RegistryEntry @entry -CheckMode
                $after.Remove($name)
            }
            if ($changed -and -not $module.CheckMode) {
                if ($name -eq 'officemgmtcom' -and -not (Get-EarlierValue -Owner $owner).ContainsKey($name)) {
                    $null = Set-RegistryEntry -Path (Get-EarlierKey -Owner $owner) -Name 'com_registered' -Kind 'DWord' -Data ([int]$registered)
                }
                Save-EarlierValue -Owner $owner -Path $key -Name $name
                if ($null -ne $value) {
                    $null = Set-RegistryEntry @entry
                }
                else {
                    $null = Remove-RegistryEntry @entry
                }
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
    return $managementChanged
}

function Restore-Policy {
    # Back to how the host was: the class first, which only an explicit officemgmtcom and a restart bring back, then the values.
    $earlier = Get-EarlierValue -Owner $owner
    $wasRegistered = (Read-RegistryKey -Path (Get-EarlierKey -Owner $owner))['com_registered'] -eq 1
    if ($earlier.ContainsKey('officemgmtcom') -and $wasRegistered -ne $registered -and $null -ne $service) {
        $entry = @{ Path = $key; Name = 'officemgmtcom'; Kind = 'DWord'; Data = [int]$wasRegistered }
        try {
            if (Set-RegistryEntry @entry -CheckMode:$module.CheckMode) {
                $module.Result.changed = $true
            }
        }
        catch {
            $module.FailJson("officemgmtcom: cannot be changed in HKEY_LOCAL_MACHINE\${key}: $($_.Exception.GetBaseException().Message)", $_)
        }
        $after['officemgmtcom'] = $entry.Data
        if (-not (Invoke-Restart)) {
            return
        }
        if (-not $module.CheckMode) {
            Wait-ManagementRegistered -Wanted $wasRegistered
            if ((Test-ManagementRegistered) -ne $wasRegistered) {
                $module.FailJson(
                    "officemgmtcom is $($entry.Data) and ClickToRunSvc was restarted, but the update interface is " +
                    "$(Get-Registration -Registered $registered); nothing else is restored yet. Look at the COM+ application OfficeC2RCom and run this again")
            }
        }
    }
    foreach ($name in $earlier.Keys) {
        $module.Result.changed = $true
        if ($null -eq $earlier[$name]) {
            $after.Remove($name)
        }
        else {
            $after[$name] = $earlier[$name]
        }
    }
    if (-not $module.CheckMode) {
        try {
            Restore-EarlierValue -Owner $owner -Path $key
            Remove-PendingRestart
        }
        catch {
            $module.FailJson("Cannot restore the policies in HKEY_LOCAL_MACHINE\${key}: $($_.Exception.GetBaseException().Message)", $_)
        }
    }
}

function Get-Registration {
    param ([bool]$Registered)

    if ($Registered) {
        return 'still registered'
    }
    return 'not registered'
}

Assert-Option

$owner = 'update_policy'
$key = Get-UpdatePolicyKey

try {
    $before = Get-UpdatePolicy
    $after = $before.Clone()
    $registered = Test-ManagementRegistered
    $service = Get-Service -Name 'ClickToRunSvc' -ErrorAction SilentlyContinue

    $module.Result.before = $before
    $module.Result.after = $after
    $module.Result.com_registered = $registered
    $module.Result.earlier = @{}
    $module.Result.repaired = $false
    $module.Result.restarted = $false
    $module.Result.restart_pending = $false

    if ($state -eq 'restored') {
        Restore-Policy
    }
    else {
        $managementChanged = Set-Policy
        # The service reads officemgmtcom when it starts, and (un)registers the class of the update interface then.
        $restartNeeded = $managementChanged -or ($null -ne $wantedManagement -and $registered -ne $wantedManagement) -or (Test-PendingRestart)
        $repairable = Test-Repairable
        # Without the service there is no Office yet; its installation starts the service and with that reads the policy.
        if (($restartNeeded -or $repairable) -and $null -ne $service -and (Invoke-Restart) -and -not $module.CheckMode) {
            if ($null -ne $wantedManagement) {
                Wait-ManagementRegistered -Wanted $wantedManagement
            }
            elseif ($repairable) {
                Wait-ManagementRegistered -Wanted $true
            }
            if ($repairable -and -not (Test-ManagementRegistered)) {
                Repair-Registration
            }
            $registered = Test-ManagementRegistered
            if ($null -ne $wantedManagement -and $registered -ne $wantedManagement) {
                $module.Warn(
                    "officemgmtcom is $wantedManagement and ClickToRunSvc was restarted, but the update interface is " +
                    "$(Get-Registration -Registered $registered); look at the COM+ application OfficeC2RCom, or set repair_registration")
            }
        }
    }

    $module.Result.com_registered = Test-ManagementRegistered
    $module.Result.earlier = Get-EarlierValue -Owner $owner
}
catch {
    $module.FailJson("Cannot manage the update policies in HKEY_LOCAL_MACHINE\${key}: $($_.Exception.GetBaseException().Message)", $_)
}
$module.Diff.before = $before
$module.Diff.after = $after

$module.ExitJson()
