"""The failures of an environment as a table, for looking at them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from agog_capacity.availability.environment import BLOCK_YEARS, Environment
from agog_capacity.availability.numbers import whole
from agog_capacity.availability.sweep import collect_events
from agog_capacity.availability.sweep_arrays import cursor_of, events_of, kinds_of, streams_of
from agog_capacity.errors import InputError


def draw_events(world: Environment, years: int, outer: int = 0) -> pd.DataFrame:
    """Return the failures of some years as a table, for looking at them; the sweep draws the same ones.

    Parameters
    ----------
    world : Environment
    years : int
        At most one block.
    outer : int
        Which draw of the parameters.

    Returns
    -------
    DataFrame
        Columns year, failure_class, region (0, 1, 2; -1: all; -2: what a rollout reached), start_h and end_h,
        both in hours of the year.
    """
    if not 1 <= whole("years", years) <= BLOCK_YEARS:
        raise InputError(f"{years} years cannot be shown; between 1 and {BLOCK_YEARS} can")
    kinds, streams = kinds_of(world), streams_of(world)
    room = world.most_events * years
    table = np.zeros((room, 5))
    count = collect_events(
        streams, kinds, cursor_of(world), events_of(world.most_events), outer, years, table
    )
    if count < 0:
        raise InputError("a year has more failures than there is room for; correct the rates")
    names = list(world.classes)
    return pd.DataFrame(
        {
            "year": table[:count, 0].astype(int),
            "failure_class": [names[int(kind)] for kind in table[:count, 1]],
            "region": table[:count, 2].astype(int),
            "start_h": table[:count, 3],
            "end_h": table[:count, 4],
        }
    )
