"""What nature put into the real data is found, by the name of its file; the rest is planted there.

A test a row of the table "natural defects" of the real data (SROIE, ICDAR 2015, Gallicorpora,
tapuscorpus, kraken, and the odd images of Pillow, image-rs and others), read in its own format.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from validating import survey

from feedrate.registry import resolve
from feedrate.sample import Finding, Sample
from feedrate.validation import Limits, read_findings
from feedrate.validation.outlines import measure

DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared/data"))
HEADERS = Limits(header_only=True)
TWINS = {"015": "012", "018": "016", "624": "074", "625": "076", "452": "277"}
GIBIBYTE = 1 << 30


@pytest.fixture(autouse=True)
def _one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting processes would take longer than the few files that are looked at here."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})


def real(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no real data at {path}; set FEEDRATE_DATA")
    return path


def validate(
    form: str, images: Path, annotations: Path, limits: Limits = HEADERS
) -> tuple[list[Sample], list[Finding]]:
    """Read a dataset in its format and validate it."""
    read = list(resolve("formats", form)(images, annotations))
    samples = [item for item in read if isinstance(item, Sample)]
    findings, _ = survey(samples, [item for item in read if isinstance(item, Finding)], (), limits)
    return samples, findings


@cache
def icdar() -> tuple[list[Sample], list[Finding]]:
    folder = real("icdar2015")
    return validate("icdar", folder / "icdar_c4_train_imgs", folder / "gts")


@cache
def receipts() -> list[Finding]:
    folder = real("sroie")
    return validate("sroie", folder / "img", folder / "box")[1]


def keys(findings: Sequence[Finding], check: str) -> list[str]:
    return [item.key for item in findings if item.check == check]


def test_every_icdar_annotation_begins_with_a_byte_order_mark() -> None:
    names = {path.stem.removeprefix("gt_") for path in (real("icdar2015") / "gts").iterdir()}
    found = keys(icdar()[1], "byte_order_mark")
    assert len(found) == 119
    assert {Path(key).stem for key in found} == names


def test_the_label_file_lists_881_images_that_are_absent() -> None:
    folder = real("icdar2015")
    labels = folder / "train_icdar2015_label.txt"
    samples, findings = validate("paddle", folder / "icdar_c4_train_imgs", labels)
    absent = keys(findings, "missing_image")
    assert (len(samples), len(absent)) == (119, 881)
    assert any(key.endswith("img_2.jpg") for key in absent)
    assert not {Path(key).name for key in absent} & {sample.key for sample in samples}


def test_81_receipts_have_crlf() -> None:
    tables = sorted((real("sroie") / "box").glob("*.csv"))
    expected = [path.stem + ".jpg" for path in tables if b"\r\n" in path.read_bytes()]
    assert keys(receipts(), "crlf") == expected
    assert len(expected) == 81


def test_1144_lines_of_receipts_hold_commas() -> None:
    found = [item for item in receipts() if item.check == "comma_in_text"]
    counts = [int(re.findall(r"\d+", item.message)[0]) for item in found]
    assert sum(counts) == 1144
    assert found[0].key == "000.jpg"


def test_texts_under_8_px_after_the_resize_are_counted_in_their_image() -> None:
    samples, findings = icdar()
    expected = [
        sample.key
        for sample in samples
        if any(not i.ignore and np.ptp(i.polygon, axis=0).min() < 16 for i in sample.instances)
    ]
    assert keys(findings, "text_too_small") == expected
    assert len(expected) == 14
    (message,) = (i.message for i in findings if i.key == expected[0] and "too_sm" in i.check)
    assert message == "texts below 8 px at 640 px: 4 of 79, the smallest has 6.5"


def test_a_quad_that_is_dented_is_found_beside_its_neighbours(tmp_path: Path) -> None:
    """None of the real selection is: so one of its corners is pushed inwards."""
    samples, findings = icdar()
    assert keys(findings, "not_convex") == []
    outlines = measure([i.polygon for sample in samples for i in sample.instances])
    assert (np.sign(outlines.least_turns) == np.sign(outlines.most_turns)).all()
    images, labels = planted(tmp_path, "icdar2015/icdar_c4_train_imgs/img_3.jpg", "gt_img_3.txt")
    labels.write_text("10,10,200,10,40,40,10,100,dent\n300,10,400,10,400,60,300,60,sound\n")
    found = validate("icdar", images, labels.parent)[1]
    assert [(item.key, item.check) for item in found] == [("img_3.jpg", "not_convex")]
    assert found[0].location.endswith("gt_img_3.txt: instance 1")


def test_images_of_ignored_texts_only_are_named() -> None:
    expected = ["img_1000.jpg", "img_132.jpg", "img_157.jpg", "img_223.jpg"]
    found = keys(icdar()[1], "only_ignored")
    assert found[:4] == expected
    assert len(found) == 6


def test_five_pairs_of_receipts_have_one_picture_and_two_annotations(tmp_path: Path) -> None:
    for number in (*TWINS, *TWINS.values()):
        for folder, suffix in (("img", "jpg"), ("box", "csv")):
            (tmp_path / folder).mkdir(exist_ok=True)
            shutil.copy(real(f"sroie/{folder}/{number}.{suffix}"), tmp_path / folder)
    findings = validate("sroie", tmp_path / "img", tmp_path / "box", Limits())[1]
    twins = {item.key[:3]: item for item in findings if item.check == "conflicting_twins"}
    assert keys(findings, "duplicate_image") == []
    assert twins.keys() == TWINS.keys()
    for number, first in TWINS.items():
        assert f"the very bytes of '{first}.jpg', with diff" in twins[number].message


def test_scans_of_35_megapixels_stand_out() -> None:
    large = {item.key: item.message for item in receipts() if item.check == "size_outlier"}
    for key in ("460.jpg", "461.jpg"):
        assert large[key].startswith("34.8 megapixels, 0.1")
        assert "the median is 1.26" in large[key]
        assert key in keys(receipts(), "grey_image")


def test_eight_outlines_of_gothic_prints_cross_themselves() -> None:
    folder = real("gallicorpora_16e/data")
    findings = validate("alto", folder, folder)[1]
    crossing = [item for item in findings if item.check == "self_crossing"]
    assert len(crossing) == 8
    assert {item.key for item in crossing} >= {"bpt6k1520377h/f11.jpg"}
    assert re.search(r"f11(\.chocomufin)?\.xml: instance 17$", crossing[1].location)
    assert len(keys(findings, "annotated_twice")) == 9


@cache
def typescripts() -> list[Finding]:
    folder = real("tapuscorpus/data")
    return validate("alto", folder, folder)[1]


def test_three_equal_points_have_no_area() -> None:
    (found,) = [item for item in typescripts() if item.check == "zero_area"]
    assert Path(found.key).name == "FRAN_0011_11090_L-medium.jpg"
    assert "1006,327 1006,327 1006,327" in found.message
    assert found.location.endswith("FRAN_0011_11090_L-medium.xml: instance 9")


def test_names_with_commas_accents_and_brackets_are_told() -> None:
    odd = {item.key: item.message for item in typescripts() if item.check == "odd_name"}
    accents = next(message for key, message in odd.items() if "dactylographi" in key)
    brackets = next(message for key, message in odd.items() if "(27)" in key)
    assert accents.endswith("holds letters beyond ASCII")
    assert brackets.endswith("holds brackets")
    folder = real("kraken_xml")
    (comma,) = [i for i in validate("page", folder, folder)[1] if i.check == "odd_name"]
    assert comma.key == "170025120000003,0074.jpg"
    assert comma.message.endswith("holds commas")


def test_pages_with_an_alpha_channel_are_named() -> None:
    alpha = keys(typescripts(), "alpha_image")
    assert [key[-8:] for key in alpha] == ["e_53.png", "ge_8.png"]
    assert all("europeana" in key for key in alpha)


PLAIN = {
    *("67-0_length_string.jpg", "corrupted.jpg", "png__interlaced__basi2c08.png"),
    *("exif_typeerror.jpg", "hopper.jpg", "hopper_16bit_qtables.jpg", "invalid-exif.jpg"),
    "sugarshack_bad_mpo_header.jpg",
}
GREY_SIXTEEN = {"unsupported_image", "sixteen_bit_image", "grey_image"}
ODD: dict[str, set[str]] = {
    **{name: set() for name in PLAIN},
    **{f"hopper_orientation_{n}.jpg": {"exif_orientation"} for n in range(2, 9)},
    "Landscape_6.jpg": {"exif_orientation"},
    "Portrait_5.jpg": {"exif_orientation"},
    "orientation_rectangle.jpg": {"exif_orientation"},
    "exif_imagemagick_orientation.png": {"exif_orientation"},
    "xmp_tags_orientation.png": {"exif_orientation", "alpha_image"},
    "hopper_orientation_6.webp": {"exif_orientation", "unsupported_image"},
    "g4_orientation_6.tif": {"exif_orientation", "unsupported_image", "grey_image"},
    "jpg__progressive__3.jpg": {"progressive_image"},
    "app13-multiple.jpg": {"progressive_image"},
    "icc_profile_big.jpg": {"progressive_image"},
    "png__16bpc__basn2c16.png": {"sixteen_bit_image"},
    "png__16bpc__basn6a16.png": {"sixteen_bit_image", "alpha_image"},
    "i_trns.png": {"sixteen_bit_image", "alpha_image", "grey_image"},
    "10ct_32bit_128.tiff": GREY_SIXTEEN,
    "12bit.cropped.tif": GREY_SIXTEEN,
    "16bit.MM.cropped.tif": GREY_SIXTEEN,
    "16bit.cropped.tif": GREY_SIXTEEN,
    "tiff_16bit_RGB.tiff": {"unsupported_image"},
    "tiff_strip_cmyk_jpeg.tif": {"unsupported_image", "cmyk_image"},
    "pil_sample_cmyk.jpg": {"cmyk_image"},
    "bmp__b__badwidth.bmp": {"oversized_image", "unsupported_image"},
    "bmp__b__reallybig.bmp": {"oversized_image", "unsupported_image"},
    "decompression_bomb.gif": {"oversized_image", "unsupported_image"},
    "zero_width.gif": {"unsupported_image"},
    "broken.jpg": {"truncated_image"},
    "broken.png": {"truncated_image"},
    "broken_data_stream.png": {"truncated_image"},
    "truncated_end_chunk.png": {"truncated_image"},
    "truncated_image.png": {"truncated_image"},
    "truncated_jpeg.jpg": {"truncated_image", "progressive_image"},
    "ultrahdr.jpg": {"truncated_image"},
    "frozenpond.mpo": {"several_pictures"},
    "pil123p.png": {"palette_image", "alpha_image"},
    "pil123rgba.png": {"alpha_image"},
    "uncompressed_la.png": {"alpha_image", "grey_image"},
    "hopper_bad_exif.jpg": {"grey_image"},
    "hopper_bw_500.png": {"grey_image"},
    "hopper_gray.jpg": {"grey_image"},
    "multiple_exif.jpg": {"grey_image"},
    "icc-after-SOF.jpg": {"grey_image", "decoders_disagree"},
    "jpeg_ff00_header.jpg": {"decoders_disagree"},
    "junk_jpeg_header.jpg": {"decoders_disagree"},
    "truncated_app14.jpg": {"decoders_disagree"},
    "unknown_compression_method.png": {"decoders_disagree"},
    "png_decompression_dos.png": {"decoders_disagree", "duplicate_image"},
}
"""What is found in each of the odd images, beside that it has no text."""

EXAMINE = """
import os, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from feedrate.formats import make_sample
from feedrate.formats.listing import list_images
from feedrate.index import write_index
from feedrate.validation import Limits, validate_dataset, write_findings
images, out = map(Path, sys.argv[1:])
listing = list_images(images)
samples = (make_sample(key, path, (), "none") for key, path in listing.images.items())
write_index(out / "samples.parquet", samples)
write_findings(out / "reader.csv", listing.refused)
validate_dataset(
    out / "samples.parquet", out / "reader.csv", out / "f.csv", out / "f.parquet", Limits()
)
# Not ru_maxrss: that counts the process that started this one, up to its exec.
status = Path("/proc/self/status").read_text().split()
print(int(status[status.index("VmHWM:") + 1]) * 1024)
"""


def test_every_odd_image_gets_its_findings_within_a_gibibyte(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", EXAMINE, real("odd_images"), tmp_path]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert int(done.stdout) < GIBIBYTE
    found: dict[str, set[str]] = {name: set() for name in ODD}
    for item in read_findings(tmp_path / "f.csv"):
        if item.check != "no_instances" and not item.check.endswith("_outlier"):
            found[Path(item.key).name].add(item.check)
    assert found == ODD
    assert len(ODD) == 60


def planted(folder: Path, image: str, annotation: str) -> tuple[Path, Path]:
    """Copy a real image into a dataset of its own; the annotation is yet to be written."""
    for name in ("images", "labels"):
        (folder / name).mkdir()
    shutil.copy(real(image), folder / "images")
    return folder / "images", folder / "labels" / annotation


RECEIPT = "sroie/img/012.jpg"
"""747 x 1412 pixels."""
BOX = "100,100,300,100,300,130,100,130"


def receipt(folder: Path, *lines: str, encoding: str = "utf-8") -> list[Finding]:
    images, table = planted(folder, RECEIPT, "012.csv")
    table.write_bytes("\n".join(lines).encode(encoding))
    return validate("sroie", images, table.parent, Limits())[1]


def test_an_annotation_in_latin_1_is_refused_by_name(tmp_path: Path) -> None:
    found = receipt(tmp_path, f"{BOX},caf\xe9", encoding="latin-1")
    assert [item.check for item in found if item.severity == "error"] == ["bad_encoding"]
    assert "012" in found[0].location


def test_a_coordinate_that_is_nan_is_found_by_line(tmp_path: Path) -> None:
    found = receipt(tmp_path, f"{BOX},sound", f"nan{BOX[3:]},broken")
    errors = [(i.key, i.check, i.location) for i in found if i.severity == "error"]
    assert len(errors) == 1
    assert errors[0][0] == "012.jpg"
    assert errors[0][1] in ("not_finite", "bad_annotation")
    assert "012.csv" in errors[0][2]


@pytest.mark.parametrize(
    ("box", "beyond"),
    [
        ("700,100,800,100,800,130,700,130", "54 px outside of 747 x 1412, 53% of its area"),
        ("100,1350,200,1350,200,1450,100,1450", "39 px outside of 747 x 1412, 38% of its area"),
    ],
    ids=["right", "bottom"],
)
def test_points_past_an_edge_are_measured(tmp_path: Path, box: str, beyond: str) -> None:
    (found,) = receipt(tmp_path, f"{BOX},sound", f"{box},beyond")
    assert (found.key, found.check) == ("012.jpg", "out_of_frame")
    assert beyond in found.message
    assert found.location.endswith("012.csv: instance 2")


def test_the_same_box_twice_is_found(tmp_path: Path) -> None:
    (found,) = receipt(tmp_path, f"{BOX},once", "300,130,100,130,100,100,300,100,twice")
    assert (found.key, found.check) == ("012.jpg", "duplicate_polygon")
    assert found.location.endswith("012.csv: instance 2")


def test_an_exif_turned_photograph_is_judged_by_its_texts(tmp_path: Path) -> None:
    """1200 x 1800 as stored, 1800 x 1200 as viewers show it."""
    photograph = "odd_images/exif-orientation-examples/Landscape_6.jpg"
    images, table = planted(tmp_path, photograph, "Landscape_6.csv")
    frames = {
        "1500,100,1700,100,1700,200,1500,200": ("exif_orientation", "fits the turned picture only"),
        "100,1500,300,1500,300,1600,100,1600": ("exif_unturned", "as stored only"),
        BOX: ("exif_orientation", "as stored as well as turned"),
    }
    for box, (check, words) in frames.items():
        table.write_text(f"{box},sign\n")
        findings = validate("sroie", images, table.parent, Limits())[1]
        (found,) = [item for item in findings if item.check.startswith("exif")]
        assert (found.key, found.check) == ("Landscape_6.jpg", check)
        assert words in found.message


def test_a_cmyk_image_with_texts_is_refused(tmp_path: Path) -> None:
    images, table = planted(tmp_path, "odd_images/pillow/pil_sample_cmyk.jpg", "x")
    table.with_name("pil_sample_cmyk.csv").write_text("10,10,90,10,90,40,10,40,text\n")
    (found,) = validate("sroie", images, table.parent, Limits())[1]
    assert (found.key, found.check) == ("pil_sample_cmyk.jpg", "cmyk_image")


def rotated(number: str, degrees: float) -> tuple[bytes, Iterator[str]]:
    """Turn a receipt on the spot, with its boxes, those that stay on the picture."""
    with PIL.Image.open(real(f"sroie/img/{number}.jpg")) as image:
        stream, (width, height) = io.BytesIO(), image.size
        image.rotate(degrees).save(stream, "JPEG")
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = np.array([width / 2, height / 2])

    def lines() -> Iterator[str]:
        for line in real(f"sroie/box/{number}.csv").read_text().splitlines():
            numbers = np.array(line.split(",")[:8], float).reshape(4, 2)
            corners = (numbers - centre) @ turn + centre
            if (corners >= 0).all() and (corners < (width, height)).all():
                yield ",".join(f"{value:.2f}" for value in corners.ravel()) + ",text"

    return stream.getvalue(), lines()


@pytest.mark.parametrize("degrees", [7, -30, 90])
def test_rotated_receipts_are_as_sound_as_upright_ones(tmp_path: Path, degrees: float) -> None:
    images, table = planted(tmp_path, RECEIPT, "012.csv")
    picture, lines = rotated("012", degrees)
    (images / "012.jpg").write_bytes(picture)
    table.write_text("\n".join(lines))
    (sample,), findings = validate("sroie", images, table.parent, Limits())
    assert len(sample.instances) > 10
    assert {item.check for item in findings} <= {"text_too_small"}
