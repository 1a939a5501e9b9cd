"""Growth: planted exponents are found again, and memory ends where arithmetic says it does."""

from __future__ import annotations

import numpy as np
import pytest
from sweeps import IMAGE_BYTES, make_sweep

from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.report.page import embed_svg
from feedrate.report.scale import view_scale
from feedrate.scale_figures import draw_scaling, middle_of
from feedrate.scaling import fit_caches, fit_costs, fit_growth

SIZES = np.array([[20, 1], [20, 4], [100, 1], [100, 12], [400, 4], [400, 12]], float)


def costs_of(words, megapixels, noise, seed=1):
    rng = np.random.default_rng(seed)
    middle = 3.0 * SIZES[:, 0] ** words * SIZES[:, 1] ** megapixels
    return [each * np.exp(rng.normal(0, noise, 8)) for each in middle]


def test_an_exact_power_law_is_found_exactly():
    growth = fit_growth(SIZES, costs_of(0.5, 1.25, 0))
    assert [each.value for each in growth.exponents] == pytest.approx([0.5, 1.25])
    assert growth.worst == pytest.approx(1)
    for each in growth.exponents:
        assert each.low == pytest.approx(each.value)
        assert each.high == pytest.approx(each.value)


def test_intervals_cover_a_planted_exponent_and_get_wider_with_noise():
    quiet, loud = (fit_growth(SIZES, costs_of(0.0, 1.0, noise)) for noise in (0.01, 0.2))
    for growth in (quiet, loud):
        assert growth.exponents[0].low < 0.0 < growth.exponents[0].high
        assert growth.exponents[1].low < 1.0 < growth.exponents[1].high
    widths = [growth.exponents[1].high - growth.exponents[1].low for growth in (quiet, loud)]
    assert widths[1] > 5 * widths[0]


def test_what_is_no_power_law_is_said_to_be_off():
    bent = [[5.0 + 0.01 * size**2] for size in (1, 10, 100)]
    assert fit_growth([[1], [10], [100]], bent).worst > 1.5


def test_the_same_seed_gives_the_same_interval():
    costs = costs_of(0.5, 1, 0.1)
    assert fit_growth(SIZES, costs) == fit_growth(SIZES, costs)


def test_too_few_kinds_and_what_is_not_above_zero_are_refused():
    with pytest.raises(ValueError, match="2 kinds cannot tell 3 unknowns apart"):
        fit_growth(SIZES[:2], costs_of(1, 1, 0)[:2])
    with pytest.raises(ValueError, match=r"not above 0: 0\.0"):
        fit_growth(SIZES[:3], [[1.0], [0.0], [2.0]])


def test_stages_are_fitted_one_by_one():
    found = {(cost.stage, cost.level): cost.growth for cost in fit_costs(make_sweep())}
    decode, maps = found["decode", "pillow"], found["targets", "kernel"]
    assert [each.value for each in decode.exponents] == pytest.approx([0.0, 1.0], abs=0.02)
    assert [each.value for each in maps.exponents] == pytest.approx([0.5, 0.0], abs=0.02)


def test_memory_ends_where_all_of_it_is_taken():
    ram, decoded = fit_caches(make_sweep(memory_gib=12))
    assert (ram.images, decoded.images) == ("ram", "decoded_ram")
    assert ram.image_bytes == pytest.approx(IMAGE_BYTES["ram"])
    assert decoded.fitting == pytest.approx(12 * 2**30 / IMAGE_BYTES["decoded_ram"])
    assert decoded.preload is not None
    assert decoded.preload.exponents[0].value == pytest.approx(1.0, abs=0.02)
    assert ram.skipped == ()
    assert decoded.skipped == ("too large",)


def test_one_number_of_images_has_no_exponent():
    content = make_sweep()
    content["caches"] = [row for row in content["caches"] if row["count"] == 100]
    assert [cache.epoch for cache in fit_caches(content)] == [None, None]


@pytest.mark.parametrize("width_in", [WIDE_IN, NARROW_IN])
def test_the_figure_holds_the_other_size_at_its_middle(width_in):
    costs = fit_costs(make_sweep())
    drawn = draw_scaling(costs, width_in)
    assert drawn == draw_scaling(costs, width_in)
    assert "megapixels (100 words)" in drawn
    assert "words (4 megapixels)" in drawn
    assert "targets, kernel" in drawn
    assert "filter" not in drawn  # a few microseconds
    assert middle_of(costs[0].rows, "words") == 100


def test_the_section_says_exponents_and_where_memory_ends():
    view = view_scale(make_sweep(memory_gib=12), embed_svg, "small")
    assert "Decoding grows with megapixels to the power 1.0" in view.finding
    assert "maps with words to the power 1.00 (reference) and 0.50 (kernel)" in view.finding
    assert "decoded_ram at about 10,000 images" in view.finding
    assert [row.note for row in view.caches] == ["", "too large"]
    assert all(row.worst == "1.00x" for row in view.costs)
