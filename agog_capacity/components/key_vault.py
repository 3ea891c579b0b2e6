"""Azure Key Vault: operations, renewals, rotations, and keys in hardware modules by the month.

Dedicated hardware pools (Managed HSM) are a service of their own and not here.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from agog_capacity.components.base import Component, ServiceLevel, Usage, UsageContext
from agog_capacity.model import Count, PerMonth
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact


class KeyVault(Component):
    """An Azure Key Vault: operations, advanced key operations, renewals, and hardware-protected keys by the month."""

    kind: Literal["key_vault"] = "key_vault"
    tier: Literal["Standard", "Premium"] = "Standard"
    """Pricing tier; only Premium keeps keys in hardware modules."""
    operations_per_month: PerMonth
    """Operations on secrets, certificates and keys of ordinary types."""
    advanced_key_operations_per_month: PerMonth = 0.0
    """Operations on keys of advanced types: RSA of 3,072 bits and more, elliptic curves."""
    certificate_renewals_per_month: PerMonth = 0.0
    """Certificates the vault renews."""
    key_rotations_per_month: PerMonth = 0.0
    """Keys the vault rotates by itself."""
    secret_renewals_per_month: PerMonth = 0.0
    """Secrets the vault renews."""
    hsm_keys: Count = 0
    """Hardware-protected RSA keys of 2,048 bits that are used in a month."""
    advanced_hsm_keys: Count = 0
    """Hardware-protected keys of advanced types that are used in a month."""

    title: ClassVar[str] = "Key Vault"
    rule_kind: ClassVar[str] = "key_vault"

    @model_validator(mode="after")
    def _hardware_needs_premium(self) -> Self:
        if self.tier == "Standard" and (self.hsm_keys or self.advanced_hsm_keys):
            raise ValueError(
                "hardware-protected keys need tier Premium; choose it, or leave hsm_keys and advanced_hsm_keys out"
            )
        return self

    @classmethod
    def example(cls) -> Self:
        """Return a Standard vault."""
        return cls(name="key-vault", region="eastus2", operations_per_month=1_000_000.0)

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Operations; the rest where there is any."""
        months = context.share_active(self)
        measures = (
            ("Operations", "operations_per_month", "Count", "operations a month"),
            ("Advanced Key Operations", "advanced_key_operations_per_month", "Count", "operations a month"),
            ("Certificate Renewal Request", "certificate_renewals_per_month", "Count", "renewals a month"),
            ("Automated Key Rotation", "key_rotations_per_month", "Rotation", "rotations a month"),
            ("Secret Renewal", "secret_renewals_per_month", "Count", "renewals a month"),
            ("Premium HSM-protected RSA 2048-bit key", "hsm_keys", "Month", "keys"),
            ("Premium HSM-protected Advanced Key", "advanced_hsm_keys", "Month", "keys"),
        )
        lines = []
        for meter, field, unit, what in measures:
            amount = float(getattr(self, field))
            if amount or meter == "Operations":
                lines.append(
                    self.line(
                        Meter("Key Vault", "Key Vault", self.tier, meter),
                        amount * months,
                        unit,
                        f"{amount:,.12g} {what} x months",
                        fields=("tier", field),
                    )
                )
        return tuple(lines)

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """Tier, vaults, and the regions they serve."""
        return {
            "tier": self.tier,
            "regions_served": len(context.regions),
            "vaults": len(context.of_kind("key_vault")),
        }

    def service_level(self) -> ServiceLevel | None:
        """The SLA of vault operations."""
        return ServiceLevel("Azure Key Vault", "Standard / Premium", "vault operations")
