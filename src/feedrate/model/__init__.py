"""How long an epoch takes, from what its parts take: a simulation, not a fit of the answer.

Represents: a performance model and its score. Layer: 4. Depends on: tables of trials, profiles.

`costs` says what a stage of any cell takes, `contention` what becomes of it beside other processes,
`events` plays an epoch through, `prediction` puts them together, `scoring` holds predictions
against cells that none of them has seen, beside the simpler models of `baselines`.
"""
