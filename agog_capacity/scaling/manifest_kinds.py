"""Kinds of Kubernetes objects that matter to scaling, those that do not, and the fields of workloads."""

from __future__ import annotations

API_VERSIONS = {
    "Deployment": ("apps/v1",),
    "StatefulSet": ("apps/v1",),
    "DaemonSet": ("apps/v1",),
    "HorizontalPodAutoscaler": ("autoscaling/v2",),
    "PodDisruptionBudget": ("policy/v1",),
}
"""Kinds that matter to scaling, and the versions that are read."""
WITHOUT_PODS = {
    "Service", "Ingress", "IngressClass", "ConfigMap", "Secret", "Namespace", "ServiceAccount", "Role", "RoleBinding",
    "ClusterRole", "ClusterRoleBinding", "NetworkPolicy", "StorageClass", "PersistentVolume", "PersistentVolumeClaim",
    "CustomResourceDefinition", "Certificate", "Issuer", "ClusterIssuer", "ServiceMonitor", "PodMonitor",
    "PrometheusRule",
}  # fmt: skip
"""Kinds that neither have pods nor change how many there are: passing over them changes no result."""
OWN_FIELDS = {
    "Deployment": ("strategy",),
    "StatefulSet": (
        "updateStrategy", "serviceName", "volumeClaimTemplates", "podManagementPolicy", "ordinals",
        "persistentVolumeClaimRetentionPolicy",
    ),
    "DaemonSet": ("updateStrategy",),
}  # fmt: skip
"""Fields of a spec, beside those of all workloads."""
COMMON_FIELDS = (
    "replicas", "selector", "template", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds",
)  # fmt: skip
