"""What AWS does differently: size flexibility by normalisation factor, the smallest size filled first, no refunds.

References
----------
.. [1] AWS EC2 user guide, "How Reserved Instances are applied": regional, Linux, default tenancy, any size of a family.
.. [2] AWS RDS user guide: PostgreSQL, MySQL and MariaDB are size flexible in a family; whether units of a single
   zone count toward Multi-AZ is told differently by different sources, so here they do not.
.. [3] AWS ElastiCache user guide, CacheNodes.Reserved: nodes are size flexible in a family; never cancelled.
"""

from __future__ import annotations

import re

from agog_capacity.prices.meter import Meter

EC2, RDS, ELASTICACHE = "Amazon EC2", "Amazon RDS", "Amazon ElastiCache"
_FACTORS = {"nano": 0.25, "micro": 0.5, "small": 1.0, "medium": 2.0, "large": 4.0, "xlarge": 8.0}
_SIZE = re.compile(
    r"^(?P<family>(?:db\.|cache\.)?[a-z][a-z0-9-]*)\.(?P<times>[0-9]{1,3}(?=xlarge))?(?P<size>[a-z]+)$"
)
_FLEXIBLE = {EC2: ("Linux",), RDS: ("PostgreSQL", "MySQL", "MariaDB"), ELASTICACHE: ("Node",)}
"""Services and product families whose reservations cover all sizes of a family."""


def is_aws(service: str) -> bool:
    """Tell whether a service is one of AWS, by its name in a price book."""
    return service.startswith(("Amazon ", "AWS ")) or service == "Elastic Load Balancing"


def aws_size(meter: Meter) -> tuple[str, float] | None:
    """Return the flexibility group of an AWS meter and its normalisation factor; None where only the exact size is covered.

    Parameters
    ----------
    meter : Meter
        Such as `Amazon EC2/Linux/m5.2xlarge/Compute`, whose factor is 16.
    """
    if meter.family not in _FLEXIBLE.get(meter.service, ()):
        return None
    found = _SIZE.match(meter.sku)
    if found is None or found["size"] not in _FACTORS:
        return None
    # Engines, and single and several zones of a database, are apart: both are in family and meter.
    group = f"{meter.service} {meter.family} {found['family']} {meter.meter}"
    return group, _FACTORS[found["size"]] * int(found["times"] or 1)


def returnable(service: str) -> str:
    """Return how a reservation of AWS is given back: never to AWS, and only machines of class Standard to others."""
    return "sale, if Standard" if service == EC2 else "no"
