"""The HPA functions of the case files, mapped onto the library. Now is 0; an age is minus an instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agog_capacity.scaling import hpa_behavior as behavior
from agog_capacity.scaling import hpa_metrics as metrics
from agog_capacity.scaling.hpa import Controller, Hpa, HpaState, Measurement, Metric, decide, reconcile
from agog_capacity.scaling.pods import Container, Pod, PodAges, Sample, Tolerance
from agog_capacity.scaling.totals import summed, total_per_pod, total_value

Case = Mapping[str, Any]
NOW_S = 0.0


def pod(raw: Case) -> Pod:
    return Pod(
        name=raw["name"],
        phase=raw.get("phase", "Running"),
        deleting=bool(raw.get("deleting")),
        ready=raw.get("ready"),
        started_s=_instant(raw.get("start_age_s")),
        ready_changed_s=_instant(raw.get("ready_transition_age_s")),
        containers=tuple(
            Container(part["name"], part.get("kind", "app"), part.get("request_milli"))
            for part in raw.get("containers") or ()
        ),
        pod_level_request_milli=raw.get("pod_level_request_milli"),
    )


def _instant(age_s: float | None) -> float | None:
    return None if age_s is None else -age_s


def pods(raw: Sequence[Case] | None) -> tuple[Pod, ...]:
    return tuple(pod(each) for each in raw or ())


def samples(raw: Mapping[str, Case] | None) -> dict[str, Sample]:
    result = {}
    for name, each in (raw or {}).items():
        values = each["containers"] if "containers" in each else {"": each["value_milli"]}
        result[name] = Sample(values or {}, -(each.get("sample_age_s") or 0), each.get("window_s") or 0)
    return result


def tolerance(raw: Case) -> Tolerance:
    return Tolerance(raw["scale_up"], raw["scale_down"])


def ages(raw: Case) -> PodAges:
    return PodAges(raw.get("cpu_initialization_period_s", 300), raw.get("initial_readiness_delay_s", 30))


def rules(raw: Case | None, default: behavior.Rules) -> behavior.Rules:
    raw = raw or {}
    window, policy, listed = (raw.get(key) for key in ("stabilization_window_s", "select_policy", "policies"))
    return behavior.Rules(
        default.stabilization_window_s if window is None else window,
        default.select_policy if policy is None else policy,
        default.policies
        if listed is None
        else tuple(behavior.Policy(each["type"], each["value"], each["period_s"]) for each in listed),
        raw.get("tolerance"),
    )


def up_rules(raw: Case | None) -> behavior.Rules:
    return rules(raw, behavior.default_scale_up())


def down_rules(raw: Case | None, window_s: float | None = None) -> behavior.Rules:
    return rules(raw, behavior.default_scale_down(300 if window_s is None else window_s))


def both_rules(raw: Case | None, window_s: float | None) -> behavior.Behavior | None:
    if raw is None:
        return None
    return behavior.Behavior(up_rules(raw.get("scale_up")), down_rules(raw.get("scale_down"), window_s))


def events(raw: Sequence[Case] | None) -> list[behavior.ScaleEvent]:
    return [behavior.ScaleEvent(each["change"], -each["age_s"]) for each in raw or ()]


def recommendations(raw: Sequence[Case] | None) -> list[behavior.Recommendation]:
    return [behavior.Recommendation(each["value"], -each["age_s"]) for each in raw or ()]


def resource_utilization(case: Case) -> Case:
    proposal = metrics.resource_utilization(
        case["current_replicas"],
        case["target_utilization_percent"],
        pods(case["pods"]),
        samples(case["metrics"]),
        resource=case["resource"],
        container=case.get("container"),
        tolerance=tolerance(case["tolerance"]),
        ages=ages(case),
        now_s=NOW_S,
        pod_level_resources=True,
    )
    return {
        "replicas": proposal.replicas,
        "utilization_percent": proposal.utilization_percent,
        "average_value_milli": proposal.usage_milli,
    }


def pods_average_value(case: Case) -> Case:
    proposal = metrics.average_value(
        case["current_replicas"],
        case["target_milli"],
        pods(case["pods"]),
        samples(case["metrics"]),
        is_cpu=False,
        container=None,
        tolerance=tolerance(case["tolerance"]),
        ages=ages(case),
        now_s=NOW_S,
    )
    return {"replicas": proposal.replicas, "usage_milli": proposal.usage_milli}


def _total(case: Case) -> int:
    return (
        summed(case["metric_values_milli"])
        if "metric_values_milli" in case
        else int(case["metric_value_milli"])
    )


def value(case: Case) -> Case:
    proposal = total_value(
        case["current_replicas"],
        case["target_milli"],
        _total(case),
        pods(case["pods"]),
        tolerance(case["tolerance"]),
    )
    return {"replicas": proposal.replicas, "usage_milli": proposal.usage_milli}


def value_per_pod(case: Case) -> Case:
    proposal = total_per_pod(
        case["current_replicas"], case["target_milli"], _total(case), tolerance(case["tolerance"])
    )
    return {"replicas": proposal.replicas, "usage_milli": proposal.usage_milli}


def utilization_ratio(case: Case) -> Case:
    ratio = metrics.utilization_ratio(
        case["usage_milli"], case["request_milli"], case["target_utilization_percent"]
    )
    return {
        "ratio": ratio.ratio,
        "utilization_percent": ratio.utilization_percent,
        "average_value_milli": ratio.average_milli,
    }


def usage_ratio(case: Case) -> Case:
    ratio = metrics.usage_ratio(case["usage_milli"], case["target_milli"])
    return {"ratio": ratio.ratio, "usage_milli": ratio.average_milli}


def classify_pods(case: Case) -> Case:
    found = {name: each for name, each in samples(case["metrics"]).items() if each.values_milli}
    groups = metrics.group_pods(pods(case["pods"]), found, case["resource"] == "cpu", ages(case), NOW_S)
    return {
        "ready_count": groups.ready_count,
        "unready": sorted(groups.unready),
        "missing": sorted(groups.missing),
        "ignored": sorted(groups.ignored),
    }


def pod_requests(case: Case) -> Case:
    requests = metrics.pod_requests(
        pods(case["pods"]), case.get("container"), bool(case.get("pod_level_resources"))
    )
    return {"request_milli": requests}


def convert_with_behavior_rate(case: Case) -> Case:
    decision = behavior.convert_with_behavior_rate(
        case["current_replicas"],
        case["desired_replicas"],
        case["min_replicas"],
        case["max_replicas"],
        behavior.Behavior(up_rules(case.get("scale_up")), down_rules(case.get("scale_down"))),
        events(case.get("scale_up_events")),
        events(case.get("scale_down_events")),
        NOW_S,
    )
    return {"replicas": decision.replicas, "reason": decision.reason}


def scale_up_limit(case: Case) -> Case:
    limit = behavior.scale_up_limit(
        case["current_replicas"],
        up_rules(case.get("scale_up")),
        events(case.get("scale_up_events")),
        events(case.get("scale_down_events")),
        NOW_S,
    )
    return {"limit": limit}


def scale_down_limit(case: Case) -> Case:
    limit = behavior.scale_down_limit(
        case["current_replicas"],
        down_rules(case.get("scale_down")),
        events(case.get("scale_up_events")),
        events(case.get("scale_down_events")),
        NOW_S,
    )
    return {"limit": limit}


def convert_legacy(case: Case) -> Case:
    decision = behavior.convert_legacy(
        case["current_replicas"],
        case["desired_replicas"],
        case["min_replicas"],
        case["max_replicas"],
        case["legacy_scale_up_factor"],
        case["legacy_scale_up_minimum"],
    )
    return {"replicas": decision.replicas, "reason": decision.reason}


def stabilize_legacy(case: Case) -> Case:
    replicas, stored = behavior.stabilize_legacy(
        case["desired_replicas"],
        case["downscale_stabilization_s"],
        recommendations(case["recommendations"]),
        NOW_S,
    )
    return {"replicas": replicas, "stored_count": len(stored)}


def stabilize_with_behaviors(case: Case) -> Case:
    replicas, stored = behavior.stabilize_with_behaviors(
        case["current_replicas"],
        case["desired_replicas"],
        case["scale_up_window_s"],
        case["scale_down_window_s"],
        recommendations(case["recommendations"]),
        NOW_S,
    )
    return {"replicas": replicas, "stored_values": [each.value for each in stored]}


def store_scale_event(case: Case) -> Case:
    before = events(case["events"])
    filled = None
    if case["rules"] is not None:
        filled = up_rules(case["rules"]) if case["direction"] == "up" else down_rules(case["rules"])
    stored = behavior.store_scale_event(before, case["replica_change"], filled, NOW_S)
    return {
        "change_in_query_period": behavior.change_within(before, case["query_period_s"], NOW_S),
        "stored": [{"change": each.change, "outdated": each.outdated} for each in stored],
    }


def metric(raw: Case) -> Metric:
    return Metric(
        type=raw["type"],
        resource=raw.get("resource") or "",
        container=raw.get("container"),
        target_utilization_percent=raw.get("target_utilization_percent"),
        target_average_value_milli=raw.get("target_average_value_milli"),
        target_value_milli=raw.get("target_value_milli"),
    )


def measurement(raw: Case) -> Measurement:
    values: tuple[int, ...] | None = None
    if raw.get("values_milli") is not None:
        values = tuple(raw["values_milli"])
    elif raw.get("value_milli") is not None:
        values = (raw["value_milli"],)
    return Measurement(samples(raw.get("samples")), values, bool(raw.get("fetch_error")))


def reconcile_case(case: Case) -> Case:
    spec, state, raw = case["spec"], case["state"], case["controller"]
    controller = Controller(
        raw["tolerance"],
        raw["configurable_tolerance"],
        ages(raw),
        raw["downscale_stabilization_s"],
        raw["legacy_scale_up_factor"],
        raw["legacy_scale_up_minimum"],
    )
    listed = spec.get("metrics") or [
        {"type": "Resource", "resource": "cpu", "target_utilization_percent": 80}
    ]
    hpa = Hpa(
        maximum=spec["max_replicas"],
        minimum=1 if spec.get("min_replicas") is None else spec["min_replicas"],
        metrics=tuple(metric(each) for each in listed),
        behavior=both_rules(spec.get("behavior"), raw["downscale_stabilization_s"]),
    )
    recorded = state.get("recommendations")
    before = HpaState(
        state["spec_replicas"],
        state["status_replicas"],
        None if recorded is None else tuple(recommendations(recorded)),
        tuple(events(state.get("scale_up_events"))),
        tuple(events(state.get("scale_down_events"))),
    )
    outcome = reconcile(
        hpa, before, pods(case["pods"]), [measurement(each) for each in listed], controller, NOW_S
    )
    return {
        "desired_replicas": outcome.state.spec_replicas,
        "rescaled": outcome.rescaled,
        "error": outcome.error,
        "conditions": {name: list(value) for name, value in outcome.conditions.items()},
        "utilization_percent": outcome.utilization_percent,
    }


def simulated_hpa(case: Case) -> tuple[Hpa, Controller]:
    window_s = case["downscale_stabilization_s"]
    hpa = Hpa(
        maximum=case["max_replicas"],
        minimum=case["min_replicas"],
        behavior=both_rules(case["behavior"], window_s),
    )
    return hpa, Controller(downscale_stabilization_s=window_s)


def simulate(case: Case) -> Case:
    hpa, controller = simulated_hpa(case)
    state = HpaState(case["start_replicas"], case["start_replicas"])
    replicas = []
    for number, proposal in enumerate(case["proposals"]):
        state, decision = decide(hpa, state, proposal, controller, number * case["interval_s"])
        replicas.append(decision.replicas)
    return {"replicas": replicas}


HPA_FUNCTIONS: dict[str, Callable[[Case], Case]] = {
    "resource_utilization": resource_utilization,
    "pods_average_value": pods_average_value,
    "object_value": value,
    "external_value": value,
    "object_average_value": value_per_pod,
    "external_average_value": value_per_pod,
    "utilization_ratio": utilization_ratio,
    "usage_ratio": usage_ratio,
    "classify_pods": classify_pods,
    "pod_requests": pod_requests,
    "convert_with_behavior_rate": convert_with_behavior_rate,
    "scale_up_limit": scale_up_limit,
    "scale_down_limit": scale_down_limit,
    "convert_legacy": convert_legacy,
    "stabilize_legacy": stabilize_legacy,
    "stabilize_with_behaviors": stabilize_with_behaviors,
    "store_scale_event": store_scale_event,
    "reconcile": reconcile_case,
    "simulate": simulate,
}
