"""The lockfile of a run: what its numbers were made from, so that they can be made again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from agog_capacity import __version__

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison


def lock_of(comparison: Comparison) -> dict[str, Any]:
    """Return hashes of everything a comparison was made from.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    dict
        Plan, price books, published SLAs, rules and failure classes with their SHA-256, the scenarios and the version of
        this library. It carries no clock: same inputs, same lock.
    """
    plan = comparison.plan
    rules = [{part.name: str(getattr(rule, part.name)) for part in fields(rule)} for rule in plan.rules]
    classes = {name: known.model_dump(mode="json") for name, known in plan.failure_classes.items()}
    levels = [
        [*level, str(row.percent), row.source, row.date, row.confidence, row.note, row.ladder_text]
        for level, row in sorted(plan.service_levels.items())
    ]
    return {
        "library": {"name": "agog_capacity", "version": __version__},
        "plan": {"name": plan.name, "sha256": plan.digest},
        "price_books": [
            {"name": book.name, "as_of": book.as_of.isoformat(), "sha256": book.digest}
            for book in plan.prices.books
        ],
        "published_service_levels": {"sha256": hashlib.sha256(canonical(levels).encode()).hexdigest()},
        "failure_classes": {"sha256": hashlib.sha256(canonical(classes).encode()).hexdigest()},
        "rules": {"sha256": hashlib.sha256(canonical(rules).encode()).hexdigest()},
        "scenarios": [forecast.name for forecast in comparison.forecasts],
        "reference": comparison.reference,
    }


def lock_hash(lock: dict[str, Any]) -> str:
    """Return the SHA-256 of a lock, the same for the same content."""
    return hashlib.sha256(canonical(lock).encode()).hexdigest()


def canonical(value: object) -> str:
    """Return JSON that is the same for the same content."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
