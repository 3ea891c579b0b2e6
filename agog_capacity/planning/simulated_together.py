"""Scenarios that meet the same evictions are simulated together, so that no other draws them for nothing.

What a failure class draws depends on its name and the seed alone, so all scenarios still meet the same failures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agog_capacity.planning.service import Service

Progress = Callable[[int, int], None]


def meeting_the_same(services: Mapping[str, Service]) -> list[dict[str, Service]]:
    """Return scenarios in groups that meet the same evictions, each in the order given.

    Parameters
    ----------
    services : mapping of str to Service
        By scenario.
    """
    groups: dict[str, dict[str, Service]] = {}
    for name, service in services.items():
        groups.setdefault(repr(service.evictions.classes), {})[name] = service
    return list(groups.values())


def part_of(progress: Progress | None, number: int, count: int) -> Progress | None:
    """Return the progress of one of several simulations of the same length; None without one.

    Parameters
    ----------
    progress : callable or None
        Of all together: called with what is done and the whole.
    number, count : int
        Which of how many, from 0.
    """
    return None if progress is None else lambda done, total: progress(number * total + done, count * total)
