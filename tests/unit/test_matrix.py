"""The matrix: which cells a study measures, and what each needs."""

import pytest

from feedrate.config import ConfigError
from feedrate.configfile import load_config
from feedrate.matrix import MeasuredCell, expand, plugin_modules

BASE = {"datasets": {"receipts": {"generator": "receipts"}}}


def study(**experiments):
    return load_config({**BASE, "experiments": experiments})


def test_one_factor_is_varied_at_a_time_and_the_references_own_level_adds_no_cell():
    cells = expand(study(e={"question": "?", "vary": {"workers": [0, 2], "images": ["ram"]}}))
    assert [cell.name for cell in cells] == ["workers~0", "images~ram"]


def test_cells_change_several_factors_and_the_empty_one_is_the_reference_against_itself():
    cells = expand(study(e={"question": "?", "cells": [{}, {"images": "ram", "workers": 0}]}))
    assert [cell.name for cell in cells] == ["reference", "images~ram+workers~0"]
    assert cells[0].cell == cells[0].reference


def test_an_experiment_may_have_its_own_reference():
    cells = expand(
        study(
            e={"question": "?", "reference": {"targets": "reference"}, "vary": {"targets": ["npz"]}}
        )
    )
    assert cells[0].reference.targets == "reference"
    assert cells[0].name == "targets~npz"


def test_a_primary_cell_that_is_not_measured_is_refused_with_those_that_are():
    with pytest.raises(ConfigError, match=r"e\.primary: 'images~ram'.*allowed: workers~0"):
        expand(study(e={"question": "?", "vary": {"workers": [0]}, "primary": ["images~ram"]}))


def test_a_measured_cell_survives_its_json():
    cell = expand(study(e={"question": "?", "vary": {"workers": [0]}}))[0]
    assert MeasuredCell.model_validate_json(cell.model_dump_json()) == cell


def test_declaring_a_cell_primary_does_not_change_what_is_measured():
    plain, primary = (
        expand(study(e={"question": "?", "vary": {"workers": [0]}, "primary": names}))[0]
        for names in ([], ["workers~0"])
    )
    assert plain == primary


def test_codecs_are_those_that_either_side_reads():
    cells = expand(study(e={"question": "?", "vary": {"targets": ["kernel", "none"]}}))
    assert [cell.codecs for cell in cells] == [["npz"], ["npz"]]
    alone = study(
        e={"question": "?", "reference": {"targets": "kernel"}, "vary": {"targets": ["none"]}}
    )
    assert expand(alone)[0].codecs == []


def test_stores_are_the_built_ones_that_either_side_reads():
    cells = expand(
        study(
            e={
                "question": "?",
                "reference": {"images": "tar"},
                "vary": {"images": ["disk", "ram", "lmdb"]},
            }
        )
    )
    assert [cell.stores for cell in cells] == [["tar"], ["tar"], ["lmdb", "tar"]]
    assert [cell.stores for cell in expand(study(e={"question": "?", "cells": [{}]}))] == [[]]


@pytest.mark.parametrize(
    ("levels", "fault"),
    [
        (
            {"images": "decoded_mmap", "decoder": "opencv"},
            "decoder: opencv with images: decoded_mmap",
        ),
        ({"images": "decoded_mmap", "image_size": 320}, "image_size: 320 .* base's 640; set"),
        (
            {"images": "resized_jpeg", "image_size": 960},
            "image_size: 960 with images: resized_jpeg",
        ),
    ],
)
def test_a_store_of_other_levels_than_the_bases_is_refused(levels, fault):
    with pytest.raises(ConfigError, match=fault):
        expand(study(e={"question": "?", "cells": [{**levels, "targets": "kernel"}]}))


def test_levels_that_a_store_does_not_depend_on_are_free():
    fitting = [
        {"images": "resized_jpeg", "decoder": "opencv"},
        {"images": "decoded_mmap", "image_size": 640, "targets": "kernel"},
        {"images": "tar", "image_size": 320, "targets": "kernel"},
    ]
    assert len(expand(study(e={"question": "?", "cells": fitting}))) == 3


def test_a_base_that_reads_a_built_store_is_refused_with_where_to_say_it():
    config = load_config(
        {**BASE, "base": {"images": "tar"}, "experiments": {"e": {"question": "?", "cells": [{}]}}}
    )
    with pytest.raises(ConfigError, match=r"base\.images: 'tar' .* `reference:` of an experiment"):
        expand(config)


def test_a_real_consumer_gets_few_batches():
    consumers = ["dbnet", "dbnet_train:bf16"]
    fast, *slow = expand(
        study(e={"question": "?", "vary": {"workers": [0], "consumer": consumers}})
    )
    assert fast.images_delivered == 128
    assert [cell.images_delivered for cell in slow] == [2 * 16] * 2
    assert [cell.steady_images for cell in slow] == [0, 0]


def test_a_looped_run_is_as_long_as_the_side_with_more_workers_needs():
    levels = {"workers": [0, 4], "page_cache": ["cold"]}
    fewer, more, cold = expand(study(e={"question": "?", "vary": levels}))
    assert fewer.steady_images == 10 * 2 * 2 * 16  # the reference has two workers
    assert more.steady_images == 10 * 4 * 2 * 16
    assert cold.steady_images == 0  # only the first pass is cold
    (short,) = expand(study(e={"question": "?", "looped": False, "vary": {"workers": [0]}}))
    assert short.steady_images == 0


def test_plugin_modules_follow_the_levels_and_the_users_aliases():
    config = load_config(
        {
            **BASE,
            "plugins": {"loaders": {"mine": "somewhere.else:build"}},
            "experiments": {"e": {"question": "?", "vary": {"loader": ["mine"]}}},
        }
    )
    modules = plugin_modules(expand(config)[0].cell, config.plugins)
    assert "somewhere.else" in modules
    assert "feedrate.decoders.pillow" in modules
    assert "feedrate.decoders.opencv" not in modules
