#!powershell

# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -CSharpUtil ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._ClickToRun

$spec = @{
    options = @{
        _step = @{ type = 'str'; choices = @('read', 'download', 'apply', 'cancel', 'wait'); default = 'read' }
        allow_downgrade = @{ type = 'bool'; default = $false }
        display_level = @{ type = 'bool'; default = $false }
        force_app_shutdown = @{ type = 'bool'; default = $false }
        source = @{ type = 'str' }
        state = @{ type = 'str'; choices = @('downloaded', 'installed', 'cancelled'); default = 'installed' }
        version = @{ type = 'str' }
        wait = @{ type = 'bool'; default = $true }
        wait_timeout = @{ type = 'int'; default = 7200 }
    }
    required_if = @(
        @('state', 'downloaded', @('version')),
        @('state', 'installed', @('version'))
    )
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

$step = $module.Params._step
$allowDowngrade = $module.Params.allow_downgrade
$displayLevel = $module.Params.display_level
$forceAppShutdown = $module.Params.force_app_shutdown
$source = $module.Params.source
$version = $module.Params.version

$module.Result.step = $step
$module.Result.submitted = $false
$module.Result.refused = $null
$module.Result.call = $null

function Get-State {
    try {
        Get-ClickToRunState
    }
    catch {
        $module.FailJson("Cannot read the state of Click-to-Run: $($_.Exception.GetBaseException().Message)", $_)
    }
}

function Get-VersionRefusal {
    # The target against what is installed. $null: nothing speaks against it.
    param ([hashtable]$State)

    if ($State.version -eq $version) {
        return 'at_target'
    }
    $installed = $State.version -as [version]
    if ($null -ne $installed -and $installed -gt [version]$version -and -not $allowDowngrade) {
        return 'newer'
    }
    return $null
}

function Get-DownloadRefusal {
    param ([hashtable]$State)

    $refused = Get-VersionRefusal -State $State
    if ($null -ne $refused) {
        return $refused
    }
    if ($State.updates_ready_to_apply -eq $version) {
        return 'already_staged'
    }
    if ($null -eq $State.status -or -not $State.installed) {
        return 'com_unavailable'
    }
    if (Test-UpdateBusy -Status $State.status) {
        return 'busy'
    }
    return $null
}

function Get-ApplyRefusal {
    param ([hashtable]$State)

    $refused = Get-VersionRefusal -State $State
    if ($null -ne $refused) {
        return $refused
    }
    if ($null -eq $State.status -or -not $State.installed) {
        return 'com_unavailable'
    }
    if (Test-UpdateBusy -Status $State.status) {
        return 'busy'
    }
    # Apply takes whatever is staged and reports success when nothing is: only the registry says what it would install.
    if ($State.updates_ready_to_apply -ne $version) {
        return 'nothing_staged'
    }
    if ($State.blocking_apps.Count -gt 0 -and -not $forceAppShutdown) {
        return 'blocked'
    }
    return $null
}

function Get-CancelRefusal {
    param ([hashtable]$State)

    if ($null -eq $State.status) {
        return 'com_unavailable'
    }
    # The interface cancels a running download only: not a queued one, and never an installation.
    if ($State.status -eq 'downloading') {
        return $null
    }
    if (Test-UpdateBusy -Status $State.status) {
        return 'busy'
    }
    return 'idle'
}

# Everything that can be wrong with the options is said before the host is looked at.
$parameters = ''
if ($step -eq 'download' -or $step -eq 'apply') {
    if ("$version" -notmatch '^16\.0\.\d{1,9}\.\d{1,9}\z') {
        $module.FailJson("version: '$version' is not a full Office build; give one such as 16.0.20326.20100")
    }
    if ($source -and $source -notmatch '^(https?://[^/]|\\\\[^\\])') {
        $module.FailJson("source: '$source' is neither an http or https URL nor a UNC path such as \\server\share")
    }
    try {
        if ($step -eq 'download') {
            $parameters = [ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify.UpdateParameters]::Download(
                $displayLevel, $source, $version)
        }
        else {
            $parameters = [ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify.UpdateParameters]::Apply(
                $displayLevel, $forceAppShutdown)
        }
    }
    catch {
        $module.FailJson($_.Exception.GetBaseException().Message, $_)
    }
}

$state = Get-State
$refused = $null
$method = $null
if ($step -eq 'download') {
    $method = 'Download'
    $refused = Get-DownloadRefusal -State $state
}
elseif ($step -eq 'apply') {
    $method = 'Apply'
    $refused = Get-ApplyRefusal -State $state
}
elseif ($step -eq 'cancel') {
    $method = 'Cancel'
    $refused = Get-CancelRefusal -State $state
}
elseif ($step -eq 'wait' -and -not $module.CheckMode) {
    # Short enough for any connection's time-out; the controller asks again.
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ((Test-UpdateBusy -Status $state.status) -and $watch.Elapsed.TotalSeconds -lt 9) {
        Start-Sleep -Seconds 1
        $state = Get-State
    }
}

$submitted = $false
if ($null -ne $method -and $null -eq $refused) {
    if ($module.CheckMode) {
        $submitted = $true
    }
    else {
        if ($method -eq 'Download') {
            $answer = [ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify.UpdateNotifyClient]::Download($parameters)
        }
        elseif ($method -eq 'Apply') {
            $answer = [ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify.UpdateNotifyClient]::Apply($parameters)
        }
        else {
            $answer = [ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify.UpdateNotifyClient]::Cancel()
        }
        $submitted = $answer.Succeeded
        # A failed call is an answer like any other; what it means is for the controller to say.
        $module.Result.call = @{
            method = $method
            parameters = $parameters
            hresult = $answer.HResultText
        }
        $module.Result.changed = $submitted
        $module.Result.submitted = $submitted
        $state = Get-State
    }
}

foreach ($name in $state.Keys) {
    $module.Result[$name] = $state[$name]
}
$module.Result.refused = $refused
$module.Result.submitted = $submitted
$module.Result.changed = $submitted

$module.ExitJson()
