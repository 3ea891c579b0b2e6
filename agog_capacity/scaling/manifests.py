"""Kubernetes manifests as workloads, autoscalers and disruption budgets.

Reads multi-document YAML as it is applied. What the simulation does not model is listed in `not_modelled`, never
dropped in silence; what Kubernetes would take but cannot work (an HPA on utilisation without requests) is a
warning; what is wrong raises one `ManifestError` with every problem and its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agog_capacity.documents import Document, Place, read_text
from agog_capacity.errors import DocumentError, InputError, Problem, nearest
from agog_capacity.scaling.manifest_budgets import BudgetManifest, read_budget, workload_budget
from agog_capacity.scaling.manifest_checks import name_problems, place_of, warnings_of
from agog_capacity.scaling.manifest_files import documents_of
from agog_capacity.scaling.manifest_hpa import AutoscalerManifest, read_autoscaler
from agog_capacity.scaling.manifest_kinds import API_VERSIONS, COMMON_FIELDS, OWN_FIELDS, WITHOUT_PODS
from agog_capacity.scaling.manifest_pods import PodTemplate, read_pod_template
from agog_capacity.scaling.manifest_rollouts import read_surge, releases_of
from agog_capacity.scaling.nodes import Resources
from agog_capacity.scaling.workload import Workload
from agog_capacity.validation import findings_of


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
    """Kinds and fields that the simulation passes over and that could change it, with their places."""
    without_pods: tuple[Problem, ...] = field(default=(), repr=False)
    """Kinds that play no part in scaling, such as a Service, with their places."""
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
        found = self._only(name)
        missing = [
            replace(
                found.problem_at,
                message=f"container {part!r} of {found.kind} {name!r} has no {what} request; set one, or it cannot "
                "be placed",
            )
            for part, what in found.pods.missing_requests
        ]
        lacking = {what for _, what in found.pods.missing_requests}
        missing += [
            replace(
                found.problem_at,
                message=f"{found.kind} {name!r} requests no {what}; request more than 0, or it cannot be placed",
            )
            for what, amount in (
                ("cpu", found.pods.request.cpu_milli),
                ("memory", found.pods.request.memory_bytes),
            )
            if not amount and what not in lacking
        ]
        if missing:
            raise ManifestError(missing)
        scaler = next(
            (each for each in self.autoscalers if each.scales(found.kind, found.namespace, name)), None
        )
        container = (
            None if scaler is None else next((m.container for m in scaler.model.metrics if m.container), None)
        )
        cpu, memory = found.pods.container_requests.get(container or "", (None, None))
        replicas = found.replicas if scaler is None else max(found.replicas, scaler.model.minimum)
        fields: dict[str, Any] = {
            "name": name,
            "cpu_request_milli": found.pods.request.cpu_milli,
            "memory_request_bytes": found.pods.request.memory_bytes,
            "cpu_limit_milli": found.pods.cpu_limit_milli,
            "memory_limit_bytes": found.pods.memory_limit_bytes,
            "container_cpu_request_milli": cpu,
            "container_memory_request_bytes": memory,
            "cpu_base_milli": cpu_base_milli,
            "cpu_milli_per_rps": float(cpu_milli_per_rps),
            "memory_base_bytes": memory_base_bytes,
            "memory_bytes_per_rps": float(memory_bytes_per_rps),
            "image_pull_s": float(image_pull_s),
            "start_s": float(found.pods.ready_after_s if start_s is None else start_s),
            "replicas": replicas,
            "autoscaler": None if scaler is None else scaler.model,
            "pools": tuple(pools),
            "spread": found.pods.spread,
            "blocks_node_removal": found.pods.blocks_node_removal,
            "releases": releases_of(
                found.problem_at, f"{found.kind} {found.name!r}", found.max_surge, releases_s
            ),
            **workload_budget(
                budget for budget in self.budgets if budget.covers(found.namespace, found.labels)
            ),
        }
        try:
            return Workload.model_validate(fields)
        except ValidationError as error:
            said = findings_of(error, (), Workload)
            raise ManifestError(
                replace(found.problem_at, message=f"{found.kind} {name!r} cannot be simulated: {message}")
                for _, message in said
            ) from None

    def _only(self, name: str) -> WorkloadManifest:
        """Return the one workload of a name."""
        scaled = [each for each in self.workloads if each.kind != "DaemonSet"]
        found = [each for each in scaled if each.name == name]
        if not found:
            files = list(
                dict.fromkeys(each.problem_at.file for each in self.workloads if each.problem_at.file)
            )
            more = f" and {len(files) - 3} more" if len(files) > 3 else ""
            where = f" in {', '.join(files[:3])}{more}" if files else ""
            near = nearest(name, [each.name for each in scaled])
            raise ManifestError(f"there is no Deployment or StatefulSet {name!r}{where}; {near}")
        if len(found) > 1:
            others = " and ".join(
                f"{each.kind} {name!r} of namespace {each.namespace!r} at {place_of(each.problem_at)}"
                for each in found[1:]
            )
            message = (
                f"{found[0].kind} {name!r} of namespace {found[0].namespace!r} has the name of {others}; workloads are "
                "chosen by their name alone, so rename one or leave it out"
            )
            raise ManifestError([replace(found[0].problem_at, message=message)])
        return found[0]

    def left_out(self, simulated: Iterable[str]) -> Iterator[Problem]:
        """Yield what a simulation of some of the workloads must say: warnings, and what it passes over.

        Parameters
        ----------
        simulated : iterable of str
            Names of the workloads that are simulated.
        """
        names = set(simulated)
        yield from self.warnings
        yield from self.not_modelled
        for each in self.workloads:
            request = each.pods.request
            needs = f"{request.cpu_milli:,} thousandths of a core and {request.memory_bytes / 2**20:,.0f} MiB"
            if each.kind == "DaemonSet":
                message = (
                    f"DaemonSet {each.name!r} requests {needs} of every node, which the simulation passes over; it "
                    "counts an estimate for all daemons of a node"
                )
                yield replace(each.problem_at, message=message)
            elif each.name not in names:
                message = (
                    f"{each.kind} {each.name!r} is not among the workloads that are simulated; its {each.replicas} "
                    f"pods of {needs} take no room"
                )
                yield replace(each.problem_at, message=message)

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
    problems: list[Problem] = []
    for path in paths:
        found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
        if not found:
            problems.append(Problem("holds no .yaml file", file=str(path)))
        files += found
    texts: list[tuple[str, str]] = []
    for path in files:
        try:
            texts.append((str(path), read_text(path, "manifest")))
        except DocumentError as error:
            problems += error.problems
    return parse_manifest_files(texts, problems)


def parse_manifests(text: str, file: str = "") -> Manifests:
    """Read the manifests of one text; see `read_manifests`."""
    return parse_manifest_files([(file, text)])


def parse_manifest_files(texts: Iterable[tuple[str, str]], problems: Iterable[Problem] = ()) -> Manifests:
    """Read the manifests of several files as one set.

    Parameters
    ----------
    texts : iterable of (str, str)
        Name, for messages, and text of each file.
    problems : iterable of Problem
        What was found before, raised with the others.

    Raises
    ------
    ManifestError
        With every problem of all files.
    """
    reading = _Reading(problems=list(problems))
    for file, text in texts:
        for document in documents_of(text, file, reading.problems):
            _read(document, reading)
    parts = reading.workloads, reading.autoscalers, reading.budgets
    reading.problems += name_problems(*parts)
    if reading.problems:
        raise ManifestError(reading.problems)
    return Manifests(
        tuple(reading.workloads),
        tuple(reading.autoscalers),
        tuple(reading.budgets),
        tuple(reading.not_modelled),
        tuple(reading.without_pods),
        tuple(warnings_of(*parts)),
    )


@dataclass
class _Reading:
    """What was read so far."""

    workloads: list[WorkloadManifest] = field(default_factory=list)
    autoscalers: list[AutoscalerManifest] = field(default_factory=list)
    budgets: list[BudgetManifest] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    not_modelled: list[Problem] = field(default_factory=list)
    without_pods: list[Problem] = field(default_factory=list)


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
        if kind in WITHOUT_PODS:
            message = f"kind {kind!r} plays no part in scaling; passed over"
            reading.without_pods.append(document.problem((), message))
        else:
            message = f"kind {kind[:60]!r} is not modelled; passed over, with any pods it has"
            reading.not_modelled.append(document.problem((), message))
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
        budget = read_budget(document, name, namespace, reading.problems, reading.not_modelled)
        if budget is not None:
            reading.budgets.append(budget)
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
    known = (*COMMON_FIELDS, *OWN_FIELDS[kind])
    for key in spec:
        if key not in known:
            message = f"{key[:60]!r} of a {kind} is not modelled; passed over; {nearest(key, known)}"
            reading.not_modelled.append(document.problem(("spec", key), message))
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
