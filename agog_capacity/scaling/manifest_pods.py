"""A pod template: what its pods request, may use, and where they may run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agog_capacity.documents import Document, Place
from agog_capacity.errors import Problem, nearest
from agog_capacity.scaling.nodes import HOSTNAME, ZONE, InitContainer, Resources, pod_request
from agog_capacity.scaling.quantities import thousandths, whole
from agog_capacity.scaling.workload import Spread

SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
_UNDERSTOOD_POD = {"containers", "initContainers", "topologySpreadConstraints", "volumes", "resources"}
_IRRELEVANT_POD = {
    "imagePullSecrets",
    "restartPolicy",
    "serviceAccountName",
    "serviceAccount",
    "automountServiceAccountToken",
    "securityContext",
    "dnsPolicy",
    "dnsConfig",
    "hostname",
    "subdomain",
    "enableServiceLinks",
    "schedulerName",
}
"""Fields that change neither what a pod needs nor where it goes."""
_CONTAINER = {
    "name", "image", "imagePullPolicy", "command", "args", "workingDir", "ports", "env", "envFrom", "resources",
    "volumeMounts", "volumeDevices", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle",
    "terminationMessagePath", "terminationMessagePolicy", "securityContext", "stdin", "stdinOnce", "tty",
    "restartPolicy", "resizePolicy",
}  # fmt: skip
"""Fields of a container."""
_LONGEST_S = 86_400


@dataclass(frozen=True)
class PodTemplate:
    """What every pod of a workload needs."""

    request: Resources
    """While running, or the peak of its initialisation. A container without a request counts as 0."""
    cpu_limit_milli: int | None
    """Sum over the containers that keep running; None where one has none."""
    memory_limit_bytes: int | None
    container_requests: Mapping[str, tuple[int | None, int | None]]
    """Cpu and memory request of each container that keeps running. [thousandths of a core], [bytes]"""
    missing_requests: tuple[tuple[str, str], ...]
    """Container and resource, `cpu` or `memory`."""
    spread: Spread | None
    ready_after_s: float
    """Shortest time to readiness by the probes: delay and one period of the slowest container. [s]"""
    blocks_node_removal: bool


@dataclass(frozen=True)
class _Container:
    name: str
    cpu: int | None
    memory: int | None
    cpu_limit: int | None
    memory_limit: int | None
    restartable: bool
    ready_after_s: float


def read_pod_template(
    document: Document,
    template: dict[str, Any],
    place: Place,
    problems: list[Problem],
    not_modelled: list[Problem],
) -> PodTemplate | None:
    """Read `spec.template` of a workload.

    Parameters
    ----------
    document : Document
        For the lines.
    template : dict
    place : tuple
        Where it stands.
    problems, not_modelled : list of Problem
        Get what is found.
    """
    spec = template["spec"]
    at: Place = (*place, "spec")
    for key in spec:
        if key not in _UNDERSTOOD_POD and key not in _IRRELEVANT_POD:
            not_modelled.append(
                document.problem((*at, key), f"{key[:60]!r} of a pod is not modelled; passed over")
            )
    if spec.get("resources"):
        not_modelled.append(
            document.problem((*at, "resources"), "pod-level resources are not modelled; passed over")
        )
    apps = _containers(document, spec, "containers", at, problems, not_modelled)
    init = _containers(document, spec, "initContainers", at, problems, not_modelled)
    if not apps:
        problems.append(document.problem((*at, "containers"), "a pod needs at least one container"))
        return None
    running = [*apps, *(each for each in init if each.restartable)]
    app_sum = Resources(sum(each.cpu or 0 for each in apps), sum(each.memory or 0 for each in apps))
    inits = [InitContainer(Resources(each.cpu or 0, each.memory or 0), each.restartable) for each in init]
    missing = tuple(
        (each.name, what)
        for each in running
        for what, value in (("cpu", each.cpu), ("memory", each.memory))
        if value is None
    )
    return PodTemplate(
        pod_request(app_sum, inits),
        _total([each.cpu_limit for each in running]),
        _total([each.memory_limit for each in running]),
        {each.name: (each.cpu, each.memory) for each in running},
        missing,
        _spread(document, spec, at, problems, not_modelled),
        max((each.ready_after_s for each in apps), default=0.0),
        _blocks_removal(template, spec),
    )


def _total(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _containers(
    document: Document,
    spec: dict[str, Any],
    key: str,
    at: Place,
    problems: list[Problem],
    not_modelled: list[Problem],
) -> list[_Container]:
    listed = spec.get(key)
    if listed is None:
        return []
    if not isinstance(listed, list):
        problems.append(document.problem((*at, key), f"{key} is a list of containers"))
        return []
    found: list[_Container] = []
    for index, raw in enumerate(listed):
        place: Place = (*at, key, index)
        if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
            problems.append(document.problem(place, "a container is a mapping with a name"))
            continue
        if any(each.name == raw["name"] for each in found):
            problems.append(
                document.problem((*place, "name"), f"container {raw['name'][:60]!r} stands twice")
            )
            continue
        for name in raw:
            if name not in _CONTAINER:
                message = (
                    f"{name[:60]!r} of a container is not known; passed over; {nearest(name, _CONTAINER)}"
                )
                not_modelled.append(document.problem((*place, name), message))
        values = _resources(document, raw, place, problems)
        restartable = key == "initContainers" and raw.get("restartPolicy") == "Always"
        ready_after_s = _ready_after_s(document, raw, place, problems)
        found.append(_Container(raw["name"], *values, restartable, ready_after_s))
    return found


def _resources(
    document: Document, raw: dict[str, Any], place: Place, problems: list[Problem]
) -> tuple[int | None, int | None, int | None, int | None]:
    """Return cpu and memory requests, then limits; an unset request takes its limit, as in Kubernetes."""
    resources = raw.get("resources") or {}
    if not isinstance(resources, dict):
        problems.append(document.problem((*place, "resources"), "resources is a mapping"))
        resources = {}
    for part in resources:
        if part not in ("requests", "limits", "claims"):
            message = f"{part[:60]!r} is not known here; {nearest(part, ('requests', 'limits', 'claims'))}"
            problems.append(document.problem((*place, "resources", part), message))
    values: dict[tuple[str, str], int | None] = {}
    for part in ("requests", "limits"):
        table = resources.get(part)
        if table is not None and not isinstance(table, dict):
            problems.append(document.problem((*place, "resources", part), f"{part} is a mapping"))
            table = None
        for what, read in (("cpu", thousandths), ("memory", whole)):
            value = (table or {}).get(what)
            values[part, what] = None
            if value is None:
                continue
            try:
                values[part, what] = read(value)
            except ValueError as error:
                problems.append(document.problem((*place, "resources", part, what), str(error)))
    for what in ("cpu", "memory"):
        request, limit = values["requests", what], values["limits", what]
        if request is None:
            values["requests", what] = limit
        elif limit is not None and request > limit:
            problems.append(
                document.problem(
                    (*place, "resources", "requests", what), f"the {what} request is above its limit"
                )
            )
    return (
        values["requests", "cpu"],
        values["requests", "memory"],
        values["limits", "cpu"],
        values["limits", "memory"],
    )


def _spread(
    document: Document, spec: dict[str, Any], at: Place, problems: list[Problem], not_modelled: list[Problem]
) -> Spread | None:
    """Return the first hard topology spread; further ones and soft ones are listed as not modelled."""
    result: Spread | None = None
    listed = spec.get("topologySpreadConstraints") or []
    if not isinstance(listed, list):
        problems.append(document.problem((*at, "topologySpreadConstraints"), "is a list of constraints"))
        return None
    for index, raw in enumerate(listed):
        place: Place = (*at, "topologySpreadConstraints", index)
        if not isinstance(raw, dict):
            problems.append(document.problem(place, "a constraint is a mapping"))
            continue
        skew, domains, key = raw.get("maxSkew"), raw.get("minDomains", 1), raw.get("topologyKey")
        if any(isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= 1000 for n in (skew, domains)):
            problems.append(document.problem(place, "maxSkew and minDomains are counts from 1 to 1,000"))
            continue
        is_hard = raw.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"
        if key not in (HOSTNAME, ZONE) or not is_hard or result is not None:
            message = (
                "only one hard topology spread over hostname or zone is modelled; this one is passed over"
            )
            not_modelled.append(document.problem(place, message))
            continue
        result = Spread(
            max_skew=int(skew or 1), over="nodes" if key == HOSTNAME else "zones", min_domains=domains
        )
    return result


def _ready_after_s(document: Document, raw: dict[str, Any], place: Place, problems: list[Problem]) -> float:
    """Return the delay and one period of the readiness probe. [s]"""
    probe = raw.get("readinessProbe")
    if probe is None:
        return 0.0
    if not isinstance(probe, dict):
        problems.append(document.problem((*place, "readinessProbe"), "a probe is a mapping"))
        return 0.0
    total = 0.0
    for key, default in (("initialDelaySeconds", 0), ("periodSeconds", 10)):
        value = probe.get(key)
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LONGEST_S
        ):
            message = f"{key} {str(value)[:40]!r} is not a whole number of seconds from 0 to {_LONGEST_S:,}"
            problems.append(document.problem((*place, "readinessProbe", key), message))
            continue
        total += value or default  # Kubernetes takes its default for 0, too
    return min(float(_LONGEST_S), total)


def _blocks_removal(template: dict[str, Any], spec: dict[str, Any]) -> bool:
    """Tell whether a node with such a pod is kept: marked so, or with local storage."""
    metadata = template.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    mark = str(annotations.get(SAFE_TO_EVICT, "")).lower() if isinstance(annotations, dict) else ""
    if mark == "true":
        return False
    volumes = spec.get("volumes")
    local = isinstance(volumes, list) and any(
        isinstance(volume, dict)
        and ("hostPath" in volume or ("emptyDir" in volume and not _in_memory(volume["emptyDir"])))
        for volume in volumes
    )
    return mark == "false" or local


def _in_memory(volume: Any) -> bool:
    return isinstance(volume, dict) and volume.get("medium") == "Memory"
