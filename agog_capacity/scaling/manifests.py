"""Kubernetes manifests as workloads, autoscalers and disruption budgets.

Reads multi-document YAML as it is applied. What the simulation does not model is listed in `not_modelled`, never
dropped in silence; what Kubernetes would take but cannot work (an HPA on utilisation without requests) is a
warning; what is wrong raises one `ManifestError` with every problem and its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agog_capacity.documents import Document, Place, parse_yaml, read_text
from agog_capacity.errors import InputError, Problem, nearest
from agog_capacity.scaling.manifest_budgets import (
    BudgetManifest,
    is_count_or_percent,
    workload_budget,
)
from agog_capacity.scaling.manifest_hpa import AutoscalerManifest, read_autoscaler
from agog_capacity.scaling.manifest_pods import PodTemplate, read_pod_template
from agog_capacity.scaling.manifest_rollouts import read_surge, releases_of
from agog_capacity.scaling.nodes import Resources
from agog_capacity.scaling.workload import Workload

API_VERSIONS = {
    "Deployment": ("apps/v1",),
    "StatefulSet": ("apps/v1",),
    "DaemonSet": ("apps/v1",),
    "HorizontalPodAutoscaler": ("autoscaling/v2",),
    "PodDisruptionBudget": ("policy/v1",),
}
"""Kinds that matter to scaling, and the versions that are read."""
MAXIMUM_DOCUMENTS = 2000
_SEPARATOR = re.compile(r"^---(?:[ \t]+(.*))?[ \t]*$", re.MULTILINE)


class ManifestError(InputError):
    """Manifests that cannot be used."""


@dataclass(frozen=True)
class WorkloadManifest:
    """A Deployment, StatefulSet or DaemonSet."""

    kind: str
    name: str
    namespace: str
    replicas: int
    pods: PodTemplate
    max_surge: int | str
    """Pods above the count during a rollout, or a percentage of it; 0 where a rollout adds none."""
    labels: tuple[tuple[str, str], ...]
    problem_at: Problem
    """Where it stands, with no message."""


@dataclass(frozen=True)
class Manifests:
    """What a set of manifests says about scaling."""

    workloads: tuple[WorkloadManifest, ...]
    autoscalers: tuple[AutoscalerManifest, ...]
    budgets: tuple[BudgetManifest, ...]
    not_modelled: tuple[Problem, ...] = field(default=(), repr=False)
    """Kinds and fields that the simulation passes over, with their places."""
    warnings: tuple[Problem, ...] = field(default=(), repr=False)
    """What Kubernetes takes but cannot work."""

    def workload(
        self,
        name: str,
        *,
        cpu_base_milli: int = 0,
        cpu_milli_per_rps: float,
        memory_base_bytes: int = 0,
        memory_bytes_per_rps: float = 0.0,
        image_pull_s: float = 20.0,
        start_s: float | None = None,
        pools: Sequence[str] = (),
        releases_s: Sequence[float] = (),
    ) -> Workload:
        """Return a Deployment or StatefulSet as a workload, its autoscaler and budget with it.

        Parameters
        ----------
        name : str
        cpu_base_milli, memory_base_bytes : int
            An assumption: what a pod uses without load. [thousandths of a core], [bytes]
        cpu_milli_per_rps, memory_bytes_per_rps : float
            An assumption: what each request per second adds.
        image_pull_s, start_s : float
            An assumption; without `start_s` the readiness probe's delay and one period are taken. [s]
        pools : sequence of str
            Where its pods may run; none: anywhere.
        releases_s : sequence of float
            When rollouts begin, from the start of the simulation; each adds the manifest's `maxSurge`. [s]

        Raises
        ------
        ManifestError
            If there is no such workload, a container that keeps running has no request, or releases are
            asked of a workload whose rollout adds no pods.
        """
        names = [each.name for each in self.workloads if each.kind != "DaemonSet"]
        if name not in names:
            raise ManifestError(f"there is no Deployment or StatefulSet {name!r}; {nearest(name, names)}")
        found = next(each for each in self.workloads if each.name == name and each.kind != "DaemonSet")
        missing = [
            Problem(
                f"container {part!r} of {found.kind} {name!r} has no {what} request; set one, or it cannot be placed",
                found.problem_at.path,
                found.problem_at.line,
                found.problem_at.file,
            )
            for part, what in found.pods.missing_requests
        ]
        if missing:
            raise ManifestError(missing)
        scaler = next(
            (
                each
                for each in self.autoscalers
                if (each.target_name, each.namespace) == (name, found.namespace)
            ),
            None,
        )
        container = (
            None if scaler is None else next((m.container for m in scaler.model.metrics if m.container), None)
        )
        cpu, memory = found.pods.container_requests.get(container or "", (None, None))
        replicas = found.replicas if scaler is None else max(found.replicas, scaler.model.minimum)
        return Workload(
            name=name,
            cpu_request_milli=found.pods.request.cpu_milli,
            memory_request_bytes=found.pods.request.memory_bytes,
            cpu_limit_milli=found.pods.cpu_limit_milli,
            memory_limit_bytes=found.pods.memory_limit_bytes,
            container_cpu_request_milli=cpu,
            container_memory_request_bytes=memory,
            cpu_base_milli=cpu_base_milli,
            cpu_milli_per_rps=float(cpu_milli_per_rps),
            memory_base_bytes=memory_base_bytes,
            memory_bytes_per_rps=float(memory_bytes_per_rps),
            image_pull_s=float(image_pull_s),
            start_s=float(found.pods.ready_after_s if start_s is None else start_s),
            replicas=replicas,
            autoscaler=None if scaler is None else scaler.model,
            pools=tuple(pools),
            spread=found.pods.spread,
            blocks_node_removal=found.pods.blocks_node_removal,
            releases=releases_of(
                found.problem_at, f"{found.kind} {found.name!r}", found.max_surge, releases_s
            ),
            **workload_budget(
                budget
                for budget in self.budgets
                if budget.namespace == found.namespace and set(budget.labels) <= set(found.labels)
            ),
        )

    def daemon_requests(self) -> tuple[Resources, int]:
        """Return what the DaemonSets request of every node together, and their number of pods."""
        daemons = [each.pods.request for each in self.workloads if each.kind == "DaemonSet"]
        return sum(daemons, Resources()), len(daemons)


def read_manifests(paths: Sequence[Path]) -> Manifests:
    """Read manifest files, and folders of them (`*.yaml`, `*.yml`, sorted by name).

    Raises
    ------
    ManifestError, DocumentError
        With every problem of all files; with the first syntax error.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
        if not found:
            raise ManifestError([Problem("holds no .yaml file", file=str(path))])
        files += found
    return _collected(
        [document for path in files for document in _documents(read_text(path, "manifest"), str(path))]
    )


def parse_manifests(text: str, file: str = "") -> Manifests:
    """Read the manifests of one text; see `read_manifests`."""
    return _collected(list(_documents(text, file)))


def _documents(text: str, file: str) -> Iterator[Document]:
    """Split a text at `---` and read each part, its lines counted from the start of the text."""
    starts, chunks, position = [0], [], 0
    for mark in _SEPARATOR.finditer(text):
        chunks.append(text[position : mark.start()])
        position = mark.end()
        starts.append(text.count("\n", 0, position))
        if len(starts) > MAXIMUM_DOCUMENTS:
            raise ManifestError([Problem(f"has over {MAXIMUM_DOCUMENTS:,} documents", file=file)])
    chunks.append(text[position:])
    for first, chunk in zip(starts, chunks, strict=True):
        if all(not line.strip() or line.lstrip().startswith("#") for line in chunk.splitlines()):
            continue
        yield parse_yaml("\n" * first + chunk, file)


@dataclass
class _Reading:
    """What was read so far."""

    workloads: list[WorkloadManifest] = field(default_factory=list)
    autoscalers: list[AutoscalerManifest] = field(default_factory=list)
    budgets: list[BudgetManifest] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    not_modelled: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def _collected(documents: list[Document]) -> Manifests:
    reading = _Reading()
    for document in documents:
        _read(document, reading)
    _check_names(reading)
    if not reading.problems:
        _warn(reading)
    if reading.problems:
        raise ManifestError(reading.problems)
    return Manifests(
        tuple(reading.workloads),
        tuple(reading.autoscalers),
        tuple(reading.budgets),
        tuple(reading.not_modelled),
        tuple(reading.warnings),
    )


def _read(document: Document, reading: _Reading) -> None:
    content = document.content
    if not isinstance(content, dict) or not isinstance(content.get("kind"), str):
        reading.problems.append(document.problem((), "is not a Kubernetes object: it has no kind"))
        return
    kind, version = content["kind"], content.get("apiVersion")
    if kind == "List" and isinstance(content.get("items"), list):
        for index, item in enumerate(content["items"]):
            place: Place = ("items", index)
            lines = {p[2:]: line for p, line in document.lines.items() if p[:2] == place}
            _read(Document(item, lines, document.file), reading)
        return
    if kind not in API_VERSIONS:
        reading.not_modelled.append(
            document.problem((), f"kind {kind[:60]!r} plays no part in scaling; passed over")
        )
        return
    if version not in API_VERSIONS[kind]:
        allowed = " or ".join(API_VERSIONS[kind])
        reading.problems.append(
            document.problem(
                ("apiVersion",), f"{kind} of version {str(version)[:60]!r} is not read; use {allowed}"
            )
        )
        return
    metadata = content.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name or not isinstance(content.get("spec"), dict):
        reading.problems.append(document.problem(("metadata",), f"{kind} needs metadata.name and a spec"))
        return
    namespace = str((metadata or {}).get("namespace") or "default")
    if kind == "HorizontalPodAutoscaler":
        scaler = read_autoscaler(document, name, namespace, reading.problems, reading.not_modelled)
        if scaler is not None:
            reading.autoscalers.append(scaler)
    elif kind == "PodDisruptionBudget":
        _read_budget(document, name, namespace, reading)
    else:
        _read_workload(document, kind, name, namespace, reading)


def _read_workload(document: Document, kind: str, name: str, namespace: str, reading: _Reading) -> None:
    spec = document.content["spec"]
    replicas = spec.get("replicas", 1)
    if replicas is None:
        replicas = 1
    if isinstance(replicas, bool) or not isinstance(replicas, int) or not 0 <= replicas <= 10_000:
        message = f"replicas {str(replicas)[:40]!r} is not a count from 0 to 10,000"
        reading.problems.append(document.problem(("spec", "replicas"), message))
        return
    template = spec.get("template")
    place: Place = ("spec", "template")
    if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
        reading.problems.append(document.problem(place, f"{kind} {name!r} has no spec.template.spec"))
        return
    before = len(reading.problems)
    pods = read_pod_template(document, template, place, reading.problems, reading.not_modelled)
    surge = read_surge(document, spec, kind, reading.problems)
    metadata = template.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    if pods is None or len(reading.problems) > before:
        return
    pairs = (
        tuple(sorted((str(key), str(value)) for key, value in labels.items()))
        if isinstance(labels, dict)
        else ()
    )
    at = document.problem((*place, "spec"), "")
    reading.workloads.append(WorkloadManifest(kind, name, namespace, replicas, pods, surge, pairs, at))


def _read_budget(document: Document, name: str, namespace: str, reading: _Reading) -> None:
    spec = document.content["spec"]
    values = {key: spec.get(key) for key in ("minAvailable", "maxUnavailable")}
    for key, value in values.items():
        if value is not None and not is_count_or_percent(value):
            message = f"{key} {str(value)[:40]!r} is neither a count nor a percentage"
            reading.problems.append(document.problem(("spec", key), message))
            return
        if isinstance(value, str) and int(value[:-1]) > 100:
            message = f"{key} {value} is above 100 %, which Kubernetes refuses; lower it"
            reading.problems.append(document.problem(("spec", key), message))
            return
    if all(value is not None for value in values.values()):
        reading.problems.append(document.problem(("spec",), "set minAvailable or maxUnavailable, not both"))
        return
    selector = spec.get("selector")
    labels = selector.get("matchLabels") if isinstance(selector, dict) else None
    if not isinstance(labels, dict) or not labels or "matchExpressions" in selector:
        reading.not_modelled.append(
            document.problem(
                ("spec", "selector"), f"budget {name!r} does not select by matchLabels alone; passed over"
            )
        )
        return
    pairs = tuple(sorted((str(key), str(value)) for key, value in labels.items()))
    reading.budgets.append(
        BudgetManifest(name, namespace, pairs, values["minAvailable"], values["maxUnavailable"])
    )


def _check_names(reading: _Reading) -> None:
    seen: set[tuple[str, str, str]] = set()
    for each in reading.workloads:
        key = (each.kind, each.namespace, each.name)
        if key in seen:
            at = each.problem_at
            message = f"{each.kind} {each.name!r} of namespace {each.namespace!r} stands twice; keep one"
            reading.problems.append(Problem(message, at.path, at.line, at.file))
        seen.add(key)


def _warn(reading: _Reading) -> None:
    """Note what Kubernetes takes but cannot work."""
    by_name = {(each.namespace, each.name): each for each in reading.workloads if each.kind != "DaemonSet"}
    for scaler in reading.autoscalers:
        at, target = scaler.problem_at, by_name.get((scaler.namespace, scaler.target_name))
        names = [name for space, name in by_name if space == scaler.namespace]
        if target is None:
            near = nearest(scaler.target_name, names)
            message = f"it scales {scaler.target_name!r}, which is not in these manifests; {near}"
            reading.warnings.append(Problem(message, at.path, at.line, at.file))
            continue
        for part, what in target.pods.missing_requests:
            if any(
                m.target_utilization_percent and m.resource == what for m in scaler.model.listed_metrics()
            ):
                message = f"it wants a percentage of {what} requests, but container {part!r} has none: it always fails"
                reading.warnings.append(Problem(message, at.path, at.line, at.file))
        if target.replicas > scaler.model.maximum:
            message = f"{target.name!r} asks for {target.replicas} replicas, above the maximum {scaler.model.maximum}"
            reading.warnings.append(Problem(message, at.path, at.line, at.file))
