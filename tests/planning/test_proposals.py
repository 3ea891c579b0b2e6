"""Proposals for lines that do not say what they cover."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.planning.proposals import AMOUNTS, LEAST_CONFIDENCE, REGIONS, WORDS, Proposal
from agog_capacity.planning.reconcile import reconcile
from agog_capacity.planning.stated import StatedLine, StatedTable, parse_stated_costs
from tests.planning.hand_made import BRIEF, EU, US, Item, forecast_of

HEADER = "line,US East,EU West,total\n"


def proposals_for(rows: str, items: tuple[Item, ...] = BRIEF) -> dict[str, Proposal]:
    result = reconcile(parse_stated_costs(HEADER + rows), forecast_of(items))
    return {proposal.line: proposal for proposal in result.proposals}


@pytest.mark.parametrize(
    ("row", "covers"),
    [
        ("System Nodes (3x D4s_v3),437,437,874", "system-nodes-us/Compute; system-nodes-eu/Compute"),
        ("PostgreSQL Primary + HA,730,-,730", "postgres-us/vCore; postgres-us/Storage Data Stored"),
        ("PostgreSQL Read Replica,-,365,365", "postgres-eu"),
        ("Redis Standard C3,213,213,426", "redis-us; redis-eu"),
        (
            "Azure Front Door Premium,-,-,778",
            "front-door/Premium Base Fees; front-door/Premium Data Transfer Out",
        ),
        ("Azure Monitor Logs,-,-,258", "logs; logs-cool; logs-archive"),
        ("Logs (Cool + Archive),-,-,8", "logs-cool; logs-archive"),
        ("Database Backups,50,-,50", "postgres-us/Backup Storage LRS Data Stored"),
    ],
)
def test_lines_of_the_brief_find_what_they_stand_for(row, covers):
    (proposal,) = proposals_for(f"{row.replace('(', '').replace(')', '')}\n").values()
    assert proposal.covers == covers
    assert proposal.confidence > 0.5
    assert proposal.forecast == pytest.approx(proposal.stated)


def test_a_proposal_written_into_covers_selects_what_was_proposed():
    silent = proposals_for("Redis Standard C3,213,213,426\n")["Redis Standard C3"]
    table = parse_stated_costs(f"line,US East,EU West,total,covers\nRedis,213,213,426,{silent.covers}\n")
    (line,) = reconcile(table, forecast_of(BRIEF)).lines
    assert line.forecast == pytest.approx(silent.forecast)


def test_nearer_amounts_and_regions_make_more_confident():
    both = proposals_for("Redis,213,213,426\n")["Redis"].confidence
    far = proposals_for("Redis,500,500,1000\n")["Redis"].confidence
    one_region = proposals_for("Redis,213,213,426\n", (Item("redis-us", "Cache", 213, US),))[
        "Redis"
    ].confidence
    assert both > far
    assert both > one_region


def test_only_regions_with_an_amount_are_proposed():
    proposal = proposals_for("Nodes,-,1825,1825\n")["Nodes"]
    assert proposal.covers.startswith("app-nodes-eu")
    assert "-us" not in proposal.covers


def test_nothing_alike_is_no_proposal():
    assert proposals_for("Licences for the design tool,-,-,778\n") == {}


def test_plurals_longer_forms_and_small_mistakes_are_the_same_word():
    items = (Item("archive-log", "Data", 5), Item("other", "Thing", 5))
    for label in ("Archives", "Archived", "Archve"):
        assert proposals_for(f"{label},,,5\n", items)[label].covers == "archive-log"


def test_the_weights_add_up_to_one():
    assert sum((WORDS, AMOUNTS, REGIONS)) == pytest.approx(1)


@given(
    st.lists(st.text(max_size=30), min_size=1, max_size=5, unique=True),
    st.floats(0, 1e6),
    st.sampled_from([{}, {US: 1.0}, {US: 2.0, EU: 3.0}]),
)
def test_confidence_is_a_score_between_0_and_1(labels, total, regions):
    table = StatedTable(tuple(StatedLine(label, regions, total) for label in labels), (US, EU))
    result = reconcile(table, forecast_of(BRIEF))
    assert all(LEAST_CONFIDENCE <= proposal.confidence <= 1 for proposal in result.proposals)
    assert {proposal.line for proposal in result.proposals} <= set(labels)
    assert not [finding for finding in result.findings if finding.kind in ("double count", "left out")]
