"""From a total, of one object or of external series, to a proposed number of replicas.

Follows `replica_calculator.go` of pkg/controller/podautoscaler. Readiness ages play no part here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from agog_capacity.scaling.hpa_metrics import Proposal
from agog_capacity.scaling.pods import MAXIMUM_INT64, CalculationFailed, Pod, Tolerance, ceiled_int32, divided


def summed(values_milli: Collection[int]) -> int:
    """Add the series of an external metric; the sum saturates at the largest 64-bit integer.

    Examples
    --------
    >>> summed([5 * 10**18, 5 * 10**18]) == 2**63 - 1
    True
    """
    total = 0
    for value in values_milli:
        total += value
        if total > MAXIMUM_INT64:
            return MAXIMUM_INT64
    return total


def total_value(
    current_replicas: int, target_milli: int, total_milli: int, pods: Sequence[Pod], tolerance: Tolerance
) -> Proposal:
    """Propose replicas for a total (`Object` or `External` with `value`).

    Parameters
    ----------
    current_replicas : int
        Spec. At 0 there is neither tolerance nor a count of pods.
    target_milli, total_milli : int
        Target and measured total. [thousandths]
    pods : sequence of Pod
        Those Running and Ready multiply.

    Raises
    ------
    CalculationFailed
        `no_pods` if none are listed and the total is outside the tolerance.

    References
    ----------
    replica_calculator.go: getUsageRatioReplicaCount.
    """
    ratio = divided(float(total_milli), float(target_milli))
    if current_replicas == 0:
        return Proposal(ceiled_int32(ratio), total_milli)
    if tolerance.covers(ratio):
        return Proposal(current_replicas, total_milli)
    if not pods:
        raise CalculationFailed("no_pods", "the workload has no pods")
    serving = sum(1 for pod in pods if pod.phase == "Running" and pod.ready is True)
    return Proposal(ceiled_int32(ratio * serving), total_milli)


def total_per_pod(
    status_replicas: int, target_milli: int, total_milli: int, tolerance: Tolerance
) -> Proposal:
    """Propose replicas for a total shared out over the pods (`averageValue` of `Object` or `External`).

    Parameters
    ----------
    status_replicas : int
        Pods that exist; inside the tolerance this is the proposal, so that a surge pod can be adopted.
    target_milli, total_milli : int
        Target per pod and measured total. [thousandths]

    References
    ----------
    replica_calculator.go: GetObjectPerPodMetricReplicas, GetExternalPerPodMetricReplicas.
    """
    ratio = divided(float(total_milli), float(target_milli) * float(status_replicas))
    if tolerance.covers(ratio):
        replicas = status_replicas
    else:
        replicas = ceiled_int32(divided(float(total_milli), float(target_milli)))
    return Proposal(replicas, _per_pod(total_milli, status_replicas))


def _per_pod(total_milli: int, pods: int) -> int:
    if pods == 0:
        return 0
    each = float(total_milli) / float(pods)
    return MAXIMUM_INT64 if each >= float(MAXIMUM_INT64) else math.ceil(each)
