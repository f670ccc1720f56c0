#!powershell

# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._EarlierValues
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry

$spec = @{
    options = @{
        state = @{ type = 'str'; choices = @('present', 'absent', 'restored'); default = 'present' }
        timeout = @{ type = 'str' }
    }
    required_if = @(
        , @('state', 'present', @('timeout'))
    )
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

$state = $module.Params.state
$owner = 'document_sync_timeout'
$units = @{ '' = 1; s = 1000; m = 60000; h = 3600000 }

$module.Result.before = $null
$module.Result.timeout = $null

# The profile of LocalSystem, which the Click-to-Run service runs as.
$place = @{
    Hive = 'Users'
    Path = '.DEFAULT\Software\Microsoft\Office\16.0\Common\Internet'
}
$name = 'documentsynctimeout'

function ConvertTo-Millisecond {
    # 600000, 0x927C0, 600s, 10m or 1h as a number of milliseconds; 0 for what is none of these.
    param ([string]$Text)

    $hex = [regex]::Match($Text, '^0[xX]([0-9a-fA-F]{1,8})\z')
    if ($hex.Success) {
        return [System.Convert]::ToInt64($hex.Groups[1].Value, 16)
    }
    $number = [regex]::Match($Text, '^([0-9]{1,10})([smhSMH]?)\z')
    if ($number.Success) {
        return [long]$number.Groups[1].Value * $units[$number.Groups[2].Value]
    }
    return [long]0
}

if ($state -eq 'present') {
    $timeout = ConvertTo-Millisecond -Text $module.Params.timeout
    if ($timeout -lt 1 -or $timeout -gt 4294967295) {
        $module.FailJson(
            "timeout: '$($module.Params.timeout)' is not a time from 1 to 4294967295 milliseconds; " +
            'give milliseconds such as 600000 or 0x927C0, or a number with s, m or h such as 10m')
    }
}

try {
    $found = Read-RegistryKey @place
    $before = $found[$name]
    # Of another type than DWORD it is no timeout; a QWORD may hold more.
    if ($before -isnot [long] -or $before -lt 1 -or $before -gt 4294967295) {
        $before = $null
    }
    $after = $before
    $module.Result.before = $before
    $module.Result.timeout = $before

    $changed = $false
    if ($state -eq 'present') {
        $changed = Set-RegistryEntry @place -Name $name -Kind 'DWord' -Data $timeout -CheckMode
        $after = $timeout
    }
    elseif ($state -eq 'absent') {
        $changed = $found.ContainsKey($name)
        $after = $null
    }
    else {
        $earlier = Get-EarlierValue -Owner $owner
        $changed = $earlier.ContainsKey($name)
        if ($changed) {
            $after = $earlier[$name]
            if ($after -isnot [long] -or $after -lt 1 -or $after -gt 4294967295) {
                $after = $null
            }
        }
    }

    if ($changed -and -not $module.CheckMode) {
        if ($state -eq 'restored') {
            Restore-EarlierValue @place -Owner $owner
        }
        else {
            Save-EarlierValue @place -Owner $owner -Name $name
            if ($state -eq 'present') {
                $null = Set-RegistryEntry @place -Name $name -Kind 'DWord' -Data $timeout
            }
            else {
                $null = Remove-RegistryEntry @place -Name $name
            }
        }
    }
}
catch {
    $module.FailJson("Cannot manage documentsynctimeout in HKEY_USERS\$($place.Path): $($_.Exception.GetBaseException().Message)", $_)
}

$module.Result.changed = $changed
$module.Result.timeout = $after
$module.Diff.before = @{ documentsynctimeout = $before }
$module.Diff.after = @{ documentsynctimeout = $after }

$module.ExitJson()
