# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What a Windows host says of Office Click-to-Run. Internal use only, the interface may change at any time.
# Registry, processes and .NET only, no CIM: it is faster and needs no further service.

#AnsibleRequires -CSharpUtil ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify
#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry

$script:ClickToRunKey = 'SOFTWARE\Microsoft\Office\ClickToRun'
$script:UpdatePolicyKey = 'SOFTWARE\Policies\Microsoft\office\16.0\common\officeupdate'
$script:CloudPolicyKey = 'SOFTWARE\Policies\Microsoft\cloud\office\16.0\Common\officeupdate'
$script:UpdateNotifyClass = '{52C2F9C2-F1AC-4021-BF50-756A5FA8DDFE}'
$script:FirstNotifyClass = '{B7F1785F-D69B-46F1-92FC-D2DE9C994F13}'
# The first build with IUpdateNotify2, says its documentation.
$script:FirstBuild = [version]'16.0.8208.6352'

# The same table as module_utils/_cdn/channels.py; a unit test holds them together.
$script:ChannelNames = @{
    '5440fd1f-7ecb-4221-8110-145efaa6372f' = 'BetaChannel'
    '64256afe-f5d9-4f86-8936-8840a6a4f5be' = 'CurrentPreview'
    '492350f6-3a01-4f97-b9c0-c7c6ddf67d60' = 'Current'
    '55336b82-a18d-4dd6-b5f6-9e5095c314a6' = 'MonthlyEnterprise'
    'b8f9b850-328d-4355-9145-c59439a0c4cf' = 'SemiAnnualPreview'
    '7ffbc6bf-bc32-4f92-8982-f9dd17fd3114' = 'SemiAnnual'
    'f2e724c1-748f-4b47-8fb8-8e0d210e9208' = 'PerpetualVL2019'
    '5030841d-c919-4594-8d2d-84ae4f96e58e' = 'PerpetualVL2021'
    '7983bac0-e531-40cf-be00-fd24fe66619c' = 'PerpetualVL2024'
}

# UPDATE_STATUS of the COM interface; the place in the list is the number.
$script:StatusNames = @(
    'unknown'
    'download_pending'
    'downloading'
    'download_cancelling'
    'download_cancelled'
    'download_failed'
    'download_succeeded'
    'apply_pending'
    'applying'
    'apply_succeeded'
    'apply_failed'
)

# The states in which the interface's documentation allows Download and Apply.
$script:RestingStatuses = @(
    'unknown'
    'download_cancelled'
    'download_failed'
    'download_succeeded'
    'apply_succeeded'
    'apply_failed'
)

$script:OfficeProcesses = @(
    'WINWORD'
    'EXCEL'
    'POWERPNT'
    'OUTLOOK'
    'MSACCESS'
    'MSPUB'
    'ONENOTE'
    'LYNC'
    'VISIO'
    'WINPROJ'
    'GROOVE'
)

function Get-TextOrNull {
    <#
    .SYNOPSIS
    The value as text, or $null where there is none.
    #>
    [CmdletBinding()]
    param (
        [AllowNull()]
        [object]
        $Value
    )

    if ([string]::IsNullOrEmpty("$Value")) {
        return $null
    }
    return "$Value"
}

function Get-ChannelName {
    <#
    .SYNOPSIS
    The channel that the first text with a GUID in it names; $null where none has one, or where it is no known channel.
    #>
    [CmdletBinding()]
    param (
        [AllowEmptyCollection()]
        [AllowNull()]
        [object[]]
        $Source
    )

    foreach ($text in $Source) {
        $guid = [regex]::Match("$text", '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')
        if ($guid.Success) {
            # Never on to the next text: a later one may name a channel that the host has left.
            return $script:ChannelNames[$guid.Value]
        }
    }
    return $null
}

function Get-ActiveConfiguration {
    <#
    .SYNOPSIS
    The name of the key of the active configuration, $null where there is none or what is there is no name of a key.
    #>
    [CmdletBinding()]
    param ()

    $products = Read-RegistryKey -Path "$script:ClickToRunKey\ProductReleaseIDs"
    $active = "$($products['activeconfiguration'])"
    # .NET throws for the name of a key that is longer.
    if ($active -eq '' -or $active.Length -gt 255 -or $active.Contains('\')) {
        return $null
    }
    return $active
}

function Get-InstalledLanguage {
    <#
    .SYNOPSIS
    The cultures of the installed Office, one by one, such as en-us.
    .DESCRIPTION
    Not established by a document of Microsoft's, to be settled on Windows with
    reg query HKLM\SOFTWARE\Microsoft\Office\ClickToRun\ProductReleaseIDs /s /reg:64
    Known from the field: ActiveConfiguration names a key that has a key "culture", below which each language and the
    neutral part has a key such as en-us.16 or x-none.16. Without it, ClientCulture is the one language we know of.
    #>
    [CmdletBinding()]
    param (
        [AllowNull()]
        [string]
        $ClientCulture
    )

    $products = "$script:ClickToRunKey\ProductReleaseIDs"
    $active = Get-ActiveConfiguration
    $languages = @(
        if ($active) {
            foreach ($name in @(Get-RegistrySubKeyName -Path "$products\$active\culture")) {
                $language = ($name -replace '\.\d+$', '').ToLowerInvariant()
                if ($language -ne 'x-none') {
                    $language
                }
            }
        }
    )
    if ($languages.Count -eq 0 -and $ClientCulture) {
        $languages = @($ClientCulture.ToLowerInvariant())
    }

    $languages
}

function Get-LanguageUse {
    <#
    .SYNOPSIS
    Which cultures Office has for display and which for proofing alone, as far as the registry tells.
    .DESCRIPTION
    Not established by a document of Microsoft's; the same reg query as above settles it. Known from the field: below the
    active configuration each product has a key such as O365ProPlusRetail.16 with a key for each of its cultures; proofing
    tools are the product ProofingTools, and entries such as "O365ProPlusRetail - nl-nl.proof" in the list of software.
    #>
    [CmdletBinding()]
    param ()

    $display = @{}
    $proofing = @{}
    $products = "$script:ClickToRunKey\ProductReleaseIDs"
    $active = Get-ActiveConfiguration
    if ($active) {
        foreach ($product in @(Get-RegistrySubKeyName -Path "$products\$active")) {
            if ($product -match '^(.+)\.\d+\z') {
                $languages = $display
                if ($matches[1] -eq 'ProofingTools') {
                    $languages = $proofing
                }
                foreach ($name in @(Get-RegistrySubKeyName -Path "$products\$active\$product")) {
                    $languages[($name -replace '\.\d+\z', '').ToLowerInvariant()] = $true
                }
            }
        }
    }
    foreach ($name in @(Get-RegistrySubKeyName -Path 'SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall')) {
        if ($name -match ' - ([a-z]{2,3}(-[a-z0-9]+)+)\.proof\z') {
            $proofing[$matches[1].ToLowerInvariant()] = $true
        }
    }
    foreach ($languages in @($display, $proofing)) {
        $languages.Remove('x-none')
    }

    return @{
        display = @($display.Keys | Sort-Object)
        proofing = @($proofing.Keys | Sort-Object)
    }
}

function Get-OpenOfficeApp {
    <#
    .SYNOPSIS
    The Office applications among the running processes of all users, one by one, as upper-case names without .EXE.
    #>
    [CmdletBinding()]
    param ()

    Get-Process -Name $script:OfficeProcesses -ErrorAction SilentlyContinue |
        ForEach-Object -Process { $_.ProcessName.ToUpperInvariant() } |
        Sort-Object -Unique
}

function Get-FreeDiskSize {
    <#
    .SYNOPSIS
    Free bytes for this user on the volume of the path, or on that of Windows where the path has no drive letter.
    Null for a drive that is not there or not ready: nobody knows how much room it has.
    #>
    [CmdletBinding()]
    param (
        [AllowNull()]
        [string]
        $Path
    )

    if ($Path -notmatch '^[A-Za-z]:\\') {
        $Path = [System.Environment]::SystemDirectory
    }
    # Not GetPathRoot, which throws for characters that no path has.
    $drive = New-Object -TypeName System.IO.DriveInfo -ArgumentList ($Path.Substring(0, 3))
    if (-not $drive.IsReady) {
        return $null
    }
    return [long]$drive.AvailableFreeSpace
}

function Get-OsBuild {
    <#
    .SYNOPSIS
    The Windows build with its update revision, such as 10.0.22631.4460.
    #>
    [CmdletBinding()]
    param ()

    $windows = Read-RegistryKey -Path 'SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    if ($null -eq $windows['currentmajorversionnumber']) {
        # Before Windows 10 and Server 2016.
        return [System.Environment]::OSVersion.Version.ToString()
    }
    $parts = @(
        $windows['currentmajorversionnumber']
        $windows['currentminorversionnumber']
        $windows['currentbuildnumber']
        if ($null -ne $windows['ubr']) {
            $windows['ubr']
        }
    )
    return $parts -join '.'
}

function Test-MultiSession {
    <#
    .SYNOPSIS
    Whether several people may work on this host at once: a Remote Desktop session host, or Windows Enterprise multi-session.
    .DESCRIPTION
    The role is looked up where Microsoft's troubleshooting of licensing on session hosts looks for it.
    https://learn.microsoft.com/troubleshoot/windows-server/remote/cannot-connect-rds-no-license-server
    #>
    [CmdletBinding()]
    param ()

    $windows = Read-RegistryKey -Path 'SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    if ("$($windows['editionid'])" -in @('ServerRdsh', 'EnterpriseMultiSession')) {
        return $true
    }
    $role = Read-RegistryKey -Path 'SOFTWARE\Microsoft\ServerManager\ServicingStorage\ServerComponentCache\RDS-RD-Server'
    return "$($role['installstate'])" -eq '1'
}

function Get-MsiOffice {
    <#
    .SYNOPSIS
    The suites of Office 2010 to 2016 that Windows Installer (MSI) has installed, one by one, with name, title and version.
    .DESCRIPTION
    Their set-up registers each as for example Office16.PROPLUS; the server products that do so too are left out.
    #>
    [CmdletBinding()]
    param ()

    foreach ($software in @('SOFTWARE', 'SOFTWARE\WOW6432Node')) {
        $path = "$software\Microsoft\Windows\CurrentVersion\Uninstall"
        foreach ($name in @(Get-RegistrySubKeyName -Path $path)) {
            if ($name -match '^Office1[456]\.' -and $name -notmatch '\.(OSERVER|WacServer)') {
                $entry = Read-RegistryKey -Path "$path\$name"
                @{
                    name = $name
                    title = Get-TextOrNull -Value $entry['displayname']
                    version = Get-TextOrNull -Value $entry['displayversion']
                }
            }
        }
    }
}

function Get-UpdatePolicy {
    <#
    .SYNOPSIS
    The values present below the policy key of Office updates, as a hashtable from lower-case name to data.
    #>
    [CmdletBinding()]
    param ()

    $policies = Read-RegistryKey -Path $script:UpdatePolicyKey
    # The unnamed default value is no policy.
    $policies.Remove('')
    return $policies
}

function Get-UpdatePolicyKey {
    <#
    .SYNOPSIS
    The path of the policy key of Office updates below HKEY_LOCAL_MACHINE.
    #>
    [CmdletBinding()]
    param ()

    return $script:UpdatePolicyKey
}

function Test-ManagementRegistered {
    <#
    .SYNOPSIS
    Whether the class of the update interface is registered, which the Click-to-Run service does when it starts.
    #>
    [CmdletBinding()]
    param ()

    return Test-RegistryKey -Path "SOFTWARE\Classes\CLSID\$script:UpdateNotifyClass"
}

function Test-ManagementEnabled {
    <#
    .SYNOPSIS
    Whether management is turned on: by policy, else by how Office was installed, else $null (never said).
    #>
    [CmdletBinding()]
    param (
        [hashtable]
        $Policy,

        [hashtable]
        $Configuration
    )

    if ($null -ne $Policy['officemgmtcom']) {
        return "$($Policy['officemgmtcom'])" -eq '1'
    }
    if ($null -ne $Configuration['officemgmtcom']) {
        return "$($Configuration['officemgmtcom'])" -eq 'True'
    }
    return $null
}

function Get-ManagementFault {
    <#
    .SYNOPSIS
    Why the update interface does not answer: its cause as one word, its reason as a sentence with the remedy.
    .DESCRIPTION
    The first cause found, in the order in which somebody would have to deal with them.
    #>
    [CmdletBinding()]
    param (
        [AllowNull()]
        [string]
        $Version,

        [AllowNull()]
        [object]
        $Enabled,

        [Parameter(Mandatory = $true)]
        [bool]
        $Registered,

        [Parameter(Mandatory = $true)]
        [string]
        $HResult
    )

    if ([System.Environment]::Is64BitOperatingSystem -and -not [System.Environment]::Is64BitProcess) {
        return @{
            cause = 'not_64_bit'
            reason = 'this is a 32-bit process on 64-bit Windows, for which the interface is not registered: ' +
            'let the connection start the 64-bit PowerShell'
        }
    }
    if (-not $Version) {
        $reason = 'Office (Click-to-Run) is not installed'
        $msi = @(Get-MsiOffice)
        if ($msi.Count -gt 0) {
            $reason += ": $($msi[0].name) is Office of the Windows Installer (MSI), which has no such interface"
        }
        return @{ cause = 'not_installed'; reason = $reason }
    }

    $service = Get-Service -Name 'ClickToRunSvc' -ErrorAction SilentlyContinue
    if ($null -eq $service) {
        return @{
            cause = 'service_missing'
            reason = 'the service ClickToRunSvc does not exist: it is away for about a minute while it updates itself; ' +
            'should it stay away, repair Office'
        }
    }
    if ("$($service.Status)" -ne 'Running') {
        return @{ cause = 'service_stopped'; reason = "the service ClickToRunSvc is not running ($($service.Status)): start it" }
    }
    if ($Registered -and $HResult -eq '0x80070005') {
        return @{
            cause = 'access_denied'
            reason = 'access denied (0x80070005): connect as an administrator with an elevated token, which a local account has ' +
            'from afar only where LocalAccountTokenFilterPolicy is 1, or become SYSTEM with become_method runas'
        }
    }

    $build = $Version -as [version]
    if (-not $Registered -and $null -ne $build -and $build -lt $script:FirstBuild) {
        return @{
            cause = 'old_build'
            reason = "Office $Version is older than $script:FirstBuild, the first build with class " +
            "$($script:UpdateNotifyClass): bring it up to date by other means first"
        }
    }
    $cloud = Read-RegistryKey -Path $script:CloudPolicyKey
    if ("$($cloud['ignoregpo'])" -eq '1' -and -not $Registered) {
        return @{
            cause = 'cloud_update'
            reason = 'Cloud Update manages this device (ignoregpo is 1), which disregards policies: take the device out of it'
        }
    }
    if ($null -eq $Enabled) {
        return @{
            cause = 'never_enabled'
            reason = 'management was never turned on: set officemgmtcom with officefleet.c2r.update_policy'
        }
    }
    if (-not $Enabled) {
        return @{
            cause = 'disabled'
            reason = 'management is turned off (officemgmtcom): turn it on with officefleet.c2r.update_policy'
        }
    }
    if (-not $Registered) {
        if (Test-RegistryKey -Path "SOFTWARE\Classes\CLSID\$script:FirstNotifyClass") {
            return @{
                cause = 'component_removed'
                reason = "class $script:FirstNotifyClass is registered and class $script:UpdateNotifyClass is not: somebody took " +
                'the second component out of the COM+ application OfficeC2RCom; use repair_registration of ' +
                'officefleet.c2r.update_policy'
            }
        }
        return @{
            cause = 'not_registered'
            reason = "management is on, but class $script:UpdateNotifyClass is not registered: restart ClickToRunSvc, " +
            'as officefleet.c2r.update_policy does when no application is open'
        }
    }
    return @{ cause = 'no_answer'; reason = "class $script:UpdateNotifyClass answers $HResult" }
}

function Get-ClickToRunState {
    <#
    .SYNOPSIS
    Everything a decision or a report needs of this host, as the hashtable that update_info and update return.
    .DESCRIPTION
    No Office, no COM class and a service that does not answer are answers too: nothing here fails because of them.
    #>
    [CmdletBinding()]
    param ()

    # COM before the registry: should the service finish in between, "applying" with the new version is the harmless mix.
    $report = [ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify.UpdateNotifyClient]::Status()

    $configuration = Read-RegistryKey -Path "$script:ClickToRunKey\Configuration"
    $clickToRun = Read-RegistryKey -Path $script:ClickToRunKey
    $updates = Read-RegistryKey -Path "$script:ClickToRunKey\Updates"
    $internet = Read-RegistryKey -Hive 'Users' -Path '.DEFAULT\Software\Microsoft\Office\16.0\Common\Internet'
    $policies = Get-UpdatePolicy

    $version = Get-TextOrNull -Value $configuration['versiontoreport']
    $installed = $null -ne $version

    $architecture = Get-TextOrNull -Value $configuration['platform']
    if ($null -ne $architecture) {
        $architecture = $architecture.ToLowerInvariant()
    }

    $channelUrl = Get-TextOrNull -Value $configuration['updatechannel']
    if ($null -eq $channelUrl) {
        $channelUrl = Get-TextOrNull -Value $configuration['cdnbaseurl']
    }

    $ready = Get-TextOrNull -Value $updates['updatesreadytoapply']
    if ($ready -eq '0') {
        $ready = $null
    }

    $documentSyncTimeout = $internet['documentsynctimeout']
    # A QWORD may hold more than a DWORD.
    if ($documentSyncTimeout -isnot [long] -or $documentSyncTimeout -lt 1 -or $documentSyncTimeout -gt 4294967295) {
        $documentSyncTimeout = $null
    }

    $enabled = Test-ManagementEnabled -Policy $policies -Configuration $configuration
    $registered = Test-ManagementRegistered

    $status = $null
    $fault = @{ cause = $null; reason = $null }
    $errorCode = [long]0
    $contentId = ''
    $blocking = $null
    if ($report.Succeeded) {
        if ($report.Status -ge 0 -and $report.Status -lt $script:StatusNames.Count) {
            $status = $script:StatusNames[$report.Status]
        }
        else {
            # Newer than this collection; it counts as busy, because nobody knows that it is a state of rest.
            $status = "status_$($report.Status)"
        }
        $errorCode = [long]$report.Error
        $contentId = [string]$report.ContentId
        $blocking = [ansible_collections.officefleet.c2r.plugins.module_utils._UpdateNotify.UpdateNotifyClient]::GetBlockingApps()
    }
    else {
        $fault = Get-ManagementFault -Version $version -Enabled $enabled -Registered $registered -HResult $report.HResultText
    }

    if ($null -ne $blocking -and $blocking.Succeeded) {
        $blockingApps = @($blocking.Apps)
    }
    else {
        $blockingApps = @(Get-OpenOfficeApp)
    }

    $now = [System.DateTime]::UtcNow
    return @{
        installed = $installed
        products = @(
            foreach ($name in "$($configuration['productreleaseids'])".Split(',')) {
                if ($name.Trim()) {
                    $name.Trim()
                }
            }
        )
        version = $version
        client_version = Get-TextOrNull -Value $configuration['clientversiontoreport']
        architecture = $architecture
        languages = @(Get-InstalledLanguage -ClientCulture "$($configuration['clientculture'])")
        channel = Get-ChannelName -Source @($configuration['updatechannel'], $configuration['audienceid'], $configuration['cdnbaseurl'])
        channel_url = $channelUrl
        channel_change_pending = "$($configuration['updatechannelchanged'])" -eq 'True'
        policies = $policies
        management = @{
            com_enabled = $enabled
            com_registered = $registered
            cause = $fault.cause
            reason = $fault.reason
        }
        status = $status
        error = @{
            domain = 'com_status'
            code = $errorCode
        }
        content_id = $contentId
        blocking_apps = $blockingApps
        updates_ready_to_apply = $ready
        scenario = Get-TextOrNull -Value $clickToRun['executingscenario']
        free_disk_bytes = Get-FreeDiskSize -Path "$($configuration['installationpath'])"
        os_build = Get-OsBuild
        multi_session = Test-MultiSession
        clock = $now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", [System.Globalization.CultureInfo]::InvariantCulture)
        utc_offset_minutes = [int][System.TimeZoneInfo]::Local.GetUtcOffset($now).TotalMinutes
        document_sync_timeout = $documentSyncTimeout
    }
}

function Test-UpdateBusy {
    <#
    .SYNOPSIS
    Whether the status forbids another call. Without COM ($null) nothing is known to run.
    #>
    [CmdletBinding()]
    param (
        [AllowNull()]
        [string]
        $Status
    )

    return $Status -ne '' -and $Status -notin $script:RestingStatuses
}

Export-ModuleMember -Function @(
    'Get-ChannelName'
    'Get-ClickToRunState'
    'Get-FreeDiskSize'
    'Get-LanguageUse'
    'Get-MsiOffice'
    'Get-OpenOfficeApp'
    'Get-TextOrNull'
    'Get-UpdatePolicy'
    'Get-UpdatePolicyKey'
    'Test-ManagementRegistered'
    'Test-UpdateBusy'
)
