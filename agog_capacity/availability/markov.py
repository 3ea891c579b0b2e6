"""Continuous-time Markov chains: steady state, transients, time to loss.

Rates of one chain span many decades, from once in years to once a minute. The steady state is found
by the elimination of Grassmann, Taksar and Heyman, which never subtracts and so keeps all digits of
the smallest probability [1]_.

References
----------
.. [1] W. K. Grassmann, M. I. Taksar, D. P. Heyman, "Regenerative analysis and steady state
   distributions for Markov chains", Operations Research 33 (1985) 1107-1116.
.. [2] K. S. Trivedi, "Probability and Statistics with Reliability, Queuing, and Computer Science
   Applications", 2nd ed., 2002, ch. 8.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from agog_capacity.availability.numbers import not_negative, probability, rate, together
from agog_capacity.errors import InputError, nearest
from agog_capacity.periods import FloatArray
from agog_capacity.units import HOURS_PER_YEAR

_STIFF = 2_000.0
"""Norm of rates x time beyond which `expm_multiply` would take too many steps."""


@dataclass(frozen=True)
class Chain:
    """States and the rates between them."""

    states: tuple[str, ...]
    rates: FloatArray = field(repr=False)
    """Rate from row to column, shape (n, n); the diagonal is 0. [1/h]"""

    def __post_init__(self) -> None:
        """Check names, shape and rates, all at once."""
        names, rates = self.states, np.asarray(self.rates, dtype=float)
        problems = [f"state {name!r} stands twice" for name in sorted(set(names)) if names.count(name) > 1]
        if not names:
            problems.append("a chain needs at least one state")
        if rates.shape != (len(names), len(names)):
            problems.append(f"the rates have shape {rates.shape}; {len(names)} states need a square")
        elif not np.isfinite(rates).all() or (rates < 0).any():
            problems.append("a rate is negative or not finite")
        elif np.diag(rates).any():
            problems.append("the rates have a move from a state to itself; the diagonal is 0")
        together(problems)

    @classmethod
    def of(cls, states: Sequence[str], moves: Iterable[tuple[str, str, float]]) -> Chain:
        """Build a chain from its moves.

        Parameters
        ----------
        states : sequence of str
        moves : iterable of (from, to, rate)
            Rates per hour, above 0 and finite; several moves between the same states add up.

        Raises
        ------
        InputError
            With everything that is wrong: unknown states, moves to the same state, rates of zero.
        """
        names = [str(state) for state in states]
        rates = np.zeros((len(names), len(names)))
        problems = [f"state {name!r} stands twice" for name in sorted(set(names)) if names.count(name) > 1]
        if not names:
            problems.append("a chain needs at least one state")
        for start, end, per_hour in moves:
            unknown = [name for name in (start, end) if name not in names]
            problems += [
                f"state {name!r} is not one of the chain; {nearest(name, names)}" for name in unknown
            ]
            if start == end:
                problems.append(f"a move from {start!r} to itself is no move; leave it out")
            try:
                found = rate(f"rate from {start!r} to {end!r}", per_hour)
            except InputError as error:
                problems += [problem.message for problem in error.problems]
                continue
            if not unknown and start != end:
                rates[names.index(start), names.index(end)] += found
        together(problems)
        return cls(tuple(names), rates)

    @classmethod
    def of_generator(cls, states: Sequence[str], generator: FloatArray) -> Chain:
        """Build a chain from its generator Q, after checking that it is one.

        Parameters
        ----------
        states : sequence of str
        generator : ndarray, shape (n, n)
            Off-diagonal rates not below 0, rows that add up to 0. [1/h]
        """
        matrix = np.asarray(generator, dtype=float)
        if matrix.shape != (len(states), len(states)):
            raise InputError(f"the rate matrix has shape {matrix.shape}; {len(states)} states need a square")
        away = matrix.copy()
        np.fill_diagonal(away, 0.0)
        problems = []
        for name, row, rates in zip(states, matrix, away, strict=True):
            if not np.isfinite(row).all() or (rates < 0).any():
                problems.append(f"row {name!r} of the rate matrix has a rate that is negative or not finite")
            elif abs(row.sum()) > 1e-9 * np.abs(row).max():
                problems.append(
                    f"row {name!r} of the rate matrix adds up to {row.sum():g}; it must add up to 0"
                )
        together(problems)
        return cls(tuple(states), away)

    def index(self, state: str) -> int:
        """Return the position of a state."""
        if state not in self.states:
            raise InputError(f"state {state!r} is not one of the chain; {nearest(state, self.states)}")
        return self.states.index(state)

    @property
    def generator(self) -> FloatArray:
        """The generator Q: rates, and on the diagonal minus their sum, shape (n, n). [1/h]"""
        return np.asarray(self.rates - np.diag(self.rates.sum(axis=1)))


def steady_state(chain: Chain) -> FloatArray:
    """Return the long-run share of time in each state, shape (n,).

    States that are left for good have share 0.

    Raises
    ------
    InputError
        If the chain has several sets of states that are never left, so that the long run depends
        on the start.
    """
    closed = _closed_sets(chain.rates)
    if len(closed) > 1:
        names = "; ".join(", ".join(repr(chain.states[i]) for i in group) for group in closed)
        raise InputError(
            f"the chain has {len(closed)} sets of states that are never left: {names}; join them"
        )
    kept = closed[0]
    shares = np.zeros(len(chain.states))
    shares[kept] = _gth(chain.rates[np.ix_(kept, kept)])
    return shares


def _gth(rates: FloatArray) -> FloatArray:
    work = rates.copy()
    count = len(work)
    for last in range(count - 1, 0, -1):
        out = work[last, :last].sum()
        work[:last, last] /= out
        work[:last, :last] += np.outer(work[:last, last], work[last, :last])
        np.fill_diagonal(work[:last, :last], 0.0)
    shares = np.ones(count)
    for state in range(1, count):
        shares[state] = shares[:state] @ work[:state, state]
    return np.asarray(shares / shares.sum())


def _closed_sets(rates: FloatArray) -> list[list[int]]:
    """Return the sets of states that reach each other and nothing else."""
    count = len(rates)
    reach = (rates > 0) | np.eye(count, dtype=bool)
    for _ in range(max(1, math.ceil(math.log2(count)))):
        reach = reach @ reach
    mutual = reach & reach.T
    found = []
    for state in range(count):
        if mutual[state].argmax() == state and (reach[state] == mutual[state]).all():
            found.append(np.flatnonzero(mutual[state]).tolist())
    return found


@dataclass(frozen=True)
class SteadyService:
    """What a chain with a reward a state serves in the long run."""

    shares: Mapping[str, float]
    """Share of time by state."""
    unserved: float
    """Share of demand that is not served."""
    not_full: float
    """Share of time in states with reward below 1."""
    losses_per_year: float
    """Moves from full to less than full service. [1/year]"""

    @property
    def unserved_h_per_year(self) -> float:
        """Unserved demand in hours of full outage. [h/year]"""
        return self.unserved * HOURS_PER_YEAR

    @property
    def hours_not_full_per_loss(self) -> float | None:
        """Mean length of a spell below full service; None if there is never one. [h]"""
        return self.not_full * HOURS_PER_YEAR / self.losses_per_year if self.losses_per_year else None


def steady_service(chain: Chain, reward: Mapping[str, float]) -> SteadyService:
    """Return availability, loss frequency and mean spell of a chain.

    Parameters
    ----------
    chain : Chain
    reward : mapping
        Share of demand that is served in each state, in [0, 1]; every state has one.
    """
    missing = [state for state in chain.states if state not in reward]
    unknown = [state for state in reward if state not in chain.states]
    together(
        [f"state {state!r} has no reward; give the share of demand it serves" for state in missing]
        + [
            f"reward of {state!r}: not a state of the chain; {nearest(state, chain.states)}"
            for state in unknown
        ]
    )
    lost = np.array([1 - probability(f"reward of {state!r}", reward[state]) for state in chain.states])
    shares = steady_state(chain)
    full = lost == 0
    losses = shares[full] @ chain.rates[np.ix_(full, ~full)].sum(axis=1)
    return SteadyService(
        shares=dict(zip(chain.states, shares.tolist(), strict=True)),
        unserved=float(shares @ lost),
        not_full=float(shares[~full].sum()),
        losses_per_year=float(losses) * HOURS_PER_YEAR,
    )


def state_probabilities(chain: Chain, start: str, hours: float) -> FloatArray:
    """Return the probability of each state some time after a start, shape (n,).

    Parameters
    ----------
    chain : Chain
    start : str
        State at time 0.
    hours : float
        Time since. [h]
    """
    return _propagated(chain, start, hours, np.zeros(len(chain.states)))[:-1]


def expected_hours_in(chain: Chain, states: Iterable[str], start: str, hours: float) -> float:
    """Return the time expected to be spent in some states of an interval that begins now. [h]

    Parameters
    ----------
    chain : Chain
    states : iterable of str
        States whose time counts, such as those that are down.
    start : str
        State at time 0.
    hours : float
        Length of the interval. [h]
    """
    counted = np.zeros(len(chain.states))
    for state in states:
        counted[chain.index(state)] = 1.0
    return float(_propagated(chain, start, hours, counted)[-1])


def _propagated(chain: Chain, start: str, hours: float, counted: FloatArray) -> FloatArray:
    """Return state probabilities and, behind them, the time spent in the counted states."""
    from scipy.linalg import expm
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import expm_multiply

    not_negative("time", hours)
    count = len(chain.states)
    begin = np.zeros(count + 1)
    begin[chain.index(start)] = 1.0
    if hours == 0:
        return begin
    system = np.zeros((count + 1, count + 1))
    system[:count, :count] = chain.generator.T
    system[count, :count] = counted
    size = np.abs(system).sum(axis=0).max() * hours
    if size <= _STIFF:
        trace = float(np.trace(system) * hours)
        return np.asarray(expm_multiply(csr_matrix(system * hours), begin, traceA=trace))
    # Doubling a short step adds and multiplies positive numbers only, and its columns must add up to 1.
    doublings = math.ceil(math.log2(size))
    step = expm(system * (hours / 2.0**doublings))
    moves, spent = np.abs(step[:count, :count]), np.abs(step[count, :count])
    for _ in range(doublings):
        moves /= moves.sum(axis=0)
        spent = spent + spent @ moves
        moves = moves @ moves
    return np.append((moves / moves.sum(axis=0))[:, chain.index(start)], spent[chain.index(start)])


def hours_to(chain: Chain, targets: Iterable[str], start: str) -> float:
    """Return the mean time from a start until one of some states is entered (MTTF). [h]

    Parameters
    ----------
    chain : Chain
    targets : iterable of str
        States that end the run, such as the total loss.
    start : str
    """
    ends = {chain.index(state) for state in targets}
    first = chain.index(start)
    if not ends:
        raise InputError("no state ends the run; name at least one")
    if first in ends:
        return 0.0
    order = [first, *(i for i in range(len(chain.states)) if i != first and i not in ends)]
    # Eliminate all states but the start, as in the steady state: only positive numbers are added.
    rates = chain.rates[np.ix_(order, order)].copy()
    leaving = chain.rates[np.ix_(order, sorted(ends))].sum(axis=1)
    stay = np.ones(len(order))
    for last in range(len(order) - 1, 0, -1):
        out = rates[last, :last].sum() + leaving[last]
        if out == 0:
            if rates[:last, last].any():
                raise InputError(f"from {chain.states[order[last]]!r} the run never ends; give it a way out")
            continue
        into = rates[:last, last] / out
        leaving[:last] += into * leaving[last]
        stay[:last] += into * stay[last]
        rates[:last, :last] += np.outer(into, rates[last, :last])
        np.fill_diagonal(rates[:last, :last], 0.0)
    if leaving[0] == 0:
        raise InputError(f"from {start!r} the run never ends; no move leads to {', '.join(targets)}")
    with np.errstate(over="ignore"):
        hours = float(stay[0] / leaving[0])
    if not math.isfinite(hours):
        raise InputError(f"from {start!r} the run takes longer than can be counted; a rate is too small")
    return hours


def duplex(failure_rate_per_h: float, repair_rate_per_h: float, coverage: float) -> Chain:
    """Return two regions, both up at first, with one repair at a time and imperfect coverage [2]_.

    Parameters
    ----------
    failure_rate_per_h : float
        Of each region that is up. [1/h]
    repair_rate_per_h : float
        [1/h]
    coverage : float
        Probability that the first failure leaves the other region serving; otherwise both are lost.

    Returns
    -------
    Chain
        States `2`, `1` and `0` by the number of regions up; `0` is never left.
    """
    fails = rate("failure rate", failure_rate_per_h)
    covered = probability("coverage", coverage)
    moves = [("2", "1", 2 * fails * covered), ("2", "0", 2 * fails * (1 - covered))]
    moves += [("1", "2", rate("repair rate", repair_rate_per_h)), ("1", "0", fails)]
    return Chain.of(("2", "1", "0"), [move for move in moves if move[2] > 0])
