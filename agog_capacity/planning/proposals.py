"""Proposals for lines that do not say what they cover: charges that a line may stand for.

A proposal is a question to the author of the table, never a finding: its charges count as left out
until `covers` names them. Its confidence is a score in [0, 1] for ranking, not a probability:

    0.50 x words  +  0.35 x amounts  +  0.15 x regions

- *words*: share of the label's words that a charge has too, in the component's name and kind, the
  region, and the provider's names of the meter; averaged over the proposed charges. A rare word
  weighs more than one that most charges have (log of charges per charge with the word). A word that
  no charge has weighs half an average one: a label says more than meters do.
- *amounts*: how near the charges come to the stated amounts, ``1 - |stated - forecast| / larger``,
  averaged over the cells that the line states.
- *regions*: share of the stated region cells in which there is a charge. For a line with only a
  total in a table with regions: the share of the charges that have no region.

Sets of charges are tried from those that share most words downwards, charges of equal words
together. From the best of them charges are dropped one by one while that raises the confidence, which
finds the part of a component that a line means by its amount. Something as plain as this is easier to
argue with than a better matcher would be, and the last word is the author's anyway.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from agog_capacity.design import Design
from agog_capacity.planning.coverage import Coverage
from agog_capacity.planning.stated import StatedLine

WORDS, AMOUNTS, REGIONS = 0.50, 0.35, 0.15
"""Weights of the parts of the confidence; they add up to 1."""
LEAST_CONFIDENCE = 0.3
"""Below it nothing is proposed. Two of three rare words, or one word and the exact amount, are above."""

_MOST_SETS = 12
_MOST_DROPPED_FROM = 20
_ROUNDING = 1e-9
_FILLERS = frozenset(
    {"and", "or", "the", "of", "for", "in", "on", "with", "per", "month", "monthly", "cost", "gb", "tb"}
)
"""Words that say nothing about what is meant."""
_COUNT = re.compile(r"^\d+x?$")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Proposal:
    """Charges that a line without `covers` may stand for."""

    line: str
    covers: str
    """What to write into `covers` if the proposal is right."""
    confidence: float
    """Score between 0 and 1; see the docstring of the module."""
    stated: float
    """Amount of the line. [currency per month]"""
    forecast: float
    """Cost of the proposed charges. [currency per month]"""
    because: str
    """The words in common."""


def proposals(coverage: Coverage, design: Design) -> tuple[Proposal, ...]:
    """Propose charges for every line that does not say what it covers.

    Parameters
    ----------
    coverage : Coverage
    design : Design
        For the names of kinds and regions.

    Returns
    -------
    tuple of Proposal
        At most one a line; none where nothing is alike.
    """
    silent = [line for line in coverage.table.lines if not line.covers]
    if not silent:
        return ()
    vocabulary = [_words(_text_of(coverage, design, number)) for number in range(len(coverage.charges))]
    found = (_proposal(coverage, line, vocabulary) for line in silent)
    return tuple(proposal for proposal in found if proposal is not None)


def _proposal(coverage: Coverage, line: StatedLine, vocabulary: list[frozenset[str]]) -> Proposal | None:
    label = _words(line.label)
    scores = _word_scores(label, vocabulary)
    scores = {charge: score for charge, score in scores.items() if coverage.states(line, charge)}

    def confidence_in(charges: tuple[int, ...]) -> float:
        words = sum(scores[charge] for charge in charges) / len(charges)
        amounts, regions = _amounts(coverage, line, charges), _regions(coverage, line, charges)
        return WORDS * words + AMOUNTS * amounts + REGIONS * regions

    levels = sorted(set(scores.values()), reverse=True)[:_MOST_SETS]
    sets = [tuple(charge for charge, score in scores.items() if score >= least) for least in levels]
    if not sets:
        return None
    charges = _without_the_least(max(sets, key=confidence_in), confidence_in)
    confidence = confidence_in(charges)
    if confidence < LEAST_CONFIDENCE:
        return None
    theirs = frozenset().union(*(vocabulary[charge] for charge in charges))
    shared = sorted(word for word in label if any(_likeness(word, other) for other in theirs))
    return Proposal(
        line=line.label,
        covers=_selectors(coverage, charges),
        confidence=min(confidence, 1.0),
        stated=line.amount,
        forecast=coverage.cost(charges),
        because=f"words in common: {', '.join(shared)}",
    )


def _without_the_least(
    charges: tuple[int, ...], confidence_in: Callable[[tuple[int, ...]], float]
) -> tuple[int, ...]:
    """Drop charges one by one while that raises the confidence."""
    while 1 < len(charges) <= _MOST_DROPPED_FROM:
        smaller = (charges[:n] + charges[n + 1 :] for n in range(len(charges)))
        best = max(smaller, key=confidence_in)
        if confidence_in(best) <= confidence_in(charges) + _ROUNDING:
            break
        charges = best
    return charges


def _word_scores(label: frozenset[str], vocabulary: list[frozenset[str]]) -> dict[int, float]:
    """Return the weighted share of the label's words that each charge has, where it has any."""
    alike: dict[str, dict[int, float]] = {}
    for word in sorted(label):
        best = (max((_likeness(word, own) for own in words), default=0.0) for words in vocabulary)
        alike[word] = {charge: value for charge, value in enumerate(best) if value}
    weights = {word: math.log1p(len(vocabulary) / len(has)) for word, has in alike.items() if has}
    if not weights:
        return {}
    unknown = 0.5 * (len(alike) - len(weights)) * sum(weights.values()) / len(weights)
    whole = sum(weights.values()) + unknown
    scores: dict[int, float] = {}
    for word, weight in weights.items():
        for charge, likeness_ in alike[word].items():
            scores[charge] = scores.get(charge, 0.0) + weight * likeness_ / whole
    # Rounded, so that charges of equal words stay together whatever the order of the sum.
    return {charge: round(scores[charge], 9) for charge in sorted(scores)}


def _amounts(coverage: Coverage, line: StatedLine, charges: tuple[int, ...]) -> float:
    pairs = [(line.amount, coverage.cost(charges))]
    for column, stated in line.regions.items():
        pairs.append((stated, coverage.cost([c for c in charges if coverage.column_of(c) == column])))
    return sum(_nearness(stated, cost) for stated, cost in pairs) / len(pairs)


def _nearness(stated: float, cost: float) -> float:
    larger = max(stated, cost)
    return 1 - abs(stated - cost) / larger if larger else 1.0


def _regions(coverage: Coverage, line: StatedLine, charges: tuple[int, ...]) -> float:
    columns = [coverage.column_of(charge) for charge in charges]
    if line.regions:
        return sum(column in columns for column in line.regions) / len(line.regions)
    return columns.count(None) / len(columns)


def _text_of(coverage: Coverage, design: Design, number: int) -> str:
    usage = coverage.charges[number].usage
    component, region = design.components.get(usage.component), design.regions.get(usage.region)
    parts = [usage.component, usage.kind, usage.region, *usage.meter]
    parts += [type(component).title] if component is not None else []
    parts += [region.title, region.role] if region is not None else []
    return " ".join(parts)


def _words(text: str) -> frozenset[str]:
    found = (_singular(word) for word in _WORD.findall(text.casefold()) if not _COUNT.match(word))
    return frozenset(word for word in found if word not in _FILLERS)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


@lru_cache(maxsize=65536)
def _likeness(word: str, other: str) -> float:
    """Return 1 for the same word, less for a longer form or a misspelling of it, 0 for another word."""
    if word == other:
        return 1.0
    short, long = sorted((word, other), key=len)
    if len(short) < 4 or short[0] != long[0] or len(long) > 2 * len(short):
        return 0.0
    if long.startswith(short):
        return 0.9
    ratio = difflib.SequenceMatcher(None, short, long, autojunk=False).ratio()
    return ratio if ratio >= 0.85 else 0.0


def _selectors(coverage: Coverage, charges: tuple[int, ...]) -> str:
    """Return the charges as `covers` would name them: whole components where all their meters are meant."""
    meters: dict[str, list[str]] = {}
    for charge in charges:
        usage = coverage.charges[charge].usage
        meters.setdefault(usage.component, []).append(usage.meter.meter)
    all_meters: Mapping[str, set[str]] = {
        name: {c.usage.meter.meter for c in coverage.charges if c.usage.component == name} for name in meters
    }
    texts = []
    for component, names in meters.items():
        whole = set(names) == all_meters[component]
        safe = dict.fromkeys(name.replace(";", "*") for name in names)  # a semicolon would end the selector
        texts += [component] if whole else [f"{component}/{name}" for name in safe]
    return "; ".join(texts)
