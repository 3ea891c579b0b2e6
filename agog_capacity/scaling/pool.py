"""What the cluster runs on: node pools, and the cluster autoscaler's profile."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from agog_capacity.model import Flag, Fraction, In, Model, Name
from agog_capacity.scaling import aks
from agog_capacity.scaling.expanders import Expander
from agog_capacity.scaling.nodes import Resources
from agog_capacity.scaling.workload import Bytes, Milli, Seconds

NodeCount = Annotated[int, Field(strict=True, ge=0, le=1000), In("nodes")]


class Pool(Model):
    """Nodes of one size that the cluster autoscaler adds and removes."""

    name: Name
    cpu_milli: Milli
    """Allocatable, daemon pods included."""
    memory_bytes: Bytes
    """Allocatable, daemon pods included."""
    max_pods: Annotated[int, Field(strict=True, ge=1, le=250), In("pods")] = 110
    capacity_cpu_milli: Milli | None = None
    """Of the size; None: the same as allocatable. Only expanders look at it."""
    capacity_memory_bytes: Bytes | None = None
    daemon_cpu_milli: Annotated[int, Field(strict=True, ge=0, le=1_000_000), In("thousandths of a core")] = 0
    """Requests of the pods that every node carries; budget from a measured node."""
    daemon_memory_bytes: Annotated[int, Field(strict=True, ge=0, le=2**44), In("bytes")] = 0
    daemon_pods: Annotated[int, Field(strict=True, ge=0, le=250), In("pods")] = 0
    minimum: NodeCount
    maximum: NodeCount
    nodes: NodeCount | None = None
    """At the start; None: the minimum."""
    zones: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    """A pool of several zones puts a new node where it has fewest; the autoscaler cannot choose."""
    priority: Annotated[int, Field(strict=True, ge=0, le=1000)] = 0
    """For the expander `priority`; the highest is taken."""
    boot_s: Annotated[float, Field(strict=True, gt=0, le=7200), In("s")] = 120.0
    """Median time from the decision to a node that takes pods; on AKS commonly 90 to 240 s."""
    boot_sigma: Annotated[float, Field(strict=True, ge=0, le=2), In("share of 1")] = 0.25
    """Spread of the boot time: standard deviation of its logarithm. 0: always the median."""
    delete_s: Seconds = 60.0
    """From the decision to the end of billing."""

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError(
                f"minimum {self.minimum} is above maximum {self.maximum}; lower the one or raise the other"
            )
        if self.nodes is not None and not self.minimum <= self.nodes <= self.maximum:
            raise ValueError(f"nodes {self.nodes} is outside {self.minimum} to {self.maximum}")
        return self

    @classmethod
    def of_aks_size(
        cls,
        name: str,
        *,
        vcpus: int,
        memory_gib: float,
        minimum: int,
        maximum: int,
        max_pods: int = 110,
        daemon_cpu_milli: int = 400,
        daemon_memory_bytes: int = 600 * aks.MEBIBYTE,
        daemon_pods: int = 9,
        boot_s: float = 120.0,
        boot_sigma: float = 0.25,
        delete_s: float = 60.0,
        zones: tuple[str, ...] = (),
        nodes: int | None = None,
    ) -> Self:
        """Return a pool of a size as Azure sells it; AKS 1.29 or later.

        Parameters
        ----------
        name : str
        vcpus : int
        memory_gib : float
            [GiB]
        minimum, maximum, nodes : int
            Bounds, and nodes at the start. [nodes]
        max_pods : int
        daemon_cpu_milli, daemon_memory_bytes, daemon_pods : int
            The defaults are the middle of the typical range, an estimate: measure a node.
        boot_s, boot_sigma, delete_s : float
            See the fields of the same names.
        zones : tuple of str
        """
        left = aks.allocatable(vcpus, memory_gib, max_pods)
        return cls(
            name=name,
            cpu_milli=left.cpu_milli,
            memory_bytes=left.memory_bytes,
            max_pods=max_pods,
            capacity_cpu_milli=vcpus * 1000,
            capacity_memory_bytes=int(memory_gib * aks.GIBIBYTE),
            daemon_cpu_milli=daemon_cpu_milli,
            daemon_memory_bytes=daemon_memory_bytes,
            daemon_pods=daemon_pods,
            minimum=minimum,
            maximum=maximum,
            nodes=nodes,
            zones=zones,
            boot_s=boot_s,
            boot_sigma=boot_sigma,
            delete_s=delete_s,
        )

    @property
    def first_nodes(self) -> int:
        """Nodes at the start."""
        return self.minimum if self.nodes is None else self.nodes

    @property
    def allocatable(self) -> Resources:
        """What a node offers, daemon pods included."""
        return Resources(self.cpu_milli, self.memory_bytes)

    @property
    def capacity(self) -> Resources:
        """What the size has."""
        return Resources(
            self.capacity_cpu_milli or self.cpu_milli, self.capacity_memory_bytes or self.memory_bytes
        )

    @property
    def daemons(self) -> Resources:
        """What every node's own pods request."""
        return Resources(self.daemon_cpu_milli, self.daemon_memory_bytes)

    def pods_per_node(self, cpu_request_milli: int, memory_request_bytes: int) -> int:
        """Return how many pods of one kind an empty node holds."""
        free_cpu = self.cpu_milli - self.daemon_cpu_milli
        free_memory = self.memory_bytes - self.daemon_memory_bytes
        by_resources = min(free_cpu // cpu_request_milli, free_memory // memory_request_bytes)
        return max(0, min(by_resources, self.max_pods - self.daemon_pods))


class ClusterAutoscaler(Model):
    """The cluster autoscaler's profile; the defaults are those of AKS, but for the random expander's.

    Times are rounded up to whole ticks of 5 s.
    """

    expander: Expander = "least-waste"
    """Upstream's default. AKS defaults to `random`, which then uses the draws given from outside."""
    scan_interval_s: Annotated[int, Field(strict=True, ge=5, le=600, multiple_of=5), In("s")] = 10
    scale_down_delay_after_add_s: Seconds = 600.0
    scale_down_delay_after_delete_s: Seconds = 10.0
    scale_down_unneeded_time_s: Seconds = 600.0
    scale_down_utilization_threshold: Fraction = 0.5
    unremovable_recheck_s: Seconds = 300.0
    max_node_provision_time_s: Seconds = 900.0
    max_empty_bulk_delete: Annotated[int, Field(strict=True, ge=1, le=1000), In("nodes")] = 10
    max_nodes_total: NodeCount = 0
    """Of the cluster; 0: no limit."""
    ignore_daemonsets_utilization: Flag = False
    balance_similar_pools: Flag = False


class ControllerManager(Model):
    """Settings of Kubernetes' controller manager that the HPA obeys; the defaults are production's."""

    tolerance: Annotated[float, Field(strict=True, ge=0, le=10), In("share of 1")] = 0.1
    configurable_tolerance: Flag = True
    downscale_stabilization_s: Annotated[int, Field(strict=True, ge=0, le=3600), In("s")] = 300
    cpu_initialization_period_s: Annotated[int, Field(strict=True, ge=0, le=3600), In("s")] = 300
    initial_readiness_delay_s: Annotated[int, Field(strict=True, ge=0, le=3600), In("s")] = 30
