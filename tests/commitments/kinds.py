"""One function per kind of commitment example: inputs to the library, its result to the expected names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from agog_capacity.commitments.amortise import amortise
from agog_capacity.commitments.cover import CoverOrder, cover_hours, cover_order
from agog_capacity.commitments.cutting import optimise_joint
from agog_capacity.commitments.hour_value import corners, hour_values
from agog_capacity.commitments.joint import Column, joint_problem
from agog_capacity.commitments.ladder import Rung, climb
from agog_capacity.commitments.log_tiers import TierChange, TierPrice, tier_changes, tier_month
from agog_capacity.commitments.measures import measure
from agog_capacity.commitments.online import buy_online
from agog_capacity.commitments.payback import first_month_three_years_pay, payback, term_costs
from agog_capacity.commitments.regret import regret_table
from agog_capacity.commitments.returns import Cancellation, ExchangeRequest, exchanges, refunds
from agog_capacity.commitments.rows import month_rows
from agog_capacity.commitments.single import single_optimum
from agog_capacity.commitments.spot import spot_mix
from agog_capacity.commitments.stacked import stacked_savings
from agog_capacity.commitments.terms import CoverRules, Reservation, SavingsPlan, Scope, Size, UsageLine

Values = dict[str, Any]

_PLAN_PRICES = {1: "plan_1y", 3: "plan_3y"}


def sizes_of(given: Values) -> dict[str, Size]:
    return {
        name: Size(
            group=size["group"],
            ratio=size["ratio"],
            on_demand=size["on_demand"],
            plan={years: size[key] for years, key in _PLAN_PRICES.items() if size.get(key) is not None},
            spot=size.get("spot"),
        )
        for name, size in given.items()
    }


def lines_of(given: list[Values]) -> list[UsageLine]:
    places = ("region", "subscription", "resource_group", "management_group")
    return [
        UsageLine(
            id=line["id"],
            size=line["sku"],
            purchase_option=line.get("purchase_option") or "on-demand",
            **{place: line.get(place) for place in places},
        )
        for line in given
    ]


def order_of(inputs: Values) -> tuple[CoverOrder, list[UsageLine], list[Reservation], list[SavingsPlan]]:
    lines = lines_of(inputs["lines"])
    reservations = [
        Reservation(
            id=r["id"],
            size=r["sku"],
            quantity=r["quantity"],
            region=r.get("region"),
            hourly_cost=r["hourly_cost"],
            flexible=r.get("flexible", True),
            scope=Scope(**(r.get("scope") or {})),
        )
        for r in inputs.get("reservations") or []
    ]
    plans = [
        SavingsPlan(
            id=p["id"],
            term_years=p["term_years"],
            hourly_commitment=p["hourly_commitment"],
            scope=Scope(**(p.get("scope") or {})),
        )
        for p in inputs.get("savings_plans") or []
    ]
    precedence = inputs.get("plan_precedence") or ("scope", "term")
    rules = CoverRules.model_validate(
        {
            "plan_precedence": [precedence] if isinstance(precedence, str) else precedence,
            "line_order": inputs.get("line_order") or "listed",
        }
    )
    return (
        cover_order(sizes_of(inputs["skus"]), lines, reservations, plans, rules),
        lines,
        reservations,
        plans,
    )


def hourly_cover(inputs: Values) -> Values:
    order, lines, reservations, plans = order_of(inputs)
    usage = np.array([line["quantity"] for line in inputs["lines"]], dtype=float)
    cover = cover_hours(order, usage)
    return {
        "reserved_used": _by_id(reservations, cover.reserved_used),
        "reserved_unused": _by_id(reservations, cover.reserved_unused),
        "plan_used_usd": _by_id(plans, cover.plan_used),
        "plan_unused_usd": _by_id(plans, cover.plan_unused),
        "on_demand_quantity": _by_id(lines, cover.on_demand_quantity),
        "on_demand_cost": cover.on_demand_cost.tolist(),
        "spot_cost": cover.spot_cost.tolist(),
        "effective_cost": cover.effective_cost.tolist(),
        "effective_cost_total": float(cover.effective_cost.sum()),
        "on_demand_equivalent_total": float((order.unit_price @ usage).sum()),
    }


def _by_id(things: list[Any], rows: np.ndarray) -> Values:
    return {thing.id: row.tolist() for thing, row in zip(things, rows, strict=True)}


def plan_overlap(inputs: Values) -> Values:
    order, lines, _, plans = order_of(inputs)
    sizes = sizes_of(inputs["skus"])
    usage = np.array([line["quantity"] for line in inputs["lines"]], dtype=float)
    cover = cover_hours(order, usage)
    prices = corners(
        [sizes[line.size].on_demand for line in lines],
        [
            [sizes[line.size].plan.get(p.term_years) if p.scope.covers(line) else None for line in lines]
            for p in plans
        ],
    )
    hours = usage.shape[1]
    zeros = np.zeros(hours, dtype=np.int64)
    best, _ = hour_values(
        np.ascontiguousarray(usage.T),
        np.ones(hours),
        zeros,
        zeros,
        np.zeros((1, len(lines))),
        np.array([[p.hourly_commitment for p in plans]]),
        prices,
        1,
    )
    return {
        "on_demand_cost_by_rule": float(cover.on_demand_cost.sum()),
        "effective_cost_by_rule": float(cover.effective_cost.sum()),
        "on_demand_cost_if_best_allocation": float(best[0]),
    }


def measures(inputs: Values) -> Values:
    result = measure(
        inputs["usage"], inputs["units"], inputs["committed"], inputs["on_demand"], inputs.get("list_price")
    )
    names = (
        "utilisation coverage committed_cost waste on_demand_cost total_cost baseline_cost savings "
        "effective_savings_rate break_even_utilisation discount effective_savings_rate_on_list"
    )
    return {name: getattr(result, name) for name in names.split()}


def amortisation(inputs: Values) -> Values:
    result = amortise(
        inputs["total"], date.fromisoformat(inputs["start"]), inputs["term_years"], inputs["payment"]
    )
    values: Values = {
        "end_exclusive": result.end.isoformat(),
        "term_days": result.days,
        "effective_per_day": result.effective_per_day,
        "billed_by_month": dict(result.billed),
        "effective_by_month": dict(result.effective),
        "billed_total": sum(result.billed.values()),
        "effective_total": sum(result.effective.values()),
    }
    if inputs.get("used_share_by_month") is not None:
        used, unused = result.split(inputs["used_share_by_month"])
        values["effective_used_by_month"] = used
        values["effective_unused_by_month"] = unused
        values["used_plus_unused"] = sum(used.values()) + sum(unused.values())
    return values


def focus_rows(inputs: Values) -> Values:
    commitment = inputs["commitment"]
    month = month_rows(
        term_total=commitment["term_total"],
        term_hours=commitment["term_hours"],
        units=commitment["units"],
        payment=commitment["payment"],
        instalments=commitment.get("instalments"),
        purchased_this_month=inputs["purchase_in_month"],
        month_hours=inputs["month_hours"],
        used_unit_hours=inputs["used_unit_hours"],
        on_demand_unit_hours=inputs["on_demand_unit_hours"],
        list_price=inputs["list_price"],
        contracted_price=inputs["contracted_price"],
    )
    rows: Values = {
        row.name: {
            "BilledCost": row.billed_cost,
            "EffectiveCost": row.effective_cost,
            "ListCost": row.list_cost,
            "ContractedCost": row.contracted_cost,
        }
        for row in month.rows
    }
    return {
        "rows": rows,
        "billed_total": month.billed_total,
        "effective_total": month.effective_total,
        "unused_unit_hours": month["unused"].quantity,
        "list_total_accrual": month.list_total_accrual,
        "savings_against_contracted": month.savings_against_contracted,
    }


def break_even(inputs: Values) -> Values:
    result = payback(inputs["upfront"], inputs["monthly"], inputs["on_demand_by_month"])
    return {
        "break_even_month": result.break_even_month,
        "committed_total": result.committed_total,
        "on_demand_total": result.on_demand_total,
        "saving": result.saving,
    }


def term_choice(inputs: Values) -> Values:
    prices = (inputs["on_demand_monthly"], inputs["total_1y"], inputs["total_3y"])
    by_months = {}
    for months in inputs["months_needed"]:
        result = term_costs(months, *prices, early_termination_fee=inputs.get("early_termination_fee") or 0.0)
        by_months[str(months)] = {
            **{str(name): cost for name, cost in result.costs.items()},
            "best": result.best,
        }
    return {
        "by_months": by_months,
        "three_year_beats_on_demand_from_month": first_month_three_years_pay(*prices, against="on_demand"),
        "three_year_beats_one_year_from_month": first_month_three_years_pay(
            *prices, against="one_year_renewed"
        ),
    }


def ladder(inputs: Values) -> Values:
    rungs = [Rung(p["quantity"], p["start_month"], p["term_years"]) for p in inputs["purchases"]]
    need = inputs["need_by_month"]
    if inputs.get("months", len(need)) != len(need):
        raise ValueError(f"the need has {len(need)} months, the window {inputs['months']}")
    result = climb(rungs, inputs["first_month"], need)
    return {
        "active_by_month": result.active.tolist(),
        "expiring": dict(result.expiring),
        "uncovered_unit_months": float(result.uncovered.sum()),
        "idle_unit_months": float(result.idle.sum()),
        "largest_drop": result.largest_drop,
    }


def refund_limit(inputs: Values) -> Values:
    requests = [
        Cancellation(
            date.fromisoformat(c["date"]),
            c["remaining_commitment"],
            c.get("current_price_prorated"),
            bool(c.get("exchange", False)),
        )
        for c in inputs["cancellations"]
    ]
    results = refunds(
        requests, inputs["limit"], inputs["window_days"], inputs.get("early_termination_fee") or 0.0
    )
    return {
        "results": [
            {"accepted": r.accepted, "available_after": r.available_after, "refund": r.refund}
            for r in results
        ],
        "refund_total": sum(r.refund for r in results),
    }


def exchange_rule(inputs: Values) -> Values:
    requests = [
        ExchangeRequest(
            date.fromisoformat(r["purchased"]),
            date.fromisoformat(r["requested"]),
            r["term_years"],
            r["total"],
            r["new_total"],
            r["to"],
            r["service_in_savings_plan"],
        )
        for r in inputs["requests"]
    ]
    results = exchanges(requests, date.fromisoformat(inputs["policy_date"]))
    return {
        "results": [
            {"allowed": r.allowed, "residual": r.residual, "exchangeable_again": r.exchangeable_again}
            for r in results
        ]
    }


def commitment_tier_logs(inputs: Values) -> Values:
    tiers = [TierPrice(t["gb_per_day"], t["price_per_day"]) for t in inputs["tiers"]]
    month = tier_month(
        inputs["daily_gb"], inputs["payg_per_gb"], tiers, inputs.get("free_gb_per_month") or 0.0
    )

    def name(tier: float) -> str:
        return "payg" if tier == 0 else f"{tier:g}" if tier < 1e6 else str(int(tier))

    return {
        "cost": {name(tier): cost for tier, cost in month.cost.items()},
        "best": name(month.best),
        "break_even_gb_per_day": {name(t): gb for t, gb in month.break_even_gb_per_day.items()},
        "effective_price_per_gb": {name(t.gb_per_day): t.per_gb for t in tiers},
        "unused_gb": {name(t): gb for t, gb in month.unused_gb.items()},
    }


def tier_lock(inputs: Values) -> Values:
    changes = [TierChange(c["day"], c["to"]) for c in inputs["changes"]]
    accepted, final = tier_changes(changes, inputs["lock_days"], inputs.get("initial_tier") or 0)
    return {"accepted": list(accepted), "final_tier": final}


def brief_8_2(inputs: Values) -> Values:
    three = stacked_savings(
        inputs["compute_monthly"], inputs["reserved_1y"], inputs["spot"], inputs["scale_down"]
    )
    return {
        "reserved_1y_saving": three.reserved,
        "reserved_3y_saving": inputs["compute_monthly"] * inputs["reserved_3y"],
        "spot_saving": three.spot,
        "scale_down_saving": three.scale_down,
        "optimised_of_printed_total": inputs["total_printed"] - three.reserved - three.spot,
        "optimised_of_true_total": inputs["total_counted_once"] - three.reserved - three.spot,
        "stacked_compute_saving": three.stacked,
        "sequential_compute_saving": three.sequential,
        "double_counted": three.double_counted,
    }


def single(inputs: Values) -> Values:
    result = single_optimum(inputs["usage"], inputs["on_demand"], inputs["committed"], inputs.get("step"))
    return {
        "break_even_share": result.break_even_share,
        "optimal_low": result.low,
        "optimal_high": result.high,
        "cost": result.cost,
        "cost_none": result.cost_none,
        "cost_cover_minimum": result.cost_cover_minimum,
        "cost_cover_peak": result.cost_cover_peak,
    }


def joint_optimum(inputs: Values) -> Values:
    skus, hours = inputs["skus"], inputs["hours"]
    usage = np.array([hour["usage"] for hour in hours], dtype=float)
    weight = np.array([hour["weight"] for hour in hours], dtype=float)
    total = float(weight.sum())
    own = [sku["on_demand"] for sku in skus]
    reservations = [
        Column(sku["name"], k, sku["reserved"] * total)
        for k, sku in enumerate(skus)
        if sku.get("reserved") is not None
    ]
    plan = Column("the savings plan", len(skus), total, whole=False)
    plan_prices = [[sku.get("plan") for sku in skus]]

    def best(*columns: Column) -> Any:
        problem = joint_problem(usage, own, columns, plan_prices, weight=weight)
        return optimise_joint(problem, whole=True, gap=1e-10)

    both = best(*reservations, plan)
    bought = both.bought()
    return {
        "cost": both.cost,
        "cost_no_commitment": both.problem.total(np.zeros(len(both.problem.columns))),
        "cost_reservations_only": best(*reservations).cost,
        "cost_plan_only": best(plan).cost,
        "reserved": {sku["name"]: bought.get(sku["name"], 0.0) for sku in skus},
        "plan_commitment": bought.get(plan.name, 0.0),
    }


def spot(inputs: Values) -> Values:
    mix = spot_mix(**inputs)
    names = (
        "hazard_per_hour evictions spot_node_hours fallback_node_hours missing_node_hours cost "
        "cost_without_spot saving_share"
    )
    return {name: getattr(mix, name) for name in names.split()}


def cvar_regret(inputs: Values) -> Values:
    futures = inputs["futures"]
    table = regret_table(
        [future["usage"] for future in futures],
        [future["p"] for future in futures],
        inputs["on_demand"],
        inputs["committed"],
        inputs["candidates"],
        inputs["alpha"],
    )
    columns = {
        "expected_cost": table.expected_cost,
        "expected_regret": table.expected_regret,
        "cvar_regret": table.cvar_regret,
        "worst_regret": table.worst_regret,
    }
    return {
        "by_candidate": {
            f"{candidate:.12g}": {name: float(values[i]) for name, values in columns.items()}
            for i, candidate in enumerate(table.candidates)
        },
        "best_expected_cost": table.best(table.expected_cost),
        "best_cvar_regret": table.best(table.cvar_regret),
    }


def online_bound(inputs: Values) -> Values:
    result = buy_online(inputs["demand"], inputs["fee"], inputs["price"], inputs["alpha"], inputs["term"])
    return {
        "online_cost": result.cost,
        "purchase_periods": list(result.purchases),
        "offline_cost": result.offline_cost,
        "ratio": result.ratio,
        "bound": result.bound,
        "random_bound": result.random_bound,
    }


KINDS: dict[str, Callable[[Values], Values]] = {
    "amortisation": amortisation,
    "break_even": break_even,
    "brief_8_2": brief_8_2,
    "commitment_tier_logs": commitment_tier_logs,
    "cvar_regret": cvar_regret,
    "exchange_rule": exchange_rule,
    "focus_rows": focus_rows,
    "hourly_cover": hourly_cover,
    "joint_optimum": joint_optimum,
    "ladder": ladder,
    "measures": measures,
    "online_bound": online_bound,
    "plan_overlap": plan_overlap,
    "refund_limit": refund_limit,
    "single_optimum": single,
    "spot_mix": spot,
    "term_choice": term_choice,
    "tier_lock": tier_lock,
}
