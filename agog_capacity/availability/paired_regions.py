"""Pairs of regions: where the provider keeps the copies that it makes by itself."""

from __future__ import annotations

PAIRED_REGIONS = {
    "eastus2": "centralus",
    "westus2": "westcentralus",
    "westeurope": "northeurope",
    "southeastasia": "eastasia",
}
"""Region that provider-made copies go to, such as geo-redundant backups; the same pairs as the rules `paired-region-…`."""
