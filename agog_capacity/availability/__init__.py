"""Availability: what can be bought, what contracts promise, what the mathematics says, what fails."""
