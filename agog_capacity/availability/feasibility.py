"""Whether a design can be bought and run as it is written: rules against facts, with what is accepted.

A finding that is an error stops its scenario, unless the plan accepts it with a reason. Rules that hang
on facts nobody states are named as undecided: silence must not look like a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from agog_capacity.availability.rules import Rule, by_kind
from agog_capacity.availability.subjects import subjects_of
from agog_capacity.design import Design
from agog_capacity.documents import Place
from agog_capacity.errors import nearest
from agog_capacity.model import Label, Model, Name, Text
from agog_capacity.periods import Months
from agog_capacity.statements import DESIGN, Fact
from agog_capacity.targets import Targets

_ORDER = {"error": 0, "warning": 1, "info": 2}


def _says_why(reason: str) -> str:
    if not reason.strip():
        raise ValueError("reason is empty; say why the finding is accepted")
    return reason


class Acceptance(Model):
    """A finding that the plan takes as it is, and why."""

    rule: Label
    """Id of the rule."""
    reason: Annotated[Text, AfterValidator(_says_why)]
    """Why it is accepted: what is done about it, or until when."""
    scenarios: tuple[Name, ...] = ()
    """Scenarios it is accepted in; all if left out."""
    objects: tuple[Name, ...] = ()
    """Components and other objects it is accepted for; all if left out."""

    def covers(self, rule: str, scenario: str, subject: str) -> bool:
        """Tell whether it accepts a finding."""
        return (
            rule == self.rule
            and (not self.scenarios or scenario in self.scenarios)
            and (not self.objects or subject in self.objects)
        )


def unknown_acceptances(
    accepted: Sequence[Acceptance], rules: Sequence[Rule], designs: Mapping[str, Design]
) -> list[tuple[Place, str]]:
    """Return the acceptances that name rules, scenarios or objects that do not exist, with their places in a plan.

    Parameters
    ----------
    accepted : sequence of Acceptance
    rules : sequence of Rule
    designs : mapping of str to Design
        Of every scenario.
    """
    ids, names = [rule.id for rule in rules], list(designs)
    found: list[tuple[Place, str]] = []
    for index, one in enumerate(accepted):
        if one.rule not in ids:
            found.append(
                (("accept", index, "rule"), f"rule {one.rule!r} does not exist; {nearest(one.rule, ids)}")
            )
        for number, name in enumerate(one.scenarios):
            if name not in names:
                message = f"scenario {name!r} does not exist; {nearest(name, names)}"
                found.append((("accept", index, "scenarios", number), message))
        chosen = [designs[name] for name in one.scenarios if name in designs] or list(designs.values())
        objects = {name for design in chosen for name in _objects(design)} if one.objects else set()
        for number, name in enumerate(one.objects):
            if name not in objects:
                where = " of these scenarios" if one.scenarios else ""
                message = f"{name!r} is no object{where} that rules speak about; {nearest(name, objects)}"
                found.append((("accept", index, "objects", number), message))
    return found


def _objects(design: Design) -> Iterator[str]:
    """Yield the names of all objects that rules may speak about."""
    yield DESIGN
    yield from design.components
    yield from design.statements.tenants
    yield from design.statements.facts


@dataclass(frozen=True)
class RuleFinding:
    """A rule that fires on an object of a design."""

    rule: Rule
    subject: str
    """Name of the object."""
    accepted: str = ""
    """Reason it is accepted; empty if it is not."""
    overruled: tuple[tuple[str, Fact], ...] = ()
    """What the design itself says of facts of the object that the plan states otherwise: fact and value."""

    @property
    def stops(self) -> bool:
        """Whether it stops the scenario."""
        return self.rule.severity == "error" and not self.accepted

    @property
    def because(self) -> str:
        """The facts it rests on, in words; of a fact that is stated against the design, both."""
        derived = dict(self.overruled)
        return (
            ", ".join(
                f"{each}, as stated, where the design has {derived[each.fact]}"
                if each.fact in derived
                else str(each)
                for each in self.rule.conditions
            )
            or "always"
        )

    @property
    def source_text(self) -> str:
        """The source with its date, and whether a copy of it was read."""
        dated = f", {self.rule.date}" if self.rule.date else ""
        return f"{self.rule.source}{dated}{'' if self.rule.verified else ' (not verified)'}"

    def __str__(self) -> str:
        """Return the finding with its rule, source and repair."""
        end = f" Accepted: {self.accepted.rstrip('.')}." if self.accepted else ""
        return (
            f"{self.rule.severity} {self.rule.id}: {self.subject}: {self.rule.service}: {self.rule.feature}: "
            f"{self.rule.supported} ({self.because}). Repair: {self.rule.repair.rstrip('.') or 'none is known'}. "
            f"Source: {self.source_text}.{end}"
        )


@dataclass(frozen=True)
class Undecided:
    """A rule that could fire on an object if a fact were stated."""

    rule: Rule
    subject: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Feasibility:
    """What the rules say about a design."""

    findings: tuple[RuleFinding, ...] = ()
    """What fires, errors first."""
    undecided: tuple[Undecided, ...] = ()
    contradictions: tuple[str, ...] = ()
    """Facts that the plan states and its design contradicts, in sentences; what is stated counts."""

    @property
    def stopping(self) -> tuple[RuleFinding, ...]:
        """Errors that nobody accepted."""
        return tuple(finding for finding in self.findings if finding.stops)

    @property
    def undecided_ids(self) -> tuple[str, ...]:
        """Ids of the rules that were not decided for some object."""
        return tuple(dict.fromkeys(one.rule.id for one in self.undecided))


def acceptance_notes(
    accepted: Sequence[Acceptance], judged: Mapping[str, Feasibility], scenarios: Iterable[str]
) -> tuple[str, ...]:
    """Return what to know of acceptances that do nothing: no finding is theirs, or an earlier one has them all.

    Parameters
    ----------
    accepted : sequence of Acceptance
    judged : mapping of str to Feasibility
        What the rules say about scenarios, by name; one that speaks about others too is passed over.
    scenarios : iterable of str
        All scenarios of the plan.
    """
    every, notes = set(scenarios), []
    taken: dict[tuple[str, str, str], int] = {}
    for number, one in enumerate(accepted):
        mine = [
            (finding.rule.id, name, finding.subject)
            for name, feasible in judged.items()
            for finding in feasible.findings
            if one.covers(finding.rule.id, name, finding.subject)
        ]
        before = sorted({taken[key] for key in mine if key in taken})
        new = [key for key in mine if key not in taken]
        taken |= dict.fromkeys(new, number)
        if new or not set(one.scenarios or every) <= set(judged):
            continue
        why = (
            f"says again what accept[{before[0]}] says, whose reason is shown"
            if before
            else "accepts nothing: the rule does not fire there"
        )
        notes.append(f"accept[{number}] ({one.rule}) {why}; leave it out")
    return tuple(notes)


def check_feasibility(
    design: Design,
    months: Months,
    targets: Targets,
    rules: Sequence[Rule],
    accepted: Sequence[Acceptance] = (),
    scenario: str = "",
) -> Feasibility:
    """Hold every rule against every object of a design.

    Parameters
    ----------
    design : Design
    months : Months
        Horizon of the plan.
    targets : Targets
    rules : sequence of Rule
    accepted : sequence of Acceptance
        What the plan takes as it is.
    scenario : str
        Name of the scenario, for acceptances that are limited to some.

    Returns
    -------
    Feasibility
    """
    enforced = by_kind(rules)
    findings: list[RuleFinding] = []
    undecided: list[Undecided] = []
    contradictions: list[str] = []
    for subject in subjects_of(design, months, targets):
        contradictions += [
            f"statements.facts.{subject.name}: {fact} is stated as {subject.facts[fact]}, but the design itself has "
            f"{value}; what is stated counts: leave it out, or change the design"
            for fact, value in subject.overruled.items()
        ]
        for rule in enforced.get(subject.kind, ()):
            verdict = rule.verdict(subject.facts)
            if verdict is None:
                undecided.append(Undecided(rule, subject.name, rule.missing(subject.facts)))
            elif verdict:
                covering = [a for a in accepted if a.covers(rule.id, scenario, subject.name)]
                reason = covering[0].reason if covering else ""
                findings.append(RuleFinding(rule, subject.name, reason, tuple(subject.overruled.items())))
    findings.sort(key=lambda finding: (bool(finding.accepted), _ORDER[finding.rule.severity]))
    return Feasibility(tuple(findings), tuple(undecided), tuple(contradictions))
