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
        content_id = @{ type = 'str' }
        display_level = @{ type = 'bool'; default = $false }
        download_source = @{ type = 'str' }
        force_app_shutdown = @{ type = 'bool'; default = $false }
        multi_session_shutdown = @{ type = 'bool'; default = $false }
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
    required_together = @(
        , @('content_id', 'download_source')
    )
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

$step = $module.Params._step
$allowDowngrade = $module.Params.allow_downgrade
$contentId = $module.Params.content_id
$displayLevel = $module.Params.display_level
$downloadSource = $module.Params.download_source
$forceAppShutdown = $module.Params.force_app_shutdown
$multiSessionShutdown = $module.Params.multi_session_shutdown
$source = $module.Params.source
$version = $module.Params.version

$module.Result.step = $step
$module.Result.submitted = $false
$module.Result.refused = $null
$module.Result.call = $null
$module.Result.blocked = $false
$module.Result.hint = $null

function Assert-Option {
    # Everything that can be wrong with the options is said before the host is looked at.
    if ("$version" -notmatch '^16\.0\.\d{1,9}\.\d{1,9}\z') {
        $module.FailJson("version: '$version' is not a full Office build; give one such as 16.0.20326.20100")
    }
    # Without the value: what is wrong with it is that it holds a secret, or may hold one.
    if ($source -match '^[^/\\]*//([^/]*@|[^/:\[]*:(?![0-9]*([/\\?#]|\z))[\s\S]*@)') {
        $module.FailJson('source: the URL holds a user name or a password, which the Click-to-Run service does not use; leave them out')
    }
    if ($source -notmatch '^\\\\' -and $source -match '[?#]') {
        $module.FailJson(
            "source: the URL has a query ('?') or a fragment ('#'), to which the Click-to-Run service cannot append its paths; " +
            'leave it out, also where it is an access token')
    }
    if ($source -and $source -notmatch '^(https?://[^/\\]+(/[\s\S]*)?|\\\\[^\\/]+\\[^\\/][\s\S]*)\z') {
        $module.FailJson("source: '$source' is neither an http or https URL nor a UNC path such as \\server\share")
    }
    if ($downloadSource -and $source) {
        $module.FailJson("source: '$source' would be ignored, since download_source and content_id are given; leave it out, or leave them out")
    }
    if ($null -ne $downloadSource -and $downloadSource -notmatch '^\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}\z') {
        $module.FailJson(
            "download_source: '$downloadSource' is not the class of a BITS manager; " +
            'give it as the registry has it, such as {5CE34C0D-0DC9-4C1F-897C-DAA1B78CEE7C}')
    }
    if ($null -ne $contentId -and $contentId -eq '') {
        $module.FailJson('content_id: it is empty; give the identifier under which the BITS manager knows the content')
    }
}

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
    # Whoever asks for a shutdown thinks of one user; here it would close the applications of all who share the host.
    if ($forceAppShutdown -and $State.multi_session -and -not $multiSessionShutdown) {
        return 'multi_session'
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
    if ($State.status -eq 'downloading' -or ($State.status -eq 'download_pending' -and $module.CheckMode)) {
        return $null
    }
    if ($State.status -in @('apply_pending', 'applying')) {
        return 'applying'
    }
    if (Test-UpdateBusy -Status $State.status) {
        return 'busy'
    }
    return 'idle'
}

function Test-Blocked {
    # Whether open applications are all that keeps the build from being installed; also those opened between a look and Apply, which failed by that.
    param ([hashtable]$State)

    $staged = $version -and $State.updates_ready_to_apply -eq $version
    $failed = $State.status -eq 'apply_failed' -and $staged -and -not $forceAppShutdown
    return $refused -eq 'blocked' -or ($failed -and $State.blocking_apps.Count -gt 0)
}

function Wait-Update {
    # Looks until the service is at rest, or until a queued download has begun; never longer than any connection's time-out. The controller asks again.
    param (
        [hashtable]$State,
        [switch]$Queued
    )

    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($watch.Elapsed.TotalSeconds -lt 9) {
        if (-not (Test-UpdateBusy -Status $State.status) -or ($Queued -and $State.status -ne 'download_pending')) {
            break
        }
        Start-Sleep -Seconds 1
        $State = Get-State
    }
    return $State
}

function Get-Outcome {
    # What a diff is about.
    param ([hashtable]$State)

    return @{
        status = $State.status
        updates_ready_to_apply = $State.updates_ready_to_apply
        version = $State.version
    }
}

$downloads = $step -eq 'download' -or $step -eq 'apply'
if ($downloads) {
    Assert-Option
}
if ($source) {
    $source = $source.TrimEnd('/', '\')
    if ($source -match '^\\\\') {
        $module.Result.hint = "the Click-to-Run service reads $source as the host's computer account: Domain Computers need read access to share and folder"
    }
}
$parameters = ''
if ($downloads) {
    try {
        if ($step -eq 'download') {
            $parameters = [ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify.UpdateParameters]::Download(
                $displayLevel, $source, $version, $downloadSource, $contentId)
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
if (-not $module.CheckMode) {
    if ($step -eq 'wait') {
        $state = Wait-Update -State $state
    }
    elseif ($step -eq 'cancel') {
        $state = Wait-Update -State $state -Queued
    }
}

$refused = $null
$method = $null
$asked = @{}
if ($step -eq 'download') {
    $method = 'Download'
    $refused = Get-DownloadRefusal -State $state
    $asked = @{ status = 'download_succeeded'; updates_ready_to_apply = $version }
}
elseif ($step -eq 'apply') {
    $method = 'Apply'
    $refused = Get-ApplyRefusal -State $state
    $asked = @{ status = 'apply_succeeded'; updates_ready_to_apply = $null; version = $version }
}
elseif ($step -eq 'cancel') {
    $method = 'Cancel'
    $refused = Get-CancelRefusal -State $state
    $asked = @{ status = 'download_cancelled' }
}
$module.Diff.before = Get-Outcome -State $state
$module.Diff.after = Get-Outcome -State $state

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

if ($submitted) {
    foreach ($name in $asked.Keys) {
        $module.Diff.after[$name] = $asked[$name]
    }
}
foreach ($name in $state.Keys) {
    $module.Result[$name] = $state[$name]
}
$module.Result.blocked = Test-Blocked -State $state
$module.Result.refused = $refused
$module.Result.submitted = $submitted
$module.Result.changed = $submitted

$module.ExitJson()
