"""Pods and their measurements as the Horizontal Pod Autoscaler sees them.

Instants are seconds on any one clock; the rules only use differences. Quantities are integer
thousandths: cores, bytes or requests per second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agog_capacity.errors import AgogCapacityError

MAXIMUM_INT32 = 2**31 - 1
MAXIMUM_INT64 = 2**63 - 1

Phase = Literal["Running", "Pending", "Failed", "Succeeded", "Unknown"]
ContainerKind = Literal["app", "init", "sidecar"]


class CalculationFailed(AgogCapacityError, ValueError):
    """A rule of Kubernetes that ends in an error instead of a number.

    Attributes
    ----------
    kind : str
        `no_metrics`, `no_pods`, `no_metrics_for_ready_pods`, `no_metrics_matched_pods`,
        `missing_request`, `container_not_found`, `allocatable_unknown`, `fetch_error` or `invalid_target`.
    """

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)

    def __reduce__(self) -> tuple[type[CalculationFailed], tuple[str, str]]:
        """Pickle by both arguments, so that it survives worker processes."""
        return type(self), (self.kind, str(self))


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod, with its request of the resource in question."""

    name: str
    kind: ContainerKind = "app"
    """A restartable init container is a `sidecar`."""
    request_milli: int | None = None
    """None: no request is set. [thousandths of a core or byte]"""
    by_resource: Mapping[str, int] | None = None
    """Requests by `cpu` and `memory`, for an HPA that looks at both; else `request_milli` is that of its resource."""

    def request_of(self, resource: str) -> int | None:
        """Return the request of a resource; None where none is set."""
        return self.request_milli if self.by_resource is None else self.by_resource.get(resource)


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that the workload's selector matches."""

    name: str
    phase: Phase = "Running"
    deleting: bool = False
    ready: bool | None = True
    """None: the pod has no Ready condition."""
    started_s: float | None = 0.0
    """Start time; None before the start. [s]"""
    ready_changed_s: float | None = 0.0
    """Last change of the Ready condition. [s]"""
    containers: tuple[Container, ...] = ()
    pod_level_request_milli: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured at one pod.

    Of a resource metric it has one value per container; of a custom metric one value under the name "".
    """

    values_milli: Mapping[str, int]
    taken_s: float = 0.0
    window_s: float = 0.0
    """Averaging window. [s]"""

    def value_milli(self, container: str | None) -> int | None:
        """Return the named container's value, or the sum; None if that is no sample.

        References
        ----------
        pkg/controller/podautoscaler/metrics/client.go: getPodMetrics, getContainerMetrics.
        """
        if container is not None:
            return self.values_milli.get(container)
        return sum(self.values_milli.values()) if self.values_milli else None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a ratio may be from 1 before the HPA acts, per direction. [share of 1]"""

    scale_up: float = 0.1
    scale_down: float = 0.1

    def covers(self, ratio: float) -> bool:
        """Tell whether a ratio is inside; both ends are (replica_calculator.go: isWithin)."""
        return (1.0 - self.scale_down) <= ratio <= (1.0 + self.scale_up)


@dataclass(frozen=True, slots=True)
class PodAges:
    """The two ages at which the controller begins to trust a pod's CPU."""

    cpu_initialization_period_s: float = 300.0
    initial_readiness_delay_s: float = 30.0


PRODUCTION_AGES = PodAges()
"""The upstream unit tests use 120 s and 10 s; production does not."""


def divided(numerator: float, denominator: float) -> float:
    """Divide as IEEE 754 does: by zero gives infinity or NaN, not an exception."""
    if denominator:
        return numerator / denominator
    if numerator == 0 or numerator != numerator:
        return float("nan")
    return float("inf") if numerator > 0 else float("-inf")


def truncated(numerator: int, denominator: int) -> int:
    """Divide integers and cut towards zero, exactly.

    Examples
    --------
    >>> truncated(-7, 2)
    -3
    """
    quotient = abs(numerator) // abs(denominator)
    return quotient if (numerator < 0) == (denominator < 0) else -quotient


def ceiled_int32(value: float) -> int:
    """Round up to a 32-bit integer; what does not fit saturates, NaN is 0."""
    if value != value:
        return 0
    if value >= MAXIMUM_INT32:
        return MAXIMUM_INT32
    if value <= -(2**31):
        return -(2**31)
    whole = int(value)
    return whole + 1 if value > whole else whole
