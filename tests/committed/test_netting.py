"""What existing commitments leave for new ones is what the bill leaves on demand, whatever their scopes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agog_capacity.committed.netting import left_by_existing, netted_by_hour
from agog_capacity.committed.rows import CommittedUse
from agog_capacity.committed.step import apply_commitments
from agog_capacity.components.base import UsageContext
from agog_capacity.prices.reader import read_price_book
from agog_capacity.prices.resolve import PriceList
from tests.books import write_book
from tests.committed.test_step import D4, D8, MONTHS, ROWS, pool, reservation, section

PLACES = {
    "small": {"subscription": "shop"},
    "large": {"subscription": "shop"},
    "other": {"subscription": "web"},
}


@pytest.fixture(scope="module")
def prices(tmp_path_factory) -> PriceList:
    return PriceList((read_price_book(write_book(tmp_path_factory.mktemp("b") / "book", ROWS)),))


scopes = st.sampled_from([None, "shop", "web"]).map(
    lambda name: {} if name is None else {"scope": {"level": "subscription", "id": name}}
)
starts = st.integers(-300, 300).map(lambda days: (date(2027, 1, 1) + timedelta(days)).isoformat())
reservations = st.builds(
    lambda quantity, size, flexible, scope, begin, renew: reservation(
        quantity, size, flexible=flexible, starts=begin, auto_renew=renew, existing=True, **scope
    ),
    st.integers(1, 6), st.sampled_from([D4, D8]), st.booleans(), scopes, starts, st.booleans(),
)  # fmt: skip
plans = st.builds(
    lambda amount, scope, begin: {
        "kind": "savings_plan", "usd_per_hour": amount, "term": "1y", "starts": begin, "existing": True, **scope,
    },
    st.floats(0.05, 1.5), scopes.filter(bool), starts,
)  # fmt: skip


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bought=st.lists(reservations, min_size=1, max_size=3),
    plan=st.none() | plans,
    counts=st.tuples(*[st.integers(1, 6)] * 3),
)
def test_it_leaves_what_the_bill_leaves(prices, bought, plan, counts):
    entries = {f"r{number}": entry for number, entry in enumerate(bought)} | ({"sp": plan} if plan else {})
    unique = {str(entry): (name, entry) for name, entry in entries.items()}
    built = section(dict(unique.values()), places=PLACES)
    components = {
        c.name: c
        for c in (pool("small", counts[0], D4), pool("large", counts[1], D8), pool("other", counts[2], D8))
    }
    context = UsageContext(MONTHS, {}, None, components)
    lines = [line for c in components.values() for line in c.usage(context)]
    use = CommittedUse(built, components, {})
    left = left_by_existing(lines, use, prices, MONTHS)
    billed, _ = apply_commitments(lines, use, prices, MONTHS)
    if not netted_by_hour(built):
        assert not left  # flexible and shared: one amount a month says it all
        return
    for place, hours in left.items():
        assert hours.min() >= 0
        assert hours.sum() == pytest.approx(billed[place].quantity.sum(), abs=1e-6)


def test_shared_and_flexible_ones_are_left_to_the_market():
    assert netted_by_hour(section({"a": reservation(1), "b": reservation(2)})) == frozenset()
    narrow = reservation(3) | {"scope": {"level": "subscription", "id": "shop"}}
    assert netted_by_hour(section({"a": reservation(1), "b": narrow})) == {"a", "b"}
    assert netted_by_hour(section({"a": reservation(1, flexible=False)})) == {"a"}
