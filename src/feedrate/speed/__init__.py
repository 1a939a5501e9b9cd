"""How fast target maps are made, stored and loaded on this machine: ``feedrate bench-targets``.

`cases` draws the polygons, `readings` holds the clock, `bench` times the ways to make maps,
`codecs` the ways to store them, and `table` turns the result into text.
"""
