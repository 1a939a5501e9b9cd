"""feedrate: where does the time of an input pipeline go, and what will changing it gain?

The package is a stack of layers (ARCHITECTURE.md); imports point downward only. Importing
``feedrate`` itself loads nothing heavy: the Snakemake process and every trial start from it.
"""

__version__ = "0.1.0"
