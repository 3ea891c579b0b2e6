"""The commitment tiers of logs that `agog-capacity commit` advises, as a finished table. Computes nothing new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agog_capacity.report.tables import Cell, Heading, Table

if TYPE_CHECKING:
    from agog_capacity.advice.advice import CommitmentAdvice


def log_tiers(advice: CommitmentAdvice) -> Table:
    """Return the commitment tier of each workspace, with what it saves and what its neighbours would."""
    rows: list[tuple[Cell, ...]] = []
    for one in advice.log_tiers:
        for number, tier in enumerate(one.tiers):
            first = number == 0 and one.given is not None and one.fresh is not None
            rows.append(
                (
                    one.component,
                    tier.starts.isoformat(),
                    tier.ends.isoformat() if tier.ends else "–",
                    tier.gb_per_day,
                    tier.arriving,
                    tier.saving,
                    tier.lower_saves,
                    tier.higher_saves,
                    one.given.saving if first and one.given else None,
                    one.fresh.saving if first and one.fresh else None,
                    one.fresh.worst_saving if first and one.fresh else None,
                )
            )
    without = "; ".join(f"{one.component}: {one.because}" for one in advice.log_tiers if not one.tiers)
    told = [f"No tier for {without}."] if without else []
    if rows:
        raised = (
            ", of a raise against the tier that stands" if any(one.raised for one in advice.log_tiers) else ""
        )
        told.insert(
            0,
            "Charged by the day whether the logs come or not, bound for 31 days, raised at any time; savings are expected, "
            f"against pay as you go{raised}, and in no other table.",
        )
    # Where no logs vary, fresh futures are the same one.
    shown = 11 if any(one.varies for one in advice.log_tiers) else 9
    return Table(
        f"Log commitment tiers, {advice.plan.currency}",
        (
            Heading("workspace"),
            Heading("from"),
            Heading("until"),
            Heading("GB a day"),
            Heading("arriving", decimals=1),
            Heading("saves", signed=True),
            Heading("next down saves", signed=True),
            Heading("next up saves", signed=True),
            Heading("in all", signed=True),
            Heading("fresh futures", signed=True),
            Heading("worst 5 %", signed=True),
        )[:shown],
        tuple(row[:shown] for row in rows),
        " ".join(told) if advice.log_tiers else "The scenario has no workspace.",
    )
