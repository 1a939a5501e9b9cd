"""Generators: ``generate(directory, count, seed, progress)`` makes a dataset from a seed.

Represents: datasets that need no download. Layer: 1. Depends on: files.
"""
