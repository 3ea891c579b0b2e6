"""The part of a design that says which regions write to its database, where its components do not say it alone."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from agog_capacity.availability.service import Database, WriteConflicts
from agog_capacity.model import Fraction, Model, Name


class DatabaseSection(Model):
    """Who writes.

    One server with replicas is a single writer and needs nothing said but the share of requests that write.
    A database of several writers, or of a quorum, is no managed service over regions: it is a workload on node
    pools of its own, which are named here.
    """

    kind: Database
    write_share: Fraction | None = None
    """Share of the requests that write."""
    node_pools: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    """Pools that it runs on, in every region that serves."""
    conflicts: WriteConflicts | None = None
    """Of several writers."""

    @model_validator(mode="after")
    def _runs_somewhere(self) -> Self:
        if self.kind in ("multi-writer", "quorum") and not self.node_pools:
            raise ValueError(
                f"no managed database has kind {self.kind!r} over regions; name the node_pools it runs on"
            )
        if self.kind in ("homed", "single-writer") and self.node_pools:
            raise ValueError(
                f"a database of kind {self.kind!r} is a component of the plan; leave node_pools out"
            )
        return self
