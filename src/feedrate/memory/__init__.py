"""Does each loader process duplicate a cache in memory? Measured in bytes, process by process.

    from feedrate.memory.study import measure_memory

Nothing is imported here: a worker that starts from nothing imports this package.

Represents: one dataset to one artefact. Layer: 3. Depends on: loaders, targets, forkserver.
"""
