"""Stores: where the images of a trial come from, encoded or already at target size.

A store's module says what its store is, and the exercise gate holds it to that:

* ``ORIGIN``: where every image comes from inside an epoch, ``file`` or ``memory``;
* ``DECODED = True``: pixels are handed over, nothing is decoded inside an epoch;
* ``LOSSY = True``: pixels, and polygons by up to half a pixel, are others than the files';
* ``MAPPED = True``: files are read through a memory map, which no read call shows.

The modules of `feedrate.registry.BUILT_STORES` also have ``write_store``, which a rule calls before
any trial (`feedrate.stores.building.WriteStore`), and ``files_of(samples, folder)``, which lists
the files that a trial over these samples reads. Where a library may be absent, ``unavailable()``
says so.
"""

from __future__ import annotations

from typing import Protocol

from feedrate.sample import Fetched, Prepared


class Store(Protocol):
    """The contract of an opened store.

    A plug-in's ``open_store(samples, prepare, folder)`` returns one. What it costs to fill a store
    is paid there: that is the preload of a trial. ``prepare(index, data)`` decodes and resizes the
    sample at `index`, for the stores that keep the result. ``folder`` holds what was built
    beforehand, for the stores of `feedrate.registry.BUILT_STORES`; None for the others.
    """

    def __len__(self) -> int:
        """Count the samples."""

    def read(self, index: int) -> Fetched[bytes] | Fetched[Prepared]:
        """Fetch the encoded file, or the prepared image, of the sample at `index`.

        Raises:
            OSError: A file cannot be read; the error names it.
        """
