"""The kernel does what the reference does, step by step."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from tests.scaling.both import differences
from tests.scaling.cases import Case, cases

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
SOAK_CASES = int(os.environ.get("AGOG_SOAK_CASES", "10000"))


@settings(max_examples=300, deadline=None, suppress_health_check=QUIET, derandomize=True)
@given(cases())
def test_kernel_and_reference_agree_step_by_step(case: Case) -> None:
    assert differences(case) == []


@pytest.mark.slow
@pytest.mark.soak
@settings(max_examples=SOAK_CASES, deadline=None, suppress_health_check=QUIET)
@given(cases())
def test_kernel_and_reference_agree_over_many_cases(case: Case) -> None:
    assert differences(case) == []
