"""Manifests: the brief's, exact quantities, and what is wrong or hostile."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.errors import InputError
from agog_capacity.scaling.manifests import ManifestError, parse_manifests, read_manifests
from agog_capacity.scaling.quantities import quantity, thousandths, whole

BRIEF = Path(__file__).parents[2] / "data" / "manifests" / "agog"

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: app
        resources: {requests: {cpu: 250m, memory: 256Mi}, limits: {cpu: "1", memory: 512Mi}}
      initContainers:
      - name: proxy
        restartPolicy: Always
        resources: {requests: {cpu: 100m, memory: 128Mi}}
      - name: migrate
        resources: {requests: {cpu: "2", memory: 64Mi}}
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule}
      tolerations: []
"""
AUTOSCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 10
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
"""
BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}
"""
DAEMON = DEPLOYMENT.replace("Deployment", "DaemonSet").replace("name: web", "name: agent")


def test_the_briefs_manifests_are_understood():
    manifests = read_manifests([BRIEF])
    backend = manifests.workload("agog-backend", cpu_milli_per_rps=10)
    assert (backend.cpu_request_milli, backend.memory_request_bytes) == (500, 512 * 2**20)
    assert (backend.cpu_limit_milli, backend.memory_limit_bytes) == (2000, 2 * 2**30)
    assert backend.start_s == 15  # initialDelaySeconds 10, periodSeconds 5
    scaler = backend.autoscaler
    assert scaler is not None
    assert (scaler.minimum, scaler.maximum) == (3, 20)
    rules = scaler.rules().behavior
    assert rules is not None
    assert rules.scale_down.policies[0].value == 50
    assert manifests.workload("agog-frontend", cpu_milli_per_rps=1).autoscaler is None
    assert not manifests.warnings
    assert {problem.message.split("'")[1] for problem in manifests.not_modelled} == {"Service", "Ingress"}


def test_requests_are_those_of_the_peak_with_sidecars():
    manifests = parse_manifests(DEPLOYMENT + "---" + AUTOSCALER + "---" + BUDGET + "---" + DAEMON)
    web = manifests.workload("web", cpu_milli_per_rps=1)
    assert web.cpu_request_milli == 2100  # migrate runs beside the proxy: 2000 + 100
    assert web.memory_request_bytes == 384 * 2**20
    assert web.cpu_limit_milli is None  # the proxy has none
    assert web.spread is not None
    assert web.spread.over == "zones"
    assert web.min_available_percent == 50
    assert web.least_available(3) == 2  # half of 3, rounded up
    assert manifests.daemon_requests()[1] == 1
    assert any("tolerations" in problem.message for problem in manifests.not_modelled)
    assert manifests.workloads[0].max_surge == "25%"


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        # Of 3 and of 60 replicas; kubernetes.io, "Specifying a Disruption Budget": percentages are rounded up,
        # so 7 pods with minAvailable 50 % keep 4.
        ("minAvailable: 50%", {7: 4, 3: 2, 60: 30}),
        ("minAvailable: 80%", {3: 3, 60: 48}),
        ("minAvailable: 100%", {3: 3, 60: 60}),
        ("minAvailable: 3", {3: 3, 60: 3}),
        ("maxUnavailable: 0", {3: 3, 60: 60}),
        ("maxUnavailable: 1", {3: 2, 60: 59}),
        ("maxUnavailable: 30%", {3: 2, 7: 4, 60: 42}),
        ("maxUnavailable: 100%", {3: 0, 60: 0}),
    ],
)
def test_a_budget_follows_the_count_of_the_moment(spec, kept):
    budget = BUDGET.replace("minAvailable: 50%", spec)
    web = parse_manifests(DEPLOYMENT + "---" + AUTOSCALER + "---" + budget).workload(
        "web", cpu_milli_per_rps=1
    )
    assert web.has_budget
    assert {replicas: web.least_available(replicas) for replicas in kept} == kept


def test_of_several_budgets_each_holds():
    loose, strict = (BUDGET.replace("minAvailable: 50%", f"maxUnavailable: {n}") for n in (5, 2))
    text = "---".join([DEPLOYMENT, BUDGET, loose.replace("name: web,", "name: other,"), strict])
    web = parse_manifests(text).workload("web", cpu_milli_per_rps=1)
    assert web.least_available(20) == 18
    assert web.least_available(3) == 2


def test_a_budget_above_100_percent_is_refused_as_by_kubernetes():
    with pytest.raises(ManifestError, match=r"minAvailable 101% is above 100 %"):
        parse_manifests(BUDGET.replace("50%", "101%"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500m", Fraction(1, 2)),
        ("1e3", Fraction(1000)),
        ("1.5Gi", Fraction(3 * 2**29)),
        ("128M", Fraction(128 * 10**6)),
        (2, Fraction(2)),
        (0.1, Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("100n", Fraction(1, 10**7)),
    ],
)
def test_quantities_are_exact(text, expected):
    assert quantity(text) == expected


def test_quantities_round_up_as_kubernetes_does():
    assert thousandths("1u") == 1
    assert whole("1.5") == 2


@pytest.mark.parametrize("text", ["", "abc", "1 Gi", "-1", "1mi", "1e999", "٣", True, None, [], "1" * 500])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match=r"quantity|negative"):
        quantity(text)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("autoscaling/v2", "autoscaling/v1", "use autoscaling/v2"),
        ("minReplicas: 2", "minReplicas: 20", "above maximum 10"),
        ("averageUtilization: 70", "averageUtilization: -5", "percentage from 1 to 1000"),
        ("averageUtilization: 70", "averageUtilization: 1001", "percentage from 1 to 1000"),
        ("minReplicas: 2", "minReplicas: 0", "minimum 0 needs"),
        ("maxReplicas: 10", "maxReplicas: 0", "greater than or equal to 1"),
        ("maxReplicas: 10", "maxReplica: 10", "nearest: 'maxReplicas'"),
        ("name: cpu", "name: disk", "not cpu or memory"),
        ("type: Resource", "type: Magic", "metric type 'Magic'"),
        (
            "  metrics:",
            "  behavior: {scaleDown: {policies: [{type: Pods, value: 1, periodSeconds: 0}]}}\n  metrics:",
            "greater than or equal to 1",
        ),
        (
            "  metrics:",
            "  behavior: {scaleUp: {policies: [{type: Percent, value: 1001, periodSeconds: 15}]}}\n  metrics:",
            "less than or equal to 1000",
        ),
        ("  metrics:", "  behavior: {scaleUp: {tolerance: -1}}\n  metrics:", "negative"),
        ("  metrics:", "  behavior: {scaleSideways: {}}\n  metrics:", "scaleUp or scaleDown"),
    ],
)
def test_a_wrong_autoscaler_is_refused_with_its_place(old, new, words):
    assert old in AUTOSCALER
    with pytest.raises(ManifestError) as caught:
        parse_manifests(DEPLOYMENT + "---" + AUTOSCALER.replace(old, new, 1), "web.yaml")
    assert words in str(caught.value)
    assert all(problem.line and problem.line > 20 for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("apps/v1", "extensions/v1beta1", "use apps/v1"),
        ("replicas: 3", "replicas: -1", "not a count"),
        ("cpu: 250m", "cpu: -250m", "negative"),
        ("cpu: 250m", "cpu: lots", "not a quantity"),
        ("cpu: 250m", "cpu: 2", "above its limit"),
        ("name: migrate", "name: proxy", "stands twice"),
        ("maxSkew: 1", "maxSkew: 0", "counts from 1"),
        ("metadata: {name: web, namespace: shop}", "metadata: {}", "metadata.name"),
        ("kind: Deployment", "sort: Deployment", "has no kind"),
    ],
)
def test_a_wrong_workload_is_refused(old, new, words):
    assert old in DEPLOYMENT
    with pytest.raises(ManifestError, match=words):
        parse_manifests(DEPLOYMENT.replace(old, new, 1))


def test_all_problems_are_told_at_once():
    text = (
        DEPLOYMENT.replace("250m", "lots").replace("maxSkew: 1", "maxSkew: 0")
        + "---"
        + AUTOSCALER.replace("70", "0")
    )
    with pytest.raises(ManifestError) as caught:
        parse_manifests(text)
    assert len(caught.value.problems) == 3


def test_missing_requests_warn_and_then_stop_the_simulation():
    """Kubernetes takes such a Deployment, but its HPA fails for ever and it cannot be placed here."""
    text = DEPLOYMENT.replace(
        '{requests: {cpu: 250m, memory: 256Mi}, limits: {cpu: "1", memory: 512Mi}}', "{}"
    )
    manifests = parse_manifests(text + "---" + AUTOSCALER)
    assert "always fails" in str(manifests.warnings[0])
    with pytest.raises(
        ManifestError, match="container 'app' of Deployment 'web' has no cpu request"
    ) as caught:
        manifests.workload("web", cpu_milli_per_rps=1)
    assert caught.value.problems[0].line


def test_an_unset_request_takes_the_limit_as_in_kubernetes():
    text = DEPLOYMENT.replace("requests: {cpu: 250m, memory: 256Mi}, ", "")
    assert parse_manifests(text).workloads[0].pods.container_requests["app"] == (1000, 512 * 2**20)


def test_an_autoscaler_without_its_workload_is_a_warning():
    assert "not in these manifests" in str(parse_manifests(AUTOSCALER).warnings[0])


def test_a_name_twice_is_refused():
    with pytest.raises(ManifestError, match="stands twice"):
        parse_manifests(DEPLOYMENT + "---" + DEPLOYMENT)


def test_an_unknown_workload_names_the_nearest():
    with pytest.raises(ManifestError, match="nearest: 'agog-backend'"):
        read_manifests([BRIEF]).workload("agog-backen", cpu_milli_per_rps=1)


def test_a_list_of_objects_is_read():
    body = "".join(f"  {line}\n" for line in AUTOSCALER.strip().splitlines())
    text = "apiVersion: v1\nkind: List\nitems:\n- " + body.lstrip()
    assert len(parse_manifests(text).autoscalers) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "kind: !!python/object:os.system x",
        "[" * 5000,
        "kind: Deployment\n" * 3,
        "\x00",
        "---\n" * 5000,
        "just text",
        "- kind: Deployment",
    ],
)
def test_hostile_text_is_refused_in_words(text):
    with pytest.raises(InputError):
        parse_manifests(text)


@given(st.text(max_size=60))
def test_no_text_escapes_as_another_error(text):
    with contextlib.suppress(InputError):
        parse_manifests(DEPLOYMENT.replace("250m", repr(text)))


def test_empty_documents_and_comments_are_nothing(tmp_path):
    assert parse_manifests("# nothing\n---\n---\n") == parse_manifests("")
    with pytest.raises(ManifestError, match="holds no"):
        read_manifests([tmp_path])
