"""Where the data of a lost region come from: a replica that is promoted, or a backup that is restored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agog_capacity.availability.failover_section import FailoverSection
from agog_capacity.availability.paired_regions import PAIRED_REGIONS
from agog_capacity.components.postgres import PostgresFlexibleServer
from agog_capacity.design import Design
from agog_capacity.errors import Problem
from agog_capacity.roles import database_servers


@dataclass(frozen=True)
class DatabaseSource:
    """What a failover does with the database of a lost region; with both, the restore takes longer and loses more."""

    replica: PostgresFlexibleServer | None = None
    """That is promoted; None where there is none."""
    restored: PostgresFlexibleServer | None = None
    """Server that comes back from its geo-redundant backup; None where none has to."""


def database_source(design: Design, lost: str, surviving: str, problems: list[Problem]) -> DatabaseSource:
    """Return what stands in for the writers of a lost region; nothing where it held none.

    Parameters
    ----------
    design : Design
        With the section `failover`.
    lost, surviving : str
        Regions of the design.
    problems : list of Problem
        Gets every writer that neither a replica nor a backup can stand in for, with both ways to repair, and what
        the section does not say of a promotion.
    """
    servers = database_servers(design.components)
    replica = restored = None
    for writer in servers:
        if writer.region != lost or writer.replica_of is not None:
            continue
        replicas = [s for s in servers if s.replica_of == writer.name and s.region == surviving]
        message = "" if replicas else _not_restored(design, writer, lost, surviving)
        if message:
            problems.append(Problem(message, path=f"components.{writer.name}"))
        elif replicas:
            replica = replicas[0]
        else:
            restored = writer
    if replica is not None or restored is None:
        problems += _without_promotion(design.failover)
    return DatabaseSource(replica, restored)


def _without_promotion(section: FailoverSection | None) -> Iterator[Problem]:
    for name in ("promote", "replication"):
        if getattr(section, name, None) is None:
            message = "is missing; only where the whole database comes back from a backup it may be left out"
            yield Problem(message, path=f"failover.{name}")


def _not_restored(design: Design, writer: PostgresFlexibleServer, lost: str, surviving: str) -> str:
    """Return why a server without a replica does not come back from a backup, and how to repair it; empty if it does."""
    nothing = f"has no replica in {surviving!r}, so nothing can be promoted when {lost!r} is lost"
    if design.regions[surviving].traffic_share > 0:
        return (
            f"{nothing}; add a server with replica_of (a restore from a backup takes hours and is simulated for a region "
            "without traffic only)"
        )
    pair = PAIRED_REGIONS.get(lost, surviving)
    if pair != surviving:
        return (
            f"{nothing}; add a server with replica_of, or make {pair!r} the second region: geo-redundant backups of "
            f"{lost!r} lie there and cannot be restored elsewhere"
        )
    lacking = list(_lacking(design.failover, writer))
    if lacking:
        return (
            f"{nothing}; add a server with replica_of, or let it come back from a backup in hours, for which "
            f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing"
        )
    return ""


def _lacking(section: FailoverSection | None, writer: PostgresFlexibleServer) -> Iterator[str]:
    if not writer.copied_to_pair:
        yield "backup_redundancy: GRS on the server"
    if section is None or section.restore is None:
        yield "failover.restore"
    if section is None or section.backup_age is None:
        yield "failover.backup_age"


def restored_note(server: PostgresFlexibleServer, lost: str, surviving: str) -> str:
    """Return what to know of a restore.

    Parameters
    ----------
    server : PostgresFlexibleServer
    lost, surviving : str
    """
    where = (
        f"the pair of {lost}, the only region the provider restores them in"
        if lost in PAIRED_REGIONS
        else f"provided that {surviving} is the pair of {lost}: it is not in the table of pairs"
    )
    return (
        f"{server.name} comes back from its geo-redundant backup in {surviving}, {where}; what was written since that "
        "backup is lost, the provider documents up to an hour and guarantees no room for the server"
    )
