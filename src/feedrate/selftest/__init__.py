"""The instrument measures itself: cells against themselves, planted effects, hidden faults.

Everything is measured through `feedrate.pairs.measure`, as in a study, on data of its own. What
comes out is raw; `feedrate.goals` holds it against the goals.
"""
