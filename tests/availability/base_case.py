"""The guide's base case against this simulator: `python -m tests.availability.base_case [years] [draws]`.

The file beside this one is a complete illustration with results and standard errors of another program; the figures
must agree within the errors of both.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agog_capacity.availability.failover_plan import FailoverDefaults, read_failover_defaults
from agog_capacity.availability.failures import FailureClass, LengthOfFailure, Rate
from agog_capacity.availability.outcomes import FailureSimulation
from agog_capacity.availability.service import ServiceDesign
from agog_capacity.availability.simulation import simulate_failures
from agog_capacity.resources import data_directory

FILE = Path(__file__).with_name("base_case.yaml")
QUANTITIES = {
    "mean_h": "hours_per_year", "p_year": "year_breaks", "p_month": "month_breaks", "p_all": "all_months_hold",
}  # fmt: skip


@dataclass(frozen=True)
class Gap:
    """One figure of the file beside ours."""

    what: str
    theirs: float
    ours: float
    z: float


def base_case() -> dict[str, Any]:
    """Return the file."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def classes_of(case: Mapping[str, Any]) -> dict[str, FailureClass]:
    """Return the failure classes of the file."""
    found = {}
    for row in case["classes"]:
        shape, exposure = row["rate"]["gamma"]
        length = row["length_h"]
        found[row["id"]] = FailureClass(
            scope={"provider-global": "global"}.get(row["scope"], row["scope"]),
            per=row["rate"]["per"],
            rate=Rate(shape=float(shape), exposure_years=float(exposure)),
            length=LengthOfFailure(median_h=float(length["median"]), sigma=float(length["sigma"])),
            exposure=float(row["exposure"]),
            severity=float(row["severity"]),
            beta=float(row.get("beta", 0)),
            failover=row.get("failover", False),
            blocks_failover=row.get("blocks_failover", False),
        )
    return found


def defaults_of(case: Mapping[str, Any]) -> FailoverDefaults:
    """Return the file's failover; what it does not have is switched off."""
    given = case["failover"]
    library = read_failover_defaults(data_directory() / "availability")
    low, high = given["detect_s"]["uniform"]

    def seconds(name: str) -> dict[str, float]:
        return {"median_s": float(given[name]["median"]), "sigma": float(given[name]["sigma"])}

    human = given["decide_s"]["human"]
    back = given["failback"]
    times = library.times.replace(
        detect={"low_s": float(low), "high_s": float(high)},
        decide={
            "automated_s": float(given["decide_s"]["automated"]),
            "human": {"median_s": float(human["median"]), "sigma": float(human["sigma"])},
        },
        promote=seconds("promote_s"),
        dns_ttl_s=float(given["dns_ttl_s"]),
        cache=None,
        coverage=given["coverage"],
        manual={"median_h": float(given["manual_h"]["median"]), "sigma": float(given["manual_h"]["sigma"])},
        scale_up=seconds("scale_up_s"),
        p_no_capacity=float(given["p_no_capacity"]),
        failback={
            "delay_h": float(back["delay_h"]), "p_bad": float(back["p_bad"]), "length_h": float(back["length_h"]),
            "severity": float(back["severity"]), "stages": (1.0,), "stage_h": 0.0,
        },
        unprotected={"rebuild_h": 0.0, "without_standby_factor": 1.0},
        worth={},
    )  # fmt: skip
    return library.replace(times=times)


def designs_of(case: Mapping[str, Any]) -> list[ServiceDesign]:
    """Return the designs of the file."""
    found = []
    for row in case["designs"]:
        values = {key: value for key, value in row.items() if key not in ("id", "share", "sized")}
        if "share" in row:
            values |= {"share": tuple(row["share"]), "sized": float(row["sized"])}
        found.append(ServiceDesign(name=row["id"], **values))
    return found


def simulate(
    case: Mapping[str, Any], years: int, draws: int | None, seed: int, **options: Any
) -> FailureSimulation:
    """Simulate the base case."""
    return simulate_failures(
        designs_of(case),
        classes_of(case),
        years=years,
        seed=seed,
        outer_draws=draws,
        defaults=defaults_of(case),
        **options,
    )


def gaps(case: Mapping[str, Any], ours: FailureSimulation) -> list[Gap]:
    """Return every figure of the file beside ours, with the errors of both."""
    table = case["results"]["rates_drawn" if ours.rates_drawn else "rates_at_mean"]
    found = []
    for measure, rows in table.items():
        for design, values in rows.items():
            outcome = ours.outcome(design).by(measure)
            for quantity, (value, error) in values.items():
                estimate = getattr(outcome, QUANTITIES[quantity])
                z = (estimate.value - value) / math.hypot(error, estimate.standard_error)
                found.append(Gap(f"{measure} {design} {quantity}", value, estimate.value, z))
    return found


def main() -> None:
    """Print both tables; leave with 1 where a figure is 4.5 standard errors off."""
    years = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    draws = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    case = base_case()
    worst = 0.0
    for found in (simulate(case, years, None, 20261124), simulate(case, 100, draws, 20261124)):
        rows = gaps(case, found)
        lines = [found.basis]
        lines += [f"  {row.what:50s} {row.theirs:9.5f} {row.ours:9.5f}  z {row.z:+.2f}" for row in rows]
        most = max(abs(row.z) for row in rows)
        lines.append(f"  max |z| {most:.2f}, sum of z² {sum(row.z**2 for row in rows):.1f} of {len(rows)}")
        sys.stdout.write("\n".join(lines) + "\n")
        worst = max(worst, most)
    sys.exit(worst >= 4.5)


if __name__ == "__main__":
    main()
