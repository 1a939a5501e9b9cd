"""Which settings to take: chosen by what was measured and by the model, then measured anew.

Represents: a recommendation. Layer: 4. Depends on: the model, summaries, tables.
"""
