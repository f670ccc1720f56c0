# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Click-to-Run keeps its state in the registry (64-bit view)."""

from __future__ import annotations

CLICK_TO_RUN = r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun"
CONFIGURATION = CLICK_TO_RUN + r"\Configuration"
UPDATES = CLICK_TO_RUN + r"\Updates"
UPDATE_STATUS = CLICK_TO_RUN + r"\UpdateStatus"
PRODUCT_RELEASE_IDS = CLICK_TO_RUN + r"\ProductReleaseIDs"
UPDATE_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\office\16.0\common\officeupdate"
CLOUD_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\cloud\office\16.0\Common\officeupdate"
SERVICE_INTERNET = r"HKU\.DEFAULT\Software\Microsoft\Office\16.0\Common\Internet"  # of LocalSystem, i.e. the service
OFFICEFLEET = r"HKLM\SOFTWARE\officefleet\c2r"  # what this collection itself keeps on a host
RESTART_PENDING = OFFICEFLEET + r"\restart_pending"  # volatile: gone after a restart of Windows
UPDATE_NOTIFY_1 = r"HKLM\SOFTWARE\Classes\CLSID\{B7F1785F-D69B-46F1-92FC-D2DE9C994F13}"
UPDATE_NOTIFY_2 = r"HKLM\SOFTWARE\Classes\CLSID\{52C2F9C2-F1AC-4021-BF50-756A5FA8DDFE}"
COM_SERVER = r"C:\Program Files\Common Files\Microsoft Shared\ClickToRun\OfficeC2RCom.dll"
WINDOWS = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
SESSION_HOST_ROLE = r"HKLM\SOFTWARE\Microsoft\ServerManager\ServicingStorage\ServerComponentCache\RDS-RD-Server"
UNINSTALL = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
UNINSTALL_32 = r"HKLM\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall"
CONFIGMGR_CLIENT = r"HKLM\SYSTEM\CurrentControlSet\Services\CcmExec"
INTUNE_PROVIDERS = r"HKLM\SOFTWARE\Microsoft\PolicyManager\Providers"
COM_APPLICATION = r"HKLM\SOFTWARE\Classes\AppID\{F6B836D9-AF6A-4D05-9A19-E906A0F34770}"
SERVICING_RESTART = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"
WINDOWS_UPDATE_RESTART = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
COMPUTER_NAMES = (  # of this session, and from the next start on
    r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName",
    r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName",
)
