"""What can be changed in an input pipeline: what it is, when it helps and what it costs, in words.

No figure stands here. What a lever gains, and what it cost, is measured: see
`feedrate.report.guide`.
"""

from __future__ import annotations

from dataclasses import dataclass

from feedrate.cell import split_level


@dataclass(frozen=True)
class Lever:
    """One thing to change.

    Attributes:
        name: What it is called on the page.
        what: What it is.
        helps: When it helps.
        costs: What it costs besides what was measured.
        factor: Of a cell; empty for changes of several factors.
        levels: Of the factor; empty for all that no lever before it has.
        stage: The stage that becomes cheaper; empty where it is no single one.
    """

    name: str
    what: str
    helps: str
    costs: str
    factor: str
    levels: tuple[str, ...] = ()
    stage: str = ""


LEVERS = (
    Lever(
        "Decode at a smaller scale",
        "The decoder leaves out what only a larger picture would need.",
        "Pictures are JPEG files and at least twice as large as the input of the network.",
        "Pixels change. Whether accuracy does is not tested by timing: train once each way.",
        "decoder", ("pillow_draft", "opencv_reduced", "simplejpeg_scaled"), "decode",
    ),
    Lever(
        "Another decoder",
        "Another library turns the same bytes into pixels.",
        "Decoding is the largest stage, as it mostly is with scans and photographs.",
        "A dependency. Some libraries give other pixels for the same file: see the column.",
        "decoder", (), "decode",
    ),
    Lever(
        "Fused transform",
        "Resize, padding and normalisation in one pass that writes to the batch.",
        "The transform is large beside decoding, and no augmentation stands between its parts.",
        "It is code of its own: a random augmentation is not part of it.",
        "transform", ("fused",), "transform",
    ),
    Lever(
        "Another resize",
        "Another library, or another interpolation, brings images to size.",
        "The transform is a large stage; a careful interpolation may cost more instead.",
        "Pixels may change with the interpolation.",
        "transform", (), "transform",
    ),
    Lever(
        "Draw maps with the kernel instead of storing them",
        "Compiled code makes the target maps from the polygons, each time.",
        "Stored maps take long to inflate, or augmentation moves the polygons.",
        "Loading compiled code at the start. No files, no rebuilding when parameters change.",
        "targets", ("kernel",), "targets",
    ),
    Lever(
        "Maps in memory",
        "Stored maps are read once, before the first batch.",
        "Maps are stored in a slow format, there is memory, and runs make many epochs.",
        "Start-up and memory; random augmentation is ruled out.",
        "targets", ("npz_ram", "packed_ram"), "targets",
    ),
    Lever(
        "Another format for stored maps",
        "The same maps in files that are larger or simpler, or as geometry.",
        "Inflating is what takes the time of loading a map.",
        "Maps are built again; random augmentation is ruled out.",
        "targets", ("npz_raw", "packed", "polygons"), "targets",
    ),
    Lever(
        "Store maps, or make them anew as published",
        "Precomputing, against the published code in the loader.",
        "Making a map the published way takes longer than loading it.",
        "Files, and a build after each change of parameters.",
        "targets", ("reference", "npz"), "targets",
    ),
    Lever(
        "Encoded images in memory",
        "The bytes of the files are read once, before the first batch.",
        "Storage is slow and the page cache too small; files that are cached gain nothing.",
        "Start-up and memory.",
        "images", ("ram",), "read",
    ),
    Lever(
        "Decoded images in memory",
        "Images are decoded and resized once, before the first batch.",
        "Decoding dominates, all images fit into memory, and runs make many epochs.",
        "Start-up and much memory; augmentation begins from the resized image.",
        "images", ("decoded_ram",), "decode",
    ),
    Lever(
        "Decoded images on disk",
        "Decoded and resized images in one file that is mapped into memory.",
        "As in memory, but for data that are larger, and shared by all processes.",
        "Disk and a build; augmentation begins from the resized image.",
        "images", ("decoded_mmap",), "decode",
    ),
    Lever(
        "Smaller copies on disk",
        "Every image is kept once more as a JPEG of the input's size.",
        "Originals are much larger than the input of the network.",
        "Disk, a build, and pixels: it is encoded twice.",
        "images", ("resized_jpeg",), "decode",
    ),
    Lever(
        "One archive instead of many files",
        "The files lie in one large one.",
        "Storage is a network, or opening a file is slow.",
        "Disk and a build.",
        "images", ("tar", "lmdb"), "read",
    ),
    Lever(
        "More or fewer workers",
        "The number of loader processes.",
        "There are idle cores. More processes than cores take turns.",
        "Memory for each of them.",
        "workers",
    ),
    Lever(
        "Prefetch",
        "How many batches a loader process may hold ready.",
        "Batches differ much in the time they take. It evens out, it makes nothing faster.",
        "Memory for every batch that is ready.",
        "prefetch_factor",
    ),
    Lever(
        "Workers that stay",
        "Loader processes are kept from one epoch to the next.",
        "Epochs are short, or processes start slowly.",
        "Their memory stays in use between epochs.",
        "persistent_workers",
    ),
    Lever(
        "Start method",
        "How loader processes come to be.",
        "Threads before the fork make it unsafe; it is no means to gain speed.",
        "Processes that are not forked receive a copy of the data set.",
        "start_method",
    ),
    Lever(
        "Allocator",
        "Freed memory is kept instead of going back to the system.",
        "Batches are large, so that each is faulted in anew, page by page.",
        "Memory that is kept. One variable of the environment, no change of code.",
        "allocator",
    ),
    Lever(
        "Threads in a worker",
        "How many threads libraries may use in a loader process.",
        "There are fewer workers than cores.",
        "They compete with the workers and with the network for cores.",
        "threads",
    ),
    Lever(
        "Payload",
        "Images travel as bytes and are normalised on the consumer's side.",
        "Moving batches between processes, or to a GPU, takes long.",
        "The consumer must normalise: a step that a GPU does not feel.",
        "payload",
    ),
    Lever(
        "Where batches are put together",
        "In the loader process, or in the consumer's.",
        "Hardly ever in the consumer's, whose time is what is scarce.",
        "Processor time of the training process.",
        "collate",
    ),
    Lever(
        "Pinned memory",
        "Batches are copied to memory that a GPU reads by itself.",
        "There is a GPU, and copying to it takes long.",
        "A copy by the processor, and memory that cannot be swapped.",
        "pin_memory",
    ),
    Lever(
        "Another loader",
        "Other code runs the samples: threads instead of processes, or another library.",
        "What is sent between processes is large, or the work lets go of the interpreter's lock.",
        "A dependency, or another way to write the data set.",
        "loader",
    ),
    Lever(
        "Smaller input",
        "The network sees smaller images.",
        "Texts are large enough; the network gains more than the loader.",
        "It is another task: small texts are lost.",
        "image_size",
    ),
    Lever(
        "Larger or smaller batches",
        "The number of images a batch.",
        "Rarely for the loader alone.",
        "Memory, and another training.",
        "batch_size",
    ),
    Lever(
        "Several at once",
        "More than one of the above.",
        "One change uncovers the next stage. Gains of single changes do not multiply.",
        "What each of them costs.",
        "",
    ),
)  # fmt: skip
"""In the order in which a level is looked for."""

NO_LEVERS = ("ablate", "consumer", "page_cache", "epochs")
"""Factors that are conditions of a measurement, or make a stage free: nobody can choose them."""
NO_LEVELS = (("targets", "none"),)
"""Levels that leave work out."""


def lever_of(factor: str, level: str) -> Lever | None:
    """The lever that a change of one factor belongs to; None where it is no lever."""
    name = split_level(level)[0]
    if factor in NO_LEVERS or (factor, name) in NO_LEVELS:
        return None
    fitting = (lever for lever in LEVERS if lever.factor == factor)
    return next((lever for lever in fitting if not lever.levels or name in lever.levels), None)


def lever_of_changes(changes: dict[str, str]) -> Lever | None:
    """The lever that a cell belongs to.

    Args:
        changes: Levels by factor, of those in which the cell differs from its reference.
    """
    found = [lever_of(factor, level) for factor, level in changes.items()]
    if not found or None in found:
        return None
    return found[0] if len(found) == 1 else LEVERS[-1]
