"""Where the time of one image goes: every stage alone, in one process, with every byte made.

`levels` says what is profiled, `clocked` holds the clock and runs in fresh forks, `study` forks
them, `summary` turns their readings into ``results/stages/{dataset}.json``. These are costs, not
comparisons: they have intervals over processes, no pairs, and give no verdicts.

The Snakemake process loads this package, so nothing heavy is imported here.
"""

from feedrate.profile.levels import profiled_modules

__all__ = ["profiled_modules"]
