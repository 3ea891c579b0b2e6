"""From the inputs of a kind of worked case to the public functions, and back to its expected names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from agog_capacity.availability.capacity import Scalability, brownout, region_sizing
from agog_capacity.availability.common_cause import beta_factor_unavailability, voting
from agog_capacity.availability.data_loss import ReplicationLag, conflicting_pairs_per_s, zipf_shares
from agog_capacity.availability.error_budget import BurnAlert, ErrorBudget
from agog_capacity.availability.failover import Probe, failover_stages, recovery_time
from agog_capacity.availability.frontier import (
    Candidate,
    cheapest_in_total,
    cheapest_within,
    frontier,
    total_cost,
)
from agog_capacity.availability.lengths import Exponential, Fixed, Length, Lognormal
from agog_capacity.availability.markov import (
    Chain,
    duplex,
    expected_hours_in,
    hours_to,
    state_probabilities,
    steady_service,
    steady_state,
)
from agog_capacity.availability.money import BusinessHours, CreditTier, downtime_cost, expected_credit
from agog_capacity.availability.numbers import complement
from agog_capacity.availability.queueing import (
    Queue,
    allen_cunneen_wait_s,
    erlang_b,
    erlang_c,
    fewest_servers,
    kingman_wait_s,
    region_loss,
    service_quantile,
)
from agog_capacity.availability.rates import GammaRate, garwood_interval, jeffreys_rate, zero_event_bound
from agog_capacity.availability.renewal import active_passive, active_passive_with_second_failure
from agog_capacity.availability.sla_risk import monthly_risk, yearly_risk
from agog_capacity.availability.structure import (
    Block,
    k_of_n_unavailability,
    path_set_unavailability,
    zoned_unavailability,
)
from agog_capacity.errors import InputError
from agog_capacity.units import CALCULATOR_MONTH_HOURS, HOURS_PER_YEAR

Inputs = Mapping[str, Any]
Result = dict[str, Any]
Adapter = Callable[[Inputs, Mapping[str, Any]], Result]
"""From the inputs and the expected keys (some carry an argument in their name) to the values found."""

_NUMBER = r"(\d+(?:[._]\d+)?)"
_POINTS = 4000
"""Lattice of lognormal outages: finer than the default, since the cases are held to 3e-4."""


def _share_of_time(q: float) -> Result:
    return {"availability": 1 - q, "unavailability": q, "annual_downtime_h": q * HOURS_PER_YEAR}


def _length(given: Inputs) -> Length:
    kind = given["type"]
    if kind == "exponential":
        return Exponential(given["mean_h"])
    if kind == "fixed":
        return Fixed(given["h"])
    if kind == "lognormal":
        return Lognormal(given["median_h"], given["sigma"])
    raise InputError(f"duration type {kind!r} is not one of exponential, fixed, lognormal")


def _lognormal_s(given: Inputs) -> Lognormal:
    return Lognormal(given["median_s"], given["sigma"])


def _arguments(expected: Mapping[str, Any], pattern: str) -> dict[str, float]:
    """Return the keys that match a pattern, with the number in them."""
    found = {key: re.fullmatch(pattern, key) for key in expected}
    return {key: float(match[1].replace("_", ".")) for key, match in found.items() if match}


def _block(given: Inputs) -> Block | float:
    if "a" in given:
        return complement(given["a"])
    if given["type"] not in ("series", "parallel", "kofn"):
        raise InputError(f"block type {given['type']!r} is not one of series, parallel, kofn")
    return Block(given["type"], tuple(_block(part) for part in given["of"]), given.get("k", 1))


def rbd_tree(inputs: Inputs, expected: Inputs) -> Result:
    block = _block(inputs["block"])
    return _share_of_time(block.unavailability if isinstance(block, Block) else block)


def rbd_path_sets(inputs: Inputs, expected: Inputs) -> Result:
    parts = {name: complement(a) for name, a in inputs["components"].items()}
    return _share_of_time(path_set_unavailability(parts, inputs["minimal_path_sets"]))


def k_of_n(inputs: Inputs, expected: Inputs) -> Result:
    nodes = [complement(inputs["node_availability"])] * inputs["n"]
    return _share_of_time(k_of_n_unavailability(inputs["k"], nodes))


def k_of_n_heterogeneous(inputs: Inputs, expected: Inputs) -> Result:
    nodes = [complement(a) for a in inputs["node_availabilities"]]
    return _share_of_time(k_of_n_unavailability(inputs["k"], nodes))


def zoned_k_of_n(inputs: Inputs, expected: Inputs) -> Result:
    zones = [inputs["nodes_per_zone"]] * inputs["zones"]
    node, zone = complement(inputs["node_availability"]), complement(inputs["zone_availability"])
    return _share_of_time(zoned_unavailability(inputs["nodes_needed"], zones, node, zone))


def beta_factor(inputs: Inputs, expected: Inputs) -> Result:
    q, beta = inputs["unavailability_each"], inputs["beta"]
    return {
        "unavailability": {
            name: beta_factor_unavailability(*voting(name), q, beta) for name in inputs["architectures"]
        }
    }


def n_region_capacity(inputs: Inputs, expected: Inputs) -> Result:
    rows = [region_sizing(n, inputs["region_unavailability"]) for n in inputs["regions"]]
    return {
        "rows": [
            {
                "regions": row.regions,
                "total_capacity_ratio": row.total_capacity,
                "max_safe_utilisation": row.safe_utilisation,
                "p_full_service": 1 - row.not_full,
                "p_not_full": row.not_full,
                "expected_served": 1 - row.unserved,
                "expected_served_if_sized_1_over_n": 1 - row.unserved_if_sized_evenly,
            }
            for row in rows
        ]
    }


def _chain(inputs: Inputs) -> Chain:
    return Chain.of(inputs["states"], [(start, end, rate) for start, end, rate in inputs["rates_per_h"]])


def ctmc(inputs: Inputs, expected: Inputs) -> Result:
    found = steady_service(_chain(inputs), inputs["reward"])
    return {
        "pi": dict(found.shares),
        "reward_availability": 1 - found.unserved,
        "full_service_probability": 1 - found.not_full,
        "annual_unserved_h": found.unserved_h_per_year,
        "loss_of_full_service_per_year": found.losses_per_year,
        "mean_hours_not_full_per_event": found.hours_not_full_per_loss,
    }


def ctmc_transient(inputs: Inputs, expected: Inputs) -> Result:
    chain = _chain(inputs)
    down = chain.index("D")
    start = inputs["start"]
    return {
        "point_unavailability": float(state_probabilities(chain, start, inputs["point_t_h"])[down]),
        "expected_downtime_in_interval_h": expected_hours_in(chain, ["D"], start, inputs["interval_h"]),
        "steady_unavailability": float(steady_state(chain)[down]),
    }


def mttf(inputs: Inputs, expected: Inputs) -> Result:
    fails, repairs = inputs["failure_rate_per_h"], inputs["repair_rate_per_h"]
    return {
        "mttf_h": hours_to(duplex(fails, repairs, inputs["coverage"]), ["0"], "2"),
        "mttf_if_perfect_coverage_h": hours_to(duplex(fails, repairs, 1.0), ["0"], "2"),
    }


def active_passive_renewal(inputs: Inputs, expected: Inputs) -> Result:
    found = active_passive(
        inputs["primary_failures_per_year"],
        inputs["failover_h"],
        inputs["coverage"],
        inputs["manual_recovery_h"],
        inputs["primary_repair_h"],
    )
    return {
        **_share_of_time(found.unavailability),
        "failures_per_year": found.cycles_per_year,
        "mean_down_per_failure_h": found.down_h,
    }


def active_passive_semi_markov(inputs: Inputs, expected: Inputs) -> Result:
    repair = inputs["repair_lognormal"]
    found = active_passive_with_second_failure(
        inputs["primary_failures_per_year"],
        inputs["failover_h"],
        Lognormal(repair["median_h"], repair["sigma"]),
        inputs["secondary_failures_per_year_while_serving"],
    )
    return {
        **_share_of_time(found.unavailability),
        "expected_overlap_down_per_cycle_h": found.overlap_h,
        "mean_repair_h": found.repair_h,
    }


def erlang(inputs: Inputs, expected: Inputs) -> Result:
    return {
        "rows": [
            {
                "servers": servers,
                "offered_erlangs": load,
                "erlang_b": erlang_b(servers, load),
                "erlang_c": erlang_c(servers, load) if load < servers else 1.0,
            }
            for servers, load in inputs["rows"]
        ]
    }


def mmc(inputs: Inputs, expected: Inputs) -> Result:
    queue = Queue(inputs["arrivals_per_s"], inputs["service_rate_per_s"], inputs["servers"])
    return {
        "offered_load": queue.erlangs,
        "utilisation": queue.utilisation,
        "erlang_b": erlang_b(queue.servers, queue.erlangs),
        "erlang_c": queue.waits,
        "mean_wait_s": queue.mean_wait_s,
        "mean_response_s": queue.mean_response_s,
        "mean_queue_length": queue.mean_queue,
        **{
            key: queue.wait_quantile(_share(p))
            for key, p in _arguments(expected, f"wait_p{_NUMBER}_s").items()
        },
        **{
            key: queue.response_quantile(_share(p))
            for key, p in _arguments(expected, f"response_p{_NUMBER}_s").items()
        },
    }


def _share(number: float) -> float:
    """Return the percentile that a key carries: 95 of p95, 99.9 of p99.9, and p999 as it is written."""
    return float(str(number / 100)) if number <= 100 else float(f"0.{number:.0f}")


def mmc_sizing(inputs: Inputs, expected: Inputs) -> Result:
    arrivals, service = inputs["arrivals_per_s"], inputs["service_rate_per_s"]
    percentile, target = inputs["percentile"], inputs["target_s"]
    servers = fewest_servers(arrivals, service, percentile, target)
    fewer = Queue(arrivals, service, servers - 1) if servers is not None and servers > 1 else None
    floor = service_quantile(service, percentile)
    at = None if servers is None else Queue(arrivals, service, servers).response_quantile(percentile)
    one_fewer = fewer.response_quantile(percentile) if fewer is not None and fewer.stable else None
    found: Result = {"servers": servers, "infeasible_below_s": floor}
    for key in expected:
        if re.fullmatch(r"p[\d_.]+_at_answer_s", key):
            found[key] = at
        elif re.fullmatch(r"p[\d_.]+_one_fewer_s", key):
            found[key] = one_fewer
        elif re.fullmatch(r"service_only_p[\d_.]+_s", key):
            found[key] = floor
    return found


def region_loss_case(inputs: Inputs, expected: Inputs) -> Result:
    arrivals, service = inputs["total_arrivals_per_s"], inputs["service_rate_per_s"]
    found = region_loss(arrivals, service, inputs["servers_per_region"], inputs["p95_target_s"])
    normal, survives = found.normal, found.survives_with
    return {
        "utilisation_normal": normal.utilisation,
        "p95_normal_s": normal.response_quantile(0.95) if normal.stable else None,
        "utilisation_after_loss": found.lost.utilisation,
        "stable_after_loss": found.lost.stable,
        "p95_after_loss_s": found.lost.response_quantile(0.95) if found.lost.stable else None,
        "served_fraction_if_shedding": found.served,
        "servers_per_region_to_survive": survives,
        "p95_after_loss_at_that_size_s": None
        if survives is None
        else Queue(arrivals, service, survives).response_quantile(0.95),
        "n_plus_1_rule_factor": region_sizing(2, 0.0).total_capacity,
    }


def ggc_allen_cunneen(inputs: Inputs, expected: Inputs) -> Result:
    queue = Queue(inputs["arrivals_per_s"], inputs["service_rate_per_s"], inputs["servers"])
    wait = allen_cunneen_wait_s(queue, inputs["ca2"], inputs["cs2"])
    return {
        "mean_wait_s": wait,
        "mean_response_s": wait + 1 / queue.service_per_s,
        "mm_c_mean_wait_s": queue.mean_wait_s,
        "kingman_gg1_mean_wait_s_at_rho": kingman_wait_s(
            queue.service_per_s, queue.utilisation, inputs["ca2"], inputs["cs2"]
        ),
    }


def usl(inputs: Inputs, expected: Inputs) -> Result:
    law = Scalability(inputs["gamma_per_s"], inputs["sigma"], inputs["kappa"])
    peak = law.peak_nodes
    return {
        "throughput": [law.throughput(n) for n in inputs["at_nodes"]],
        "peak_nodes_real": law.peak_nodes_real if peak is not None else None,
        "peak_nodes_integer": peak,
        "peak_throughput": law.throughput(peak) if peak is not None else None,
        **{key: law.nodes_for(x) for key, x in _arguments(expected, f"nodes_for_{_NUMBER}").items()},
    }


def monthly_sla(inputs: Inputs, expected: Inputs) -> Result:
    month = inputs.get("month_h", CALCULATOR_MONTH_HOURS)
    length = _length(inputs["duration"])
    found = monthly_risk(inputs["outages_per_year"], length, inputs["sla"], month, _POINTS)
    return {
        "threshold_h": found.allowed_h,
        "p_month_violates": found.month_violates.value,
        "p_year_has_violation": found.year_has_violation,
        "annual_expected_downtime_h": found.expected_h_per_year,
        "p_any_outage_in_month": found.any_outage_in_month,
        "expected_violating_months": found.expected_violating_months,
        "annual_average_availability": found.annual_average_availability,
    }


def annual_sla(inputs: Inputs, expected: Inputs) -> Result:
    length = _length(inputs["duration"])
    found = yearly_risk(inputs["outages_per_year"], length, inputs["annual_budget_h"], _POINTS)
    return {
        "p_year_over_budget": found.year_over_budget.value,
        "p_year_has_monthly_violation": found.year_has_monthly_violation,
        "mean_annual_downtime_h": found.mean_h,
        "sd_annual_downtime_h": found.sd_h,
    }


def service_credit(inputs: Inputs, expected: Inputs) -> Result:
    length = _length(inputs["duration"])
    tiers = [CreditTier(tier["below"], tier["credit"]) for tier in inputs["tiers"]]
    month = inputs.get("month_h", CALCULATOR_MONTH_HOURS)
    found = expected_credit(inputs["outages_per_year"], length, tiers, inputs["monthly_fee"], month, _POINTS)
    cost = inputs["outages_per_year"] * length.mean * inputs["downtime_cost_per_h"]
    return {
        "p_below": list(found.below),
        "expected_credit_per_month": found.per_month,
        "expected_credit_per_year": found.per_year,
        "expected_downtime_cost_per_year": cost,
        "credit_to_cost_ratio": found.per_year / cost if cost else None,
    }


def downtime_cost_case(inputs: Inputs, expected: Inputs) -> Result:
    if inputs.get("outages_uniform_over_year", True) is not True:
        raise InputError("outages_uniform_over_year: only outages at random times are defined")
    business = BusinessHours(
        inputs["tenants"],
        inputs["revenue_per_tenant_per_year"],
        inputs["business_days"],
        inputs["business_hours_per_day"],
        inputs["loss_fraction_of_daily_revenue"],
    )
    found = downtime_cost(inputs["outages_per_year"], _length(inputs["duration"]), business)
    return {
        "cost_per_business_hour": business.cost_per_hour,
        "business_time_share": business.share_of_year,
        "expected_annual_cost": found.mean,
        "sd_annual_cost": found.sd,
        "p95_annual_cost": found.p95,
        "p_zero_cost_year": found.none,
    }


def error_budget(inputs: Inputs, expected: Inputs) -> Result:
    budget = ErrorBudget(inputs["slo"], inputs["window_days"])
    alerts = [BurnAlert(alert["burn"], alert["long_h"], alert["short_min"]) for alert in inputs["alerts"]]
    rate = inputs["error_rate"]
    found: Result = {
        "budget_min": budget.minutes,
        "budget_share_at_alert": [budget.spent_at(alert) for alert in alerts],
        "minutes_to_fire_total_outage": [budget.minutes_to_fire(alert, 1.0) for alert in alerts],
    }
    for key in expected:
        if re.fullmatch(r"burn_rate_at_[\d_.]+pct_errors", key):
            found[key] = budget.burn_rate(rate)
        elif re.fullmatch(r"hours_to_exhaust_at_[\d_.]+pct", key):
            found[key] = budget.hours_to_exhaust(rate)
        elif re.fullmatch(r"minutes_to_fire_at_[\d_.]+pct", key):
            found[key] = [budget.minutes_to_fire(alert, rate) for alert in alerts]
    return found


def pareto(inputs: Inputs, expected: Inputs) -> Result:
    designs = [
        Candidate(design["name"], design["cost_k_per_year"], design["downtime_h_per_year"])
        for design in inputs["designs"]
    ]
    price = inputs["downtime_cost_k_per_h"]
    within, cheapest = cheapest_within(designs, inputs["sla_h_per_year"]), cheapest_in_total(designs, price)
    return {
        "frontier": [design.name for design in frontier(designs)],
        "cheapest_meeting_sla": within.name if within is not None else None,
        "cheapest_total": cheapest.name,
        "cheapest_total_k": total_cost(cheapest, price),
    }


def brownout_case(inputs: Inputs, expected: Inputs) -> Result:
    found = brownout(
        inputs["initial_capacity_fraction"],
        inputs["delay_s"],
        inputs["steps"],
        inputs["step_interval_s"],
        inputs.get("demand_fraction", 1.0),
        inputs.get("policy", "shed"),
    )
    return {
        "full_capacity_at_s": found.full_at_s,
        "unserved_demand_seconds": found.unserved_s,
        "equivalent_full_outage_s": found.outage_s,
        "peak_shed_fraction": found.peak_lost,
    }


def rto_distribution(inputs: Inputs, expected: Inputs) -> Result:
    probe = Probe(inputs["probe_interval_s"], inputs["tolerated_failures"], inputs["probe_timeout_s"])
    decision = inputs.get("decision_lognormal")
    found = recovery_time(
        failover_stages(
            probe,
            promotion=_lognormal_s(inputs["promotion_lognormal"]),
            scale_up=_lognormal_s(inputs["scaleup_lognormal"]),
            dns_ttl_s=inputs["dns_ttl_s"],
            decision=_lognormal_s(decision) if decision is not None else None,
        )
    )
    return {
        "detection_min_s": probe.detection.low,
        "detection_mean_s": probe.detection.mean,
        "detection_max_s": probe.detection.high,
        "rto_mean_s": found.mean_s,
        **{key: found.quantile(_share(p)) for key, p in _arguments(expected, f"rto_p{_NUMBER}_s").items()},
        **{key: found.beyond(s) for key, s in _arguments(expected, f"p_over_{_NUMBER}_s").items()},
    }


def rpo_distribution(inputs: Inputs, expected: Inputs) -> Result:
    lag = ReplicationLag(
        _lognormal_s(inputs["lag_lognormal"]),
        inputs["stalled_probability"],
        inputs["stalled_lag_uniform_max_s"],
    )
    lost = inputs["writes_per_s"] * lag.mean_s
    return {
        "mean_lag_s": lag.mean_s,
        "p_loss_exceeds_target": lag.beyond(inputs["rpo_target_s"]),
        "expected_lost_writes_per_failover": lost,
        "expected_lost_writes_per_year": lost * inputs["regional_failovers_per_year"],
        **{key: lag.beyond(s) for key, s in _arguments(expected, f"p_loss_exceeds_{_NUMBER}s").items()},
        **{key: lag.quantile(_share(p)) for key, p in _arguments(expected, f"lag_p{_NUMBER}_s").items()},
    }


def poisson_rate(inputs: Inputs, expected: Inputs) -> Result:
    events, years, none = inputs["events"], inputs["exposure_years"], inputs["zero_case_exposure_years"]
    low, high = garwood_interval(events, years, inputs["confidence"])
    belief = _belief(events, years, inputs.get("prior", "Jeffreys"))
    two, one = (
        {
            key: zero_event_bound(none, _share(p), two_sided=sides == "two")
            for key, p in _arguments(expected, f"zero_events_upper{_NUMBER}_{sides}_sided").items()
        }
        for sides in ("two", "one")
    )
    return {
        "rate": events / years,
        "garwood_low": low,
        "garwood_high": high,
        "jeffreys_mean": belief.mean,
        **{
            key: belief.quantile(_share(p)) for key, p in _arguments(expected, f"jeffreys_p{_NUMBER}").items()
        },
        **two,
        **one,
    }


def _belief(events: int, years: float, prior: str) -> GammaRate:
    given = re.search(r"gamma\(\s*([\d.]+)\s*,\s*([\d.]+)\s*\)", prior)
    if given is None or (float(given[1]), float(given[2])) == (0.5, 0.0):
        return jeffreys_rate(events, years)
    return GammaRate(float(given[1]) + events, float(given[2]) + years)


def write_conflicts(inputs: Inputs, expected: Inputs) -> Result:
    shares = zipf_shares(inputs["rows"], inputs["zipf_s"])
    pairs = conflicting_pairs_per_s(inputs["writes_per_s"], inputs["one_way_lag_s"], shares)
    return {
        "sum_p_squared": float((shares**2).sum()),
        "conflict_pairs_per_s": pairs,
        "conflict_pairs_per_day": pairs * 86_400,
    }


ADAPTERS: dict[str, Adapter] = {
    "rbd_tree": rbd_tree,
    "rbd_path_sets": rbd_path_sets,
    "k_of_n": k_of_n,
    "k_of_n_heterogeneous": k_of_n_heterogeneous,
    "zoned_k_of_n": zoned_k_of_n,
    "beta_factor": beta_factor,
    "n_region_capacity": n_region_capacity,
    "ctmc": ctmc,
    "ctmc_transient": ctmc_transient,
    "mttf": mttf,
    "active_passive_renewal": active_passive_renewal,
    "active_passive_semi_markov": active_passive_semi_markov,
    "erlang": erlang,
    "mmc": mmc,
    "mmc_sizing": mmc_sizing,
    "region_loss": region_loss_case,
    "ggc_allen_cunneen": ggc_allen_cunneen,
    "usl": usl,
    "monthly_sla": monthly_sla,
    "annual_sla": annual_sla,
    "service_credit": service_credit,
    "downtime_cost": downtime_cost_case,
    "error_budget": error_budget,
    "pareto": pareto,
    "brownout": brownout_case,
    "rto_distribution": rto_distribution,
    "rpo_distribution": rpo_distribution,
    "poisson_rate": poisson_rate,
    "write_conflicts": write_conflicts,
}
