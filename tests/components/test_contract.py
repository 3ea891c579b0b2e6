"""What holds for every kind, also for one that is written in a test."""

from __future__ import annotations

import csv
import gc
import inspect
from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, Any, Literal, Self, get_args, get_origin

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from agog_capacity.components import Component, Usage, UsageContext, kinds
from agog_capacity.components.base import RefersTo
from agog_capacity.field_texts import field_text
from agog_capacity.kinds_listing import kinds_text, unit_of
from agog_capacity.model import PositiveCount
from agog_capacity.periods import Months
from agog_capacity.prices.meter import Meter
from agog_capacity.units import Unit, parse_unit
from tests.components.designs import JANUARY_TO_MARCH, TRAFFIC, context_of, examples_with
from tests.conftest import ROOT

KINDS = kinds()
MID_FEBRUARY = date(2027, 2, 15)
EXPECTED = {
    "aks_cluster",
    "bandwidth",
    "blob_storage",
    "capacity_reservation",
    "container_registry",
    "front_door",
    "key_vault",
    "load_balancer",
    "log_analytics",
    "managed_redis",
    "metered",
    "nat_gateway",
    "node_pool",
    "postgres_flexible_server",
    "public_ip",
    "redis_cache",
    "traffic_manager",
}


def usage_of(component: Component, months: Months = JANUARY_TO_MARCH, load: float = 1.0) -> tuple[Usage, ...]:
    traffic = TRAFFIC.replace(
        requests_per_month=TRAFFIC.requests_per_month * load,
        to_clients_gb_per_month=TRAFFIC.to_clients_gb_per_month * load,
        to_origin_gb_per_month=TRAFFIC.to_origin_gb_per_month * load,
    )
    return component.usage(context_of(*examples_with(component), months=months, traffic=traffic))


def example_is_valid(kind: type[Component]) -> None:
    example = kind.example()
    values = example.model_dump()
    assert kind.model_validate(values) == example
    assert example.kind == kind.model_fields["kind"].default
    assert example.problems(context_of(*examples_with(example))) == ()
    with pytest.raises(ValidationError, match="unknown_field"):
        kind.model_validate({**values, "unknown_field": 1})


def it_says_what_it_is(kind: type[Component]) -> None:
    assert kind.title
    assert inspect.getdoc(kind)
    assert kind.__doc__ != Component.__doc__
    listed = kinds_text(kind.model_fields["kind"].default)
    for name, _, model in fields_of(kind):
        if name != "kind":
            assert field_text(model, name.rsplit(".", maxsplit=1)[-1]), (
                f"{kind.__name__}.{name} has no docstring"
            )
            assert name.rsplit(".", maxsplit=1)[-1] in listed or "." in name


def numbers_carry_a_unit(kind: type[Component]) -> None:
    for name, info, _ in fields_of(kind):
        if holds_number(info.annotation):
            assert unit_of(info), f"{kind.__name__}.{name} has no unit"


def quantities_are_sound(kind: type[Component]) -> None:
    example = kind.example()
    lines = usage_of(example)
    assert lines, "the example of a kind uses something"
    for line in lines:
        assert (line.component, line.kind) == (example.name, example.kind)
        assert line.quantity.shape == (JANUARY_TO_MARCH.count,)
        assert np.isfinite(line.quantity).all()
        assert (line.quantity >= 0).all()
        assert 0 < len(line.rule) <= 160
        assert Meter.parse(line.meter.text) == line.meter
        assert line.unit == parse_unit("1").base or parse_unit(line.unit) == Unit(1.0, line.unit)


def explained_fields_exist(kind: type[Component]) -> None:
    for line in usage_of(kind.example()):
        assert line.fields
        for field in line.fields:
            owner = field.partition(".")[0]
            if "." in field:
                assert owner in {"traffic", "regions"} | {c.name for c in examples_with(kind.example())}
            else:
                assert field in kind.model_fields


def a_later_start_uses_less(kind: type[Component]) -> None:
    example = kind.example()
    later, sooner = example.replace(starts=MID_FEBRUARY), example.replace(ends=MID_FEBRUARY)
    for whole, started, ended in zip(usage_of(example), usage_of(later), usage_of(sooner), strict=True):
        assert started.quantity[0] == 0
        assert ended.quantity[2] == 0
        assert (started.quantity <= whole.quantity).all()
        assert (ended.quantity <= whole.quantity).all()
        if whole.quantity[1] > 0:
            assert started.quantity[1] < whole.quantity[1]
            assert 0 < ended.quantity[1] < whole.quantity[1]


def the_month_has_its_length(kind: type[Component]) -> None:
    """A calendar month counts its hours or days, or 1; `730h` counts 730 hours or 30 days, or 1."""
    fixed = usage_of(kind.example(), Months("2027-01", 3, "730h"))
    for line, counted in zip(usage_of(kind.example()), fixed, strict=True):
        january, february, march = line.quantity
        assert january == march
        ratio = february / january if january else 1.0
        hours, days = counted.quantity / 730, counted.quantity / 30
        if line.unit in ("Hour", "Day"):
            assert ratio == pytest.approx(28 / 31)
            assert (hours * 744 if line.unit == "Hour" else days * 31) == pytest.approx(january)
        elif line.unit == "Month" or line.unit.endswith("/Month"):
            assert ratio == 1
            assert counted.quantity == pytest.approx(january)
        else:
            assert ratio == pytest.approx(28 / 31) or ratio == 1
            assert (days * 31 if ratio < 1 else counted.quantity) == pytest.approx(january)


def more_load_never_meters_less(kind: type[Component]) -> None:
    for calm, busy in zip(usage_of(kind.example()), usage_of(kind.example(), load=2.0), strict=True):
        assert (calm.quantity <= busy.quantity).all()


def its_service_level_is_published(kind: type[Component]) -> None:
    level = kind.example().service_level()
    assert level is None or level in published_levels()


def references_name_kinds(kind: type[Component]) -> None:
    for info in kind.model_fields.values():
        for mark in info.metadata:
            if isinstance(mark, RefersTo):
                assert mark.kind in KINDS


CHECKS: tuple[Callable[[type[Component]], None], ...] = (
    example_is_valid,
    it_says_what_it_is,
    numbers_carry_a_unit,
    quantities_are_sound,
    explained_fields_exist,
    a_later_start_uses_less,
    the_month_has_its_length,
    more_load_never_meters_less,
    its_service_level_is_published,
    references_name_kinds,
)


def fields_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo, type[BaseModel]]]:
    """Yield the fields of a model and of the models inside it, each with the model it is of."""
    for name, info in model.model_fields.items():
        yield prefix + name, info, model
        for inner in models_in(info.annotation):
            yield from fields_of(inner, f"{prefix}{name}.")


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def holds_number(annotation: Any) -> bool:
    if annotation in (int, float):
        return True
    if get_origin(annotation) is Literal:
        return any(
            isinstance(value, int | float) and not isinstance(value, bool) for value in get_args(annotation)
        )
    parts = get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
    return any(holds_number(part) for part in parts)


def published_levels() -> set[tuple[str, str, str]]:
    with (ROOT / "data" / "availability" / "sla.csv").open(encoding="utf-8", newline="") as file:
        return {(row["service"], row["tier"], row["configuration"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind(kind, check):
    check(kind)


def test_the_kinds_that_azure_plans_need_are_there():
    assert set(KINDS) >= EXPECTED


def test_a_kind_written_in_one_place_is_a_kind_like_the_others():
    class Lighthouse(Component):
        """A lighthouse, to try the contract on a kind that is not in the package."""

        kind: Literal["lighthouse"] = "lighthouse"
        lamps: PositiveCount = 1
        """Number of lamps that burn."""

        title = "Lighthouse"

        @classmethod
        def example(cls) -> Self:
            return cls(name="lighthouse", region="eastus2")

        def usage(self, context: UsageContext) -> tuple[Usage, ...]:
            meter = Meter("Lighthouse", "Lamps", "Standard", "Burning")
            return (
                self.line(
                    meter, self.lamps * context.hours(self), "Hour", "lamps x hours", fields=("lamps",)
                ),
            )

    assert kinds()["lighthouse"] is Lighthouse
    for check in CHECKS:
        check(Lighthouse)
    del Lighthouse, check
    gc.collect()  # a class lives until its cycles are collected; other tests list the kinds too
    assert "lighthouse" not in kinds()
