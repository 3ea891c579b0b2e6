"""What the simulated cluster did: replicas, nodes, unserved demand, by hour and by month.

A trace knows no price. Components ask it for node-hours; it can be written and read, so that a change of prices
does not simulate again. Reading one needs neither numba nor pandas.
"""

from __future__ import annotations

import html
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from agog_capacity.errors import nearest
from agog_capacity.scaling.cluster import SYNC_TICKS, TICK_S, Cluster, FloatArray, ScalingError
from agog_capacity.scaling.findings import LEFT_OUT, bounds, warnings
from agog_capacity.stored import UNUSABLE, read_stored, write_stored

if TYPE_CHECKING:
    import pandas as pd

TICKS_PER_HOUR = 3600 // TICK_S
FORMAT = 1
_ARRAYS = ("workloads", "pools", "workload_hours", "pool_hours", "counts", "nodes", "flows")

View = Literal["hours", "months", "totals", "steps"]


class BillingMonths(Protocol):
    """Months as billing counts them."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Each as `YYYY-MM`."""

    @property
    def hours(self) -> FloatArray:
        """Hours of each. [h]"""


@dataclass(frozen=True)
class ScalingTrace:
    """The result of `simulate_scaling`."""

    cluster: Cluster
    start: datetime
    ticks: int
    """Length. [5 s]"""
    key: str
    """Name of the inputs: the same key, the same trace."""
    bounds: tuple[str, ...]
    """What bounds the result, in sentences."""
    warnings: tuple[str, ...]
    """What to know of the inputs, in sentences."""
    records: dict[str, Any] = field(repr=False)

    @classmethod
    def from_records(
        cls,
        cluster: Cluster,
        start: datetime,
        ticks: int,
        rates: FloatArray,
        records: dict[str, Any],
        key: str,
    ) -> ScalingTrace:
        """Return the trace of a run; records are stacked over scenarios."""
        means = records["workloads"].mean(axis=0), records["pools"].mean(axis=0)
        told = tuple(bounds(cluster, *means, ticks))
        return cls(cluster, start, ticks, key, told, tuple(warnings(cluster, rates)), records)

    @property
    def scenarios(self) -> int:
        """Number of runs."""
        return len(self.records["workloads"])

    @property
    def left_out(self) -> tuple[str, ...]:
        """What the simulation does not model."""
        return LEFT_OUT

    @property
    def hours(self) -> float:
        """Length. [h]"""
        return self.ticks / TICKS_PER_HOUR

    @property
    def month_labels(self) -> tuple[str, ...]:
        """Months that the trace touches, as `YYYY-MM`."""
        return tuple(dict.fromkeys(self._hour_labels()))

    # --- for components ---------------------------------------------------------------------------------

    def node_hours(self, pool: str, months: BillingMonths) -> FloatArray:
        """Return the billed node-hours of a pool in each month, the mean over scenarios.

        Parameters
        ----------
        pool : str
        months : BillingMonths
            Each must lie in the trace as a whole. Its mean nodes are multiplied by the month's hours, so a month of
            730 h has 730 times the mean.

        Returns
        -------
        ndarray, shape (months,)
            [node-hours]
        """
        return self._monthly(self.hourly_nodes(pool), months)

    def hourly_nodes(self, pool: str) -> FloatArray:
        """Return the mean billed nodes of a pool in each hour, the mean over scenarios, shape (hours,)."""
        return self._hourly("pool_hours", self._pool(pool), 0) / self._hour_ticks()

    def hourly_peak_nodes(self, pool: str) -> FloatArray:
        """Return the most billed nodes of a pool in each hour over all scenarios, shape (hours,)."""
        self._need_hours()
        return np.asarray(self.records["pool_hours"][:, :, self._pool(pool), 2].max(axis=0))

    def pod_hours(self, workload: str, months: BillingMonths) -> FloatArray:
        """Return the ready pod-hours of a workload in each month. [pod-hours]"""
        return self._monthly(
            self._hourly("workload_hours", self._workload(workload), 2) / self._hour_ticks(), months
        )

    def requests(self, workload: str, months: BillingMonths) -> FloatArray:
        """Return the requests of a workload in each month, unserved ones included."""
        return self._monthly(self.hourly_requests(workload), months)

    def unserved_requests(self, workload: str, months: BillingMonths) -> FloatArray:
        """Return the requests of a workload in each month that no pod had room for; NaN where that is not judged."""
        found = self._monthly(self._hourly("workload_hours", self._workload(workload), 1), months)
        return found if self.is_unserved_judged(workload) else np.full_like(found, np.nan)

    def hourly_requests(self, workload: str) -> FloatArray:
        """Return the requests of a workload in each hour, the mean over scenarios, shape (hours,)."""
        return self._hourly("workload_hours", self._workload(workload), 0)

    def mean_nodes(self, pool: str) -> float:
        """Return the billed nodes of a pool, the mean over time and scenarios."""
        return float(self.records["pools"][:, self._pool(pool), 0].mean() / self.ticks)

    def peak_nodes(self, pool: str) -> int:
        """Return the most billed nodes of a pool at any time in any scenario."""
        return int(self.records["pools"][:, self._pool(pool), 2].max())

    def mean_replicas(self, workload: str) -> float:
        """Return the desired replicas of a workload, the mean over time and scenarios."""
        syncs = -(-self.ticks // SYNC_TICKS)
        return float(self.records["workloads"][:, self._workload(workload), 5].mean() / syncs)

    def peak_replicas(self, workload: str) -> int:
        """Return the most desired replicas of a workload at any time in any scenario."""
        return int(self.records["workloads"][:, self._workload(workload), 4].max())

    def unserved_share(self, workload: str) -> float:
        """Return the share of a workload's requests that no pod had room for.

        0 where there were none; NaN where pods have no limit of CPU, so that it is not judged.
        """
        totals = self.records["workloads"][:, self._workload(workload)].sum(axis=0)
        if totals[0] and not self.is_unserved_judged(workload):
            return math.nan
        return float(totals[1] / totals[0]) if totals[0] else 0.0

    def is_unserved_judged(self, workload: str) -> bool:
        """Tell whether pods of a workload have a most that they can serve."""
        return self.cluster.workloads[self._workload(workload)].is_unserved_judged

    def _pool(self, name: str) -> int:
        return _position(name, [pool.name for pool in self.cluster.pools], "pool")

    def _workload(self, name: str) -> int:
        return _position(name, [workload.name for workload in self.cluster.workloads], "workload")

    def _need_hours(self) -> None:
        if not self.records["pool_hours"].shape[1]:
            raise ScalingError(
                "this trace has totals only; simulate with detail='hours' to ask for hours or months"
            )

    def _hourly(self, name: str, position: int, column: int) -> FloatArray:
        self._need_hours()
        return np.asarray(self.records[name][:, :, position, column].mean(axis=0))

    def _hour_ticks(self) -> FloatArray:
        count = -(-self.ticks // TICKS_PER_HOUR)
        lengths = np.full(count, float(TICKS_PER_HOUR))
        lengths[-1] = self.ticks - (count - 1) * TICKS_PER_HOUR
        return lengths

    def _hour_labels(self) -> list[str]:
        count = -(-self.ticks // TICKS_PER_HOUR)
        return [(self.start + timedelta(hours=hour)).strftime("%Y-%m") for hour in range(count)]

    def _monthly(self, hourly: FloatArray, months: BillingMonths) -> FloatArray:
        """Return the hourly mean of each month times its hours."""
        labels = np.array(self._hour_labels())
        values = np.zeros(len(months.labels))
        for number, label in enumerate(months.labels):
            inside = labels == label
            begin = datetime(int(label[:4]), int(label[5:]), 1, tzinfo=UTC)
            end = datetime(begin.year + begin.month // 12, begin.month % 12 + 1, 1, tzinfo=UTC)
            last = self.start + timedelta(seconds=self.ticks * TICK_S)
            if begin < self.start or end > last:
                raise ScalingError(
                    f"month {label} is not in the trace: {self.start:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC; "
                    "simulate a load that covers it"
                )
            values[number] = hourly[inside].mean() * months.hours[number]
        return values

    # --- for people -------------------------------------------------------------------------------------

    def to_frame(self, view: View = "totals", scenario: int = 0) -> pd.DataFrame:
        """Return the trace as a long table.

        Parameters
        ----------
        view : {"totals", "months", "hours", "steps"}
            Totals over the whole time and months are means over scenarios; hours and steps are of one scenario.
        scenario : int
        """
        from agog_capacity.scaling.trace_frames import trace_frame

        return trace_frame(self, view, scenario)

    def figure(self, scenario: int = 0) -> Any:
        """Return a chart of requests, replicas and nodes over the hours of a scenario (plotly)."""
        from agog_capacity.scaling.trace_frames import trace_figure

        return trace_figure(self, scenario)

    def __str__(self) -> str:
        """Return the result in a few lines."""
        lines = [f"{self.hours:,.0f} hours from {self.start:%Y-%m-%d}, {self.scenarios} scenario(s)"]
        for pool in self.cluster.pools:
            lines.append(
                f"pool {pool.name}: {self.mean_nodes(pool.name):.2f} nodes on average, {self.peak_nodes(pool.name)} at most"
            )
        for each in self.cluster.workloads:
            share = self.unserved_share(each.name)
            unserved = (
                "unserved requests not judged" if math.isnan(share) else f"{share:.2%} of requests unserved"
            )
            lines.append(
                f"workload {each.name}: {self.mean_replicas(each.name):.2f} replicas on average, "
                f"{self.peak_replicas(each.name)} at most, {unserved}"
            )
        return "\n".join([*lines, *self.bounds, *(f"note: {text}" for text in self.warnings)])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        rows = [
            ("pool", pool.name, self.mean_nodes(pool.name), self.peak_nodes(pool.name), "nodes")
            for pool in self.cluster.pools
        ]
        rows += [
            ("workload", each.name, self.mean_replicas(each.name), self.peak_replicas(each.name), "replicas")
            for each in self.cluster.workloads
        ]
        body = "".join(
            f"<tr><td>{kind}</td><td>{html.escape(name)}</td><td>{mean:.2f}</td><td>{peak}</td><td>{unit}</td></tr>"
            for kind, name, mean, peak, unit in rows
        )
        told = "".join(f"<li>{html.escape(text)}</li>" for text in (*self.bounds, *self.warnings))
        return (
            f"<p>{self.hours:,.0f} hours from {self.start:%Y-%m-%d} UTC, {self.scenarios} scenario(s)</p>"
            "<table><thead><tr><th>kind</th><th>name</th><th>mean</th><th>peak</th><th>unit</th></tr></thead>"
            f"<tbody>{body}</tbody></table><ul>{told}</ul>"
        )

    # --- storage ----------------------------------------------------------------------------------------

    def write(self, folder: Path) -> Path:
        """Write the trace into a folder under its key, at once or not at all; return the file."""
        about = {
            "format": FORMAT,
            "cluster": self.cluster.model_dump(mode="json"),
            "start": self.start.isoformat(),
            "ticks": self.ticks,
            "key": self.key,
            "bounds": self.bounds,
            "warnings": self.warnings,
        }
        path = folder / f"{self.key}.npz"
        buffer = io.BytesIO()
        np.savez_compressed(buffer, about=np.array(json.dumps(about)), **self.records)
        write_stored(path, buffer.getvalue())
        return path


def read_trace(folder: Path, key: str) -> ScalingTrace | None:
    """Return the stored trace of a key; None if there is none, or none that can be used.

    A damaged or older file counts as none: a trace is a cache and can be simulated again.
    """
    content = read_stored(folder / f"{key}.npz")
    if content is None:
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            records = {name: file[name] for name in _ARRAYS}
        if about["format"] != FORMAT or about["key"] != key:
            return None
        found = ScalingTrace(
            Cluster.model_validate_json(json.dumps(about["cluster"])),
            datetime.fromisoformat(about["start"]),
            about["ticks"],
            key,
            tuple(about["bounds"]),
            tuple(about["warnings"]),
            records,
        )
        return found if _is_whole(found) else None
    except (*UNUSABLE, OSError):
        return None


def _is_whole(trace: ScalingTrace) -> bool:
    """Tell whether the records have the shapes that their cluster and length ask for, and no impossible number."""
    ticks, records = trace.ticks, trace.records
    if type(ticks) is not int or ticks <= 0 or trace.start.tzinfo is None:
        return False
    workloads, pools = len(trace.cluster.workloads), len(trace.cluster.pools)
    scenarios, hours = len(records["workloads"]), -(-ticks // TICKS_PER_HOUR)
    syncs = -(-ticks // SYNC_TICKS)
    shapes: dict[str, set[tuple[int, ...]]] = {
        "workloads": {(scenarios, workloads, 8)},
        "pools": {(scenarios, pools, 5)},
        "workload_hours": {(scenarios, n, workloads, 5) for n in (0, hours)},
        "pool_hours": {(scenarios, n, pools, 3) for n in (0, hours)},
        "counts": {(scenarios, n, 5, workloads) for n in (0, syncs)},
        "nodes": {(scenarios, n, 2, pools) for n in (0, syncs)},
        "flows": {(scenarios, n, 2, workloads) for n in (0, syncs)},
    }
    # A utilisation that nobody measured is -1; nothing else that is counted is below 0.
    return scenarios > 0 and all(
        records[name].shape in known and np.isfinite(records[name]).all() and (records[name] >= -1).all()
        for name, known in shapes.items()
    )


def _position(name: str, names: Sequence[str], kind: str) -> int:
    if name not in names:
        raise ScalingError(f"the trace has no {kind} {name!r}; {nearest(name, names)}")
    return list(names).index(name)
