"""Rules against designs: the traps of the guide fire from plain components, and silence is no pass."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from agog_capacity.availability.feasibility import (
    Acceptance,
    Feasibility,
    check_feasibility,
    unknown_acceptances,
)
from agog_capacity.availability.rules import read_rules
from agog_capacity.availability.subjects import subjects_of
from agog_capacity.components import kinds
from agog_capacity.design import Design, build_design
from agog_capacity.periods import Months
from agog_capacity.resources import data_directory
from agog_capacity.statements import KNOWN_FACTS
from agog_capacity.targets import Targets
from tests.components.designs import context_of, examples_with

RULES = read_rules(data_directory() / "availability" / "constraints.csv")
YEARS = Months("2027-01", 36)
PRIMARY = {"title": "US East", "continent": "North America", "role": "primary", "traffic_share": 1.0}
SECONDARY = {"title": "EU West", "continent": "Europe", "role": "secondary", "traffic_share": 0.0}

TRAFFIC = {
    "requests_per_month": 1e6, "to_clients_gb_per_month": 10, "to_origin_gb_per_month": 1,
    "client_zones": {"Zone 1": 1.0},
}  # fmt: skip
ANYWHERE = {"allowed_regions": ["x"], "failover_required": True}


def design(components: dict[str, Any], statements: dict[str, Any] | None = None, **regions: Any) -> Design:
    """Build a design of two regions, or say why not."""
    built, problems = build_design(
        {
            "regions": regions or {"eastus2": PRIMARY, "westeurope": SECONDARY},
            "components": components | {"bandwidth": {"kind": "bandwidth"}},
            "traffic": TRAFFIC,
            "statements": statements or {},
        }
    )
    assert built is not None, problems
    return built


def checked(built: Design, *accepted: Acceptance, months: Months = YEARS, rpo: float = 5.0) -> Feasibility:
    return check_feasibility(built, months, Targets(recovery_point_minutes=rpo), RULES, accepted, "here")


def found(feasible: Feasibility) -> set[tuple[str, str]]:
    return {(finding.rule.id, finding.subject) for finding in feasible.findings}


POSTGRES = {
    "kind": "postgres_flexible_server",
    "region": "eastus2",
    "vm_size": "Standard_D8s_v3",
    "storage_gib": 512,
}
REPLICA = POSTGRES | {"region": "westeurope", "replica_of": "db", "replication_gb_per_day": 5}
REDIS = {"kind": "redis_cache", "region": "eastus2", "tier": "Standard", "size": "C3"}
PREMIUM = REDIS | {"tier": "Premium", "size": "P2"}
AKS = {"kind": "aks_cluster", "region": "eastus2", "tier": "Standard"}
POOL = {
    "kind": "node_pool", "region": "eastus2", "cluster": "aks", "vm_size": "Standard_D8s_v3", "nodes": 3,
    "zones": 3, "os_disk": "managed",
}  # fmt: skip


USUAL = {
    "postgres": POSTGRES,
    "replica": REPLICA,
    "redis": REDIS,
    "premium": PREMIUM,
    "aks": AKS,
    "pool": POOL,
}
TRAPS = yaml.safe_load((Path(__file__).parent / "traps.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap["rule"])
def test_a_trap_of_the_guide_is_found(trap):
    components = {
        name: USUAL.get(c.pop("as", ""), {}) | c for name, c in copy.deepcopy(trap["components"]).items()
    }
    statements = {"environment": "production", "facts": trap.get("facts", {})}
    assert (trap["rule"], trap["at"]) in found(checked(design(components, statements)))


@pytest.mark.parametrize(
    "components, rule",
    [
        ({"r": REDIS}, "redis-standard-no-persistence"),
        ({"r": PREMIUM | {"persistence": "aof"}}, "redis-premium-persistence-or-geo"),
        (
            {"db": POSTGRES, "copy": REPLICA | {"promotion_trigger": "automation"}},
            "pg-no-automatic-promotion",
        ),
        ({"aks": AKS, "p": POOL}, "nodes-below-zones"),
        ({"r": REDIS | {"ends": "2028-10-01"}}, "redis-cache-retired-2028-09-30"),
    ],
)
def test_what_is_fine_is_not_found(components, rule):
    assert rule not in {name for name, _ in found(checked(design(components, {"environment": "production"})))}


def test_one_day_past_the_retirement_is_past_it():
    """The cache is needed until the day before it ends; on 2028-09-30 it still works."""
    last_day = design({"r": REDIS | {"ends": "2028-10-01"}})
    one_more = design({"r": REDIS | {"ends": "2028-10-02"}})
    rule = ("redis-cache-retired-2028-09-30", "r")
    assert rule not in found(checked(last_day)) and rule in found(checked(one_more))
    assert rule not in found(checked(design({"r": REDIS}), months=Months("2027-01", 21)))


def test_tenants_stay_in_their_regions():
    """One database in the US holds everybody's data; a home in the EU ends that for the EU tenants."""
    limits = {"home_region": "westeurope", "allowed_regions": ["westeurope", "northeurope"]}
    everyone = design({"db": POSTGRES}, {"tenants": {"eu": limits | {"failover_required": True}}})
    assert found(checked(everyone)) >= {
        ("residency-serving-region", "eu"), ("residency-replica-region", "eu"), ("residency-no-second-region", "eu"),
    }  # fmt: skip
    home = POSTGRES | {"region": "westeurope"}
    own = design({"db": POSTGRES, "home": home}, {"tenants": {"eu": limits | {"failover_required": False}}})
    assert not any(name.startswith("residency") for name, _ in found(checked(own)))
    copied = design(
        {"db": POSTGRES, "home": home, "back": REPLICA | {"region": "eastus2", "replica_of": "home"}},
        {"tenants": {"eu": limits | {"failover_required": False}}},
    )
    assert ("residency-replica-region", "eu") in found(checked(copied))


def test_a_copy_that_the_provider_makes_goes_to_the_paired_region():
    limits = {"home_region": "westeurope", "allowed_regions": ["westeurope"], "failover_required": False}
    home = POSTGRES | {"region": "westeurope", "backup_redundancy": "GRS"}
    one = checked(design({"db": home}, {"tenants": {"eu": limits}}))
    assert {("paired-region-westeurope", "eu"), ("residency-replica-region", "eu")} <= found(one)
    both = limits | {"allowed_regions": ["westeurope", "northeurope"]}
    two = checked(design({"db": home}, {"tenants": {"eu": both}}))
    assert not any(subject == "eu" for _, subject in found(two))


def test_a_secondary_that_is_the_primary_in_other_letters_is_no_recovery():
    regions = {"eastus2": PRIMARY, "EastUS2": SECONDARY}
    built = design({"aks": AKS}, None, **regions)
    assert ("standby-equals-primary-region", "design") in found(checked(built))
    assert ("standby-equals-primary-region", "design") not in found(checked(design({"aks": AKS})))


ROOM = {
    "kind": "capacity_reservation", "region": "eastus2", "node_pool": "pool", "instances": 3, "zones": 3,
}  # fmt: skip
GROWING = POOL | {"max_nodes": 5, "failover_scale_out": True}


def test_what_is_stated_against_the_design_is_told():
    """The pool has reserved room, and the plan still says that it has none: what is stated counts, not in silence."""
    components = {"aks": AKS, "pool": GROWING, "room": ROOM}
    rule = "aks-scale-out-not-guaranteed"
    stated = checked(design(components, {"facts": {"pool": {"capacity_reservation": False}}}))
    (finding,) = [one for one in stated.findings if one.rule.id == rule]
    assert "capacity_reservation is False, as stated, where the design has True" in finding.because
    (told,) = stated.contradictions
    assert told.startswith(
        "statements.facts.pool: capacity_reservation is stated as False, but the design itself has True"
    )
    silent = checked(design(components))
    assert (rule, "pool") not in found(silent)
    assert silent.contradictions == ()


def test_what_is_stated_as_the_design_has_it_or_as_only_a_plan_can_say_is_no_contradiction():
    facts = {"pool": {"vm_series": "dSV3", "zone_redundant": True, "capacity_from": "reservation"}}
    components = {"aks": AKS, "pool": POOL}
    assert checked(design(components, {"facts": facts})).contradictions == ()
    (told,) = checked(design(components, {"facts": {"design": {"regions_declared": 3}}})).contradictions
    assert "regions_declared is stated as 3, but the design itself has 2" in told


def test_a_rule_that_hangs_on_a_missing_fact_is_undecided_not_passed():
    feasible = checked(design({"db": POSTGRES, "copy": REPLICA}))
    assert "pg-no-automatic-promotion" in feasible.undecided_ids
    one = next(
        u for u in feasible.undecided if u.rule.id == "pg-no-automatic-promotion" and u.subject == "copy"
    )
    assert one.missing == ("promotion_trigger",)


def test_an_acceptance_is_for_its_rule_scenario_and_object():
    built = design({"r": REDIS, "s": REDIS | {"region": "westeurope"}})
    rule = "redis-cache-retired-2028-09-30"
    stopping = {
        name: {f.subject for f in checked(built, acceptance).stopping}
        for name, acceptance in {
            "all": Acceptance(rule=rule, reason="so"),
            "here": Acceptance(rule=rule, reason="so", scenarios=("here",)),
            "elsewhere": Acceptance(rule=rule, reason="so", scenarios=("there",)),
            "one": Acceptance(rule=rule, reason="so", objects=("r",)),
            "other": Acceptance(rule="redis-basic-no-sla", reason="so"),
        }.items()
    }
    assert stopping == {
        "all": set(),
        "here": set(),
        "elsewhere": {"r", "s"},
        "one": {"s"},
        "other": {"r", "s"},
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rule": "redis-basic-no-slo"}, "nearest: 'redis-basic-no-sla'"),
        ({"scenarios": ("hree",)}, "scenario 'hree' does not exist; nearest: 'here'"),
        ({"objects": ("cach",)}, "'cach' is no object that rules speak about; nearest: 'cache'"),
        ({"scenarios": ("there",), "objects": ("cache",)}, "'cache' is no object of these scenarios"),
    ],
)
def test_an_acceptance_of_nothing_is_told(change, words):
    designs = {"here": design({"cache": REDIS}), "there": design({"other": REDIS})}
    good = Acceptance(
        rule="redis-basic-no-sla", reason="so", scenarios=("here",), objects=("cache", "design")
    )
    assert unknown_acceptances([good], RULES, designs) == []
    wrong = good.replace(**({"scenarios": (), "objects": ()} | change))
    ((place, message),) = unknown_acceptances([wrong], RULES, designs)
    assert words in message
    assert place[:2] == ("accept", 0)


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_acceptance_says_why(reason):
    with pytest.raises(ValueError, match="reason is empty"):
        Acceptance(rule="redis-basic-no-sla", reason=reason)


def test_a_finding_tells_rule_source_repair_and_acceptance():
    built = design({"r": REDIS | {"persistence": "aof"}})
    text = str(
        checked(built, Acceptance(rule="redis-standard-no-persistence", reason="As asked.")).findings[-1]
    )
    for words in (
        "error redis-standard-no-persistence: r:", "Repair: If a design says AOF on Standard: contradiction",
        "Source: https://learn.microsoft.com/", "2024-08-05", "Accepted: As asked.",
    ):  # fmt: skip
        assert words in text
    unread = next(rule for rule in RULES if not rule.verified and rule.enforceable)
    assert unread.id == "pg-burstable-no-same-zone-ha"


@pytest.mark.parametrize("kind", kinds().values(), ids=kinds())
def test_a_kind_states_facts_that_rules_know(kind):
    example = kind.example()
    facts = example.facts(context_of(*examples_with(example)))
    assert bool(facts) <= bool(kind.rule_kind)
    assert set(facts) <= KNOWN_FACTS.get(kind.rule_kind, frozenset())


def test_every_object_knows_how_long_it_is_needed():
    for subject in subjects_of(design({"db": POSTGRES}), YEARS, Targets()):
        assert (subject.facts["created_on"], subject.facts["needed_until"]) == ("2027-01-01", "2029-12-31")


@pytest.mark.parametrize(
    "statements, words",
    [
        ({"facts": {"dbb": {"writers": 2}}}, "'dbb' is no component; an object that is not priced needs a kind"),
        ({"facts": {"x": {"kind": "mainframe"}}}, "'x' has kind 'mainframe', about which no rule speaks"),
        ({"facts": {"db": {"writer": 2}}}, "no rule about postgres asks for 'writer'; nearest: 'writers'"),
        ({"facts": {"design": {"detection_routers": "2"}}}, "detection_routers '2' is not a whole number from 0 on"),
        ({"facts": {"design": {"detection_routers": True}}}, "is not a whole number from 0 on"),
        ({"facts": {"design": {"detection_routers": -2}}}, "is not a whole number from 0 on"),
        ({"facts": {"design": {"detection_routers": 1.5}}}, "is not a whole number from 0 on"),
        ({"facts": {"db": {"existing_server": "no"}}}, "existing_server 'no' is neither true nor false"),
        ({"facts": {"db": {"existing_server": 0}}}, "existing_server 0 is neither true nor false"),
        ({"facts": {"db": {"tier": 5}}}, "tier 5 is not text"),
        ({"facts": {"c": {"kind": "commitment", "bought_on": 20270101}}}, "bought_on 20270101 is not a day like"),
        ({"facts": {"c": {"kind": "commitment", "bought_on": "1 Jan 2027"}}}, "is not a day like"),
        ({"facts": {"c": {"kind": "commitment", "bought_on": "2027-13-45"}}}, "is not a day like"),
        ({"facts": {"c": {"kind": "commitment", "commitment": "reservations"}}}, "nearest: 'reservation'"),
        ({"facts": {"bandwidth": {"tier": "x"}}}, "is of a kind about which no rule speaks"),
        ({"tenants": {"eu": ANYWHERE | {"home_region": "westeuropa"}}}, "'westeuropa' is not a region"),
        ({"tenants": {"eu": {"home_region": "westeurope", "failover_required": True}}}, "'allowed_regions' is missing"),
        ({"enviroment": "production"}, "'enviroment' is not known here; nearest: 'environment'"),
        ({"environment": "prod"}, "not one of 'production' or 'test'"),
    ],
)  # fmt: skip
def test_what_a_plan_states_wrongly_names_the_nearest(statements, words):
    built, problems = build_design(
        {
            "regions": {"eastus2": PRIMARY, "westeurope": SECONDARY},
            "components": {"db": POSTGRES, "bandwidth": {"kind": "bandwidth"}},
            "traffic": TRAFFIC,
            "statements": statements,
        }
    )
    assert built is None
    assert any(words in message for _, message in problems), problems


def test_a_wrong_region_is_told_once_and_not_as_one_that_is_missing():
    built, problems = build_design(
        {
            "regions": {"eastus2": PRIMARY | {"traffic_share": 2.0}, "westeurope": SECONDARY},
            "components": {"db": POSTGRES, "bandwidth": {"kind": "bandwidth"}},
            "traffic": TRAFFIC,
            "statements": {"tenants": {"us": ANYWHERE | {"home_region": "eastus2"}}},
        }
    )
    assert built is None
    assert not any("is not a region of the design" in message for _, message in problems), problems
