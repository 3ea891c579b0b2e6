"""A HorizontalPodAutoscaler of version autoscaling/v2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from agog_capacity.documents import Document, Place
from agog_capacity.errors import Problem, nearest
from agog_capacity.scaling.quantities import quantity, thousandths
from agog_capacity.scaling.workload import HorizontalPodAutoscaler

METRIC_SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}
_TARGETS = {"Utilization": "averageUtilization", "AverageValue": "averageValue", "Value": "value"}
_RULE_FIELDS = {
    "stabilizationWindowSeconds": "stabilization_window_s",
    "selectPolicy": "select_policy",
    "policies": "policies",
    "tolerance": "tolerance",
}
_SPEC_FIELDS = ("scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior")


@dataclass(frozen=True)
class AutoscalerManifest:
    """An HPA and what it scales."""

    name: str
    namespace: str
    target_kind: str
    target_name: str
    model: HorizontalPodAutoscaler
    problem_at: Problem
    """Where it stands, with no message."""

    def scales(self, kind: str, namespace: str, name: str) -> bool:
        """Tell whether a workload is what it scales."""
        return (self.target_kind, self.namespace, self.target_name) == (kind, namespace, name)


def read_autoscaler(
    document: Document, name: str, namespace: str, problems: list[Problem], not_modelled: list[Problem]
) -> AutoscalerManifest | None:
    """Read an HPA; problems and what is not modelled are added to the lists."""
    spec = document.content["spec"]
    before = len(problems)
    for key in spec:
        if key not in _SPEC_FIELDS:
            _note(
                document,
                ("spec", key),
                f"{key[:60]!r} of an HPA is not known; {nearest(key, _SPEC_FIELDS)}",
                problems,
            )
    reference = spec.get("scaleTargetRef")
    reference = reference if isinstance(reference, dict) else {}
    for key in ("kind", "name"):
        if not isinstance(reference.get(key), str) or not reference[key]:
            message = f"HPA {name!r} names no scaleTargetRef.{key}"
            _note(document, ("spec", "scaleTargetRef"), message, problems)
    raw: dict[str, Any] = {"maximum": spec.get("maxReplicas")}
    if raw["maximum"] is None:
        _note(document, ("spec", "maxReplicas"), f"HPA {name!r} has no maxReplicas", problems)
    if spec.get("minReplicas") is not None:
        raw["minimum"] = spec["minReplicas"]
    listed = spec.get("metrics") or []
    if not isinstance(listed, list):
        _note(document, ("spec", "metrics"), "metrics is a list", problems)
        listed = []
    metrics = [_metric(document, each, ("spec", "metrics", i), problems) for i, each in enumerate(listed)]
    raw["metrics"] = tuple(metric for metric in metrics if metric is not None)
    if isinstance(spec.get("behavior"), dict):
        raw["behavior"] = _behavior(document, spec["behavior"], problems)
    elif "behavior" in spec and spec["behavior"] is not None:
        _note(document, ("spec", "behavior"), "behavior is a mapping", problems)
    model = None
    try:
        model = HorizontalPodAutoscaler.model_validate(raw)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            # What has a problem already is not told twice, nor what only follows from a part that is missing.
            follows = detail["type"] == "value_error" or raw["maximum"] is None
            if len(problems) > before and follows and detail["loc"] in ((), ("maximum",)):
                continue
            place = ("spec", *_manifest_place(detail["loc"]))
            text = str(detail["msg"]).removeprefix("Value error, ")
            shown = "" if detail["type"] == "value_error" else f"{str(detail.get('input'))[:40]!r}: "
            _note(document, place, f"{shown}{text[0].lower()}{text[1:]}", problems)
    if model is None or len(problems) > before:
        return None
    at = document.problem(("spec",), "")
    return AutoscalerManifest(name, namespace, reference["kind"], reference["name"], model, at)


def _note(document: Document, place: Place, message: str, problems: list[Problem]) -> None:
    problems.append(document.problem(place, message))


def _manifest_place(place: tuple[int | str, ...]) -> Place:
    """Return the place in the manifest of a place in the model, as near as it can be told."""
    names: dict[str, str] = {
        "minimum": "minReplicas",
        "maximum": "maxReplicas",
        "value": "value",
        "period_s": "periodSeconds",
    }
    names |= {"scale_up": "scaleUp", "scale_down": "scaleDown"}
    names |= {ours: theirs for theirs, ours in _RULE_FIELDS.items()}
    return tuple(names.get(part, part) if isinstance(part, str) else part for part in place)


def _metric(document: Document, raw: Any, place: Place, problems: list[Problem]) -> dict[str, Any] | None:
    kind = raw.get("type") if isinstance(raw, dict) else None
    if not isinstance(kind, str) or kind not in METRIC_SOURCES:
        _note(
            document,
            place,
            f"metric type {str(kind)[:60]!r} is not known; {nearest(kind, METRIC_SOURCES)}",
            problems,
        )
        return None
    source = raw.get(METRIC_SOURCES[kind])
    at: Place = (*place, METRIC_SOURCES[kind])
    target = source.get("target") if isinstance(source, dict) else None
    if not isinstance(source, dict) or not isinstance(target, dict):
        _note(document, at, f"a metric of type {kind} needs {METRIC_SOURCES[kind]}.target", problems)
        return None
    result: dict[str, Any] = {"type": kind}
    if kind in ("Resource", "ContainerResource"):
        if source.get("name") not in ("cpu", "memory"):
            _note(
                document,
                (*at, "name"),
                f"resource {str(source.get('name'))[:60]!r} is not cpu or memory",
                problems,
            )
            return None
        result["resource"] = source["name"]
        if kind == "ContainerResource":
            result["container"] = source.get("container")
    key = _TARGETS.get(str(target.get("type")))
    if key is None or target.get(key) is None:
        message = f"target type {str(target.get('type'))[:60]!r} needs its value; write one of {', '.join(_TARGETS)}"
        _note(document, (*at, "target"), message, problems)
        return None
    where: Place = (*at, "target", key)
    value = target[key]
    if key == "averageUtilization":
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1000:
            _note(
                document,
                where,
                f"averageUtilization {str(value)[:40]!r} is not a percentage from 1 to 1000",
                problems,
            )
            return None
        result["target_utilization_percent"] = value
        return result
    try:
        milli = thousandths(value)
    except ValueError as error:
        _note(document, where, str(error), problems)
        return None
    if not 1 <= milli <= 10**15:
        _note(document, where, f"target {str(value)[:40]!r} must be above 0, and not beyond 10^12", problems)
        return None
    result["target_average_value_milli" if key == "averageValue" else "target_value_milli"] = milli
    return result


def _behavior(document: Document, raw: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in raw.items():
        place: Place = ("spec", "behavior", key)
        if key not in ("scaleUp", "scaleDown"):
            _note(document, place, f"{key[:60]!r} is not known here; use scaleUp or scaleDown", problems)
        elif value is not None and not isinstance(value, dict):
            _note(document, place, f"{key} is a mapping", problems)
        elif value is not None:
            result["scale_up" if key == "scaleUp" else "scale_down"] = _rules(
                document, value, place, problems
            )
    return result


def _rules(document: Document, raw: dict[str, Any], place: Place, problems: list[Problem]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in _RULE_FIELDS:
            _note(
                document,
                (*place, key),
                f"{key[:60]!r} is not known here; {nearest(key, _RULE_FIELDS)}",
                problems,
            )
        elif key == "policies" and isinstance(value, list):
            result["policies"] = tuple(_policy(each) for each in value)
        elif key == "tolerance" and value is not None:
            try:
                result["tolerance"] = float(quantity(value))
            except ValueError as error:
                _note(document, (*place, key), str(error), problems)
        else:
            result[_RULE_FIELDS[key]] = value
    return result


def _policy(raw: Any) -> Any:
    if not isinstance(raw, dict):
        return raw
    return {("period_s" if key == "periodSeconds" else key): value for key, value in raw.items()}
