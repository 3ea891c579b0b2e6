"""The identity of what a provider meters."""

from __future__ import annotations

from typing import NamedTuple, Self

from agog_capacity.errors import InputError


class Meter(NamedTuple):
    """One thing a provider bills, in the provider's own names.

    The text form joins the four parts with slashes and is what plans, price books and messages
    use: `Storage/Premium SSD Managed Disks/P10 LRS/P10 LRS Disk`. A part the provider leaves
    blank is `-`.
    """

    service: str
    family: str
    """Product family, such as `General Block Blob v2`; for virtual machines `Linux` or `Windows`."""
    sku: str
    meter: str

    @property
    def text(self) -> str:
        """The four parts joined with slashes."""
        return "/".join(self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form.

        Raises
        ------
        InputError
            If it does not have four parts.
        """
        parts = [part.strip() for part in text.split("/")]
        if len(parts) != 4 or not all(parts):
            raise InputError(
                f"{text[:160]!r} is not a meter; write 'service/product family/SKU/meter' with '-' for a blank part"
            )
        return cls(*parts)
