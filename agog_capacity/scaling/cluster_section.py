"""The part of a plan that says how its clusters are run: the autoscaler's profile, daemons, pods and boot times.

None of it stands in manifests. What a plan leaves out has a default, and every simulated scenario lists all of it
among its assumptions. Names are those of the profile of AKS, with `_` for `-` and the unit at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from agog_capacity.model import Flag, Fraction, In, Model, Text

_Count = Annotated[int, Field(strict=True, ge=0, le=250), In("pods")]
_Wait = Annotated[float, Field(strict=True, ge=0, le=86_400), In("s")]

_PROFILE_SOURCE = (
    "the profile of AKS (learn.microsoft.com/azure/aks/cluster-autoscaler-overview), but for the expander: least-waste "
    "is upstream's, AKS has random"
)


class DaemonSection(Model):
    """What the pods that every node carries take of it, of AKS and of the owner together."""

    cpu_request_milli: Annotated[int, Field(strict=True, ge=0, le=1_000_000), In("thousandths of a core")] = (
        400
    )
    memory_request_mib: Annotated[int, Field(strict=True, ge=0, le=4_194_304), In("MiB")] = 600
    pods: _Count = 9


class AutoscalerProfile(Model):
    """Settings of the cluster autoscaler, as `az aks update --cluster-autoscaler-profile` takes them."""

    expander: Literal["random", "least-waste", "most-pods"] = "least-waste"
    """Which pool grows where several would do."""
    scan_interval_s: Annotated[int, Field(strict=True, ge=5, le=600, multiple_of=5), In("s")] = 10
    scale_down_delay_after_add_s: _Wait = 600.0
    scale_down_delay_after_delete_s: _Wait = 10.0
    scale_down_unneeded_time_s: _Wait = 600.0
    scale_down_utilization_threshold: Fraction = 0.5
    """Share of a node that is requested, above which it is kept."""
    max_node_provision_time_s: _Wait = 900.0
    max_empty_bulk_delete: Annotated[int, Field(strict=True, ge=1, le=1000), In("nodes")] = 10
    balance_similar_node_groups: Flag = False
    ignore_daemonsets_utilization: Flag = False


class ClusterSection(Model):
    """How the clusters of a design are run, as far as no manifest says it."""

    max_pods: Annotated[int, Field(strict=True, ge=10, le=250), In("pods")] = 110
    """Most pods of a node, daemons included."""
    daemons: DaemonSection = DaemonSection()
    """Requests of the pods that every node carries."""
    boot_s: Annotated[float, Field(strict=True, gt=0, le=7200), In("s")] = 120.0
    """Median time from the decision to add a node until it takes pods."""
    boot_sigma: Annotated[float, Field(strict=True, ge=0, le=2), In("share of 1")] = 0.25
    """Standard deviation of the logarithm of that time; 0: always the median."""
    delete_s: _Wait = 60.0
    """From the decision to remove a node to the end of its billing."""
    autoscaler_profile: AutoscalerProfile = AutoscalerProfile()
    """Of the cluster autoscaler."""
    source: Text | None = None
    """Where what is stated here is from."""

    def assumed(self) -> Iterator[tuple[str, str, str]]:
        """Yield what a simulation takes to be so: name, value with unit, and why."""
        stated = f"stated in the plan{f': {self.source}' if self.source else '; it gives no source'}"
        daemons, profile = self.daemons, self.autoscaler_profile
        for name, value, default in (
            (
                "max_pods",
                f"{self.max_pods} pods a node",
                "default: that of AKS with kubenet; Azure CNI has 30 by node subnet, 250 as CNI Overlay",
            ),
            (
                "daemons",
                f"{daemons.cpu_request_milli} m CPU, {daemons.memory_request_mib} MiB and {daemons.pods} pods a node",
                "default: the middle of what nodes of AKS commonly carry, an estimate; measure a node",
            ),
            (
                "boot_s",
                f"{self.boot_s:g} s, spread {self.boot_sigma:g}",
                "default: nodes of AKS commonly take 90 to 240 s, an estimate; measure a scale-up",
            ),
            (
                "delete_s",
                f"{self.delete_s:g} s",
                "default: an estimate; billing ends when the machine is gone",
            ),
            ("autoscaler_profile", profile_text(profile), f"default: {_PROFILE_SOURCE}"),
        ):
            is_stated = name in self.model_fields_set or (
                name == "boot_s" and "boot_sigma" in self.model_fields_set
            )
            yield f"scaling.cluster.{name}", value, stated if is_stated else default


def profile_text(profile: AutoscalerProfile) -> str:
    """Return a profile in one line, every setting with its value."""
    return ", ".join(f"{name.removesuffix('_s')} {_setting(name, value)}" for name, value in profile)


def _setting(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g} s" if name.endswith("_s") else str(value)
