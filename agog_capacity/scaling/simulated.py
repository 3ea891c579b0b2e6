"""A simulated cluster in few numbers: what a bill and a table need, small enough to keep by content hash."""

from __future__ import annotations

import io
import json
import math
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agog_capacity.errors import NotInResult, nearest
from agog_capacity.files import replace_file
from agog_capacity.periods import FloatArray, Months


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
        try:
            raw: Any = json.loads(text)
            found = cls(
                tuple(raw["months"]),
                {
                    name: SimulatedPool(
                        **{**pool, "monthly_mean_nodes": tuple(map(float, pool["monthly_mean_nodes"]))}
                    )
                    for name, pool in raw["pools"].items()
                },
                {name: SimulatedWorkload(**workload) for name, workload in raw["workloads"].items()},
                tuple(raw["bounds"]),
                tuple(raw["warnings"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"a stored simulation is not whole: {error}") from None
        for pool in found.pools.values():
            usable = len(pool.monthly_mean_nodes) == len(found.months)
            if not usable or not all(math.isfinite(n) and n >= 0 for n in pool.monthly_mean_nodes):
                raise ValueError("a stored simulation has nodes that cannot be")
        return found


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
        try:
            return SimulatedCluster.from_json((self.folder / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def put(self, key: str, found: SimulatedCluster) -> None:
        """Store a result whole. A store that cannot be written is no failure: the next run simulates again."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(self.folder / f"{key}.json", found.to_json())
        except OSError:
            return

    def get_hours(self, key: str) -> dict[str, FloatArray] | None:
        """Return the nodes of each hour by pool; None if there is nothing usable. Only commitments ask for them."""
        try:
            with np.load(
                io.BytesIO((self.folder / f"{key}.hours.npz").read_bytes()), allow_pickle=False
            ) as file:
                found = {name: np.asarray(file[name], dtype=float) for name in file.files}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            return None
        usable = all(
            nodes.ndim == 1 and np.all(np.isfinite(nodes) & (nodes >= 0)) for nodes in found.values()
        )
        return found if usable else None

    def put_hours(self, key: str, hours: Mapping[str, FloatArray]) -> None:
        """Store the nodes of each hour by pool; as with `put`, a store that cannot be written is no failure."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **hours)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(self.folder / f"{key}.hours.npz", buffer.getvalue())
        except OSError:
            return
