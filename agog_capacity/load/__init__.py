"""Demand over time: requests per second, by region and workload."""
