"""What a plan states about a design beyond what is priced, for the rules of feasibility.

A rule compares facts of one object with constants. Most facts follow from the components; what no
component says (who promotes a replica, whether a cache existed before) is stated here, by the name of
the component, of the design, or of an object that is planned and not priced, such as a database that
runs on the nodes. A fact that nobody states is not false: rules that need it stay undecided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from agog_capacity.errors import nearest
from agog_capacity.fact_forms import fact_problem
from agog_capacity.model import Flag, Label, Model, Name, Text

Fact = bool | int | float | str
"""A stated or derived fact; dates are text like `2027-01-01`."""

DESIGN = "design"
"""Name of the design itself among the objects of a plan."""

_EVERYWHERE = frozenset({"environment", "created_on", "needed_until"})
_REDIS = frozenset(
    {
        "tier", "persistence", "geo_replication", "geo_failover", "zone_redundant", "autoscale_down",
        "existing_customer", "secondary_size_ratio",
    }
)  # fmt: skip
KNOWN_FACTS: Mapping[str, frozenset[str]] = {
    kind: facts | _EVERYWHERE
    for kind, facts in {
        "redis_cache": _REDIS,
        "managed_redis": _REDIS,
        "postgres": frozenset(
            {
                "tier", "version", "region", "role", "ha", "replicas", "writers", "promotion",
                "promotion_trigger", "virtual_endpoints", "geo_backup", "geo_backup_added_later",
                "standby_serves_reads", "failback_reenables_ha", "existing_server", "replica_tier_equal",
                "replica_storage_ratio", "rpo_target_s",
            }
        ),
        "cockroachdb": frozenset({"survive", "voting_regions"}),
        "aks": frozenset({"tier", "network", "network_policy", "addon", "max_nodes", "pools"}),
        "node_pool": frozenset(
            {
                "vm_series", "os", "max_pods", "max_nodes", "zone_redundant", "failover_scale_out",
                "capacity_reservation", "capacity_from", "pods_over_max_pods", "failover_nodes_over_max",
                "failover_vcpu_over_quota", "min_nodes_per_zone",
            }
        ),
        "capacity_reservation": frozenset({"monthly_cost"}),
        "commitment": frozenset({"commitment", "vm_series", "bought_on"}),
        "workload": frozenset({"zone_redundant", "replicas_per_zone", "capacity_after_zone_loss"}),
        "front_door": frozenset(
            {
                "tier", "probe_interval_s", "private_origins", "waf", "dns_ttl_counted_s",
                "traffic_manager_in_front",
            }
        ),
        "traffic_manager": frozenset({"probe_interval_s", "tolerated_failures", "long_lived_connections"}),
        "container_registry": frozenset({"tier", "regions", "images_copied"}),
        "key_vault": frozenset({"tier", "regions_served", "vaults"}),
        "storage": frozenset({"tier", "redundancy", "account_failover"}),
        "load_balancer": frozenset({"tier"}),
        "public_ip": frozenset({"tier"}),
        "network": frozenset({"outbound"}),
        "design": frozenset(
            {
                "region", "zone_redundant", "replication", "voting_regions", "must_survive",
                "detection_routers", "regions_distinct", "regions_declared",
            }
        ),
        "tenant": frozenset(
            {
                "home_region", "failover_required", "serving_regions_outside_allowed",
                "copy_regions_outside_allowed", "allowed_design_regions", "provider_paired_copy",
                "paired_region_allowed",
            }
        ),
    }.items()
}  # fmt: skip
"""Facts that rules may ask for and plans may state, by kind of object."""


class Tenants(Model):
    """Tenants with the same home and the same limits on where their data may be."""

    home_region: Name
    """Region of the design that serves them in normal operation."""
    allowed_regions: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Regions that contract or law allows, the provider's names; also such as the design does not use."""
    failover_required: Flag
    """Whether another region must be able to serve them."""
    nearest_region: Name | None = None
    """Provider's region nearest to the users, where that is not the home region; for response times."""
    source: Text | None = None
    """Where the limits are from, or why they are assumed."""


_Stated = Annotated[bool, Field(strict=True)] | Annotated[int, Field(strict=True)] | float | Label


class Statements(Model):
    """What a plan states for the rules of feasibility."""

    environment: Literal["production", "test"] | None = None
    """Whether customers depend on it; some tiers are refused in production only."""
    tenants: dict[Name, Tenants] = Field(default_factory=dict)
    """Groups of tenants by name."""
    facts: dict[Name, dict[str, _Stated]] = Field(default_factory=dict)
    """Facts by component, `design`, or an object that is planned and not priced; the latter has a `kind`."""

    def kind_of(self, name: str, kinds: Mapping[str, str]) -> str | None:
        """Return the kind of rules that speak about an object, or None if none is stated."""
        if name == DESIGN:
            return DESIGN
        if name in kinds:
            return kinds[name]
        kind = self.facts[name].get("kind")
        return kind if isinstance(kind, str) else None

    def problems(
        self, kinds: Mapping[str, str], regions: Mapping[str, object]
    ) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield what does not fit the design, as (place, message).

        Parameters
        ----------
        kinds : mapping
            Kind of rules by component; empty text where no rule speaks about it.
        regions : mapping
            Regions of the design.
        """
        for name, group in self.tenants.items():
            if group.home_region not in regions:
                place = ("tenants", name, "home_region")
                yield (
                    place,
                    f"{group.home_region!r} is not a region of the design; {nearest(group.home_region, regions)}",
                )
        for name, facts in self.facts.items():
            kind = self.kind_of(name, kinds)
            if kind is None or kind not in KNOWN_FACTS:
                what = (
                    "is no component; an object that is not priced needs a kind"
                    if kind is None
                    else f"has kind {kind!r}, about which no rule speaks"
                    if kind
                    else "is of a kind about which no rule speaks"
                )
                yield ("facts", name), f"{name!r} {what}; {nearest(kind or name, {*KNOWN_FACTS, *kinds})}"
                continue
            for fact, value in facts.items():
                if fact in KNOWN_FACTS[kind] and (wrong := fact_problem(fact, value)):
                    yield ("facts", name, fact), wrong
                if fact not in KNOWN_FACTS[kind] and not (fact == "kind" and name not in kinds):
                    yield (
                        ("facts", name, fact),
                        (f"no rule about {kind} asks for {fact[:60]!r}; {nearest(fact, KNOWN_FACTS[kind])}"),
                    )
