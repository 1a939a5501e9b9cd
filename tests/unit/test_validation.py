"""Every check fires on a planted fault, alone, and is silent on a clean sample."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import PIL.Image
import pytest
from tiny import QUAD, make_samples
from validating import survey, validate

from feedrate.sample import Finding, Sample, TextInstance
from feedrate.targets.presets import MIN_AREA_PX as MASKED_BELOW_PX
from feedrate.validation import CHECKS, Limits
from feedrate.validation.limits import MAX_MEGAPIXELS
from feedrate.validation.polygons import MIN_AREA_PX

BY_READERS = {
    *("missing_image", "missing_annotation", "bad_annotation", "bad_encoding", "unsafe_name"),
    *("foreign_file", "byte_order_mark", "crlf", "comma_in_text"),
    *("named_by_stem", "several_categories"),
}
"""Found by the formats; their tests plant them."""
BY_THE_WHOLE = {
    *("duplicate_image", "conflicting_twins", "annotated_twice", "annotated_differently"),
    *("leaked_image", "density_outlier", "aspect_outlier", "size_outlier"),
    *("missing_map", "orphan_map", "stale_map"),
}
"""Found among several samples: planted in `test_validation_dataset` and `test_validation_maps`."""


class Fault(NamedTuple):
    """What is planted in a sample, which check must find it, and words of its message."""

    name: str
    check: str
    plant: Callable[[Sample], Sample]
    message: str
    location: str = "picture_0.jpg"


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    only = make_samples(tmp_path / "images", 1)[0]
    return replace(only, annotation="gt_0.txt")


def with_polygon(points: object, ignore: bool = False) -> Callable[[Sample], Sample]:
    polygon = np.array(points, np.float64).reshape(-1, 2)
    second = TextInstance(polygon, ignore)
    return lambda sample: replace(sample, instances=(TextInstance(QUAD), second))


def with_bytes(change: Callable[[bytes], bytes]) -> Callable[[Sample], Sample]:
    def plant(sample: Sample) -> Sample:
        sample.image_path.write_bytes(change(sample.image_path.read_bytes()))
        return sample

    return plant


def resaved(mode: str, kind: str = "JPEG", **options: object) -> Callable[[Sample], Sample]:
    def change(data: bytes) -> bytes:
        stream = io.BytesIO()
        with PIL.Image.open(io.BytesIO(data)) as image:
            image.convert(mode).save(stream, kind, **options)
        return stream.getvalue()

    return with_bytes(change)


def turned(orientation: int, **changes: object) -> Callable[[Sample], Sample]:
    """Tag the picture, and change the annotation; the picture is 120 x 160 as stored."""
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    plant = resaved("RGB", exif=exif)
    return lambda sample: plant(replace(sample, **changes))  # type: ignore[arg-type]


def several(data: bytes) -> bytes:
    stream = io.BytesIO()
    with PIL.Image.open(io.BytesIO(data)) as image:
        image.save(stream, "MPO", save_all=True, append_images=[image])
    return stream.getvalue()


def png(width: int, height: int, depth: int, colour_type: int, keep: int | None = None) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    channels = {0: 1, 2: 3}[colour_type]
    row = b"\0" + bytes(min(width, 999) * channels * depth // 8)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(row * min(height, 999))) + chunk(b"IEND", b"")
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body)[:keep]


def claiming(width: int, height: int) -> Callable[[Sample], Sample]:
    def change(data: bytes) -> bytes:
        at = data.index(b"\xff\xc0") + 5
        return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]

    return with_bytes(change)


def with_junk_before_tables(data: bytes) -> bytes:
    """Four stray bytes before a marker: simplejpeg refuses them, Pillow and OpenCV do not."""
    at = data.index(b"\xff\xdb")
    return data[:at] + b"\0\0\0\0" + data[at:]


def without_file(sample: Sample) -> Sample:
    sample.image_path.unlink()
    return sample


def renamed(name: str) -> Callable[[Sample], Sample]:
    def plant(sample: Sample) -> Sample:
        path = sample.image_path.rename(sample.image_path.with_name(name))
        return replace(sample, key=name, image_path=path)

    return plant


BOW_TIE = [[10, 10], [70, 40], [70, 10], [10, 34]]
WIDE = TextInstance(np.array([[10.0, 10.0], [150.0, 10.0], [150.0, 40.0], [10.0, 40.0]]))
HIGH = TextInstance(np.array([[10.0, 10.0], [40.0, 10.0], [40.0, 150.0], [10.0, 150.0]]))
ONE = "gt_0.txt: instance 2"
ALL = "gt_0.txt"
FAULTS = [
    Fault("empty file", "unreadable_image", with_bytes(lambda d: b""), "begins with b''"),
    Fault("text", "unreadable_image", with_bytes(lambda d: b"x" * 99), "begins with b'xxx"),
    Fault("gone", "unreadable_image", without_file, "cannot be read: No such file"),
    Fault(
        "damaged header",
        "unreadable_image",
        with_bytes(lambda d: png(120, 160, 7, 2)),
        "Pillow cannot identify this PNG",
    ),
    Fault("cut JPEG", "truncated_image", with_bytes(lambda d: d[:900]), "no end-of-image marker"),
    Fault(
        "cut PNG",
        "truncated_image",
        with_bytes(lambda d: png(120, 160, 8, 2, keep=-40)),
        "no end chunk within its",
    ),
    Fault(
        "PNG without end",
        "truncated_image",
        with_bytes(lambda d: png(120, 160, 8, 2, keep=-12)),
        "no end chunk within its",
    ),
    Fault(
        "more pixels than bytes can hold",
        "truncated_image",
        claiming(8000, 8000),
        "bytes cannot hold 8000 x 8000 pixels: it takes 125000",
    ),
    Fault(
        "JPEG bomb",
        "oversized_image",
        claiming(65400, 65500),
        "says 65400 x 65500, 4284 megapixels; the limit is 178.957",
    ),
    Fault(
        "PNG bomb",
        "oversized_image",
        with_bytes(lambda d: png(60_000, 50_000, 8, 2, keep=60)),
        "60000 x 50000, 3000 megapixels",
    ),
    Fault("GIF", "unsupported_image", resaved("L", "GIF"), "GIF; save it as JPEG or PNG"),
    Fault("WebP", "unsupported_image", resaved("RGB", "WEBP"), "WEBP"),
    Fault("CMYK", "cmyk_image", resaved("CMYK"), "save it as RGB"),
    Fault(
        "16-bit RGB",
        "sixteen_bit_image",
        with_bytes(lambda d: png(120, 160, 16, 2)),
        "RGB of 16 bits a channel",
    ),
    Fault("alpha", "alpha_image", resaved("RGBA", "PNG"), "RGBA with transparency"),
    Fault("palette", "palette_image", resaved("P", "PNG"), "PNG with a palette"),
    Fault("grey", "grey_image", resaved("L"), "grey JPEG (mode L)"),
    Fault("1-bit", "grey_image", resaved("1", "PNG"), "grey PNG (mode 1)"),
    Fault("progressive", "progressive_image", resaved("RGB", progressive=True), "several passes"),
    Fault("two pictures", "several_pictures", with_bytes(several), "2 pictures in one file"),
    Fault(
        "declared",
        "size_mismatch",
        lambda s: replace(s, declared_size=(160, 120)),
        "its annotation says 160 x 120, the image is 120 x 160",
    ),
    Fault(
        "changed",
        "size_mismatch",
        lambda s: replace(s, height=200),
        "the index says 120 x 200",
    ),
    Fault("fits turned", "exif_orientation", turned(6, instances=(WIDE,)), "the turned picture"),
    Fault("fits both", "exif_orientation", turned(6), "orientation 6; the annotation fits the pic"),
    Fault("upside down", "exif_orientation", turned(3, instances=(HIGH,)), "as well as turned"),
    Fault("fits stored", "exif_unturned", turned(8, instances=(HIGH,)), "as stored only"),
    Fault(
        "stray bytes",
        "decoders_disagree",
        with_bytes(with_junk_before_tables),
        "read by pillow and opencv, but simplejpeg refuses it: Corrupt JPEG data",
    ),
    Fault("odd name", "odd_name", renamed("a, (1) é.jpg"), "commas and brackets and spaces and le"),
    Fault("no point", "fewer_than_3_points", with_polygon([]), "0 points", ONE),
    Fault("two points", "fewer_than_3_points", with_polygon([[1, 1], [9, 9]]), "2 points", ONE),
    Fault("NaN", "not_finite", with_polygon([[1, 1], [9, np.nan], [5, 9]]), "1,1 9,nan 5,9", ONE),
    Fault("inf", "not_finite", with_polygon([[1, 1], [9, 1], [5, np.inf]]), "inf", ONE),
    Fault(
        "one point thrice", "zero_area", with_polygon([[5, 5]] * 3, True), "0 square pixels", ONE
    ),
    Fault("flat", "zero_area", with_polygon([[1, 1], [5, 5], [9, 9]], True), "masked out", ONE),
    Fault(
        "bow tie",
        "self_crossing",
        with_polygon([[10, 50], [70, 90], [70, 50], [10, 80]]),
        "10,50 70,90 70,50 10,80: the outline crosses or touches itself; its points in the order"
        " 1, 3, 2, 4 do not",
        ONE,
    ),
    Fault(
        "star",
        "self_crossing",
        with_polygon([[50, 50], [70, 110], [20, 72], [80, 72], [30, 110]]),
        "crosses or touches itself",
        ONE,
    ),
    Fault(
        "right",
        "out_of_frame",
        with_polygon([[100, 10], [140, 10], [140, 30], [100, 30]]),
        "21 px outside of 120 x 160, 50% of its area",
        ONE,
    ),
    Fault(
        "above",
        "out_of_frame",
        with_polygon([[10, -2.5], [50, 10], [10, 30]]),
        "2.5 px outside",
        ONE,
    ),
    Fault(
        "once more, from another corner",
        "duplicate_polygon",
        with_polygon(np.roll(QUAD, 1, axis=0)),
        "the outline of instance 1 once more",
        ONE,
    ),
    Fault(
        "anticlockwise",
        "vertex_order",
        with_polygon(np.add(QUAD[::-1], (0, 40))),
        "1 of 2 outlines run counter-clockwise on screen, the first is instance 2",
        ALL,
    ),
    Fault(
        "dent",
        "not_convex",
        with_polygon([[10, 40], [90, 60], [10, 80], [30, 60]]),
        "a quad with a dent",
        ONE,
    ),
    Fault(
        "small",
        "text_too_small",
        with_polygon([[10, 50], [70, 50], [70, 51.5], [10, 51.5]]),
        "texts below 8 px at 640 px: 1 of 2, the smallest has 6",
        ALL,
    ),
    Fault(
        "diagonal sliver",
        "lost_instance",
        with_polygon([[10, 50], [60, 100], [60, 101], [10, 51]]),
        "texts not in the maps at 640 px: 1 of 2 (1 shrunk away)",
        ALL,
    ),
    Fault(
        "all ignored",
        "only_ignored",
        lambda s: replace(s, instances=(TextInstance(QUAD, ignore=True),)),
        "texts ignored: all of 1",
        ALL,
    ),
    Fault("no text", "no_instances", lambda s: replace(s, instances=()), "no text at all", ALL),
]


BESIDE = {
    "more pixels than bytes can hold": {"size_mismatch", "text_too_small"},
    "fits turned": {"out_of_frame"},
    "GIF": {"palette_image", "grey_image"},
    "no point": {"lost_instance"},
    "two points": {"lost_instance"},
    "NaN": {"lost_instance"},
    "inf": {"lost_instance"},
}
"""What else such a fault brings about."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_planted_fault_is_found_and_nothing_else(sample: Sample, fault: Fault) -> None:
    planted = fault.plant(sample)
    found = validate([planted])
    (finding,) = [item for item in found if item.check == fault.check]
    assert finding.key == planted.key
    assert finding.severity == CHECKS[fault.check].severity
    assert fault.message in finding.message
    assert finding.location.endswith(fault.location.replace("picture_0.jpg", planted.key))
    assert {item.check for item in found} <= {fault.check} | BESIDE.get(fault.name, set())


def test_every_check_is_planted_somewhere() -> None:
    assert {fault.check for fault in FAULTS} | BY_READERS | BY_THE_WHOLE == set(CHECKS)
    assert all("|" not in check.description for check in CHECKS.values()), "a table's separator"


def test_clean_samples_give_no_finding(tmp_path: Path) -> None:
    found, facts = survey(make_samples(tmp_path / "images"))
    assert found == []
    first = facts[0]
    assert (first.key, first.width, first.height) == ("picture_0.jpg", 120, 160)
    assert (first.kind, first.mode, first.bytes > 999) == ("JPEG", "RGB", True)
    assert (first.instances, first.ignored, first.drawn) == (2, 1, 1)
    assert (first.too_small, first.lost) == (0, 0)
    assert first.text_sides == (24 * 640 / 160,)


@pytest.mark.parametrize(
    "points",
    [
        [[0, 0], [120, 0], [120, 160], [0, 160]],
        [[-1, -1], [50, 0], [0, 50]],
        [[10, 10], [50, 10], [50, 10], [50, 50]],
        [[10, 10], [50, 10], [50, 30], [30, 30], [10, 30]],
        [[10, 10], [70, 10], [70, 40], [40, 25], [10, 40]],
    ],
    ids=["to the edge", "within a pixel", "repeated point", "point on a side", "dent of five"],
)
def test_harmless_outlines_give_no_finding(sample: Sample, points: object) -> None:
    assert validate([with_polygon(points)(sample)]) == []


@pytest.mark.parametrize("far", [1e10, 1e200, 1e308])
def test_absurd_coordinates_are_out_of_frame(sample: Sample, far: float) -> None:
    found = validate([with_polygon([[1, 1], [far, 1], [far, far], [1, far]])(sample)])
    assert "out_of_frame" in {item.check for item in found}


def test_an_image_of_unknown_size_has_no_frame(sample: Sample) -> None:
    broken = replace(with_bytes(lambda data: b"")(sample), width=0, height=0)
    assert [item.check for item in validate([broken])] == ["unreadable_image"]


def test_untagged_orientation_gives_no_finding(sample: Sample) -> None:
    assert validate([turned(1)(sample)]) == []


def test_a_picture_without_polygons_does_not_tell_its_frame(sample: Sample) -> None:
    found = validate([turned(6, instances=())(sample)])
    assert [item.check for item in found] == ["exif_orientation", "no_instances"]
    assert "no polygon tells" in found[0].message


def test_the_declared_size_tells_the_frame_too(sample: Sample) -> None:
    found = validate([turned(6, declared_size=(160, 120))(sample)])
    assert {item.check for item in found} == {"exif_orientation", "size_mismatch"}
    assert "fits the turned picture only" in found[-1].message
    (unturned,) = validate([turned(6, declared_size=(120, 160))(sample)])
    assert unturned.check == "exif_unturned"


def test_sixteen_bit_grey_is_found_and_not_decoded(sample: Sample) -> None:
    found, (facts,) = survey([with_bytes(lambda data: png(120, 160, 16, 0))(sample)])
    assert {item.check for item in found} == {"sixteen_bit_image", "grey_image"}
    assert (facts.mode, facts.pixels) == ("I;16", "")


def test_a_lower_limit_refuses_before_decoding(sample: Sample) -> None:
    found, (facts,) = survey([sample], limits=Limits(max_megapixels=0.01))
    assert [item.check for item in found] == ["oversized_image"]
    assert "120 x 160, 0.0192 megapixels; the limit is 0.01" in found[0].message
    assert facts.pixels == ""


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), MAX_MEGAPIXELS + 1])
def test_limits_out_of_range_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=f"max_megapixels is {value}"):
        Limits(max_megapixels=value)
    with pytest.raises(ValueError, match="image_size is 0"):
        Limits(image_size=0)


def test_by_header_only_no_pixel_is_read(sample: Sample) -> None:
    cut = with_bytes(lambda data: data[:900])(sample)
    found, (facts,) = survey([cut], limits=Limits(header_only=True))
    assert found == []
    assert (facts.width, facts.sha256, facts.pixels) == (120, "", "")
    (finding,) = validate([with_bytes(lambda d: b"")(sample)], limits=Limits(header_only=True))
    assert finding.check == "unreadable_image"


def test_control_characters_are_never_printed(sample: Sample) -> None:
    odd = renamed("a\x1b[31m\nb.jpg")(sample)
    found = validate([with_bytes(lambda data: b"\x1b[31m")(odd)])
    assert {item.check for item in found} == {"odd_name", "unreadable_image"}
    assert all((item.message + item.location).isprintable() for item in found)
    assert all(item.key == odd.key for item in found)


def test_area_limit_is_the_target_builders() -> None:
    assert MIN_AREA_PX == MASKED_BELOW_PX


def test_overrides_change_a_severity_or_switch_a_check_off(sample: Sample) -> None:
    faulty = replace(with_polygon(BOW_TIE)(sample), declared_size=(1, 1))
    early = [Finding("a.csv", "missing_image", "error", "m"), Finding("b", "own", "info", "m")]
    overrides = {"self_crossing": "error", "size_mismatch": "off", "missing_image": "warning"}
    found = validate([faulty], early, overrides)
    assert [(item.check, item.severity) for item in found] == [
        ("missing_image", "warning"),
        ("own", "info"),
        ("self_crossing", "error"),
    ]


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [({"zero_aera": "off"}, "'zero_aera' is unknown; .*zero_area"), ({"zero_area": "no"}, "'no'")],
)
def test_unknown_override_is_refused(overrides: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        validate([], [], overrides)


def test_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = make_samples(tmp_path / "images", 34)
    samples[5] = with_polygon(BOW_TIE)(samples[5])
    samples[33] = without_file(samples[33])
    told: list[int] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    many = survey(samples, progress=told.append)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    assert many == survey(samples)
    assert [item.key for item in many[0]] == ["picture_5.jpg", "picture_33.jpg"]
    assert told == list(range(1, 35))
