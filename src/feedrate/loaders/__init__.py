"""Loaders: ``build(dataset, cell)`` returns an iterable of batches.

Represents: what runs the samples. Layer: 2. Depends on: collate, pipeline.
"""
