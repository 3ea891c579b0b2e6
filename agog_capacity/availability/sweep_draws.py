# mypy: disable-error-code="no-any-return,return-value"
"""Random numbers of the failure simulation: Philox [1]_, so that a number depends on its key and counter only.

The key is of a stream (a class, a region or what is shared), the counter says block of years, outer draw, event and
purpose. So results are the same for any number of threads, a new class leaves the draws of the others alone, and
a failover's times are drawn only where a failover happens, the same for every design. Only kernel modules of the sweep
import this.

References
----------
.. [1] J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
.. [2] M. J. Wichura, "The percentage points of the normal distribution", Applied Statistics 37 (1988) 477-484, AS 241.
"""

from __future__ import annotations

import numpy as np

from agog_capacity.scaling.kernel_compile import compiled, inlined

# What an event's numbers are for: the last word of the counter.
OCCURS, HITS, DETECT_DECIDE, PROMOTE_MANUAL, COVERAGE_COURSE, CACHE_LAG, FAIL_BACK, STALL, GRAY = range(9)

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)


@inlined
def philox(
    key: np.uint64, c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return four words of 32 bits: Philox4x32-10."""
    k0, k1 = key & _LOW, key >> _SHIFT
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _LOW, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@compiled
def pair(key: np.uint64, outer: int, block: int, number: int, purpose: int) -> tuple[float, float]:
    """Return two draws of an event, each inside 0 and 1."""
    a, b, c, d = philox(key, np.uint64(number), np.uint64(block), np.uint64(outer), np.uint64(purpose))
    first = ((a << _SHIFT) | b) >> np.uint64(12)
    second = ((c << _SHIFT) | d) >> np.uint64(12)
    return (float(first) + 0.5) * (1.0 / 4503599627370496.0), (float(second) + 0.5) * (
        1.0 / 4503599627370496.0
    )


@compiled
def normal_quantile(p: float) -> float:
    """Return the standard normal quantile of a probability inside 0 and 1 [2]_."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        upper = (
            ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
             + 133.14166789178437745) * r + 3.387132872796366608
        )  # fmt: skip
        lower = (
            ((((((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
                + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
             + 42.313330701600911252) * r + 1.0
        )  # fmt: skip
        return q * upper / lower
    r = np.sqrt(-np.log(p if q < 0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        upper = (
            ((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
                + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
             + 4.6303378461565452959) * r + 1.42343711074968357734
        )  # fmt: skip
        lower = (
            ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
                + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r
             + 2.05319162663775882187) * r + 1.0
        )  # fmt: skip
    else:
        r -= 5.0
        upper = (
            ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
                + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r
             + 5.4637849111641143699) * r + 6.6579046435011037772
        )  # fmt: skip
        lower = (
            ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
                + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r
             + 0.59983220655588793769) * r + 1.0
        )  # fmt: skip
    return -upper / lower if q < 0 else upper / lower
