"""Reservations, savings plans, spot and commitment tiers: the exact bill and the best portfolio.

Reading order: `terms` (what can be bought), `cover` (which hour it pays for; `cover_fast` is its twin
for many futures), `amortise` and `rows` (what is billed when, and what it costs in effect), `measures`,
`payback`, `ladder`, `returns`, `log_tiers`, `spot`; then the decisions: `single`, `hour_value`, `joint`,
`portfolio`, `regret`, `online`. Everything is a function of arrays and terms; nothing here reads a plan.
"""
