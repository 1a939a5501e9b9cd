"""Which plug-ins exist: one dictionary per kind, resolved lazily.

A value is ``"module:attribute"``, not the object itself: importing every decoder in a trial that
uses one would move the very figures that are measured. Adding a plug-in is one file and one line
here; ``tests/contract`` then checks it without being told.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

REGISTRIES: dict[str, dict[str, str]] = {
    "generators": {
        "receipts": "feedrate.generators.receipts:generate",
        "signs": "feedrate.generators.signs:generate",
    },
    "formats": {
        "icdar": "feedrate.formats.icdar:read",
        "sroie": "feedrate.formats.sroie:read",
        "seed_json": "feedrate.formats.seed_json:read",
        "total_text": "feedrate.formats.total_text:read",
        "paddle": "feedrate.formats.paddle:read",
        "mmocr": "feedrate.formats.mmocr:read",
        "coco": "feedrate.formats.coco:read",
        "alto": "feedrate.formats.alto:read",
        "page": "feedrate.formats.page:read",
    },
    "images": {
        "disk": "feedrate.stores.disk:open_store",
        "ram": "feedrate.stores.ram:open_store",
        "decoded_ram": "feedrate.stores.decoded_ram:open_store",
        "tar": "feedrate.stores.tar:open_store",
        "lmdb": "feedrate.stores.lmdb:open_store",
        "decoded_mmap": "feedrate.stores.decoded_mmap:open_store",
        "resized_jpeg": "feedrate.stores.resized_jpeg:open_store",
    },
    "decoders": {
        "pillow": "feedrate.decoders.pillow:decode",
        "pillow_draft": "feedrate.decoders.pillow:decode_draft",
        "opencv": "feedrate.decoders.opencv:decode",
        "opencv_reduced": "feedrate.decoders.opencv:decode_reduced",
        "simplejpeg": "feedrate.decoders.simplejpeg:decode",
        "simplejpeg_scaled": "feedrate.decoders.simplejpeg:decode_scaled",
        "turbojpeg": "feedrate.decoders.turbojpeg:decode",
        "nvimgcodec": "feedrate.decoders.nvimgcodec:decode",
    },
    "transforms": {
        "albumentations": "feedrate.transforms.albumentations:build",
        "opencv": "feedrate.transforms.opencv:build",
        "fused": "feedrate.transforms.fused:build",
        "torch_antialias": "feedrate.transforms.torch_antialias:build",
        "augment": "feedrate.transforms.augment:build",
        "augment_albumentations": "feedrate.transforms.augment_albumentations:build",
    },
    "targets": {
        "none": "feedrate.targets.sources.none:open_source",
        "reference": "feedrate.targets.sources.reference:open_source",
        "kernel": "feedrate.targets.sources.kernel:open_source",
        "npz": "feedrate.targets.sources.npz:open_source",
        "npz_ram": "feedrate.targets.sources.npz_ram:open_source",
        "npz_raw": "feedrate.targets.sources.npz_raw:open_source",
        "packed": "feedrate.targets.sources.packed:open_source",
        "packed_ram": "feedrate.targets.sources.packed_ram:open_source",
        "polygons": "feedrate.targets.sources.polygons:open_source",
    },
    "codecs": {
        "npz": "feedrate.targets.codecs.npz:CODEC",
        "npz_raw": "feedrate.targets.codecs.npz_raw:CODEC",
        "packed": "feedrate.targets.codecs.packed:CODEC",
        "polygons": "feedrate.targets.codecs.polygons:CODEC",
    },
    "loaders": {
        "torch": "feedrate.loaders.dataloader:build",
        "feedrate": "feedrate.loaders.feedrate:build",
        "threads": "feedrate.loaders.threads:build",
        "torchdata_nodes": "feedrate.loaders.torchdata_nodes:build",
        "torchdata_processes": "feedrate.loaders.torchdata_processes:build",
        "spdl": "feedrate.loaders.spdl:build",
        "grain": "feedrate.loaders.grain:build",
        "webdataset": "feedrate.loaders.webdataset:build",
        "dali": "feedrate.loaders.dali:build",
    },
    "consumers": {
        "none": "feedrate.consumers.none:build",
        "sleep": "feedrate.consumers.sleep:build",
        "spin": "feedrate.consumers.spin:build",
        "dbnet": "feedrate.consumers.dbnet:build",
        "dbnet_train": "feedrate.consumers.dbnet_train:build",
    },
}


AUTO = "auto"
"""A dataset's format that is looked for, instead of one of the names."""

STORED_MAPS: dict[str, str] = {
    "npz": "npz",
    "npz_ram": "npz",
    "npz_raw": "npz_raw",
    "packed": "packed",
    "packed_ram": "packed",
    "polygons": "polygons",
}
"""Target sources that read stored maps, and the codec of those; the others need no maps built."""

BUILT_STORES: tuple[str, ...] = ("tar", "lmdb", "decoded_mmap", "resized_jpeg")
"""Stores of images that a rule builds before a trial can open them."""

FITTED_STORES: dict[str, tuple[str, ...]] = {
    "decoded_mmap": ("decoder", "transform", "image_size"),
    "resized_jpeg": ("image_size",),
}
"""Built stores whose images were brought to size with the levels of `base`, and the factors in
which a cell that reads them must not differ from it."""

Plugins = Mapping[str, Mapping[str, str]]
"""The config's ``plugins:`` block: kind, then alias, then ``"module:attribute"``."""


class UnknownPluginError(ValueError):
    """A name that no registry knows; the message lists the names it does know."""


def names(kind: str, plugins: Plugins | None = None) -> list[str]:
    """List the names of one kind, the user's own aliases included."""
    return [*REGISTRIES[kind], *(plugins or {}).get(kind, {})]


def target_of(kind: str, name: str, plugins: Plugins | None = None) -> str:
    """Return the ``"module:attribute"`` string behind a name.

    Raises:
        UnknownPluginError: No plug-in of this kind has this name.
    """
    known = {**REGISTRIES[kind], **(plugins or {}).get(kind, {})}
    if name not in known:
        raise UnknownPluginError(f"{kind}: {name!r} is unknown; known are {', '.join(known)}")
    return known[name]


def resolve(kind: str, name: str, plugins: Plugins | None = None) -> Any:
    """Import and return the plug-in of this kind and name.

    Args:
        kind: A key of `REGISTRIES`.
        name: A plug-in's name, or a user's alias in ``plugins[kind]``.
        plugins: The config's ``plugins:`` block.

    Raises:
        UnknownPluginError: The name is unknown, or its module or attribute does not exist.
    """
    target = target_of(kind, name, plugins)
    module_name, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (ModuleNotFoundError, AttributeError) as error:
        raise UnknownPluginError(f"{kind}: {name!r} points at {target!r}: {error}") from error
