"""Usage of a month spread over its hours, and back: along simulated nodes, else even while a component exists."""

from __future__ import annotations

from datetime import date

import numpy as np

from agog_capacity.commitments.catalogue import RESERVED_STORAGE_UNITS_TIB
from agog_capacity.committed.rows import CommittedUse
from agog_capacity.components.base import Component, Usage
from agog_capacity.errors import AgogCapacityError
from agog_capacity.periods import FloatArray, Months
from agog_capacity.units import HOURS_PER_DAY

_GIB_PER_STORAGE_UNIT = RESERVED_STORAGE_UNITS_TIB[0] * 1024


def hourly_usage(line: Usage, use: CommittedUse, months: Months) -> FloatArray:
    """Return a line's units in each hour: along its simulated nodes, else even while it exists."""
    hours = months.hours.astype(int)
    shape = use.nodes.get(line.component)
    if shape is None:
        shape = np.ones(int(hours.sum()))
    component = use.components.get(line.component)
    if component is not None and (component.starts or component.ends):
        shape = shape * _exists(component, months)
    result = np.zeros(len(shape))
    begin = 0
    for month, count in enumerate(hours):
        part = shape[begin : begin + count]
        total = part.sum()
        amount = line.quantity[month]
        if line.unit != "Hour":
            amount = amount / _GIB_PER_STORAGE_UNIT * count
        if amount > 0 and total <= 0:
            raise AgogCapacityError(
                f"{line.component!r} uses {line.meter.text!r} in {months.labels[month]}, but runs in none of its "
                "hours; please report this as a defect"
            )
        result[begin : begin + count] = part * (amount / total if total > 0 else 0.0)
        begin += count
    return result


def _exists(component: Component, months: Months) -> FloatArray:
    first = months.starts[0].date().toordinal()
    day = first + np.arange(int(months.hours.sum())) // HOURS_PER_DAY
    begin = component.starts.toordinal() if component.starts else 0
    end = component.ends.toordinal() if component.ends else date.max.toordinal()
    return np.asarray((day >= begin) & (day < end), dtype=float)


def monthly_usage(line: Usage, unit_hours: FloatArray, months: Months) -> FloatArray:
    """Return what is left of a line in its own unit, shape (months,)."""
    if line.unit == "Hour":
        return unit_hours
    return np.asarray(unit_hours / months.hours * _GIB_PER_STORAGE_UNIT)
