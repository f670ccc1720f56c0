#!powershell

# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -CSharpUtil ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._ClickToRun
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._ComDiagnosis
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._UpdateHistory
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._UpdateManagement
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._WindowsState

$spec = @{
    options = @{
        deployment_data = @{
            type = 'list'
            elements = 'dict'
            options = @{
                name = @{ type = 'str'; default = '' }
                type = @{ type = 'int'; required = $true }
            }
        }
        diagnose = @{ type = 'bool'; default = $false }
        log_tail = @{ type = 'int'; default = 0 }
    }
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

$deploymentData = $module.Params.deployment_data
$diagnose = $module.Params.diagnose
$logTail = $module.Params.log_tail

if ($logTail -lt 0 -or $logTail -gt 1000) {
    $module.FailJson("log_tail: $logTail is not a number of lines between 0 and 1000")
}

function Read-DeploymentData {
    # What the update interface answers to one question about the deployment.
    param ([int]$Type, [string]$Name)

    $answer = [ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify.UpdateNotifyClient]::GetOfficeDeploymentData($Type, $Name)
    return @{
        type = $Type
        name = $Name
        hresult = $answer.HResultText
        data = $answer.Data
    }
}

try {
    # First, because it asks the update interface: what follows then is never older than the status.
    $state = Get-ClickToRunState
    foreach ($name in $state.Keys) {
        $module.Result[$name] = $state[$name]
    }

    $module.Result.msi_office = @(Get-MsiOffice)
    $module.Result.language_use = Get-LanguageUse
    $module.Result.channel_source = Get-ChannelSource
    $module.Result.cloud_policies = Get-CloudPolicy
    $module.Result.managed_by = Get-UpdateManager -Installed $state.installed
    $module.Result.com_registration = Get-ComRegistration
    $module.Result.last_result = Get-LastResult
    $module.Result.times = Get-UpdateTime
    $module.Result.system_free_disk_bytes = Get-FreeDiskSize -Path ''
    $module.Result.windows = Get-WindowsEdition
    $module.Result.pending_restart = Get-PendingRestart

    $module.Result.log = $null
    if ($logTail -gt 0) {
        $module.Result.log = Get-ClickToRunLog -Tail $logTail
    }
    $module.Result.deployment_data = @(
        foreach ($question in $deploymentData) {
            Read-DeploymentData -Type $question.type -Name $question.name
        }
    )
    $module.Result.diagnosis = $null
    if ($diagnose) {
        $module.Result.diagnosis = Get-ComDiagnosis
    }
}
catch {
    $module.FailJson("Cannot read the state of Click-to-Run: $($_.Exception.GetBaseException().Message)", $_)
}

$module.ExitJson()
