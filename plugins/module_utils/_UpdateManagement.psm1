# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Who manages the updates of a host, what decides about its channel and how far COM management is set up, with what
# was seen of each. Internal use only, the interface may change at any time.

#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._ClickToRun
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry

$script:ConfigurationKey = 'SOFTWARE\Microsoft\Office\ClickToRun\Configuration'
$script:CloudPolicyKey = 'SOFTWARE\Policies\Microsoft\cloud\office\16.0\Common\officeupdate'
$script:ManagementClasses = @('{B7F1785F-D69B-46F1-92FC-D2DE9C994F13}', '{52C2F9C2-F1AC-4021-BF50-756A5FA8DDFE}')
$script:ManagementApplication = '{F6B836D9-AF6A-4D05-9A19-E906A0F34770}'

# Microsoft's order of precedence; rule 5 knows two values.
# https://learn.microsoft.com/microsoft-365-apps/updates/change-update-channels
$script:ChannelRules = @(
    @{ rule = 1; place = 'cloud'; value = 'updatepath' }
    @{ rule = 2; place = 'cloud'; value = 'updatebranch' }
    @{ rule = 3; place = 'policy'; value = 'updatepath' }
    @{ rule = 4; place = 'policy'; value = 'updatebranch' }
    @{ rule = 5; place = 'configuration'; value = 'updateurl' }
    @{ rule = 5; place = 'configuration'; value = 'updatepath' }
    @{ rule = 6; place = 'configuration'; value = 'unmanagedupdateurl' }
    @{ rule = 7; place = 'configuration'; value = 'cdnbaseurl' }
)

# What the values named updatebranch call the channels, the names of earlier years included; a unit test holds it to channels.py.
$script:BranchNames = @{
    'BetaChannel' = 'BetaChannel'
    'Beta' = 'BetaChannel'
    'InsiderFast' = 'BetaChannel'
    'CurrentPreview' = 'CurrentPreview'
    'InsiderSlow' = 'CurrentPreview'
    'FirstReleaseCurrent' = 'CurrentPreview'
    'Insiders' = 'CurrentPreview'
    'MonthlyPreview' = 'CurrentPreview'
    'Current' = 'Current'
    'Monthly' = 'Current'
    'MonthlyEnterprise' = 'MonthlyEnterprise'
    'MEC' = 'MonthlyEnterprise'
    'SemiAnnualPreview' = 'SemiAnnualPreview'
    'FirstReleaseDeferred' = 'SemiAnnualPreview'
    'Targeted' = 'SemiAnnualPreview'
    'SACT' = 'SemiAnnualPreview'
    'SemiAnnual' = 'SemiAnnual'
    'Deferred' = 'SemiAnnual'
    'Broad' = 'SemiAnnual'
    'SAC' = 'SemiAnnual'
    'PerpetualVL2019' = 'PerpetualVL2019'
    'Perpetual2019' = 'PerpetualVL2019'
    'LTSC2019' = 'PerpetualVL2019'
    'LTSB' = 'PerpetualVL2019'
    'PerpetualVL2021' = 'PerpetualVL2021'
    'Perpetual2021' = 'PerpetualVL2021'
    'LTSC2021' = 'PerpetualVL2021'
    'LTSB2021' = 'PerpetualVL2021'
    'PerpetualVL2024' = 'PerpetualVL2024'
    'Perpetual2024' = 'PerpetualVL2024'
    'LTSC2024' = 'PerpetualVL2024'
    'LTSB2024' = 'PerpetualVL2024'
}

function Get-CloudPolicy {
    <#
    .SYNOPSIS
    The values of Cloud Update's own policy key, as a hashtable from lower-case name to data.
    #>
    [CmdletBinding()]
    param ()

    $policies = Read-RegistryKey -Path $script:CloudPolicyKey
    # The unnamed default value is no policy.
    $policies.Remove('')
    return $policies
}

function Get-ChannelSource {
    <#
    .SYNOPSIS
    Which rule of Microsoft's order of precedence decides about the channel, and all values that have a place in it.
    .DESCRIPTION
    That ignoregpo takes the policies out of it is what its name says; no text of Microsoft's spells it out.
    #>
    [CmdletBinding()]
    param ()

    $places = @{
        cloud = Get-CloudPolicy
        policy = Get-UpdatePolicy
        configuration = Read-RegistryKey -Path $script:ConfigurationKey
    }
    $ignored = "$($places.cloud['ignoregpo'])" -eq '1'

    $deciding = $null
    $candidates = @(
        foreach ($rule in $script:ChannelRules) {
            $value = "$($places[$rule.place][$rule.value])"
            if ($value) {
                $found = @{
                    rule = $rule.rule
                    name = "$($rule.place)_$($rule.value)"
                    value = $value
                    ignored = $ignored -and $rule.place -eq 'policy'
                }
                if ($null -eq $deciding -and -not $found.ignored) {
                    $deciding = $found
                }
                $found
            }
        }
    )
    if ($null -eq $deciding) {
        $deciding = @{ rule = $null; name = $null; value = $null }
    }
    $channel = Get-ChannelName -Source @($deciding.value)
    if ($null -eq $channel -and $deciding.value) {
        $channel = $script:BranchNames[$deciding.value]
    }

    return @{
        rule = $deciding.rule
        name = $deciding.name
        value = $deciding.value
        channel = $channel
        candidates = $candidates
    }
}

function Get-IntunePolicyKey {
    <#
    .SYNOPSIS
    The key below HKEY_LOCAL_MACHINE by which Intune keeps the policies of Office updates that it has set, or $null.
    .DESCRIPTION
    https://learn.microsoft.com/intune/intune-service/configuration/administrative-templates-update-office
    #>
    [CmdletBinding()]
    param ()

    $providers = 'SOFTWARE\Microsoft\PolicyManager\Providers'
    foreach ($provider in @(Get-RegistrySubKeyName -Path $providers)) {
        $device = "$providers\$provider\default\Device"
        foreach ($name in @(Get-RegistrySubKeyName -Path $device)) {
            if ($name -match '^office16(v\d+)?~Policy~L_MicrosoftOfficemachine~L_Updates') {
                return "$device\$name"
            }
        }
    }
    return $null
}

function Get-UpdateManager {
    <#
    .SYNOPSIS
    The tool that manages the updates of this host, and the evidence for it and for every other that left a sign.
    .DESCRIPTION
    The order is that of Microsoft's own script Get-OfficeManagementState, with this collection's mark after Cloud Update.
    ConfigMgr is named only where its client is: any tool may turn on COM management.
    #>
    [CmdletBinding()]
    param (
        [Parameter(Mandatory = $true)]
        [bool]
        $Installed
    )

    if (-not $Installed) {
        return @{ name = $null; evidence = @() }
    }

    $cloud = Get-CloudPolicy
    $policy = Get-UpdatePolicy
    $configuration = Read-RegistryKey -Path $script:ConfigurationKey
    $turnedOn = "$($policy['officemgmtcom'])" -eq '1'

    # What update_policy keeps of the time before its first change; see _EarlierValues.psm1.
    $own = 'SOFTWARE\officefleet\c2r\update_policy'
    $kept = @((Read-RegistryKey -Path "$own\earlier").Keys) + @((Read-RegistryKey -Path "$own\absent").Keys)

    $policySetter = 'gpo'
    $how = 'which nothing of Intune explains'
    $intune = Get-IntunePolicyKey
    if ($null -ne $intune) {
        $policySetter = 'intune'
        $how = "and Intune keeps HKLM\$intune"
    }
    $registered = $false
    foreach ($class in $script:ManagementClasses) {
        if (Test-RegistryKey -Path "SOFTWARE\Classes\CLSID\$class") {
            $registered = $true
        }
    }

    $claims = @(
        if ("$($cloud['ignoregpo'])" -eq '1') {
            @{ name = 'cloud_update'; evidence = "ignoregpo is 1 in HKLM\$script:CloudPolicyKey" }
        }
        if ($turnedOn -and $kept -contains 'officemgmtcom') {
            @{ name = 'officefleet'; evidence = "policy officemgmtcom is 1, and HKLM\$own keeps what it was before" }
        }
        foreach ($value in @('updatebranch', 'updatepath')) {
            if ("$($policy[$value])") {
                @{ name = $policySetter; evidence = "policy $value is $($policy[$value]), $how" }
            }
        }
        if ($registered -and (Test-RegistryKey -Path 'SYSTEM\CurrentControlSet\Services\CcmExec')) {
            @{ name = 'configmgr'; evidence = 'the update interface is registered, and the service CcmExec of ConfigMgr exists' }
        }
        elseif ($turnedOn) {
            @{ name = $policySetter; evidence = "policy officemgmtcom is 1, $how" }
        }
        elseif ($registered) {
            @{ name = 'unknown'; evidence = 'the update interface is registered, and nothing says for which tool' }
        }
        if ("$($configuration['unmanagedupdateurl'])") {
            @{ name = 'admin_center'; evidence = "UnmanagedUpdateUrl is $($configuration['unmanagedupdateurl'])" }
        }
    )
    if ($claims.Count -eq 0) {
        $claims = @(@{ name = 'office_default'; evidence = 'nothing says that a tool manages the updates' })
    }

    return @{
        name = $claims[0].name
        evidence = @(foreach ($claim in $claims) { $claim.evidence })
    }
}

function Get-ComRegistration {
    <#
    .SYNOPSIS
    Where COM management was turned on or off, and what is registered of it.
    #>
    [CmdletBinding()]
    param ()

    $policy = (Get-UpdatePolicy)['officemgmtcom']
    if ($null -ne $policy) {
        $policy = "$policy" -eq '1'
    }
    $configuration = (Read-RegistryKey -Path $script:ConfigurationKey)['officemgmtcom']
    if ($null -ne $configuration) {
        $configuration = "$configuration" -eq 'True'
    }

    $classes = @(
        foreach ($class in $script:ManagementClasses) {
            $key = "SOFTWARE\Classes\CLSID\$class"
            $progId = Read-RegistryKey -Path "$key\ProgID"
            $inProcess = Read-RegistryKey -Path "$key\InprocServer32"
            $server = "$($inProcess[''])".Trim('"')
            @{
                class_id = $class
                registered = Test-RegistryKey -Path $key
                prog_id = Get-TextOrNull -Value $progId['']
                server = Get-TextOrNull -Value $server
                server_exists = [System.IO.File]::Exists([System.Environment]::ExpandEnvironmentVariables($server))
            }
        }
    )
    $progIds = @{}
    foreach ($name in @('UpdateNotify.Object', 'UpdateNotify.Object.1', 'UpdateNotify.Object.2')) {
        $class = Read-RegistryKey -Path "SOFTWARE\Classes\$name\CLSID"
        $progIds[$name] = Get-TextOrNull -Value $class['']
    }

    return @{
        policy = $policy
        configuration = $configuration
        classes = $classes
        prog_ids = $progIds
        application = Test-RegistryKey -Path "SOFTWARE\Classes\AppID\$script:ManagementApplication"
    }
}

Export-ModuleMember -Function @(
    'Get-ChannelSource'
    'Get-CloudPolicy'
    'Get-ComRegistration'
    'Get-UpdateManager'
)
