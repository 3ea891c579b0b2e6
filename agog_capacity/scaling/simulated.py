"""A simulated cluster in few numbers: what a bill and a table need, small enough to keep by content hash."""

from __future__ import annotations

import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from agog_capacity.errors import NotInResult, nearest
from agog_capacity.periods import FloatArray, Months
from agog_capacity.stored import read_stored, store

_BILLED = 2
"""Nodes that leave are billed beside those that come, so for a moment up to twice the maximum are."""
_ROUNDING = 1e-6


@dataclass(frozen=True)
class SimulatedPool:
    """What the autoscaler did with one pool."""

    minimum: int
    maximum: int
    mean_nodes: float
    peak_nodes: int
    monthly_mean_nodes: tuple[float, ...]
    """Billed nodes of each month of the plan, the mean over the month."""


@dataclass(frozen=True)
class SimulatedWorkload:
    """What the HPA did with one workload."""

    mean_replicas: float
    peak_replicas: int
    unserved_share: float | None
    """Share of its requests that no pod had room for; None where pods have no limit of CPU: not judged."""


@dataclass(frozen=True)
class SimulatedCluster:
    """One cluster of a design, simulated over the months of a plan."""

    months: tuple[str, ...]
    pools: Mapping[str, SimulatedPool]
    workloads: Mapping[str, SimulatedWorkload]
    bounds: tuple[str, ...]
    """What bounds the result, in sentences."""
    warnings: tuple[str, ...]
    """What to know of the inputs, in sentences."""
    left_out: tuple[str, ...]
    """What the manifests warn about or hold and the simulation passes over, a line each."""

    def node_hours(self, pool: str, months: Months) -> FloatArray:
        """Return the billed node-hours of a pool in each month, shape (months,). [h]

        Raises
        ------
        NotInResult
            If the pool was not simulated, or a month was not.
        """
        if pool not in self.pools:
            raise NotInResult(f"pool {pool!r} was not simulated; {nearest(pool, self.pools)}")
        missing = [label for label in months.labels if label not in self.months]
        if missing:
            raise NotInResult(f"{missing[0]} was not simulated; {nearest(missing[0], self.months)}")
        means = dict(zip(self.months, self.pools[pool].monthly_mean_nodes, strict=True))
        return np.array([means[label] for label in months.labels]) * months.hours

    def to_json(self) -> str:
        """Return the content as JSON, the same for the same content."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> SimulatedCluster:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            If the text is not of that form, or holds what cannot be.
        """
        found = TypeAdapter(cls).validate_json(text, strict=True)
        if problem := next(found._impossible(), None):
            raise ValueError(f"a stored simulation has {problem}")
        return found

    def _impossible(self) -> Iterator[str]:
        """Yield what no simulation can have found."""
        for name, pool in self.pools.items():
            months = pool.monthly_mean_nodes
            if len(months) != len(self.months) or not months:
                yield f"other months for pool {name!r}"
            elif not 0 <= pool.minimum <= pool.maximum or pool.peak_nodes > _BILLED * pool.maximum:
                yield f"bounds of pool {name!r} that cannot be"
            elif not all(0 <= nodes <= pool.peak_nodes for nodes in months):
                yield f"nodes of pool {name!r} that cannot be"
            elif not min(months) - _ROUNDING <= pool.mean_nodes <= max(months) + _ROUNDING:
                yield f"a mean of pool {name!r} that is not one of its months"
        for name, each in self.workloads.items():
            unserved = 0.0 if each.unserved_share is None else each.unserved_share
            if not (0 <= each.mean_replicas <= each.peak_replicas and 0 <= unserved <= 1):
                yield f"replicas of workload {name!r} that cannot be"


@dataclass(frozen=True)
class SimulationStore:
    """Simulated clusters by the content of their inputs; prices are no part of it."""

    folder: Path

    @classmethod
    def default(cls) -> SimulationStore:
        """Return the store in the user's cache folder: `XDG_CACHE_HOME`, else `~/.cache`."""
        cache = os.environ.get("XDG_CACHE_HOME")
        try:
            base = Path(cache) if cache else Path.home() / ".cache"
        except RuntimeError:  # a process without a home, as in some containers
            base = Path(tempfile.gettempdir())
        return cls(base / "agog_capacity" / "simulations")

    def get(self, key: str) -> SimulatedCluster | None:
        """Return what is stored under a key; None if there is nothing, or nothing usable."""
        content = read_stored(self.folder / f"{key}.json")
        try:
            return None if content is None else SimulatedCluster.from_json(content.decode())
        except ValueError:
            return None

    def put(self, key: str, found: SimulatedCluster) -> None:
        """Store a result whole. A store that cannot be written is no failure: the next run simulates again."""
        store(self.folder / f"{key}.json", found.to_json().encode())

    def get_hours(self, key: str) -> dict[str, FloatArray] | None:
        """Return the nodes of each hour by pool; None if there is nothing usable. Only commitments ask for them."""
        content = read_stored(self.folder / f"{key}.hours.npz")
        if content is None:
            return None
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                found = {name: np.asarray(file[name], dtype=float) for name in file.files}
        except (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error):
            return None
        usable = all(
            nodes.ndim == 1 and np.all(np.isfinite(nodes) & (nodes >= 0)) for nodes in found.values()
        )
        return found if usable else None

    def put_hours(self, key: str, hours: Mapping[str, FloatArray]) -> None:
        """Store the nodes of each hour by pool; as with `put`, a store that cannot be written is no failure."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **hours)
        store(self.folder / f"{key}.hours.npz", buffer.getvalue())
