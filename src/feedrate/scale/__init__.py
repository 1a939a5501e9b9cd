"""How costs grow with images, words and megapixels, on pages that are made for it.

Represents: a sweep of sizes. Layer: 3. Depends on: pipeline, trials, generators' letters and scans.
"""
