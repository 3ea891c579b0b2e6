"""How the objects of manifests fit together: names, autoscalers and their workloads, budgets and their pods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agog_capacity.errors import Problem, nearest
from agog_capacity.scaling.manifest_budgets import BudgetManifest
from agog_capacity.scaling.manifest_hpa import AutoscalerManifest

if TYPE_CHECKING:
    from agog_capacity.scaling.manifests import WorkloadManifest


def place_of(at: Problem) -> str:
    """Return the file and line of a place, for the middle of a sentence."""
    return ":".join(part for part in (at.file, str(at.line or "")) if part) or "another document"


def name_problems(
    workloads: Sequence[WorkloadManifest],
    autoscalers: Sequence[AutoscalerManifest],
    budgets: Sequence[BudgetManifest],
) -> Iterator[Problem]:
    """Yield what stands twice, and workloads that two autoscalers pull at."""
    seen: dict[tuple[str, str, str], Problem] = {}
    named: list[tuple[str, Any]] = [(each.kind, each) for each in workloads]
    named += [("HorizontalPodAutoscaler", each) for each in autoscalers]
    named += [("PodDisruptionBudget", each) for each in budgets]
    for kind, each in named:
        first = seen.setdefault((kind, each.namespace, each.name), each.problem_at)
        if first is not each.problem_at:
            message = f"{kind} {each.name!r} of namespace {each.namespace!r} stands twice"
            yield replace(each.problem_at, message=f"{message}, first at {place_of(first)}; keep one")
    pulling: dict[tuple[str, str, str], AutoscalerManifest] = {}
    for scaler in autoscalers:
        target = (scaler.target_kind, scaler.namespace, scaler.target_name)
        other = pulling.setdefault(target, scaler)
        if other is not scaler and other.name != scaler.name:
            message = (
                f"HPA {scaler.name!r} scales {target[0]} {target[2]!r}, as HPA {other.name!r} at "
                f"{place_of(other.problem_at)} does; Kubernetes then lets neither scale it (AmbiguousSelector); keep one"
            )
            yield replace(scaler.problem_at, message=message)


def warnings_of(
    workloads: Sequence[WorkloadManifest],
    autoscalers: Sequence[AutoscalerManifest],
    budgets: Sequence[BudgetManifest],
) -> Iterator[Problem]:
    """Yield what Kubernetes takes but cannot work."""
    scaled = [each for each in workloads if each.kind != "DaemonSet"]
    maximum: dict[tuple[str, str, str], int] = {}
    for scaler in autoscalers:
        at = scaler.problem_at
        target = next((each for each in scaled if scaler.scales(each.kind, each.namespace, each.name)), None)
        if target is None:
            yield replace(at, message=_no_target(scaler, scaled))
            continue
        maximum[target.kind, target.namespace, target.name] = scaler.model.maximum
        for part, what in target.pods.missing_requests:
            if any(
                m.target_utilization_percent and m.resource == what for m in scaler.model.listed_metrics()
            ):
                message = f"it wants a percentage of {what} requests, but container {part!r} has none: it always fails"
                yield replace(at, message=message)
        if target.replicas > scaler.model.maximum:
            message = f"{target.name!r} asks for {target.replicas} replicas, above the maximum {scaler.model.maximum}"
            yield replace(at, message=message)
    for budget in budgets:
        covered = [each for each in scaled if budget.covers(each.namespace, each.labels)]
        if not covered:
            message = f"budget {budget.name!r} selects the pods of no Deployment or StatefulSet here; it protects nothing"
            yield replace(budget.problem_at, message=message)
        for each in covered:
            most = max(each.replicas, maximum.get((each.kind, each.namespace, each.name), 0))
            if most and budget.least_available(most) >= most:
                message = (
                    f"budget {budget.name!r} lets none of the {most} pods of {each.name!r} go: nodes that carry one "
                    "are never removed"
                )
                yield replace(budget.problem_at, message=message)


def _no_target(scaler: AutoscalerManifest, scaled: Sequence[WorkloadManifest]) -> str:
    wanted = f"{scaler.target_kind} {scaler.target_name!r}"
    message = f"HPA {scaler.name!r} scales {wanted} of namespace {scaler.namespace!r}, which is not in these manifests"
    alike = [each for each in scaled if each.name == scaler.target_name]
    if alike:
        there = f"there is {alike[0].kind} {alike[0].name!r} of namespace {alike[0].namespace!r}"
        return f"{message}, so it scales nothing; {there}"
    return f"{message}, so it scales nothing; {nearest(scaler.target_name, [each.name for each in scaled])}"
