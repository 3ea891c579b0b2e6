"""From a plan to results: forecast, compare, explain, reconcile."""
