"""The plan file: a base design, scenarios that differ from it, targets, prices and months.

`load_plan` is the only function here that reads files; what it returns is complete, so the verbs
that work on a plan need no disk. All problems of a file are reported together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as dataclass_replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from agog_capacity.availability.failures import FailureClass
from agog_capacity.availability.feasibility import Acceptance, unknown_acceptances
from agog_capacity.availability.incidents import Incident, classes_of_plan, own_incidents
from agog_capacity.availability.published import ServiceLevels, read_service_levels
from agog_capacity.availability.rules import Rule, read_rules
from agog_capacity.design import Design, build_design
from agog_capacity.documents import Document, Place, parse_yaml, read_text
from agog_capacity.errors import (
    DocumentError,
    NotInResult,
    PlanError,
    PriceBookError,
    Problem,
    nearest,
)
from agog_capacity.frozen import freeze_mappings
from agog_capacity.overrides import place_in_document, plain_copy
from agog_capacity.periods import Months
from agog_capacity.plan_file import Gap, PlanFile
from agog_capacity.prices.resolve import PriceList, load_price_books
from agog_capacity.resources import data_directory
from agog_capacity.scaling.manifest_folders import ManifestTexts, manifest_homes, read_manifest_folders
from agog_capacity.scenario_designs import scenario_designs, unused_inputs
from agog_capacity.targets import Targets
from agog_capacity.validation import Collected, Findings, TooManyFindings, findings_of


class Changed(NamedTuple):
    """A scenario to be added: what differs, from which scenario, and its title."""

    change: Mapping[str, Any]
    extends: str | None = None
    """The plan's base if left out."""
    title: str | None = None
    """The name if left out."""


@dataclass(frozen=True)
class Scenario:
    """One way to build the service."""

    name: str
    title: str
    description: str
    design: Design


@dataclass(frozen=True, repr=False)
class Plan:
    """A validated plan with everything it needs: designs, prices, published SLAs.

    Attributes
    ----------
    name, title, description, currency
        As in the file.
    months : Months
        The billing months it covers.
    targets : Targets
    reference : str
        Scenario the others are compared with.
    scenarios : mapping of str to Scenario
    prices : PriceList
        Books and stand-ins.
    service_levels : ServiceLevels
        Published SLAs.
    rules : tuple of Rule
        What can and cannot be bought.
    gaps : tuple of Gap
        What the plan knowingly leaves out.
    accept : tuple of Acceptance
        Findings of the rules that the plan takes as they are.
    failure_classes : mapping of str to FailureClass
        What fails, as the plan and the owner's incidents change it.
    incidents : tuple of Incident
        The owner's, as recorded; those outside a plan file's `incidents` are none.
    digest : str
        SHA-256 of the plan as it was read, with later changes.
    """

    name: str
    title: str
    description: str
    currency: str
    months: Months
    targets: Targets
    reference: str
    scenarios: Mapping[str, Scenario]
    prices: PriceList = field(repr=False)
    service_levels: ServiceLevels = field(repr=False)
    rules: tuple[Rule, ...] = field(default=(), repr=False)
    manifest_texts: Mapping[str, ManifestTexts] = field(default_factory=dict, repr=False)
    """Kubernetes manifests that designs name."""
    manifest_homes: tuple[Path, ...] = field(default=(), repr=False)
    """Folders in which further manifests are looked for."""
    gaps: tuple[Gap, ...] = ()
    accept: tuple[Acceptance, ...] = ()
    failure_classes: Mapping[str, FailureClass] = field(default_factory=dict, repr=False)
    incidents: tuple[Incident, ...] = field(default=(), repr=False)
    digest: str = ""
    file: PlanFile | None = field(default=None, repr=False)
    read_from: str = field(default="", repr=False, compare=False)
    """File as the user named it; blank for a plan that was changed in Python, whose lines are no longer those of a file."""
    text: str = field(default="", repr=False, compare=False)
    """What was read from it."""

    def __post_init__(self) -> None:
        """Keep what the plan holds from being changed."""
        freeze_mappings(self, "scenarios", "service_levels", "manifest_texts", "failure_classes")

    def __repr__(self) -> str:
        """Return what the plan is called and what it spans."""
        return (
            f"Plan({self.name!r}, {self.months.count} months from {self.months.first}, {self.currency}, "
            f"scenarios: {', '.join(self.scenarios)})"
        )

    def scenario(self, name: str) -> Scenario:
        """Return a scenario by name.

        Raises
        ------
        NotInResult
            If the plan has none of that name; the message names the nearest.
        """
        if name not in self.scenarios:
            raise NotInResult(f"plan {self.name!r} has no scenario {name!r}; {nearest(name, self.scenarios)}")
        return self.scenarios[name]

    def with_scenario(
        self, name: str, change: Mapping[str, Any], *, extends: str | None = None, title: str | None = None
    ) -> Plan:
        """Return the plan with one more scenario: the way to ask what if.

        Parameters
        ----------
        name : str
            Name of the new scenario; one that exists is replaced.
        change : mapping
            What differs, as in a plan file: `{"components": {"app-nodes-us": {"nodes": 3}}}`.
        extends : str, optional
            Scenario it builds on; the plan's base if left out.
        title : str, optional
            For people; the name if left out.

        Raises
        ------
        PlanError
            If the changed design is not valid.

        Examples
        --------
        >>> plan = load_plan("data/plans/agog.yaml")  # doctest: +SKIP
        >>> plan = plan.with_scenario(
        ...     "three-nodes", {"components": {"app-nodes-us": {"nodes": 3}}}, extends="active-passive"
        ... )  # doctest: +SKIP
        """
        _check_kinds((name, str, "name is text: the name"), (change, Mapping, "change is a mapping"))
        return self.with_scenarios({name: Changed(change, extends, title)})

    def with_scenarios(self, changes: Mapping[str, Changed]) -> Plan:
        """Return the plan with more scenarios, all checked at once.

        Parameters
        ----------
        changes : mapping of str to Changed
            By name; see `with_scenario`.

        Raises
        ------
        PlanError
            If a changed design is not valid; with the problems of all of them.
        """
        if self.file is None:
            raise PlanError("this plan was not read from a file, so it has no base to change")
        document = self._unwritten()
        content = document.content
        findings = Findings()
        digest = self.digest
        for name, (change, extends, title) in changes.items():
            try:
                plain = plain_copy(change, ("scenarios", name, "change"), findings)
            except TooManyFindings:
                plain = {}
            content["scenarios"][name] = {"title": title or name, "change": plain}
            if extends is not None:
                content["scenarios"][name]["extends"] = extends
            digest = hashlib.sha256(f"{digest} {name} {extends} {plain!r}".encode()).hexdigest()
        if findings:
            raise PlanError(document.problem(place, message) for place, message in findings)
        file, scenarios = _checked(document)
        _check_commitments(document, scenarios, self.prices, self.months)
        texts = _manifest_texts(scenarios, self.manifest_homes, document)
        return dataclass_replace(
            self, file=file, scenarios=scenarios, manifest_texts=texts, digest=digest, read_from="", text=""
        )

    def document(self) -> Document:
        """Return the plan as a document: places of problems that show when it is used, with lines if it has a file."""
        return parse_yaml(self.text, file=self.read_from) if self.text else self._unwritten()

    def _unwritten(self) -> Document:
        content = {} if self.file is None else self.file.model_dump(mode="json", exclude_unset=True)
        return Document(content, {}, f"plan {self.name!r}")


def load_plan(path: Path | str, *, price_books: Sequence[str] | None = None) -> Plan:
    """Read a plan file and everything it names.

    Parameters
    ----------
    path : path
        The plan, a YAML file.
    price_books : sequence of str, optional
        Price books to use instead of the plan's own, in the order they are asked.

    Returns
    -------
    Plan

    Raises
    ------
    PlanError
        With every problem of the file, each with its line and the nearest valid name.
    PriceBookError
        If a price book does not exist or is not valid.
    CurrencyMismatch
        If the books and own prices are in different currencies.

    Examples
    --------
    >>> plan = load_plan("data/plans/agog.yaml")  # doctest: +SKIP
    """
    _check_kinds((path, (str, Path), "path is text or a Path: the file of the plan"))
    path = Path(path)
    try:
        text = read_text(path, "plan")
        document = parse_yaml(text, file=str(path))
    except DocumentError as error:
        raise PlanError(error.problems) from None
    file, scenarios = _checked(document)
    problems: list[Problem] = []
    names = tuple(price_books) if price_books is not None else file.price_books
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(document.problem(("price_books",), f"price book {name!r} is named twice; keep one"))
    try:
        books = load_price_books(names, near=path.resolve().parent)
    except PriceBookError as error:
        problems += [p if p.file else document.problem(("price_books",), p.message) for p in error.problems]
        raise PriceBookError(problems) from None
    rules = read_rules(data_directory() / "availability" / "constraints.csv")
    classes, findings = classes_of_plan(
        data_directory() / "availability", file.failures, file.incidents, path.parent
    )
    designs = {name: scenario.design for name, scenario in scenarios.items()}
    findings += unknown_acceptances(file.accept, rules, designs)
    problems += [
        message if isinstance(message, Problem) else document.problem(at, message) for at, message in findings
    ]
    if problems:
        raise PlanError(problems)
    homes = manifest_homes(path.resolve().parent)
    texts = _manifest_texts(scenarios, homes, document)
    prices = PriceList(books, file.stand_ins)
    if prices.currency != file.currency:
        raise PlanError(
            [
                document.problem(
                    ("currency",),
                    f"the plan is in {file.currency}, its prices are in {prices.currency}; use books in one currency",
                )
            ]
        )
    months = Months(file.horizon.start, file.horizon.months, file.month)
    _check_commitments(document, scenarios, prices, months)
    return Plan(
        name=file.name,
        title=file.title,
        description=file.description,
        currency=file.currency,
        months=months,
        targets=file.targets,
        reference=file.reference,
        scenarios=scenarios,
        prices=prices,
        service_levels=read_service_levels(data_directory() / "availability" / "sla.csv"),
        manifest_texts=texts,
        manifest_homes=homes,
        rules=rules,
        gaps=file.gaps,
        accept=file.accept,
        failure_classes=classes,
        incidents=own_incidents(file.incidents, path.parent),
        digest=hashlib.sha256(
            "\0".join([text, *(t for files in texts.values() for _, t in files)]).encode()
        ).hexdigest(),
        file=file,
        read_from=str(path),
        text=text,
    )


def _check_kinds(*arguments: tuple[object, Any, str]) -> None:
    for value, kind, what in arguments:
        if not isinstance(value, kind):
            raise PlanError(f"{what}; what was given is a {type(value).__name__}")


def _check_commitments(
    document: Document, scenarios: Mapping[str, Scenario], prices: PriceList, months: Months
) -> None:
    """Raise with every commitment that has no price or covers nothing; plans without any load nothing for it."""
    bought = {name: s.design for name, s in scenarios.items() if s.design.commitments is not None}
    if not bought:
        return
    from agog_capacity.committed.check import price_findings

    written, found = scenario_designs(document.content, Collected()), Collected()
    for name, design in bought.items():
        findings = price_findings(design, prices, months)
        found.add(((place_in_document(at, written[name][1], ("base",)), text) for at, text in findings), name)
    if found:
        raise PlanError(found.problems(document, written))


def _manifest_texts(
    scenarios: Mapping[str, Scenario], homes: Sequence[Path], document: Document
) -> dict[str, ManifestTexts]:
    """Read the manifests that designs name, or raise with those that cannot be read."""
    names = [s.design.scaling.manifests for s in scenarios.values() if s.design.scaling is not None]
    texts, problems = read_manifest_folders(names, homes)
    if problems:
        place: Place = ("base", "scaling", "manifests")
        raise PlanError([p if p.file else document.problem(place, p.message) for p in problems])
    return texts


def _checked(document: Document) -> tuple[PlanFile, dict[str, Scenario]]:
    """Validate a whole document, or raise with all its problems."""
    if not isinstance(document.content, dict):
        raise PlanError(
            [
                Problem(
                    "is empty or not a mapping; a plan begins with name, title, currency", file=document.file
                )
            ]
        )
    found = Collected()
    file = None
    try:
        file = PlanFile.model_validate(document.content)
    except ValidationError as error:
        found.add(findings_of(error, (), PlanFile))
    raw = scenario_designs(document.content, found)
    scenarios: dict[str, Scenario] = {}
    used_inputs: set[str] = set()
    for name, (content, origins) in raw.items():
        if found.full:
            break
        design, problems = build_design(content)
        found.add(((place_in_document(at, origins, ("base",)), text) for at, text in problems), name)
        if design is not None and file is not None:
            spec = file.scenarios[name]
            scenarios[name] = Scenario(name, spec.title, spec.description, design)
            used_inputs |= set(design.used_inputs.values())
    if file is not None:
        if file.reference not in file.scenarios:
            message = f"scenario {file.reference!r} does not exist; {nearest(file.reference, file.scenarios)}"
            found.add([(("reference",), message)])
        if not found:
            found.add(unused_inputs(document.content, used_inputs))
    if found or file is None:
        raise PlanError(found.problems(document, raw))
    return file, scenarios
