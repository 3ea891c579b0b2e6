"""Reservations, savings plans, spot and commitment tiers: the exact bill and the best portfolio.

Reading order: `terms` and `catalogue` (what can be bought), `cover` (which hour it pays for; `cover_fast` is
its twin for many futures), `amortise`, `rows` and `bill` (what is billed when, and what it costs in effect),
`measures`, `payback`, `ladder`, `returns`, `log_tiers`, `spot`, `stacked`; then the decisions: `single`,
`hour_value`, `joint`, `cutting`, `regret`, `online`, and over time `quotes`, `market`, `horizon`, `portfolio`,
`rule`. Functions of arrays and terms; only `quotes` looks at price books. `section` is what a plan may say and
`spot_pool` what a node pool may; the package `committed` applies them.
"""
