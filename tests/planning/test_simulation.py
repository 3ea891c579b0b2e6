"""Load through the autoscaler into the bill: what it changes, and that it is carried only once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agog_capacity.errors import InputError, NotInResult, PlanError
from agog_capacity.periods import Months
from agog_capacity.plan import Plan, load_plan
from agog_capacity.planning.clusters import kernel_autoscaler, kernel_pool
from agog_capacity.planning.compare import compare
from agog_capacity.planning.forecast import forecast
from agog_capacity.planning.loads import load_multiples, second_name
from agog_capacity.planning.presentation import simulated as simulated_table
from agog_capacity.planning.simulation import cluster_trace
from agog_capacity.prices.stand_in import StandIn
from agog_capacity.scaling import simulate
from agog_capacity.scaling.pool import ClusterAutoscaler, Pool
from agog_capacity.scaling.release_section import WEEKDAYS
from agog_capacity.scaling.simulated import (
    SimulatedCluster,
    SimulatedPool,
    SimulatedWorkload,
    SimulationStore,
)

AGOG = Path(__file__).parents[2] / "data" / "plans" / "agog.yaml"
AUTOSCALED = "active-passive-autoscaled"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(AGOG)


@pytest.fixture
def no_simulation(monkeypatch):
    def simulated(*_, **__):
        pytest.fail("simulated again")

    return lambda: monkeypatch.setattr(simulate, "simulate_scaling", simulated)


def short(plan: Plan, months: int = 1) -> Plan:
    """Return the plan over fewer months, so that a simulation takes no time."""
    return Plan(**{**plan.__dict__, "months": Months(plan.months.first, months)})


def test_the_briefs_pools_never_leave_their_minimum_and_what_that_saves(plan):
    """Brief README: the HPA's maximum needs 1.45 nodes; "avg 5" is two nodes too many in each region."""
    both = compare(plan, ["active-passive", AUTOSCALED])
    scaled = both.forecast(AUTOSCALED)
    for cluster, pool in (("aks-us", "app-nodes-us"), ("aks-eu", "app-nodes-eu")):
        found = scaled.simulated[cluster].pools[pool]
        assert (found.mean_nodes, found.peak_nodes) == (3, 3)
        assert any("need 1.45 nodes" in text for text in scaled.simulated[cluster].bounds)
    january = [both.forecast(name).monthly_cost[0] for name in ("active-passive", AUTOSCALED)]
    assert january[0] - january[1] == pytest.approx(2 * (744 * 0.384 + 34.56) + 2 * (744 * 0.48 + 41.811428))


def test_the_bill_of_a_simulated_pool_names_the_assumptions_of_the_load(plan):
    scaled = forecast(plan, AUTOSCALED)
    charges = scaled.to_frame()
    nodes = charges[(charges["component"] == "app-nodes-us") & (charges["meter"] == "Compute")]
    assert nodes["assumption"].all()
    (part,) = [
        p
        for p in compare(plan, [AUTOSCALED]).explain(AUTOSCALED, component="app-nodes-us").parts
        if "Compute" in p.meter
    ]
    assert "us_requests_per_second" in part.assumptions
    assert "3 nodes on average, simulated" in part.rule


def test_ten_times_the_load_and_replicas_make_the_pool_grow(plan, tmp_path):
    grown = short(plan).with_scenario(
        "grown",
        {
            "inputs": {"us_requests_per_second": {"value": 6000.0}},
            "components": {"app-nodes-us": {"min_nodes": 1}},
        },
        extends=AUTOSCALED,
    )
    found = forecast(grown, "grown", store=SimulationStore(tmp_path)).simulated["aks-us"]
    assert found.pools["app-nodes-us"].peak_nodes > 1
    assert found.workloads["agog-backend"].peak_replicas == 20
    assert (found.workloads["agog-backend"].unserved_share or 0) > 0
    assert any("at its maximum of 20 pods" in text for text in found.bounds)


def test_what_was_simulated_is_found_again_also_under_other_prices(plan, tmp_path, no_simulation):
    store = SimulationStore(tmp_path)
    first = forecast(short(plan), AUTOSCALED, store=store)
    no_simulation()
    again = forecast(short(plan), AUTOSCALED, store=store)
    assert again.monthly_cost.tolist() == first.monthly_cost.tolist()
    assert again.simulated == first.simulated
    cheaper = load_plan(AGOG, price_books=["agog-planning-2026-01-10", "azure-list-2026-10-10"])
    assert forecast(short(cheaper), AUTOSCALED, store=store).total_cost < first.total_cost


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": {"us_requests_per_second": {"value": 61.0}}},
        {"scaling": {"seed": 2}},
        {"components": {"app-nodes-us": {"max_nodes": 9}}},
        {"scaling": {"load": {"month_end_factor": 1.4}}},
    ],
)
def test_whatever_changes_the_cluster_is_simulated_anew(plan, tmp_path, change):
    store = SimulationStore(tmp_path)
    forecast(short(plan), AUTOSCALED, store=store)
    before = {path.name for path in tmp_path.iterdir()}
    forecast(short(plan).with_scenario("other", change, extends=AUTOSCALED), "other", store=store)
    assert {path.name for path in tmp_path.iterdir()} > before


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"months": 5}', "not json"])
def test_a_store_that_was_damaged_is_not_believed(plan, tmp_path, text):
    store = SimulationStore(tmp_path)
    first = forecast(short(plan), AUTOSCALED, store=store)
    for path in tmp_path.iterdir():
        path.write_text(text)
    assert forecast(short(plan), AUTOSCALED, store=store).simulated == first.simulated


def found_before() -> SimulatedCluster:
    pool = SimulatedPool(1, 4, 3.0, 4, (2.0, 4.0))
    workload = SimulatedWorkload(2.5, 3, 0.01)
    return SimulatedCluster(("2027-01", "2027-02"), {"app": pool}, {"web": workload}, ("bound",), (), ())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[2.0, 4.0]", "[-2.0, 4.0]"),
        ("[2.0, 4.0]", "[NaN, 4.0]"),
        ("[2.0, 4.0]", "[true, 4.0]"),
        ("[2.0, 4.0]", "[1e300, 4.0]"),
        ("[2.0, 4.0]", "[2.0]"),
        ("[2.0, 4.0]", '["2.0", 4.0]'),
        ('"mean_nodes": 3.0', '"mean_nodes": 7.0'),
        ('"mean_nodes": 3.0', '"mean_nodes": null'),
        ('"peak_nodes": 4', '"peak_nodes": 700'),
        ('"maximum": 4', '"maximum": 0'),
        ('"mean_replicas": 2.5', '"mean_replicas": "x"'),
        ('"unserved_share": 0.01', '"unserved_share": 1.01'),
        ('["bound"]', "[5]"),
    ],
)
def test_what_no_simulation_finds_is_not_read_back(old, new):
    text = found_before().to_json()
    assert SimulatedCluster.from_json(text) == found_before()
    assert old in text
    with pytest.raises(ValueError, match=r"stored simulation|validation error"):
        SimulatedCluster.from_json(text.replace(old, new))


def test_a_stored_simulation_is_believed_only_as_it_was_stored(tmp_path):
    store = SimulationStore(tmp_path)
    store.put("key", found_before())
    assert store.get("key") == found_before()
    path = tmp_path / "key.json"
    path.with_name("other.json").write_bytes(path.read_bytes())
    assert store.get("other") is None
    path.write_bytes(path.read_bytes().replace(b"3.0", b"2.9"))
    assert store.get("key") is None
    path.write_text("[" * 100_000)
    assert store.get("key") is None


def test_files_that_were_swapped_are_simulated_again(plan, tmp_path):
    """The two clusters have other pools: read under each other's key, every later run would fail."""
    store = SimulationStore(tmp_path)
    first = forecast(short(plan), AUTOSCALED, store=store)
    one, other = sorted(tmp_path.iterdir())
    one_bytes = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(one_bytes)
    assert forecast(short(plan), AUTOSCALED, store=store).simulated == first.simulated


def test_another_simulation_has_other_keys(plan, tmp_path, monkeypatch):
    store = SimulationStore(tmp_path)
    forecast(short(plan), AUTOSCALED, store=store)
    before = {path.name for path in tmp_path.iterdir()}
    monkeypatch.setattr("agog_capacity.scaling.version.VERSION", 999)
    forecast(short(plan), AUTOSCALED, store=store)
    assert {path.name for path in tmp_path.iterdir()} > before


def test_a_store_that_cannot_be_written_is_no_failure(plan, tmp_path):
    (tmp_path / "file").write_text("")
    store = SimulationStore(tmp_path / "file" / "below")
    assert forecast(short(plan), AUTOSCALED, store=store).total_cost > 0


def test_a_stored_simulation_needs_no_compiler(plan, tmp_path):
    forecast(plan, AUTOSCALED)
    code = (
        "import sys, agog_capacity as ac; "
        f"ac.forecast(ac.load_plan({str(AGOG)!r}), {AUTOSCALED!r}); "
        "loaded = {'numba', 'scipy', 'plotly', 'pandas'} & set(sys.modules); assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ))


def test_months_and_pools_that_were_not_simulated_are_named(plan, tmp_path):
    found = forecast(short(plan), AUTOSCALED, store=SimulationStore(tmp_path)).simulated["aks-us"]
    assert found.node_hours("app-nodes-us", Months("2027-01", 1, "730h")).tolist() == [3 * 730]
    with pytest.raises(NotInResult, match="nearest: 'app-nodes-us'"):
        found.node_hours("app-node-us", Months("2027-01", 1))
    with pytest.raises(NotInResult, match="2027-02 was not simulated"):
        found.node_hours("app-nodes-us", Months("2027-01", 2))


def test_traces_of_ones_own_win_and_must_name_a_cluster(plan):
    class Four:
        def node_hours(self, pool, months):
            return np.full(months.count, 4.0) * months.hours

    mine = forecast(plan, AUTOSCALED, traces={"aks-us": Four(), "aks-eu": Four()})
    compute = mine.to_frame().query("component == 'app-nodes-us' and meter == 'Compute'")
    assert compute["pricing_quantity"].iloc[0] == 4 * 744
    with pytest.raises(NotInResult, match="nearest: 'aks-us'"):
        forecast(plan, AUTOSCALED, traces={"aks-use": Four()})


def test_a_pool_without_load_is_counted_at_its_minimum_and_warns(plan):
    bare = plan.with_scenario("bare", {"scaling": None, "latency": None}, extends=AUTOSCALED)
    found = forecast(bare, "bare")
    assert len([w for w in found.warnings if "counted at its minimum of 3 nodes" in w]) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scaling": {"workloads": {"agog-backend": {"cpu_bse_milli": 5}}}}, "nearest: 'cpu_base_milli'"),
        ({"scaling": {"workloads": {"agog-frontend": None}}}, "they must be the same"),
        ({"scaling": {"load": {"groups": []}}}, "at least 1 item"),
        (
            {"scaling": {"manifests": "../secrets"}},
            "'../secrets' is not a name of a folder: no path, but one",
        ),
        ({"scaling": {"load": {"noise": {"autocorrelation": 1.0}}}}, "less than 1"),
        ({"scaling": {"load": {"yearly_growth": -2.0}}}, "greater than or equal to -0.99"),
    ],
)
def test_a_section_that_cannot_be_simulated_is_named_with_its_place(plan, change, words):
    with pytest.raises(PlanError) as caught:
        plan.with_scenario("bad", change, extends=AUTOSCALED)
    assert words in str(caught.value)


def test_manifests_that_are_not_there_name_the_nearest(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(
        AGOG.read_text(encoding="utf-8").replace("manifests: agog ", "manifests: agg "), encoding="utf-8"
    )
    with pytest.raises(PlanError, match="no manifests 'agg'; nearest: 'agog'") as caught:
        load_plan(path)
    assert str(tmp_path / "manifests") in str(caught.value)


def test_a_workload_that_no_manifest_has_and_an_unknown_zone_are_input_errors(plan, tmp_path):
    use = {"cpu_milli_per_request_per_second": 1.0}
    strange = short(plan).with_scenario(
        "strange",
        {
            "scaling": {
                "workloads": {"agog-worker": use},
                "load": {"requests_per_workload": {"agog-worker": 1.0}},
            }
        },
        extends=AUTOSCALED,
    )
    with pytest.raises(InputError, match="no Deployment or StatefulSet 'agog-worker'"):
        forecast(strange, "strange", store=SimulationStore(tmp_path))


def test_traffic_and_logs_follow_the_load_where_they_are_told_to(plan, tmp_path):
    """40 % a year from the first month: the 13th month has 1.4 times the load of the first."""
    change = {
        "traffic": {"follows_load": True},
        "scaling": {"load": {"yearly_growth": 0.4, "month_end_factor": 1.0}},
        "components": {"logs": {"follows_load": True}},
    }
    growing = short(plan, 13).with_scenario("growing", change, extends="active-passive")
    charges = forecast(growing, "growing").charges
    by_meter = {charge.usage.meter.meter: charge.usage.quantity for charge in charges}
    flat = {c.usage.meter.meter: c.usage.quantity for c in forecast(growing, "active-passive").charges}
    for meter in ("Premium Requests", "Premium Data Transfer Out", "Analytics Logs Data Ingestion"):
        multiples = by_meter[meter] / flat[meter]
        assert multiples[0] == pytest.approx(1.0, rel=0.03)
        assert multiples[12] / multiples[0] == pytest.approx(1.4, rel=0.03)
    assert by_meter["Premium Base Fees"].tolist() == flat["Premium Base Fees"].tolist()


def test_amounts_cannot_follow_a_load_that_is_not_given(plan):
    with pytest.raises(PlanError, match="add the section scaling"):
        plan.with_scenario(
            "none", {"scaling": None, "traffic": {"follows_load": True}}, extends="active-passive"
        )


def test_a_workload_without_a_limit_of_cpu_has_no_unserved_figure(plan, tmp_path):
    """Its pods take whatever comes, so 0 % unserved would be a figure that nothing stands behind."""
    home = tmp_path / "manifests" / "unlimited"
    home.mkdir(parents=True)
    for path in (AGOG.parents[1] / "manifests" / "agog").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        limits = re.compile(r"^ *limits:\n(?: +(?:cpu|memory):.*\n)+", re.MULTILINE)
        (home / path.name).write_text(limits.sub("", text), encoding="utf-8")
    path = tmp_path / "plan.yaml"
    path.write_text(
        AGOG.read_text(encoding="utf-8").replace("manifests: agog ", "manifests: unlimited "),
        encoding="utf-8",
    )
    one = forecast(short(load_plan(path)), AUTOSCALED, store=SimulationStore(tmp_path))
    assert one.simulated["aks-us"].workloads["agog-backend"].unserved_share is None
    assert SimulatedCluster.from_json(one.simulated["aks-us"].to_json()) == one.simulated["aks-us"]
    assert any("unserved requests are not judged" in warning for warning in one.warnings)
    table = simulated_table([one])
    column = [heading.text for heading in table.headings].index("unserved in %")
    assert {row[column] for row in table.rows if row[1] == "aks-us"} == {"not judged"}


def test_how_a_cluster_is_run_is_assumed_by_name_and_can_be_stated(plan, tmp_path):
    names = {
        f"scaling.cluster.{name}"
        for name in ("max_pods", "daemons", "boot_s", "delete_s", "autoscaler_profile")
    }
    store = SimulationStore(tmp_path)
    usual = forecast(short(plan), AUTOSCALED, store=store)
    found = {a.name: a for a in usual.assumptions() if a.name.startswith("scaling.cluster")}
    assert set(found) == names
    assert all(a.source.startswith("default: ") for a in found.values())
    assert "expander least-waste" in found["scaling.cluster.autoscaler_profile"].value
    assert not [a for a in forecast(plan, "active-passive").assumptions() if a.name in names]
    # Daemons of 6 of a node's 7.82 cores leave 1.82 to pods of 500 m: 3 a node, where 3 nodes held all.
    cluster = {"daemons": {"cpu_request_milli": 6000}, "max_pods": 30, "source": "measured on 2026-11-20"}
    crowded = short(plan).with_scenario("crowded", {"scaling": {"cluster": cluster}}, extends=AUTOSCALED)
    one = forecast(crowded, "crowded", store=store)
    stated = {a.name: a for a in one.assumptions() if a.name in names}
    assert stated["scaling.cluster.max_pods"].value == "30 pods a node"
    assert stated["scaling.cluster.daemons"].source == "stated in the plan: measured on 2026-11-20"
    assert stated["scaling.cluster.delete_s"].source.startswith("default: ")
    peaks = [f.simulated["aks-us"].pools["app-nodes-us"].peak_nodes for f in (usual, one)]
    assert peaks == [3, 7]  # 20 pods of 500 m


def test_the_defaults_of_a_cluster_are_those_of_the_simulation(plan):
    """What is listed as assumed is what runs, and AKS's names reach the kernel's."""
    design = plan.scenario(AUTOSCALED).design
    assert kernel_autoscaler(design.scaling) == ClusterAutoscaler()
    own = Pool.of_aks_size(
        "app-nodes-us", vcpus=8, memory_gib=32, minimum=3, maximum=10, zones=("zone 1", "zone 2", "zone 3")
    )
    assert kernel_pool(design.components["app-nodes-us"], design.scaling) == own
    change = {"expander": "random", "balance_similar_node_groups": True, "scale_down_unneeded_time_s": 60.0}
    changed = plan.with_scenario(
        "x", {"scaling": {"cluster": {"autoscaler_profile": change}}}, extends=AUTOSCALED
    )
    assert kernel_autoscaler(changed.scenario("x").design.scaling) == ClusterAutoscaler(
        expander="random", balance_similar_pools=True, scale_down_unneeded_time_s=60.0
    )


def test_a_trace_that_cannot_be_says_why(plan):
    for scenario, cluster, words in (
        ("active-passive", "aks-us", "its pools are fixed: app-nodes-us"),
        (AUTOSCALED, "aks-use", "no cluster 'aks-use'; nearest: 'aks-us'"),
    ):
        with pytest.raises(NotInResult, match=words):
            cluster_trace(plan, scenario, cluster)
    bare = plan.with_scenario("bare", {"scaling": None, "latency": None}, extends=AUTOSCALED)
    with pytest.raises(NotInResult, match="no section scaling"):
        cluster_trace(bare, "bare", "aks-us")


def test_a_sidecar_counts_for_the_scheduler(plan, tmp_path):
    """500m and a sidecar of 250m: 20 backend and 3 frontend pods need 16.5 instead of 10.75 cores."""
    use = {"sidecar_cpu_request_milli": 250, "sidecar_memory_request_mib": 64}
    meshed = short(plan).with_scenario(
        "meshed", {"scaling": {"workloads": {"agog-backend": use, "agog-frontend": use}}}, extends=AUTOSCALED
    )
    store = SimulationStore(tmp_path)
    plain, with_mesh = (
        forecast(p, name, store=store).simulated["aks-us"].bounds[0]
        for p, name in ((short(plan), AUTOSCALED), (meshed, "meshed"))
    )
    assert "need 1.45 nodes" in plain
    assert "need 2.22 nodes" in with_mesh


RELEASE = {
    "workloads": ["agog-backend"],
    "weekdays": ["wednesday"],
    "hours": [10],
    "time_zone": "Europe/Amsterdam",
}


def pods_at_release(plan, scenario):
    """Return the ready pods in the hour of the first release: Wednesday 6 January 2027, 10:00 in Amsterdam."""
    hours = cluster_trace(plan, scenario, "aks-us").to_frame("hours")
    pods = hours[hours["name"].str.startswith("agog-backend") & (hours["quantity"] == "ready pods")]
    return pods.groupby("time")["value"].sum().loc["2027-01-06 09:00"].item()


def test_a_release_of_a_plan_adds_its_surge_to_the_pods(plan):
    one_month = short(plan)
    for strategy, hold in (("rolling", 0.0), ("blue_green", 30.0)):
        release = {**RELEASE, "strategy": strategy, "hold_minutes": hold}
        one_month = one_month.with_scenario(
            strategy, {"scaling": {"releases": [release]}}, extends=AUTOSCALED
        )
    calm = pods_at_release(one_month, AUTOSCALED)
    # One more (maxSurge 1) for some minutes, or as many again for half an hour and the start.
    assert 1.01 * calm < pods_at_release(one_month, "rolling") < calm + 1
    assert 1.4 * calm < pods_at_release(one_month, "blue_green") < 1.7 * calm
    rolled, coloured = (cluster_trace(one_month, name, "aks-us") for name in ("rolling", "blue_green"))
    assert any("maxUnavailable 0" in text for text in rolled.warnings)
    assert any("second colour of 'agog-backend'" in text for text in coloured.bounds)
    assert not any("fixed count of 0" in text for text in coloured.bounds)


def test_a_release_of_an_unknown_workload_names_the_nearest(plan):
    with pytest.raises(PlanError, match="agog-backend"):
        plan.with_scenario(
            "x", {"scaling": {"releases": [{**RELEASE, "workloads": ["agog-backnd"]}]}}, extends=AUTOSCALED
        )


def test_tenants_who_come_over_time_make_the_load_grow(plan):
    """Two tenants of 3 requests per second, then six: three times the first months' load."""
    group = {
        "name": "shops",
        "tenants": [{"month": "2027-01", "tenants": 2}, {"month": "2027-03", "tenants": 6}],
        "requests_per_second_per_tenant": 3.0,
        "time_zone": "UTC",
        "working_day": [1.0] * 24,
        "saturday": 1.0,
        "sunday": 1.0,
    }
    change = {"scaling": {"load": {"groups": [group], "month_end_days": 0}}}
    scaling = plan.with_scenario("tenants", change, extends=AUTOSCALED).scenario("tenants").design.scaling
    multiples = load_multiples(scaling, Months("2027-01", 4))
    assert multiples[0] == pytest.approx([1, 1, 3, 3])


@pytest.mark.parametrize(
    "change",
    [
        {"tenants": [{"month": "2027-01", "tenants": 2}]},
        {"requests_per_second": 3.0, "requests_per_second_per_tenant": 3.0},
        {
            "requests_per_second": None,
            "requests_per_second_per_tenant": 3.0,
            "tenants": [{"month": "2027-03", "tenants": 2}, {"month": "2027-01", "tenants": 2}],
        },
    ],
)
def test_a_group_has_a_rate_or_tenants(plan, change):
    group = plan.scenario(AUTOSCALED).design.scaling.load.groups[0].model_dump(mode="json") | change
    with pytest.raises(PlanError, match=r"either requests_per_second|must rise"):
        plan.with_scenario("x", {"scaling": {"load": {"groups": [group]}}}, extends=AUTOSCALED)


HPA = "manifests/own/hpa.yaml"


@pytest.fixture
def own_manifests(tmp_path):
    """Return a function that reads the plan, over one month, with manifests that are changed."""

    def read(changes: Mapping[str, tuple[str, str]], more: Mapping[str, str] | None = None) -> Plan:
        folder = tmp_path / "manifests" / "own"
        shutil.copytree(AGOG.parents[1] / "manifests" / "agog", folder)
        for name, (old, new) in changes.items():
            text = (folder / name).read_text(encoding="utf-8")
            assert old in text
            (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
        for name, text in (more or {}).items():
            (folder / name).write_text(text, encoding="utf-8")
        path = tmp_path / "plan.yaml"
        text = AGOG.read_text(encoding="utf-8").replace("manifests: agog ", "manifests: own ")
        path.write_text(text, encoding="utf-8")
        return short(load_plan(path))

    return read


def test_what_manifests_warn_about_reaches_the_forecast(own_manifests, tmp_path):
    plan = own_manifests(
        {
            "hpa.yaml": ("name: agog-backend\n", "name: agog-backnd\n"),
            "backend-deployment.yaml": (
                "imagePullSecrets:",
                "nodeSelector: {disk: ssd}\n      imagePullSecrets:",
            ),
        },
        {"jobs.yaml": "\n---\n".join("{apiVersion: batch/v1, kind: Job}" for _ in range(30))},
    )
    store = SimulationStore(tmp_path / "store")
    for _ in range(2):  # simulated, and found again
        lines = forecast(plan, AUTOSCALED, store=store).warnings
        assert any(line.startswith(f"{HPA}:") and "nearest: 'agog-backend'" in line for line in lines)
        assert any(line.startswith("manifests/own/backend-deployment.yaml:") for line in lines)
        assert any("and 12 more in manifests/own" in line for line in lines)
        assert len(lines) == len(set(lines))


def test_problems_of_manifests_have_their_own_file_cluster_and_scenario(own_manifests, tmp_path):
    broken = own_manifests(
        {
            "hpa.yaml": ("maxReplicas: 20", "maxReplicas: 0"),
            "backend-deployment.yaml": ('cpu: "500m"', 'cpu: "lots"'),
        }
    )
    with pytest.raises(InputError) as caught:
        forecast(broken, AUTOSCALED, store=SimulationStore(tmp_path))
    assert [problem.file for problem in caught.value.problems] == [
        "manifests/own/backend-deployment.yaml",
        HPA,
    ]
    assert all(problem.line for problem in caught.value.problems)
    assert f"scenario {AUTOSCALED}: cluster aks-us" in str(caught.value)


def with_a_price(plan, size):
    """Return the plan with a price of a size that no book has: what has none is told before anything is simulated."""
    asked = {
        "meter": f"Virtual Machines/Linux/{size}/Compute",
        "regions": ["eastus2"],
        "use": {"meter": "Virtual Machines/Linux/Standard_D8s_v3/Compute"},
        "because": "a test",
    }
    prices = replace(plan.prices, stand_ins=(*plan.prices.stand_ins, StandIn.model_validate(asked)))
    return replace(plan, prices=prices)


def test_all_that_cannot_be_simulated_is_told_at_once(own_manifests, tmp_path):
    changed = own_manifests(
        {
            "backend-deployment.yaml": ("name: agog-backend", "name: agog-other"),
            "frontend-deployment.yaml": ('cpu: "250m"', "cpu: 0"),
        }
    )
    plan = with_a_price(changed, "Standard_L8s_v3").with_scenario(
        "sizes", {"components": {"app-nodes-us": {"vm_size": "Standard_L8s_v3"}}}, extends=AUTOSCALED
    )
    with pytest.raises(InputError) as caught:
        forecast(plan, "sizes", store=SimulationStore(tmp_path))
    text = str(caught.value)
    for words in (
        "scaling.workloads.agog-backend: there is no Deployment or StatefulSet 'agog-backend' in manifests/own/",
        "'agog-frontend' requests no cpu",
        "components.app-nodes-us.vm_size: the memory of Standard_L8s_v3 is not known",
    ):
        assert words in text
    assert text.count("requests no cpu") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"components": {"app-nodes-us": {"vm_size": "Standard_L8s_v3"}}},
            "the memory of Standard_L8s_v3 is not known",
        ),
        ({"components": {"app-nodes-us": {"memory_gib": 0.6}}}, "no node of app-nodes-us can hold one pod"),
        ({"inputs": {"us_requests_per_second": {"value": 1e9}}}, "the load reaches"),
        (
            {"scaling": {"releases": [{**RELEASE, "hours": list(range(24)), "weekdays": list(WEEKDAYS)}]}},
            "scaling.releases[0]: there are",
        ),
    ],
)
def test_what_cannot_be_simulated_names_cluster_and_scenario(plan, tmp_path, change, words):
    many = with_a_price(plan if "releases" in words else short(plan), "Standard_L8s_v3")
    changed = many.with_scenario("changed", change, extends=AUTOSCALED)
    with pytest.raises(InputError) as caught:
        forecast(changed, "changed", store=SimulationStore(tmp_path))
    assert words in str(caught.value)
    assert "scenario changed: cluster aks-us" in str(caught.value)


@pytest.mark.parametrize("memory_gib", [0, 0.1, 20000.0, 1e15])
def test_a_node_of_impossible_memory_is_refused_with_the_plan(plan, memory_gib):
    with pytest.raises(PlanError, match="memory_gib is .* than or equal to"):
        plan.with_scenario("bad", {"components": {"app-nodes-us": {"memory_gib": memory_gib}}})


def test_a_cluster_that_may_have_no_node_warns_that_nothing_can_run(plan, tmp_path):
    change = {"components": {"app-nodes-us": {"min_nodes": 0, "max_nodes": 0}}}
    none = short(plan).with_scenario("none", change, extends=AUTOSCALED)
    lines = forecast(none, "none", store=SimulationStore(tmp_path)).warnings
    assert any(line.startswith("aks-us: nothing can run: app-nodes-us") for line in lines)
    assert not any("nothing can run" in line for line in forecast(short(plan), "active-passive").warnings)


def event(starts: str, ends: str) -> dict[str, object]:
    return {"name": "x", "starts": starts, "ends": ends, "factor": 2.0}


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (
            {
                "events": [
                    {"name": "x", "starts": "2027-03-02T00:00", "ends": "2027-03-01T00:00", "factor": 2.0}
                ]
            },
            "not after",
        ),
        (
            {
                "events": [
                    {"name": "x", "starts": "2027-03-02T00:00Z", "ends": "2027-03-03T00:00", "factor": 2.0}
                ]
            },
            "or neither",
        ),
        (
            {
                "events": [
                    {"name": "x", "starts": "0001-01-01T00:00", "ends": "9999-12-31T00:00", "factor": 2.0}
                ]
            },
            "1900",
        ),
        ({"groups": [{"time_zone": "europe/berlin"}]}, "nearest: 'Europe/Berlin'"),
        ({"groups": [{"time_zone": "Mars/Phobos"}]}, "is not known"),
        ({"groups": [{"tenants": [{"month": "0000-01", "tenants": 1}]}]}, "not a month like"),
    ],
)
def test_a_load_that_cannot_be_is_refused_with_the_plan(plan, load, words):
    if "groups" in load:
        group = plan.scenario(AUTOSCALED).design.scaling.load.groups[0].model_dump(mode="json")
        load = {"groups": [group | load["groups"][0]]}
    with pytest.raises(PlanError) as caught:
        plan.with_scenario("bad", {"scaling": {"load": load}}, extends=AUTOSCALED)
    assert words in str(caught.value)
    assert "at least 1 item" not in str(caught.value)


def test_memory_of_a_request_beyond_any_pod_is_refused_with_the_plan(plan):
    use = {"agog-backend": {"memory_mib_per_request_per_second": 1000000.0}}
    with pytest.raises(PlanError, match="less than or equal to 500000"):
        plan.with_scenario("bad", {"scaling": {"workloads": use}}, extends=AUTOSCALED)


def test_multiples_are_of_the_first_month_with_tenants(plan, tmp_path):
    """None in January, 50 from February, 100 from March: February is the month that amounts are stated for."""
    group = plan.scenario(AUTOSCALED).design.scaling.load.groups[0].model_dump(mode="json") | {
        "requests_per_second": None,
        "requests_per_second_per_tenant": 1.0,
        "tenants": [{"month": f"2027-{n:02}", "tenants": 50 * (n - 1)} for n in (1, 2, 3)],
        "working_day": [1.0] * 24,
        "saturday": 1.0,
        "sunday": 1.0,
    }
    change = {
        "traffic": {"follows_load": True},
        "scaling": {"load": {"groups": [group], "month_end_days": 0}},
    }
    grown = short(plan, 3).with_scenario("grown", change, extends="active-passive")
    scaling = grown.scenario("grown").design.scaling
    assert scaling is not None
    assert load_multiples(scaling, grown.months)[0] == pytest.approx([0, 1, 2])
    lines = forecast(grown, "grown").warnings
    assert any(
        "those of the first tenants; in 1 month from 2027-01 there is no load" in line for line in lines
    )


def test_second_colours_have_names_of_their_own(plan):
    long = "a" * 70
    assert len({second_name(long + end) for end in ("x", "y", "")}) == 3
    assert all(len(second_name(long + end)) <= 80 for end in ("x", "y", ""))
    use = plan.scenario(AUTOSCALED).design.scaling.workloads["agog-backend"].model_dump(mode="json")
    change = {
        "workloads": {"agog-backend-second-colour": use},
        "load": {"requests_per_workload": {"agog-backend-second-colour": 1.0}},
        "releases": [{**RELEASE, "strategy": "blue_green"}],
    }
    with pytest.raises(PlanError, match="the name that the second colour of 'agog-backend' gets; rename it"):
        plan.with_scenario("bad", {"scaling": change}, extends=AUTOSCALED)
