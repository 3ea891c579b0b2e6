"""Sections that a design may have and that stand on their own: each is read by a model that is loaded where it is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from agog_capacity.validation import Finding, findings_of

_MODELS = {
    "scaling": ("agog_capacity.scaling.section", "ScalingSection"),
    "failover": ("agog_capacity.availability.failover_section", "FailoverSection"),
    "latency": ("agog_capacity.availability.latency_section", "LatencySection"),
    "downtime": ("agog_capacity.availability.latency_section", "DowntimeSection"),
}
LATE_SECTIONS = tuple(_MODELS)
"""Their names, in the order of a design."""


def late_model(name: str) -> Any:
    """Return the model of one of `LATE_SECTIONS`."""
    module, model_name = _MODELS[name]
    return getattr(import_module(module), model_name)


def late_section(name: str, raw: Mapping[str, Any], findings: list[Finding]) -> Any:
    """Return a section as its model, or None where the design has none or it is wrong.

    Parameters
    ----------
    name : str
        One of `LATE_SECTIONS`.
    raw : mapping
        All sections of the design as plain values.
    findings : list
        What is wrong is added, with its place.
    """
    if raw.get(name) is None:
        return None
    model = late_model(name)
    try:
        return model.model_validate(raw[name])
    except ValidationError as error:
        findings.extend(findings_of(error, (name,), model))
        return None
