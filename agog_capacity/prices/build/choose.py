"""Choosing the price of a key among the rows of several sources.

A key is a meter in a region under a purchase option and term. Its price is a whole schedule of
tiers from one source: a tier of one source beside a tier of another would lose or double the
quantity between them. A dump keyed by SKU and meter keeps one tier of several without saying so;
hence a schedule that does not begin at 0, or lacks a bound that another source has, yields to a
fuller one, and is a gap where there is none.

Among whole schedules: USD before converted, then the more trusted kind of source, then the newer
one. Where two of the same rank and age disagree, nobody here can know better: the key is a gap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from agog_capacity.prices.build.source import CONFIDENCES, Aside, Candidate
from agog_capacity.prices.meter import Meter

AGREEMENT = Fraction(1, 1000)
"""Two prices agree if they differ by at most this share: a fourth digit may be off by one. [share of 1]"""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A price that was found and not chosen, beside the one that was."""

    candidate: Candidate
    chosen: Candidate
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of the candidates."""

    chosen: tuple[Candidate, ...]
    rejected: tuple[Rejected, ...]
    aside: tuple[Aside, ...]
    gaps: tuple[str, ...]
    """One line for each key that has candidates and no price."""


@dataclass(frozen=True)
class _Schedule:
    """The tiers of one key as one source has them."""

    tiers: tuple[Candidate, ...]
    spare: tuple[tuple[Candidate, Candidate], ...]
    """Rows of the same source for a tier it has already, each with the row that stands for it."""
    disputes: tuple[tuple[Candidate, ...], ...]
    """Rows of the same source, tier and age that disagree."""

    @property
    def bounds(self) -> frozenset[Fraction]:
        return frozenset(tier.tier_start for tier in self.tiers)

    @property
    def age(self) -> str:
        return max(tier.effective_date for tier in self.tiers)

    @property
    def rank(self) -> tuple[bool, int]:
        """USD before converted, then by trust; lower comes first."""
        return self.tiers[0].converted, CONFIDENCES.index(self.tiers[0].confidence)

    def agrees_with(self, other: _Schedule) -> bool:
        return self.bounds == other.bounds and all(map(_same, self.tiers, other.tiers))


def agree(one: Fraction, two: Fraction) -> bool:
    """Return whether two prices are the same but for rounding."""
    return abs(one - two) <= AGREEMENT * max(one, two)


def _same(one: Candidate, two: Candidate) -> bool:
    return one.unit == two.unit and agree(one.unit_price, two.unit_price)


def choose(candidates: Iterable[Candidate]) -> Choice:
    """Choose one price, or one schedule of tiers, for each key.

    Parameters
    ----------
    candidates : iterable of Candidate
        From all sources of one book; their order does not matter.

    Returns
    -------
    Choice
        In which every candidate appears exactly once.
    """
    by_key: dict[tuple[Meter, str, str, str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_key[candidate.key].append(candidate)
    chosen: list[Candidate] = []
    rejected: list[Rejected] = []
    aside: list[Aside] = []
    gaps: list[str] = []
    for key in sorted(by_key):
        of_key = sorted(by_key[key], key=_total_order)
        schedules = _schedules(of_key)
        best, reason = _best(schedules)
        if best is None:
            gap = _key_text(of_key[0])
            gaps.append(f"{gap}: {reason}")
            aside += [Aside(one.row, reason, gap) for one in of_key]
            continue
        chosen += best.tiers
        rejected += _rejections(best, schedules)
    return Choice(tuple(chosen), tuple(rejected), tuple(aside), tuple(gaps))


def _total_order(one: Candidate) -> tuple[object, ...]:
    """Order candidates by what they say, best first, so that the order of the file never matters."""
    digits = len(one.price_text.split("/")[0].replace(".", "").strip("0"))
    return (
        one.converted,
        CONFIDENCES.index(one.confidence),
        (*(-ord(letter) for letter in one.effective_date), 1),  # newest first; "2026" after "2026-08"
        -digits,
        one.tier_start,
        one.unit_price,
        *sorted(one.row.cells.items()),
    )


def _schedules(candidates: list[Candidate]) -> list[_Schedule]:
    """Group the candidates of one key by source; a source's newest row stands for a tier."""
    by_source: dict[tuple[object, ...], list[Candidate]] = defaultdict(list)
    for one in candidates:
        by_source[one.row["source"], one.converted, one.confidence].append(one)
    return [_schedule(rows) for rows in by_source.values()]


def _schedule(rows: list[Candidate]) -> _Schedule:
    by_tier: dict[Fraction, list[Candidate]] = defaultdict(list)
    for one in rows:
        by_tier[one.tier_start].append(one)
    tiers, spare, disputes = [], [], []
    for start in sorted(by_tier):
        best, *others = by_tier[start]
        rivals = [one for one in others if one.effective_date == best.effective_date]
        if not all(_same(one, best) for one in rivals):
            disputes.append((best, *rivals))
        tiers.append(best)
        spare += [(one, best) for one in others]
    return _Schedule(tuple(tiers), tuple(spare), tuple(disputes))


def _best(schedules: list[_Schedule]) -> tuple[_Schedule | None, str]:
    """Return the schedule that wins, or None and why there is none."""
    whole = [one for one in schedules if not _lacks(one, schedules)]
    if not whole:
        bounds = "; ".join(sorted(_bounds_text(one) for one in schedules))
        return None, f"no source has the first tier (known from {bounds}), and a price must not begin there"
    rank = min(one.rank for one in whole)
    age = max(one.age for one in whole if one.rank == rank)
    first = [one for one in whole if (one.rank, one.age) == (rank, age)]
    disputed = [dispute for one in first for dispute in one.disputes]
    if disputed:
        return None, _tie_text([row for dispute in disputed for row in dispute])
    if any(not one.agrees_with(two) for one, two in pairwise(first)):
        return None, _tie_text([tier for one in first for tier in one.tiers])
    return first[0], ""


def _lacks(one: _Schedule, schedules: list[_Schedule]) -> str:
    """Return which tiers a schedule has lost, blank if it is whole."""
    if 0 not in one.bounds:
        return f"lost tiers: known from {_bounds_text(one)} only, and the first is missing"
    fuller = next((two for two in schedules if one.bounds < two.bounds and 0 in two.bounds), None)
    return f"lost tiers: has {_bounds_text(one)}, another source {_bounds_text(fuller)}" if fuller else ""


def _bounds_text(one: _Schedule) -> str:
    return " / ".join(f"{float(bound):,.10g}" for bound in sorted(one.bounds))


def _tie_text(rows: list[Candidate]) -> str:
    values = sorted({(row.unit_price, row.price_text) for row in rows})
    dated = rows[0].effective_date or "undated"
    return f"sources of the same rank and age ({rows[0].confidence}, {dated}) disagree: " + ", ".join(
        text for _, text in values
    )


def _rejections(best: _Schedule, schedules: list[_Schedule]) -> list[Rejected]:
    found = [Rejected(one, two, _against(one, two)) for one, two in best.spare]
    for schedule in schedules:
        if schedule is best:
            continue
        lost = _lacks(schedule, schedules)
        rows = [*schedule.tiers, *(one for one, _ in schedule.spare)]
        for row in rows:
            rival = _tier_of(best, row.tier_start)
            found.append(
                Rejected(row, rival, f"{lost}; chosen {rival.price_text}" if lost else _against(row, rival))
            )
    return found


def _tier_of(schedule: _Schedule, start: Fraction) -> Candidate:
    """Return the tier that the first unit above a bound falls in."""
    return max(
        (tier for tier in schedule.tiers if tier.tier_start <= start), key=lambda tier: tier.tier_start
    )


def _against(row: Candidate, rival: Candidate) -> str:
    """Say whether two prices agree and what put the chosen one first."""
    verdict = "agrees" if _same(row, rival) else "differs"
    if row.converted != rival.converted:
        why = "a price found in USD comes before a converted one"
    elif row.confidence != rival.confidence:
        why = f"{rival.confidence} comes before {row.confidence}"
    elif row.effective_date != rival.effective_date:
        why = f"the newer comes first ({rival.effective_date} after {row.effective_date or 'undated'})"
    else:
        why = "same rank and age; one of them is enough"
    return f"{verdict}: {why}"


def _key_text(one: Candidate) -> str:
    option = f"{one.purchase_option} {one.term}".rstrip() if one.purchase_option != "on-demand" else ""
    return f"{one.meter.text} in {one.region} {option}".rstrip()
