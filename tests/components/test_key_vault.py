"""Key Vault: operations and keys."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agog_capacity.components.key_vault import KeyVault
from agog_capacity.periods import Months
from tests.components.designs import by_meter, context_of

JANUARY = Months("2027-01", 1)


def test_operations_are_counted_singly():
    """1 M operations at 0.03 per 10,000 cost 3.00."""
    (line,) = KeyVault.example().usage(context_of(months=JANUARY))
    assert (line.meter.text, line.unit) == ("Key Vault/Key Vault/Standard/Operations", "Count")
    assert line.quantity[0] / 10_000 * 0.03 == pytest.approx(3.00)


def test_each_service_of_the_vault_has_its_meter():
    """Names of the price list's page for westeurope."""
    vault = KeyVault.example().replace(
        advanced_key_operations_per_month=1.0,
        certificate_renewals_per_month=2.0,
        key_rotations_per_month=3.0,
        secret_renewals_per_month=4.0,
    )
    names = {
        meter.split("/")[3]: values[0] for (meter, _), values in by_meter(vault.usage(context_of())).items()
    }
    assert names == {
        "Operations": 1e6,
        "Advanced Key Operations": 1.0,
        "Certificate Renewal Request": 2.0,
        "Automated Key Rotation": 3.0,
        "Secret Renewal": 4.0,
    }


def test_keys_in_hardware_are_counted_by_the_month():
    vault = KeyVault.example().replace(tier="Premium", hsm_keys=3, advanced_hsm_keys=300)
    quantities = by_meter(vault.usage(context_of(months=JANUARY)))
    assert quantities["Key Vault/Key Vault/Premium/Premium HSM-protected RSA 2048-bit key", "eastus2"] == [
        3.0
    ]
    assert quantities["Key Vault/Key Vault/Premium/Premium HSM-protected Advanced Key", "eastus2"] == [300.0]


def test_hardware_needs_premium():
    with pytest.raises(ValidationError, match="need tier Premium"):
        KeyVault.example().replace(hsm_keys=1)
