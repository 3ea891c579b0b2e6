"""The reference of the plan file: every section and field is there, with unit and default, from the models."""

from __future__ import annotations

import pytest

from agog_capacity.design import SECTIONS
from agog_capacity.errors import NotInResult
from agog_capacity.plan_file import PlanFile
from agog_capacity.sections_listing import blocks, sections_text


def test_every_section_of_a_design_and_every_field_of_a_plan_appears():
    text = sections_text()
    places = [block.place for block in blocks()]
    for name in SECTIONS:
        assert any(place.removesuffix(".NAME").removesuffix("[]") == name for place in places), name
    top = sections_text("plan")
    for name in PlanFile.model_fields:
        assert f"\n  {name}" in top, name
    for place in (
        "horizon", "targets.availability", "stand_ins[].use.price", "gaps[]", "accept[]", "failures.NAME", "incidents",
        "scenarios.NAME", "regions.NAME", "scaling.load.groups[]", "scaling.load.groups[].tenants[]",
        "scaling.releases[]", "scaling.load.noise", "scaling.cluster.autoscaler_profile", "statements.tenants.NAME",
    ):  # fmt: skip
        assert f"\n\n{place}: " in text, place


def test_every_block_says_what_it_is_and_lists_all_its_fields():
    for block in blocks():
        assert len(block.about) > 10 and block.about.endswith("."), block.place
        lines = block.text.splitlines()
        for name in block.model.model_fields if block.model is not None else ():
            assert any(line.startswith((f"  {name}:", f"  {name} [")) for line in lines), (block.place, name)


def test_every_place_that_a_field_leads_to_is_there():
    places = {block.place for block in blocks()}
    for block in blocks():
        for line in block.text.splitlines():
            if ": see " in line:
                target = line.split(": see ")[1].rsplit(" (", 1)[0]
                assert target in places, (block.place, target)


def test_units_defaults_and_meanings_are_those_of_the_models():
    text = sections_text("scaling")
    assert text.startswith("scaling: Workloads and load of a design.")
    assert "  boot_s [s] (default 120.0)" in text
    assert "  cpu_milli_per_request_per_second [per request per second] (required)" in text
    assert "  groups: see scaling.load.groups[] (required)" in text
    assert "Last days of each month on which the books are closed." in text
    assert "traffic" not in [block.split(":")[0] for block in text.split("\n\n")]
    assert sections_text("scaling.releases").startswith("scaling.releases[]: ")
    with pytest.raises(NotInResult, match="nearest: 'scaling'"):
        sections_text("scalng")
