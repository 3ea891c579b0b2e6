"""The node functions of the case files, mapped onto the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agog_capacity.scaling import aks, expanders
from agog_capacity.scaling import estimator as estimating
from agog_capacity.scaling import node_scaledown as scaledown
from agog_capacity.scaling.nodes import (
    HOSTNAME,
    InitContainer,
    Node,
    PodGroup,
    Resources,
    TopologySpread,
    pod_request,
)

Case = Mapping[str, Any]


def resources(raw: Case, prefix: str = "") -> Resources:
    return Resources(raw.get(f"{prefix}cpu_milli") or 0, raw.get(f"{prefix}memory_bytes") or 0)


def group(raw: Case) -> PodGroup:
    spread = raw.get("topology_spread")
    return PodGroup(
        raw["name"],
        raw["count"],
        resources(raw),
        raw.get("host_port"),
        None
        if spread is None
        else TopologySpread(spread["max_skew"], spread.get("key", HOSTNAME), spread.get("min_domains") or 1),
    )


def template(raw: Case) -> estimating.NodeTemplate:
    return estimating.NodeTemplate(resources(raw), raw.get("max_pods"), raw.get("zone"))


def estimate(case: Case) -> Case:
    groups = [group(each) for each in case["pod_groups"]]
    existing = [
        Node(each["name"], resources(each), each.get("max_pods"), each.get("zone"))
        for each in case.get("existing_nodes") or ()
    ]
    limiter = estimating.Limiter([estimating.Threshold(case.get("max_new_nodes") or 0)])
    found = estimating.estimate(groups, template(case["node_template"]), limiter, existing)
    per_group: dict[str, int] = {}
    for each, placed in zip(groups, found.scheduled, strict=True):
        if placed:
            per_group[each.name] = per_group.get(each.name, 0) + placed
    return {
        "node_count": found.node_count,
        "new_nodes_with_pods": found.new_nodes_with_pods,
        "scheduled_pods": sum(found.scheduled),
        "scheduled_per_group": per_group,
    }


def best_fastpath_group(case: Case) -> Case:
    groups = [group(each) for each in case["pod_groups"]]
    return {"index": estimating.best_fastpath_group(groups, resources(case["node_template"]))}


def pod_order(case: Case) -> Case:
    groups = [group(each) for each in case["pod_groups"]]
    order = estimating.pod_order(groups, resources(case["node_template"]))
    return {"order": [groups[number].name for number in order]}


def limiter(case: Case) -> Case:
    thresholds = [
        estimating.Threshold(
            raw["node_limit_by_start"] if "node_limit_by_start" in raw else raw.get("node_limit") or 0,
            raw.get("duration_s") or 0,
        )
        for raw in case["thresholds"]
    ]
    under_test = estimating.Limiter(thresholds)
    under_test.start()
    elapsed_s = case.get("elapsed_before_first_op_s") or 0
    answers = []
    for operation in case["operations"]:
        if operation == "reset":
            under_test.start()
            elapsed_s = 0
        else:
            answers.append(under_test.permits(elapsed_s))
    return {"answers": answers, "final_count": under_test.count}


def min_limit(case: Case) -> Case:
    return {"limit": estimating.combined_limit(case["a"], case["b"])}


def cluster_capacity(case: Case) -> Case:
    return {"limit": estimating.cluster_capacity(case["cluster_max_nodes"], case["current_nodes"])}


def similar_capacity(case: Case) -> Case:
    pools = [case["group"], *(case.get("similar_groups") or ())]
    return {"limit": estimating.similar_capacity([(each["max"], each["target"]) for each in pools])}


def balance(case: Case) -> Case:
    pools = [
        expanders.PoolSize(each["name"], each["min"], each["max"], each["target"]) for each in case["groups"]
    ]
    return {"sizes": expanders.balanced(pools, case["new_nodes"])}


def existing(raw: Case) -> scaledown.ExistingNode:
    gpu = raw.get("gpu")
    return scaledown.ExistingNode(
        raw["name"],
        raw.get("cpu_milli"),
        raw.get("memory_bytes"),
        gpu is not None,
        (gpu or {}).get("allocatable") or 0,
        raw.get("ready", True),
        bool(raw.get("being_deleted")),
        bool(raw.get("scale_down_disabled")),
    )


def placed(raw: Case) -> scaledown.PlacedPod:
    init = [InitContainer(resources(each), bool(each.get("restartable"))) for each in raw.get("init") or ()]
    grace_s = raw.get("grace_s")
    return scaledown.PlacedPod(
        pod_request(resources(raw), init),
        raw.get("gpu") or 0,
        bool(raw.get("daemonset")),
        bool(raw.get("mirror")),
        raw.get("deleting_for_s"),
        30 if grace_s is None else grace_s,
    )


def utilization(case: Case) -> Case:
    found = scaledown.utilization(
        existing(case["node"]),
        [placed(each) for each in case["pods"]],
        bool(case.get("ignore_daemonsets")),
        bool(case.get("ignore_mirror_pods")),
    )
    return {"utilization": found.share, "resource": found.resource, "cpu": found.cpu, "memory": found.memory}


def eligibility(case: Case) -> Case:
    pods_of: dict[str, list[scaledown.PlacedPod]] = {}
    for raw in case["pods"]:
        pods_of.setdefault(raw["node"], []).append(placed(raw))
    eligible, rejected = scaledown.eligibility(
        [existing(each) for each in case["nodes"]],
        pods_of,
        case["threshold"],
        bool(case.get("ignore_daemonsets")),
        case.get("scale_down_unready_enabled", True),
    )
    return {"eligible": eligible, "rejected": rejected}


def removable(case: Case) -> Case:
    empty, drain = scaledown.removable(
        case["empty_nodes"],
        case["drain_nodes"],
        case["min_size"],
        case["target_size"],
        case.get("deletions_in_progress") or 0,
    )
    return {"empty": empty, "drain": drain}


def removal_reason(case: Case) -> Case:
    reason = scaledown.removal_reason(
        is_ready=case["ready"],
        unneeded_for_s=case["unneeded_for_s"],
        unneeded_time_s=case["unneeded_time_s"],
        unready_time_s=case["unready_time_s"],
        minimum=case["min_size"],
        target=case["target_size"],
        deletions_in_progress=case.get("deletions_in_progress") or 0,
        is_scale_down_disabled=bool(case.get("scale_down_disabled")),
        is_threshold_unknown=bool(case.get("threshold_lookup_failed")),
        is_in_pool=case.get("in_node_group", True),
        cluster_minimum=case.get("cluster_min_nodes"),
        cluster_nodes=case.get("cluster_nodes") or 0,
    )
    return {"reason": reason}


def unneeded_update(case: Case) -> Case:
    timers: dict[str, scaledown.Unneeded] = {}
    for update in case["updates"]:
        timers = scaledown.unneeded_updated(
            timers,
            {each["name"]: each["ready"] for each in update["unneeded"]},
            update["time_s"],
            case["unneeded_time_s"],
            case["unready_time_s"],
        )
    return {
        "since_s": {name: timer.since_s for name, timer in timers.items()},
        "threshold_s": {name: timer.threshold_s for name, timer in timers.items()},
    }


def least_waste(case: Case) -> Case:
    options = [
        expanders.Option(
            raw["name"],
            raw["node_count"],
            resources(raw, "node_"),
            raw["pods"],
            Resources(
                (raw["pod_cpu_milli"] or 0) * raw["pods"], (raw["pod_memory_bytes"] or 0) * raw["pods"]
            ),
        )
        for raw in case["options"]
    ]
    return {"best": [option.name for option in expanders.least_waste(options)]}


def least_nodes(case: Case) -> Case:
    options = [expanders.Option(raw["name"], raw["node_count"]) for raw in case["options"]]
    return {"best": [option.name for option in expanders.least_nodes(options)]}


def most_pods(case: Case) -> Case:
    options = [expanders.Option(raw["name"], pods=raw["pods"]) for raw in case["options"]]
    return {"best": [option.name for option in expanders.most_pods(options)]}


def aks_cpu_reserved(case: Case) -> Case:
    return {"milli": aks.cpu_reserved_milli(case["vcpus"])}


def aks_memory_reserved(case: Case) -> Case:
    reserved, left = aks.memory_reserved_gb(case["memory_gb"], case.get("max_pods"), case["version"])
    return {"kube_reserved_gb": reserved, "allocatable_gb": left}


NODE_FUNCTIONS: dict[str, Callable[[Case], Case]] = {
    "estimate": estimate,
    "best_fastpath_group": best_fastpath_group,
    "pod_order": pod_order,
    "limiter": limiter,
    "min_limit": min_limit,
    "cluster_capacity": cluster_capacity,
    "similar_capacity": similar_capacity,
    "balance": balance,
    "utilization": utilization,
    "eligibility": eligibility,
    "removable": removable,
    "removal_reason": removal_reason,
    "unneeded_update": unneeded_update,
    "least_waste": least_waste,
    "least_nodes": least_nodes,
    "most_pods": most_pods,
    "aks_cpu_reserved": aks_cpu_reserved,
    "aks_memory_reserved": aks_memory_reserved,
}
