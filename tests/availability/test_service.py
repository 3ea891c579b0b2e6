"""Designs: what fits together, what a design needs, and what is lacking."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agog_capacity.availability.data_loss import conflicting_pairs_per_s, zipf_shares
from agog_capacity.availability.service import ServiceDesign, WriteConflicts, lacking, needs_of

ACTIVE = {"name": "aa", "regions": 2, "mode": "active-active"}
PASSIVE = {"name": "ap", "regions": 2, "mode": "active-passive", "standby": "warm"}
CONFLICTS = {"writes_per_s": (100.0, 50.0), "one_way_lag_s": 0.1, "rows": 10_000, "zipf_exponent": 1.0}


@pytest.mark.parametrize(
    "values, words",
    [
        ({"name": "x", "regions": 2, "mode": "single"}, "mode 'single' is of one region, not 2"),
        ({"name": "x", "regions": 1, "mode": "active-active"}, "needs 2 regions or more"),
        ({**PASSIVE, "standby": None}, "needs a standby: cold, pilot-light, warm or hot"),
        ({**PASSIVE, "standby": "tepid"}, "'cold', 'pilot-light', 'warm' or 'hot'"),
        ({**ACTIVE, "standby": "hot"}, "a standby is of active-passive designs"),
        ({**PASSIVE, "restore": {"median_h": 4.0, "sigma": 0.5}}, "restore is of a cold standby"),
        ({**ACTIVE, "share": (0.5, 0.4)}, "share adds up to 0.9; it must add up to 1"),
        ({**ACTIVE, "share": (1.0,)}, "share has 1 regions and the design 2"),
        ({**PASSIVE, "share": (0.5, 0.5)}, "share is of active-active designs"),
        ({**ACTIVE, "writers": 3}, "3 writers are more than the 2 regions"),
        ({**ACTIVE, "database": "quorum"}, "a quorum of 2 regions does not survive the loss of one: a majority of 2 is 2"),
        ({**ACTIVE, "database": "single-writer"}, "a single writer needs write_share"),
        ({**ACTIVE, "database": "single-writer", "write_share": 0.2, "writers": 2}, "cannot be 2 writers"),
        ({**ACTIVE, "database": "multi-writer"}, "several writers need conflicts"),
        ({**ACTIVE, "database": "multi-writer", "writers": 1, "conflicts": CONFLICTS}, "one writer is no 'multi-writer'"),
        ({**ACTIVE, "regions": 3, "database": "multi-writer", "conflicts": CONFLICTS}, "of 2 writers; there are 3"),
        ({**PASSIVE, "database": "quorum"}, "database 'quorum' is of active-active designs"),
        ({**PASSIVE, "writers": 2}, "2 writers: mode 'active-passive' has one serving region"),
        ({**ACTIVE, "sized": 0.0}, "greater than 0"),
        ({**ACTIVE, "regions": 4}, "less than or equal to 3"),
        ({**ACTIVE, "share": (70.0, 30.0)}, "less than or equal to 1"),
        ({**ACTIVE, "severity_of": {"zone": (0.5,)}}, "severity_of.zone has 1 regions and the design 2"),
        ({**ACTIVE, "severity_of": {"zone": (0.5, 1.5)}}, "less than or equal to 1"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_told(values, words):
    with pytest.raises(ValidationError, match=words):
        ServiceDesign.model_validate(values)


def test_several_mistakes_are_told_at_once():
    with pytest.raises(ValidationError) as caught:
        ServiceDesign.model_validate({**ACTIVE, "database": "quorum", "share": (0.5, 0.4), "writers": 3})
    told = str(caught.value)
    assert "quorum of 2" in told and "adds up to 0.9" in told and "3 writers" in told


def test_shares_and_writers_follow_from_the_mode():
    assert ServiceDesign.model_validate(PASSIVE).shares == (1.0, 0.0)
    assert ServiceDesign.model_validate({**ACTIVE, "regions": 3}).shares == (1 / 3,) * 3
    assert ServiceDesign.model_validate(PASSIVE).writer_count == 1
    assert ServiceDesign.model_validate(ACTIVE).writer_count == 2


def test_conflicts_of_a_year_are_the_formula():
    """Guide, section 8: 2 L a b sum p_i^2 a second."""
    found = WriteConflicts.model_validate(CONFLICTS).per_year
    per_s = conflicting_pairs_per_s([100.0, 50.0], 0.1, zipf_shares(10_000, 1.0))
    assert found == pytest.approx(per_s * 3600 * 8760)


def test_a_design_needs_what_its_mode_cannot_do_without():
    def needs(**values):
        return {need.what for need in needs_of(ServiceDesign.model_validate(values))}

    single = {"name": "x", "regions": 1, "mode": "single"}
    assert needs(**single, zone_redundant=False, database_standby=False) == set()
    assert {"database-replica", "standby-nodes", "global-routing"} <= needs(**PASSIVE)
    assert "geo-backup" in needs(**{**PASSIVE, "standby": "cold"})
    assert "standby-nodes" not in needs(**{**PASSIVE, "standby": "pilot-light"})
    multi = needs(**ACTIVE, database="multi-writer", conflicts=CONFLICTS)
    assert "database-on-nodes" in multi and "database-replica" not in multi


def test_what_a_plan_lacks_is_told_with_the_reason():
    design = ServiceDesign.model_validate(PASSIVE)
    has = [need.what for need in needs_of(design) if need.what != "database-replica"]
    (problem,) = lacking(design, has)
    assert "design 'ap' needs 'database-replica': the standby promotes a replica in its region" in str(
        problem
    )
    assert "nearest: 'database-standby'" in str(problem)
    assert lacking(design, [*has, "database-replica"]) == ()
