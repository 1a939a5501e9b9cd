"""What machine this is, and in which state: facts that make two measurements comparable.

`identity` holds the few stable facts that are hashed into `machine_id`, `sheet` everything else
that a reader of a figure may want to know, `state` what changes from minute to minute. A fact that
cannot be read is "not readable"; it stops nothing.

Importing this package loads nothing heavy: the Snakemake process does it.
"""

from feedrate.machine.cores import usable_cores
from feedrate.machine.identity import LIBRARIES, fingerprint, machine_id
from feedrate.machine.sheet import describe
from feedrate.machine.state import conditions, current_mhz, load_average, pressure, stolen_s
from feedrate.machine.storage import MEMORY_FILE_SYSTEMS, file_system_of

__all__ = [
    "LIBRARIES",
    "MEMORY_FILE_SYSTEMS",
    "conditions",
    "current_mhz",
    "describe",
    "file_system_of",
    "fingerprint",
    "load_average",
    "machine_id",
    "pressure",
    "stolen_s",
    "usable_cores",
]
