"""What a cluster does with a load: replicas by the HPA, places by the scheduler, nodes by the cluster autoscaler.

Two forms of the same rules live here. The *reference* (`hpa`, `hpa_metrics`, `hpa_behavior`, `nodes`,
`estimator`, `expanders`, `node_scaledown`, `aks`, `reference`) follows Kubernetes rule by rule and is
read, not raced. The *kernel* (`kernel`, with numba) is what `simulate_scaling` runs. Property tests hold
them equal.

Rules are cited by the upstream function that holds them; no upstream code is copied. Quantities are
integer milli-units (one core is 1000), counts of replicas are 32-bit as in Kubernetes.
"""
