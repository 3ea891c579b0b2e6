"""Nothing that a plan, book or result holds can be changed from outside."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from agog_capacity.availability.rules import Condition
from agog_capacity.frozen import FrozenDict, frozen, read_only
from agog_capacity.plan import load_plan
from agog_capacity.planning.compare import Comparison, compare
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(load_plan(ROOT / "data/plans/agog.yaml"), ["active-passive"])


def held(value: object, seen: set[int]) -> Iterator[object]:
    """Yield everything that can be reached from a value by its public fields."""
    if id(value) in seen or isinstance(value, str | bytes | int | float | None):
        return
    seen.add(id(value))
    yield value
    inner: list[Any] = []
    if isinstance(value, Mapping):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, tuple | list | set | frozenset):
        inner = list(value)
    elif is_dataclass(value):
        # Choices of a rule's condition are a list: rows of the library's own table, not of a plan.
        names = [field.name for field in fields(value)]
        inner = [getattr(value, name) for name in names if not isinstance(value, Condition)]
    elif isinstance(value, BaseModel):
        inner = [getattr(value, name) for name in type(value).model_fields]
    for one in inner:
        yield from held(one, seen)


def test_no_list_dict_set_or_writable_array_can_be_reached_from_a_comparison(comparison):
    reached = list(held(comparison, set()))
    assert len(reached) > 5000
    open_to_change = [
        value
        for value in reached
        if type(value) in (dict, list, set) or (isinstance(value, np.ndarray) and value.flags.writeable)
    ]
    assert open_to_change == []


def test_writing_is_refused_and_leaves_the_figures_as_they_are(comparison):
    forecast, months = comparison.forecasts[0], comparison.plan.months
    before = forecast.total_cost
    with pytest.raises(ValueError, match="read-only"):
        forecast.charges[0].cost[:] = 0
    with pytest.raises(ValueError, match="read-only"):
        forecast.charges[0].usage.quantity[0] = 0
    for array in (months.hours, months.days):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError, match="cannot be changed"):
        forecast.scenario.design.components.clear()
    with pytest.raises(TypeError, match="cannot be changed"):
        comparison.plan.prices.books[0].schedules.popitem()
    assert forecast.total_cost == before


def test_a_plan_can_be_pickled_and_copied(comparison):
    plan = comparison.plan
    for again in (pickle.loads(pickle.dumps(plan)), copy.deepcopy(plan)):  # noqa: S301
        assert again.digest == plan.digest
        assert again.scenario("active-passive").design.components == (
            plan.scenario("active-passive").design.components
        )


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.__setitem__("a", 2),
        lambda d: d.__delitem__("a"),
        lambda d: d.update(b=1),
        lambda d: d.setdefault("b", 1),
        lambda d: d.pop("a"),
        lambda d: d.popitem(),
        lambda d: d.clear(),
        lambda d: d.__ior__({"b": 1}),
    ],
)
def test_a_frozen_mapping_refuses_every_change(change):
    mapping = FrozenDict({"a": 1})
    with pytest.raises(TypeError, match="copy it with dict"):
        change(mapping)
    assert mapping == {"a": 1}
    assert mapping | {"b": 2} == {"a": 1, "b": 2}


def test_plain_values_are_frozen_all_the_way_down_and_read_as_before():
    value = {"a": [1, {"b": [2]}]}
    assert frozen(value) == {"a": (1, {"b": (2,)})}
    assert json.loads(json.dumps(frozen(value))) == value


def test_a_read_only_view_leaves_the_array_behind_it_alone():
    array = np.zeros(3)
    view = read_only(array)
    assert not view.flags.writeable
    assert array.flags.writeable
