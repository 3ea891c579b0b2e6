"""Components of a design by what they do in it: the pools that run the applications, the servers of the database."""

from __future__ import annotations

from collections.abc import Mapping

from agog_capacity.azure_sizes import parse_vm_size
from agog_capacity.components.base import Component
from agog_capacity.components.node_pool import NodePool
from agog_capacity.components.postgres import PostgresFlexibleServer


def application_pools(components: Mapping[str, Component], region: str | None = None) -> list[NodePool]:
    """Return the node pools of mode user, of one region or of all.

    Parameters
    ----------
    components : mapping of str to Component
        Of a design.
    region : str, optional
    """
    return [
        c
        for c in components.values()
        if isinstance(c, NodePool) and c.mode == "user" and region in (None, c.region)
    ]


def database_servers(components: Mapping[str, Component]) -> list[PostgresFlexibleServer]:
    """Return the servers of the database, replicas included."""
    return [c for c in components.values() if isinstance(c, PostgresFlexibleServer)]


def running_vcpus(components: Mapping[str, Component], region: str) -> int:
    """Return the vCPU of all node pools of a region as they run in normal operation, at least. [vCPU]"""
    pools = [c for c in components.values() if isinstance(c, NodePool) and c.region == region]
    return sum(pool.billed_nodes * (parse_vm_size(pool.vm_size).vcpus or 0) for pool in pools)
