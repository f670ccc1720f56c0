#!powershell

# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -CSharpUtil ansible_collections.officefleet.c2r.plugins.module_utils._SessionMessage

$spec = @{
    options = @{
        buttons = @{ type = 'str'; choices = @('ok', 'ok_postpone'); default = 'ok' }
        seconds = @{ type = 'int'; default = 60 }
        text = @{ type = 'str'; required = $true }
        title = @{ type = 'str'; default = 'Office update' }
        wait = @{ type = 'bool'; default = $true }
    }
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

$postpone = $module.Params.buttons -eq 'ok_postpone'
$seconds = $module.Params.seconds
$text = $module.Params.text
$title = $module.Params.title
$wait = $module.Params.wait

$module.Result.changed = $false
$module.Result.postponed = $false
$module.Result.sessions = @()
$module.Result.shown = 0

$longest = 86400
if ($wait) {
    # No longer than a connection can be expected to last.
    $longest = 300
}
if ($seconds -lt 1 -or $seconds -gt $longest) {
    $module.FailJson("seconds: $seconds is not a number from 1 to $longest (300 with wait, 86400 without), such as 60")
}
foreach ($name in 'text', 'title') {
    $value = $module.Params[$name]
    if ("$value".Trim() -eq '') {
        $module.FailJson("${name}: '$value' is empty; give the words that users are to read")
    }
}
if (-not $wait -and $postpone) {
    $module.FailJson('buttons: ok_postpone asks for an answer, which wait: false does not bring back; give wait: true, or buttons: ok')
}

try {
    $sessions = [ansible_collections.officefleet.c2r.plugins.module_utils._SessionMessage.SessionMessage]::List()
}
catch {
    $module.FailJson("Cannot list the sessions of this host: $($_.Exception.GetBaseException().Message)", $_)
}

if (-not $module.CheckMode) {
    [ansible_collections.officefleet.c2r.plugins.module_utils._SessionMessage.SessionMessage]::Show(
        $sessions, $title, $text, $postpone, $seconds, $wait)
}

$shown = 0
$postponed = $false
$results = @(
    foreach ($session in $sessions) {
        $failure = $null
        if ($session.Error -ne 0) {
            $failure = @{
                domain = 'win32'
                code = $session.Error
            }
        }
        if ($session.Answer -in 'ok', 'postpone', 'timeout', 'shown') {
            $shown += 1
        }
        if ($session.Answer -eq 'postpone') {
            $postponed = $true
        }
        @{
            id = $session.Id
            user = $session.User
            state = $session.State
            answer = $session.Answer
            response = $session.Response
            error = $failure
        }
    }
)

$module.Result.sessions = $results
$module.Result.shown = $shown
$module.Result.postponed = $postponed

$module.ExitJson()
