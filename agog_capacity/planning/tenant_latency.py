"""Response time of a group of tenants: the finished figure, which stored assessments hold."""

from __future__ import annotations

from dataclasses import dataclass

NORMAL = "normal operation"


@dataclass(frozen=True)
class TenantLatency:
    """Response time of one group of tenants in one state of the service."""

    tenants: str
    home_region: str
    state: str
    """`normal operation`, or which region is lost."""
    region: str
    """That answers."""
    p95_ms: float | None
    """None where more than a twentieth of the requests come in overloaded hours. [ms]"""
    network_ms: float
    """Between the tenants and the region, there and back. [ms]"""
    write_ms: float
    """What a writing request waits for a database in another region. [ms]"""
    overloaded: float
    """Share of the requests that come in hours in which there is more to do than the pods can."""
    pods: float
    """Ready pods, mean over the requests."""
