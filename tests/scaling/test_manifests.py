"""Manifests: the brief's, exact quantities, and what is wrong or hostile."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.errors import InputError
from agog_capacity.scaling.manifests import (
    ManifestError,
    parse_manifest_files,
    parse_manifests,
    read_manifests,
)
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
    assert {problem.message.split("'")[1] for problem in manifests.without_pods} == {"Service", "Ingress"}
    assert not manifests.not_modelled


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
    text = "---".join(
        [
            DEPLOYMENT,
            BUDGET,
            loose.replace("name: web,", "name: other,"),
            strict.replace("name: web,", "name: third,"),
        ]
    )
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


ALL = (DEPLOYMENT, AUTOSCALER, BUDGET)


def together(*texts: str) -> str:
    return "---".join(texts)


def told(text: str) -> str:
    with pytest.raises(ManifestError) as caught:
        parse_manifests(text, "web.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name: web}\n  min", "name: wbe}\n  min", "so it scales nothing; nearest: 'web'"),
        ("kind: Deployment, ", "kind: StatefulSet, ", "there is Deployment 'web' of namespace 'shop'"),
        ("namespace: shop", "namespace: other", "there is Deployment 'web' of namespace 'shop'"),
    ],
)
def test_an_autoscaler_of_another_name_kind_or_namespace_scales_nothing_and_warns(old, new, words):
    assert old in AUTOSCALER
    manifests = parse_manifests(together(DEPLOYMENT, AUTOSCALER.replace(old, new, 1)), "web.yaml")
    assert words in str(manifests.warnings[0])
    assert manifests.warnings[0].line is not None
    assert manifests.workload("web", cpu_milli_per_rps=1).autoscaler is None
    assert str(manifests.warnings[0]) in list(map(str, manifests.left_out(["web"])))


def test_two_autoscalers_of_one_workload_are_ambiguous_as_in_kubernetes():
    other = AUTOSCALER.replace("metadata: {name: web", "metadata: {name: web-2").replace("10", "50")
    message = told(together(DEPLOYMENT, AUTOSCALER, other))
    assert "AmbiguousSelector" in message
    first = together(DEPLOYMENT, AUTOSCALER)
    assert f"web.yaml:{first[: first.rindex('spec:')].count(chr(10)) + 1} does" in message


def test_one_name_in_two_kinds_or_namespaces_is_ambiguous_where_it_is_asked_for():
    for other in (
        DEPLOYMENT.replace("Deployment", "StatefulSet"),
        DEPLOYMENT.replace("namespace: shop", "namespace: test"),
    ):
        manifests = parse_manifests(together(DEPLOYMENT, other), "web.yaml")
        with pytest.raises(ManifestError, match="has the name of .* at web.yaml:.*rename one"):
            manifests.workload("web", cpu_milli_per_rps=1)


@pytest.mark.parametrize("value", ['"abc"', "-1", "true", "1.5", "100000"])
def test_a_probe_that_is_no_number_of_seconds_is_refused(value):
    text = DEPLOYMENT.replace(
        "- name: app\n", f"- name: app\n        readinessProbe: {{initialDelaySeconds: {value}}}\n"
    )
    assert "initialDelaySeconds" in told(text)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("minAvailable: 50%", "minAvailble: 1", "nearest: 'minAvailable'"),
        ("50%", "1000%", "above 100 %"),
        ("50%", "lots", "neither a count nor a percentage"),
    ],
)
def test_a_wrong_budget_is_refused(old, new, words):
    assert words in told(together(DEPLOYMENT, BUDGET.replace(old, new)))


def test_a_budget_that_keeps_every_pod_or_protects_none_warns():
    for old, new, words in (
        ("50%", "10000", "lets none of the 10 pods"),
        ("50%", "100%", "lets none of the 10 pods"),
        ("app: web", "app: wbe", "protects nothing"),
    ):
        manifests = parse_manifests(together(DEPLOYMENT, AUTOSCALER, BUDGET.replace(old, new)))
        assert words in " ".join(map(str, manifests.warnings))
    assert not parse_manifests(together(*ALL)).warnings


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{cpu: 250m, memory: 256Mi}", "{cpu: 0, memory: 256Mi}"),
        ("{cpu: 250m, memory: 256Mi}", "{cpu: 250m, memory: 0}"),
    ],
)
def test_requests_of_nothing_cannot_be_placed(old, new):
    text = DEPLOYMENT[: DEPLOYMENT.index("      initContainers")].replace(old, new)
    with pytest.raises(ManifestError, match="requests no (cpu|memory); request more than 0") as caught:
        parse_manifests(text, "web.yaml").workload("web", cpu_milli_per_rps=1)
    assert caught.value.problems[0].line


def test_a_request_beyond_any_machine_is_refused_with_its_place():
    text = DEPLOYMENT.replace('memory: 256Mi}, limits: {cpu: "1", memory: 512Mi}', "memory: 90Ti}")
    with pytest.raises(
        ManifestError, match="Deployment 'web' cannot be simulated: memory_request_bytes"
    ) as caught:
        parse_manifests(text, "web.yaml").workload("web", cpu_milli_per_rps=1)
    assert caught.value.problems[0].file == "web.yaml"


def test_odd_values_are_refused_in_words():
    assert "metric type" in told(
        together(DEPLOYMENT, AUTOSCALER.replace("type: Resource", "type: [Resource]"))
    )
    assert "resources is a mapping" in told(
        DEPLOYMENT.replace("resources: {requests: {cpu: 100m, memory: 128Mi}}", "resources: [cpu]")
    )
    assert "nearest: 'requests'" in told(DEPLOYMENT.replace("{requests: {cpu: 100m", "{request: {cpu: 100m"))
    volumes = DEPLOYMENT.replace("tolerations: []", "volumes: [{name: x, emptyDir: foo}]")
    assert parse_manifests(volumes).workload("web", cpu_milli_per_rps=1).blocks_node_removal


def test_wrong_bounds_do_not_hide_behind_a_wrong_metric():
    text = AUTOSCALER.replace("minReplicas: 2", "minReplicas: -3").replace("70", "0")
    message = told(together(DEPLOYMENT, text))
    assert "averageUtilization" in message
    assert "'-3'" in message or "-3" in message


def test_line_ends_directives_and_text_behind_the_dashes_are_read():
    text = together(*ALL)
    assert parse_manifests(text.replace("\n", "\r\n"), "web.yaml") == parse_manifests(text, "web.yaml")
    assert parse_manifests(text.replace("\n", "\r"), "web.yaml") == parse_manifests(text, "web.yaml")
    assert len(parse_manifests("%YAML 1.2\n---\n" + text).workloads) == 1
    spec = "spec: {template: {spec: {containers: [{name: a}]}}}"
    body = f"{{apiVersion: apps/v1, kind: StatefulSet, metadata: {{name: db}}, {spec}}}"
    assert parse_manifests(f"--- {body}\n---  # nothing\n").workloads[0].name == "db"


def test_problems_of_all_files_are_told_with_their_own_lines():
    with pytest.raises(ManifestError) as caught:
        parse_manifest_files(
            [
                ("a.yaml", DEPLOYMENT.replace("250m", "lots")),
                ("b.yaml", "kind: [\n"),
                ("c.yaml", "---\n" + AUTOSCALER.replace("70", "0") + "---\na: b: c\n"),
            ]
        )
    lines = [(p.file, p.line) for p in caught.value.problems]
    assert [file for file, _ in lines] == ["a.yaml", "b.yaml", "c.yaml", "c.yaml"]
    text = "---\n" + AUTOSCALER
    assert lines[2][1] == text[: text.index("averageUtilization")].count("\n") + 1
    assert lines[3][1] == text.count("\n") + 2


@pytest.mark.slow
def test_lines_of_many_documents_are_counted_from_the_start_of_the_file():
    """1,990 documents of 2.4 kB each; padding every one with the lines before it took a minute."""
    body = AUTOSCALER + "# padding\n" * 200
    scalers = (
        body.replace("name: web,", f"name: web-{n},").replace("name: web}", f"name: w{n}}}")
        for n in range(1989)
    )
    text = together(DEPLOYMENT, *scalers)
    assert len(text) > 4_000_000
    found = parse_manifests(text)
    assert found.autoscalers[-1].problem_at.line == text[: text.rindex("spec:")].count("\n") + 1


def test_what_is_passed_over_is_told_with_its_place_and_what_has_no_pods_is_not():
    others = (
        DAEMON,
        DEPLOYMENT.replace("name: web", "name: worker"),
        "\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x}\nspec: {}\n",
        "\napiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {}\n",
    )
    text = together(DEPLOYMENT.replace("tolerations", "nodeSelector"), *others)
    lines = [str(problem) for problem in parse_manifests(text, "web.yaml").left_out(["web"])]
    for word in (
        "nodeSelector",
        "DaemonSet 'agent' requests 2,100",
        "Deployment 'worker' is not",
        "'CronJob'",
    ):
        assert any(word in line and line.startswith("web.yaml:") for line in lines), word
    assert not any("Service" in line for line in lines)
