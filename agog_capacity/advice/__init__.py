"""What to buy ahead for a scenario: the best portfolio on simulated futures of its load, as purchases of a plan.

Reading order: `futures` (usage of each future), `market` (what is sold and there already), `logs` (commitment tiers of
workspaces), `commit` (finds an `advice`), `bought` and `entries` (beside and as entries of a plan), then tables, notes
and files, which compute nothing new.
"""
