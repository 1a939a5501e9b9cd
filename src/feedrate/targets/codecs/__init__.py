"""Codecs: file formats of stored maps."""

from __future__ import annotations

from typing import Protocol

from feedrate.targets.params import Targets


class Codec(Protocol):
    """The contract of a codec: an object, found as ``CODEC`` in its module.

    It must be picklable: `feedrate.maps.verify_maps` sends it to its processes.
    """

    @property
    def name(self) -> str:
        """The registry's name of the codec, which is also the name of its folder."""

    @property
    def suffix(self) -> str:
        """The suffix of its files, with the dot."""

    def encode(self, targets: Targets) -> bytes:
        """Turn the maps of one image into the content of a file."""

    def decode(self, data: bytes) -> Targets:
        """Turn the content of a file into maps, read to the last byte.

        Raises:
            ValueError: The content is not of this codec; the message says what is wrong.
        """
