"""Commitments inside a plan: from entries of a design to rows of its bill.

`commitments` knows terms and arrays, this package also usage, price books and months. Reading order: `rows`,
`prices` (what an entry is for and costs), `hours`, `logs`, `step` (the step of the charges engine), `netting` (what it
leaves for more), `check`.
"""
