# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The languages of the file lists: culture, LCID, kind. Measured on ofl.cab 1.10 and the file lists of 2026."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """One language; type is "core", "partial" (no i64 and i32 cabinet) or "proofing"."""

    culture: str
    lcid: str
    type: str
    in_ofl: bool


_CORE = """
    ar-sa=1025 bg-bg=1026 zh-tw=1028 cs-cz=1029 da-dk=1030 de-de=1031 el-gr=1032 en-us=1033 fi-fi=1035
    fr-fr=1036 he-il=1037 hu-hu=1038 it-it=1040 ja-jp=1041 ko-kr=1042 nl-nl=1043 nb-no=1044 pl-pl=1045
    pt-br=1046 ro-ro=1048 ru-ru=1049 hr-hr=1050 sk-sk=1051 sv-se=1053 th-th=1054 tr-tr=1055 id-id=1057
    uk-ua=1058 sl-si=1060 et-ee=1061 lv-lv=1062 lt-lt=1063 vi-vn=1066 hi-in=1081 ms-my=1086 kk-kz=1087
    zh-cn=2052 pt-pt=2070 es-es=3082 sr-latn-rs=9242
"""
_PARTIAL = """
    ca-es=1027 is-is=1039 sq-al=1052 ur-pk=1056 be-by=1059 fa-ir=1065 hy-am=1067 az-latn-az=1068 eu-es=1069
    mk-mk=1071 af-za=1078 ka-ge=1079 mt-mt=1082 ky-kg=1088 sw-ke=1089 tk-tm=1090 uz-latn-uz=1091 tt-ru=1092
    bn-in=1093 pa-in=1094 gu-in=1095 or-in=1096 ta-in=1097 te-in=1098 kn-in=1099 ml-in=1100 as-in=1101
    mr-in=1102 mn-mn=1104 cy-gb=1106 km-kh=1107 gl-es=1110 kok-in=1111 si-lk=1115 am-et=1118 ne-np=1121
    fil-ph=1124 lb-lu=1134 ug-cn=1152 mi-nz=1153 prs-af=1164 gd-gb=1169 ca-es-valencia=2051 nn-no=2068
    ga-ie=2108 bn-bd=2117 sd-arab-pk=2137 quz-pe=3179 bs-latn-ba=5146 sr-cyrl-ba=7194 sr-cyrl-rs=10266
"""
_PROOFING = """
    rm-ch=1047 tn-za=1074 xh-za=1076 zu-za=1077 ps-af=1123 ha-latn-ng=1128 yo-ng=1130 nso-za=1132 ig-ng=1136
    rw-rw=1159 wo-sn=1160
"""
_CORE_SINCE_OFL = "en-gb=2057 es-mx=2058 fr-ca=3084"  # core languages newer than the frozen ofl.cab


def _table(text: str, kind: str, *, in_ofl: bool = True) -> list[Language]:
    pairs = (entry.split("=") for entry in text.split())
    return [Language(culture, lcid, kind, in_ofl) for culture, lcid in pairs]


LANGUAGES: dict[str, Language] = {
    language.culture: language
    for language in (
        *_table(_CORE, "core"),
        *_table(_CORE_SINCE_OFL, "core", in_ofl=False),
        *_table(_PARTIAL, "partial"),
        *_table(_PROOFING, "proofing"),
    )
}
