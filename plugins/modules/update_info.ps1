#!powershell

# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._ClickToRun

$spec = @{
    options = @{}
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

try {
    $state = Get-ClickToRunState
}
catch {
    $module.FailJson("Cannot read the state of Click-to-Run: $($_.Exception.GetBaseException().Message)", $_)
}

foreach ($name in $state.Keys) {
    $module.Result[$name] = $state[$name]
}

$module.ExitJson()
