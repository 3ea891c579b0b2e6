"""How sure numbers are: Beta and lognormal quantiles with the stated mean, and what cannot be a worth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import beta, lognorm

from agog_capacity.availability.failover_plan import read_failover_defaults
from agog_capacity.availability.failures import changed_classes, read_evidence, read_failure_classes
from agog_capacity.availability.worth import ClassWorth, FailoverWorth, chances, factors, shares_drawn
from agog_capacity.resources import data_directory

FOLDER = data_directory() / "availability"
CLASSES = read_failure_classes(FOLDER)
EVIDENCE = read_evidence(FOLDER / "failure_evidence.csv")
EVEN = (np.arange(20_000) + 0.5) / 20_000


@given(value=st.floats(0.01, 0.99), worth=st.floats(1.0, 1e4))
def test_a_chance_is_beta_with_its_stated_mean_and_weight(value, worth):
    found = chances(value, worth, EVEN)
    assert ((found >= 0) & (found <= 1)).all() and (np.diff(found) >= 0).all()
    assert found.mean() == pytest.approx(value, abs=2e-3)
    assert found.var() == pytest.approx(value * (1 - value) / (worth + 1), rel=0.03, abs=1e-5)
    assert found[::4000] == pytest.approx(
        beta(value * worth, (1 - value) * worth).ppf(EVEN[::4000]), rel=1e-6
    )


@given(value=st.floats(0, 1), worth=st.floats(0.01, 1e9))
def test_every_worth_that_is_allowed_gives_chances(value, worth):
    found = chances(value, worth, np.array([2.0**-40, 0.5, 1 - 2.0**-40]))
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_0_and_1_and_what_has_no_worth_are_exact(value):
    assert (chances(value, 4.0, EVEN) == value).all()
    assert (chances(0.3, None, EVEN) == 0.3).all()
    assert (factors(0.8, None, EVEN) == 1.0).all()


@given(sigma=st.floats(0.05, 1.5), worth=st.floats(1.0, 1e3))
def test_a_factor_is_lognormal_with_mean_1(sigma, worth):
    spread = sigma / np.sqrt(worth)
    found = factors(sigma, worth, EVEN)
    assert found.mean() == pytest.approx(1.0, rel=1e-12)
    exact = lognorm(spread, scale=np.exp(-(spread**2) / 2)).ppf(EVEN[::4000])
    assert found[::4000] == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("worth", [0.01, 0.1, 1.0, 4.0])
def test_a_length_that_nobody_is_sure_of_is_as_long_on_average_over_few_draws_too(worth):
    """The mean of so wide a lognormal stands on draws rarer than one in 200: less evidence must not shorten failures."""
    assert factors(2.0, worth, shares_drawn(3, 200)).mean() == pytest.approx(1.0, rel=1e-12)


def test_the_widest_factor_has_a_logarithm():
    found = factors(10.0, 0.01, np.array([2.0**-40, 0.5, 1 - 2.0**-40]))
    assert np.isfinite(np.log(found)).all()


def test_shares_are_one_in_each_part_and_depend_on_their_key_only():
    found = shares_drawn(5, 400)
    assert sorted((found * 400).astype(int)) == list(range(400))
    assert (found == shares_drawn(5, 400)).all() and (found != shares_drawn(6, 400)).any()
    assert abs(np.corrcoef(found, shares_drawn(6, 400))[0, 1]) < 0.2


@pytest.mark.parametrize("worth", [0.0, -1.0, float("nan"), float("inf"), "4"])
@pytest.mark.parametrize(
    "model, name", [(ClassWorth, "exposure"), (ClassWorth, "length"), (FailoverWorth, "coverage")]
)
def test_a_worth_is_a_positive_number(model, name, worth):
    with pytest.raises(ValidationError, match=name):
        model.model_validate({name: worth})


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"zone": {"worth": {"exposure": 0}}}, "greater than or equal to 0.01"),
        ({"zone": {"worth": {"beta": 4}}}, "worth.beta: a zone class has no beta to be sure of"),
        ({"front_door": {"worth": {"hits_both": 4}}}, "worth.hits_both: a global class has no hits_both"),
        ({"region": {"worth": {"hits_both": 4}}}, "worth.hits_both: a region class has no hits_both"),
        ({"zone": {"worth": {"rate": 4}}}, "'rate' is not known here"),
        ({"zone": {"worth": {"exposur": 4}}}, "nearest: 'exposure'"),
        ({"zone": {"worth": 4}}, "worth"),
    ],
)
def test_a_worth_of_what_a_class_has_not_is_told(changes, words):
    _, findings = changed_classes(CLASSES, changes, EVIDENCE)
    assert any(words in message or words in map(str, place) for place, message in findings), findings


def test_a_plan_changes_what_a_number_is_worth_one_by_one():
    changes = {
        "zone": {"exposure": 0.5, "worth": {"severity": None}},
        "own_change": {"worth": {"hits_both": 40, "because": "forty changes"}},
    }
    found, findings = changed_classes(CLASSES, changes, EVIDENCE)
    assert findings == []
    assert (found["zone"].worth.exposure, found["zone"].worth.severity) == (4, None), "the rest stays"
    assert found["zone"].worth.length == 8
    assert (found["own_change"].worth.hits_both, found["own_change"].worth.length) == (40, 4)


def test_lengths_are_worth_the_failures_they_were_fitted_on():
    """failure_evidence.csv: 13 region events (F02), five for the databases (F04), all 26 of the control plane (F08)."""
    worths = {name: c.worth.length for name, c in CLASSES.items()}
    assert (worths["region"], worths["region_db"], worths["control_plane"]) == (13, 5, 26)
    found, _ = changed_classes(CLASSES, {"zone": {"evidence": "F02"}}, EVIDENCE)
    assert (found["zone"].worth.length, found["zone"].worth.exposure) == (13, 4)
    assert EVIDENCE["F30"].lengths is None, "an assumption was fitted on nothing"


def test_every_number_that_is_open_has_a_worth_with_its_reason():
    for name, c in CLASSES.items():
        for parameter in ("exposure", "severity", "beta"):
            is_open = 0 < getattr(c, parameter) < 1
            assert (getattr(c.worth, parameter) is not None) == is_open, (name, parameter)
        assert c.worth.length is not None and c.worth.because, name
    assert CLASSES["own_change"].worth.hits_both == 10
    defaults = read_failover_defaults(FOLDER)
    assert None not in defaults.times.worth.model_dump().values() and defaults.sources["times.worth"]


def test_weights_are_as_wide_as_the_data_says():
    """failure_classes.yaml and failover.yaml: nine in ten draws lie between these."""
    for value, worth, low, high in (
        (0.3, 4, 0.03, 0.69), (0.5, 4, 0.14, 0.86), (0.1, 30, 0.03, 0.20), (0.7, 10, 0.45, 0.90), (0.9, 10, 0.72, 0.99),
    ):  # fmt: skip
        found = chances(value, worth, np.array([0.05, 0.95]))
        assert found == pytest.approx([low, high], abs=0.0051)
