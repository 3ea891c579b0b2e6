"""A design: regions with roles, components, traffic and the path a request depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from agog_capacity.components import Component, UsageContext, kinds
from agog_capacity.components.base import GLOBAL, NodeTrace, RefersTo
from agog_capacity.components.node_pool import NodePool
from agog_capacity.documents import Place
from agog_capacity.errors import nearest
from agog_capacity.frozen import freeze_mappings
from agog_capacity.inputs import Input, references_resolved
from agog_capacity.late_sections import LATE_SECTIONS, late_section
from agog_capacity.model import NAME
from agog_capacity.periods import FloatArray, Months
from agog_capacity.serving_path import PathStep, read_serving_path
from agog_capacity.statements import Statements
from agog_capacity.topology import Region, Traffic
from agog_capacity.validation import MOST_NAMES, Finding, Findings, TooManyFindings, findings_of, too_many

if TYPE_CHECKING:
    from agog_capacity.availability.failover_section import FailoverSection
    from agog_capacity.availability.latency_section import DowntimeSection, LatencySection
    from agog_capacity.commitments.section import CommitmentSection
    from agog_capacity.scaling.section import ScalingSection

SECTIONS = (
    "inputs",
    "regions",
    "traffic",
    "components",
    "serving_path",
    *LATE_SECTIONS,
    "commitments",
    "statements",
)
"""What a design consists of."""


@dataclass(frozen=True)
class Design:
    """What one scenario builds."""

    regions: Mapping[str, Region]
    traffic: Traffic | None
    components: Mapping[str, Component]
    serving_path: tuple[PathStep, ...]
    """Hard dependencies of a request, in order; names of components, and alternatives of them."""
    inputs: Mapping[str, Input]
    scaling: ScalingSection | None = None
    """What runs on the clusters and which load it gets; None where nothing is simulated."""
    failover: FailoverSection | None = None
    """How a failover goes; None where the design has none, or does not say."""
    latency: LatencySection | None = None
    """What a response time is made of; None where none is judged."""
    downtime: DowntimeSection | None = None
    """What downtime costs, and whom."""
    commitments: CommitmentSection | None = None
    """Reservations, savings plans and commitment tiers; None where all is pay as you go."""
    statements: Statements = field(default_factory=Statements)
    """What the plan states for the rules of feasibility beyond what is priced."""
    used_inputs: Mapping[Place, str] = field(repr=False, default_factory=dict)
    """Name of the input behind each place of the design that refers to one."""

    def __post_init__(self) -> None:
        """Keep what the design holds from being changed."""
        freeze_mappings(self, "regions", "components", "inputs", "used_inputs")

    @property
    def follows_load(self) -> bool:
        """Whether amounts of this design grow and fall with its load."""
        logs = any(getattr(component, "follows_load", False) for component in self.components.values())
        return logs or (self.traffic is not None and self.traffic.follows_load)

    def context(
        self,
        months: Months,
        traces: Mapping[str, NodeTrace] | None = None,
        load_multiples: tuple[FloatArray, FloatArray] | None = None,
    ) -> UsageContext:
        """Return what components may know of this design, its simulated clusters and its load by month and day."""
        of_months, of_days = (None, None) if load_multiples is None else load_multiples
        return UsageContext(
            months, self.regions, self.traffic, self.components, traces or {}, of_months, of_days
        )


def build_design(raw: Mapping[str, Any]) -> tuple[Design | None, list[Finding]]:
    """Validate a merged design.

    Parameters
    ----------
    raw : mapping
        The sections of a design as plain values.

    Returns
    -------
    design : Design or None
        None if it has problems.
    findings : list
        Every problem, with its place inside the design.
    """
    findings = Findings()
    try:
        return _checked_design(raw, findings), findings
    except TooManyFindings:
        return None, findings


def _checked_design(raw: Mapping[str, Any], findings: list[Finding]) -> Design | None:
    for key in raw:
        if key not in SECTIONS:
            findings.append(((key,), f"{key[:60]!r} is not a part of a design; {nearest(key, SECTIONS)}"))
    inputs = _mapping_of(raw, "inputs", Input, findings, optional=True)
    body = {key: raw[key] for key in SECTIONS if key in raw and key != "inputs"}
    used: dict[Place, str] = {}
    body = references_resolved(body, inputs, (), used, findings)
    regions = _mapping_of(body, "regions", Region, findings)
    traffic = _traffic(body, findings)
    components = _components(body, regions, findings)
    path = read_serving_path(body, components, findings)
    statements = _statements(body, regions, components, findings)
    _check_shares(regions, findings)
    late = {name: late_section(name, body, findings) for name in LATE_SECTIONS}
    commitments = _commitments(body, regions, components, findings)
    if findings:
        return None
    design = Design(
        regions, traffic, components, path, inputs, statements=statements, used_inputs=used,
        commitments=commitments, **late,
    )  # fmt: skip
    findings += _cross_checks(design)
    return None if findings else design


def _mapping_of(
    raw: Mapping[str, Any], section: str, model: Any, findings: list[Finding], optional: bool = False
) -> dict[str, Any]:
    content = raw.get(section)
    if content is None and optional:
        return {}
    if not isinstance(content, dict) or (not content and not optional):
        findings.append(((section,), f"{section} is missing or not a mapping of names"))
        return {}
    if len(content) > MOST_NAMES:
        findings.append(((section,), too_many(section, content)))
        return {}
    built = {}
    for name, value in content.items():
        if problem := _name_problem(section, name):
            findings.append(((section, name), problem))
            continue
        try:
            built[name] = model.model_validate(value)
        except ValidationError as error:
            findings.extend(findings_of(error, (section, name), model))
    return built


def _name_problem(section: str, name: str) -> str:
    if not re.fullmatch(NAME, name):
        what = f"{name[:40]!r} is not a name of {section}"
        return f"{what}; use letters, digits, '_', '-' and '.', beginning with a letter, at most 80"
    if section == "regions" and name.casefold() == GLOBAL:
        return f"{name!r} is what services without a region are reported under; name the provider's region"
    return ""


def _traffic(raw: Mapping[str, Any], findings: list[Finding]) -> Traffic | None:
    if raw.get("traffic") is None:
        return None
    try:
        return Traffic.model_validate(raw["traffic"])
    except ValidationError as error:
        findings.extend(findings_of(error, ("traffic",), Traffic))
        return None


def _commitments(
    raw: Mapping[str, Any],
    regions: Mapping[str, Region],
    components: Mapping[str, Component],
    findings: list[Finding],
) -> CommitmentSection | None:
    if raw.get("commitments") is None:
        return None
    from agog_capacity.commitments.section import build_section
    from agog_capacity.commitments.section_checks import section_findings

    section = build_section(raw["commitments"], findings)
    if section is not None:
        # What could not be built is a finding of its own, not an unknown name here.
        broken = [name for part in ("regions", "components") for name in raw.get(part) or {}]
        whole = all(name in regions or name in components for name in broken)
        findings += section_findings(section, regions, components) if whole else []
    return section


def _components(
    raw: Mapping[str, Any], regions: Mapping[str, Region], findings: list[Finding]
) -> dict[str, Component]:
    content = raw.get("components")
    if not isinstance(content, dict) or not content:
        findings.append((("components",), "components is missing or not a mapping of names"))
        return {}
    if len(content) > MOST_NAMES:
        findings.append((("components",), too_many("components", content)))
        return {}
    known = kinds()
    # A region that is not valid is a problem of its own, not one of every component in it.
    declared = raw["regions"] if isinstance(raw.get("regions"), dict) else regions
    built: dict[str, Component] = {}
    for name, value in content.items():
        place: Place = ("components", name)
        if not isinstance(value, dict):
            findings.append((place, "a component is a mapping with at least a kind"))
            continue
        kind = value.get("kind")
        if not isinstance(kind, str) or kind not in known:
            what = f"kind {str(kind)[:60]!r} is not known" if kind is not None else "kind is missing"
            findings.append(((*place, "kind"), f"{what}; {nearest(kind or name, known)}"))
            continue
        if "name" in value:
            findings.append(((*place, "name"), "the name of a component is its key; leave this field out"))
            continue
        try:
            component = known[kind].model_validate({**value, "name": name})
        except ValidationError as error:
            findings.extend(findings_of(error, place, known[kind]))
            continue
        built[name] = component
        if component.region is not None and component.region not in declared:
            message = f"region {component.region!r} is not a region of the design; {nearest(component.region, declared)}"
            findings.append(((*place, "region"), message))
    return built


def _statements(
    raw: Mapping[str, Any],
    regions: Mapping[str, Region],
    components: Mapping[str, Component],
    findings: list[Finding],
) -> Statements:
    if raw.get("statements") is None:
        return Statements()
    try:
        statements = Statements.model_validate(raw["statements"])
    except ValidationError as error:
        findings.extend(findings_of(error, ("statements",), Statements))
        return Statements()
    kinds = {name: component.rule_kind for name, component in components.items()}
    # A component that could not be built is a finding of its own, not an unknown name here.
    known = kinds | {name: "" for name in raw.get("components") or {} if name not in kinds}
    declared = raw["regions"] if isinstance(raw.get("regions"), dict) else regions
    for place, message in statements.problems(known, declared):
        if place[0] == "facts" and place[1] in known and place[1] not in kinds:
            continue
        findings.append((("statements", *place), message))
    return statements


def _check_shares(regions: Mapping[str, Region], findings: list[Finding]) -> None:
    total = sum(region.traffic_share for region in regions.values())
    if regions and abs(total - 1) > 1e-9:
        findings.append(
            (("regions",), f"the traffic shares of the regions add up to {total:g}; they must add up to 1")
        )


def _cross_checks(design: Design) -> list[Finding]:
    findings: list[Finding] = []
    context = design.context(Months("2000-01", 1))
    if design.follows_load and design.scaling is None:
        findings.append(
            (("traffic",), "amounts follow a load, but the design has none; add the section scaling")
        )
    if design.traffic is not None and not any(c.meters_traffic for c in design.components.values()):
        meters = [name for name, kind in kinds().items() if kind.meters_traffic]
        findings.append(
            (("traffic",), f"no component meters this traffic; add one of kind {' or '.join(meters)}")
        )
    for name, component in design.components.items():
        findings += _reference_findings(design, name, component)
        for field_name, message in component.problems(context):
            findings.append((("components", name, field_name), message))
    if design.latency is not None:
        workloads = design.scaling.workloads if design.scaling is not None else {}
        if design.latency.workload not in workloads:
            near = nearest(design.latency.workload, workloads)
            message = f"{design.latency.workload!r} is not a workload of scaling; {near}"
            findings.append((("latency", "workload"), message))
    if design.scaling is not None:
        findings += _workloads_on_spot(design, design.scaling.workloads)
    if design.failover is not None:
        found = design.failover.problems(design.components, design.regions)
        findings += [(("failover", *place), message) for place, message in found]
    return findings


def _workloads_on_spot(design: Design, known: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what a pool says of workloads that do not run: a misspelt name would escape the check of spot."""
    for name, component in design.components.items():
        if isinstance(component, NodePool) and component.spot is not None:
            for workload in component.spot.workloads:
                if workload not in known:
                    place: Place = ("components", name, "spot", "workloads", workload)
                    yield place, f"{workload!r} is not a workload of scaling; {nearest(workload, known)}"


def _reference_findings(design: Design, name: str, component: Component) -> Iterator[Finding]:
    for field_name, wanted in references(type(component)):
        target = getattr(component, field_name)
        if target is None:
            continue
        place: Place = ("components", name, field_name)
        same_kind = [other for other, c in design.components.items() if c.kind == wanted and other != name]
        found = design.components.get(target)
        if found is None or found.kind != wanted or target == name:
            yield place, f"{target!r} is not a {wanted} of the design; {nearest(target, same_kind)}"
            continue
        seen, step = [name], target
        while isinstance(step, str) and step in design.components and step not in seen:
            seen.append(step)
            step = getattr(design.components[step], field_name, None)
        if step == name:
            yield place, f"{field_name} goes round in a circle: {' -> '.join([*seen, name])}"


def references(kind: type[Component]) -> list[tuple[str, str]]:
    """Return the fields of a kind that name other components, with the kind they name."""
    return [
        (name, mark.kind)
        for name, info in kind.model_fields.items()
        for mark in info.metadata
        if isinstance(mark, RefersTo)
    ]
