"""Cost modelling and capacity planning of a SaaS on Kubernetes and managed services."""

from __future__ import annotations

__version__ = "0.1.0"
