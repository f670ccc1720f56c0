#!powershell

# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry

$spec = @{
    options = @{
        state = @{ type = 'str'; choices = @('present', 'absent'); default = 'present' }
        timeout = @{ type = 'int' }
    }
    required_if = @(
        , @('state', 'present', @('timeout'))
    )
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

$state = $module.Params.state
$timeout = $module.Params.timeout

$module.Result.before = $null
$module.Result.timeout = $null

# The profile of LocalSystem, which the Click-to-Run service runs as.
$entry = @{
    Hive = 'Users'
    Path = '.DEFAULT\Software\Microsoft\Office\16.0\Common\Internet'
    Name = 'documentsynctimeout'
    CheckMode = $module.CheckMode
}

if ($state -eq 'present' -and $timeout -lt 1) {
    $module.FailJson("timeout: $timeout is not a number of milliseconds from 1 to 2147483647, such as 600000 for ten minutes")
}

try {
    $before = (Read-RegistryKey -Hive $entry.Hive -Path $entry.Path)[$entry.Name]
    # Of another type than DWORD it is no timeout.
    if ($before -isnot [long]) {
        $before = $null
    }
    $after = $before
    $module.Result.before = $before
    $module.Result.timeout = $before

    if ($state -eq 'present') {
        $changed = Set-RegistryEntry @entry -Kind 'DWord' -Data $timeout
        $after = $timeout
    }
    else {
        $changed = Remove-RegistryEntry @entry
        $after = $null
    }
}
catch {
    $module.FailJson("Cannot manage documentsynctimeout in HKEY_USERS\$($entry.Path): $($_.Exception.GetBaseException().Message)", $_)
}

$module.Result.changed = $changed
$module.Result.timeout = $after
$module.Diff.before = @{ documentsynctimeout = $before }
$module.Diff.after = @{ documentsynctimeout = $after }

$module.ExitJson()
