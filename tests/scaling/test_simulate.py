"""The public simulation and its trace."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agog_capacity.errors import InputError
from agog_capacity.load.curve import LoadCurve, LoadError, Noise, constant_load
from agog_capacity.periods import Months
from agog_capacity.scaling.cluster import Draws, ScalingError
from agog_capacity.scaling.pool import ClusterAutoscaler, Pool
from agog_capacity.scaling.simulate import simulate_scaling, stored_simulation
from agog_capacity.scaling.trace import read_trace
from tests.scaling.simple import START, backend, load, pool

MONTH_H = 31 * 24


def month(rate: float, noise: Noise | None = None) -> LoadCurve:
    return LoadCurve(START, 3600, (("us", "backend"),), np.full((1, MONTH_H), rate), noise)


def test_the_briefs_hpa_never_leaves_the_minimum_and_the_trace_says_why():
    trace = simulate_scaling(month(60), [backend(maximum=6)], [pool()])
    assert trace.mean_nodes("app") == 3
    assert any(
        "stays at its minimum of 3 nodes" in text and "need 1.00 nodes" not in text for text in trace.bounds
    )
    assert trace.node_hours("app", Months("2027-01", 1)) == pytest.approx([3 * MONTH_H])
    assert trace.node_hours("app", Months("2027-01", 1, "730h")) == pytest.approx([3 * 730])


def test_a_larger_load_needs_more_nodes_and_pods():
    calm = simulate_scaling(month(50), [backend(60)], [pool()])
    busy = simulate_scaling(month(1500), [backend(60)], [pool()])
    assert calm.mean_nodes("app") < busy.mean_nodes("app")
    assert calm.mean_replicas("backend") < busy.mean_replicas("backend")


def test_a_step_of_load_is_served_late_and_what_is_lost_is_counted():
    trace = simulate_scaling(load(10, 10, 4000, 4000), [backend(60)], [pool()], detail="steps")
    assert 0 < trace.unserved_share("backend") < 1
    frame = trace.to_frame("steps")
    served_late = frame["backend", "unserved requests"].to_numpy()
    assert served_late[:480].sum() == 0
    assert served_late[480:].sum() == pytest.approx(trace.records["workloads"][0, 0, 1])


def test_a_pool_at_its_maximum_is_told():
    trace = simulate_scaling(month(20_000), [backend(200)], [pool(maximum=5)])
    assert trace.peak_nodes("app") == 5
    assert any("at its maximum of 5 nodes" in text for text in trace.bounds)
    assert any("found no pod with room" in text for text in trace.bounds)
    assert any("waited" in text for text in trace.bounds)


def test_a_budget_that_lets_no_pod_go_keeps_every_drained_node():
    """After a peak the pods left are spread thin: nodes can go only where pods may be moved."""
    scaled = backend(60)

    def nodes_after_the_peak(**budget):
        trace = simulate_scaling(load(10, 4000, 4000, *[600] * 12), [scaled.replace(**budget)], [pool()])
        return trace.hourly_nodes("app")[-1]

    free = nodes_after_the_peak()
    assert nodes_after_the_peak(max_unavailable=0) > free
    assert nodes_after_the_peak(min_available_percent=100) == nodes_after_the_peak(max_unavailable=0)
    assert nodes_after_the_peak(max_unavailable_percent=100) == free
    # At the HPA's minimum of 3 an absolute budget of 3 stops nothing while more than 3 pods are there.
    assert nodes_after_the_peak(min_available=3) == free


def test_hours_add_up_to_totals():
    trace = simulate_scaling(month(700, Noise()), [backend(60)], [pool()], scenarios=3)
    hours = trace.hourly_nodes("app").sum()
    assert hours / MONTH_H == pytest.approx(trace.mean_nodes("app"))
    assert trace.hourly_requests("backend").sum() == pytest.approx(trace.records["workloads"][:, 0, 0].mean())
    monthly = trace.to_frame("months")
    nodes = monthly.query("quantity == 'billed nodes'")["value"].sum()
    assert nodes == pytest.approx(trace.node_hours("app", Months("2027-01", 1)).sum())


def test_same_seed_same_trace_on_any_number_of_threads():
    runs = [
        simulate_scaling(month(700, Noise()), [backend(60)], [pool()], scenarios=4, threads=n) for n in (1, 2)
    ]
    for name, array in runs[0].records.items():
        assert np.array_equal(array, runs[1].records[name]), name
    other = simulate_scaling(month(700, Noise(seed=1)), [backend(60)], [pool()], scenarios=4)
    assert not np.array_equal(runs[0].records["workloads"], other.records["workloads"])


def test_noise_has_the_deviation_and_autocorrelation_asked_for():
    trace = simulate_scaling(month(100, Noise(0.15, 0.98)), [backend()], [pool()], detail="steps")
    rates = trace.to_frame("steps")["backend", "requests"].to_numpy() / 15 / 100 - 1
    assert rates.std() == pytest.approx(0.15, rel=0.1)
    assert np.corrcoef(rates[1:], rates[:-1])[0, 1] == pytest.approx(0.98, abs=0.005)


def test_a_trace_is_stored_under_its_inputs_and_read_back(tmp_path):
    trace = simulate_scaling(month(200), [backend()], [pool()])
    path = trace.write(tmp_path)
    again = read_trace(tmp_path, trace.key)
    assert str(again) == str(trace)
    assert simulate_scaling(month(201), [backend()], [pool()]).key != trace.key
    path.write_bytes(path.read_bytes()[:100])
    assert read_trace(tmp_path, trace.key) is None
    assert read_trace(tmp_path, "absent") is None


@pytest.mark.parametrize(
    "change",
    [
        {"ticks": 7},
        {"ticks": "many"},
        {"nodes": np.zeros(3)},
        {"pools": np.full((1, 1, 5), np.nan)},
        {"workloads": np.array(["x"])},
        {"bounds": 5},
    ],
)
def test_a_trace_of_another_form_is_absent(tmp_path, change):
    trace = simulate_scaling(month(200), [backend()], [pool()])
    own = {name: value for name, value in change.items() if name in trace.records}
    other = {name: value for name, value in change.items() if name not in own}
    dataclasses.replace(trace, records=trace.records | own, **other).write(tmp_path)
    assert read_trace(tmp_path, trace.key) is None


def test_a_folder_that_cannot_be_written_does_not_lose_the_simulation(tmp_path):
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "below"
    assert stored_simulation(folder, month(200), [backend()], [pool()]).mean_nodes("app") > 0


def test_settings_and_inputs_that_cannot_be_are_refused_in_words():
    load = month(200)
    for words, settings in (
        ("seed is -1", {"seed": -1}),
        ("seed is 1.5", {"seed": 1.5}),
        ("whole number from 1 to 1,000,000", {"scenarios": 1.5}),
        ("values of hours", {"scenarios": 10**6}),
    ):
        with pytest.raises(ScalingError, match=words):
            simulate_scaling(load, [backend()], [pool()], **settings)
    with pytest.raises(ScalingError, match=r"pools: .*at least 1"):
        simulate_scaling(load, [backend()], [])
    with pytest.raises(ScalingError, match=r"workloads: .*at least 1"):
        simulate_scaling(load, [], [pool()])
    with pytest.raises(LoadError, match=r"5\.0 s"):
        LoadCurve(load.start, 5.0, load.names, load.rates)  # type: ignore[arg-type]
    with pytest.raises(LoadError, match="rows of one length"):
        LoadCurve(load.start, 5, (("a", "b"), ("a", "c")), [[1.0], [1.0, 2.0]])  # type: ignore[arg-type]


def test_a_stored_trace_is_found_without_numba(tmp_path):
    program = (
        "import sys, pathlib\n"
        "from agog_capacity.scaling.simulate import stored_simulation\n"
        "from tests.scaling.simple import backend, load, pool\n"
        "trace = stored_simulation(pathlib.Path(sys.argv[1]), load(100.0, 900.0), [backend()], [pool()])\n"
        "print(trace.key, trace.mean_nodes('app'), 'numba' in sys.modules)\n"
    )
    root = Path(__file__).parents[2]
    printed = [
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert printed[0][:2] == printed[1][:2]
    assert [printed[0][2], printed[1][2]] == ["True", "False"]


def test_tables_html_and_chart_show_the_same():
    trace = simulate_scaling(month(200), [backend()], [pool()])
    assert set(trace.to_frame("totals").columns) == {"time", "kind", "name", "quantity", "value", "unit"}
    assert "backend" in trace._repr_html_()
    assert trace.figure().layout.yaxis.title.text == "requests per second"
    assert trace.left_out


def test_a_month_outside_the_trace_is_an_error_not_a_zero():
    trace = simulate_scaling(month(200), [backend()], [pool()])
    with pytest.raises(ScalingError, match="month 2027-02 is not in the trace"):
        trace.node_hours("app", Months("2027-02", 1))
    with pytest.raises(ScalingError, match="no pool 'ap'"):
        trace.mean_nodes("ap")
    totals = simulate_scaling(month(200), [backend()], [pool()], detail="totals")
    with pytest.raises(ScalingError, match="totals only"):
        totals.hourly_nodes("app")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scenarios": 0}, "scenarios is 0"),
        ({"detail": "everything"}, "choose totals"),
        ({"hours": -1}, "more than 0 hours"),
        ({"hours": float("nan")}, "more than 0 hours"),
        ({"draws": []}, "draws for 0"),
        ({"detail": "steps", "scenarios": 10_000}, "steps"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, words):
    with pytest.raises(ScalingError, match=words):
        simulate_scaling(month(10), [backend()], [pool()], **change)


def test_a_pool_that_cannot_hold_a_pod_is_refused_with_numbers():
    small = Pool(name="app", cpu_milli=400, memory_bytes=2**30, minimum=1, maximum=3)
    with pytest.raises(InputError, match="can hold one pod: it requests 500"):
        simulate_scaling(month(10), [backend()], [small])


@pytest.mark.parametrize(
    ("bad", "words"),
    [(-1.0, "-1.0 requests per second at 2027-01-01 01:00"), (float("nan"), "nan"), (float("inf"), "inf")],
)
def test_a_bad_rate_is_named_with_its_place(bad, words):
    with pytest.raises(InputError, match=words):
        load(1, bad, 3)


def test_workloads_and_load_must_match():
    with pytest.raises(ScalingError, match="no row for workload 'backend'"):
        simulate_scaling(constant_load({"backen": 1.0}, hours=2), [backend()], [pool()])
    both = constant_load({"backend": 1.0, "other": 1.0}, hours=2)
    with pytest.raises(ScalingError, match="'other', which is no workload"):
        simulate_scaling(both, [backend()], [pool()])


def test_warnings_name_what_kubernetes_would_take():
    scaler = backend().autoscaler
    assert scaler is not None
    scaler = scaler.replace(maximum=3)
    trace = simulate_scaling(
        load(1, 2), [backend().replace(autoscaler=scaler, cpu_limit_milli=None)], [pool()]
    )
    text = " ".join(trace.warnings)
    assert "no cpu limit" in text
    assert "cannot scale" in text


def test_draws_are_given_from_outside():
    draws = [Draws(np.full((1, 1), 100), np.array([0.5]))]
    slow = simulate_scaling(load(10, 6000), [backend(60)], [pool()], draws=draws, detail="steps")
    quick = simulate_scaling(
        load(10, 6000),
        [backend(60)],
        [pool()],
        draws=[Draws(np.full((1, 1), 2), np.array([0.5]))],
        detail="steps",
    )
    assert slow.key != quick.key
    assert slow.unserved_share("backend") > quick.unserved_share("backend")


@pytest.mark.parametrize("expander", ["random", "least-waste", "least-nodes", "most-pods", "priority"])
def test_expanders_choose_among_pools(expander):
    pools = [pool(maximum=4), pool(maximum=9).replace(name="second", minimum=0, nodes=0, priority=5)]
    trace = simulate_scaling(
        load(4000), [backend(80)], pools, autoscaler=ClusterAutoscaler(expander=expander)
    )
    assert trace.peak_nodes("second") > 0


def test_importing_the_library_needs_no_numba():
    program = (
        "import sys, agog_capacity, agog_capacity.scaling.trace, agog_capacity.scaling.manifests, "
        "agog_capacity.scaling.simulate; print('numba' in sys.modules, 'plotly' in sys.modules, 'pandas' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False", "False"]


def test_pods_that_share_cores_serve_what_the_nodes_have_and_their_autoscaler_sees_it():
    """By hand: 2 nodes of 4 vCPU hold 12 pods, which want 2 cores each and get their part of what there is."""
    two = pool().replace(minimum=2, nodes=2, maximum=2)
    alone, shared = (
        simulate_scaling(load(5000.0), [backend()], [two], share_cores=share, detail="steps")
        for share in (False, True)
    )
    pods = 2 * two.pods_per_node(500, 512 * 2**20)
    cores = 2 * (two.cpu_milli - two.daemon_cpu_milli)
    last = {"alone": alone, "shared": shared}
    served = {name: 5000 - trace.records["flows"][0, -1, 1, 0] / 15 for name, trace in last.items()}
    percent = {name: int(trace.records["counts"][0, -1, 3, 0]) for name, trace in last.items()}
    assert served["shared"] == pytest.approx((cores - 50 * pods) / 10)
    assert percent["shared"] == pytest.approx(100 * cores / pods / 500, abs=1)
    # A limit of 2 cores for each of 12 pods promises three times the cores there are.
    assert served["alone"] == pytest.approx(pods * (2000 - 50) / 10)
    assert percent["alone"] == 400
    assert alone.key != shared.key
