"""Every judge changes its mind when the data do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from records import make_record
from studies import CLAIMS, build_study

from feedrate import claims, evidence, judges
from feedrate.report import Study


def row_of(study: Study, claim: str) -> dict[str, Any]:
    return dict(study.claims.set_index("id").loc[claim])


def verdict(folder: Path, claim: str, record: dict[str, Any], **stages: float) -> str:
    """The verdict in a study of one cell."""
    return str(row_of(build_study(folder, [record], **stages), claim)["verdict"])


@pytest.mark.parametrize(
    ("claim", "experiment", "cell", "speed_up", "expected"),
    [
        ("19_eliminating_gives_5_to_8x", "targets", "targets~reference", 1 / 6.5, "supported"),
        ("19_eliminating_gives_5_to_8x", "targets", "targets~reference", 1 / 1.9, "refuted"),
        ("19_eliminating_gives_5_to_8x", "targets", "targets~reference", 1 / 5, "inconclusive"),
        ("07_ram_slower", "ram_vs_disk", "targets~npz_ram", 0.8, "supported"),
        ("07_ram_slower", "ram_vs_disk", "targets~npz_ram", 1.3, "refuted"),
        ("07_ram_slower", "ram_vs_disk", "targets~npz_ram", 1.0, "refuted"),
        ("53_maps_1_05x", "what_if", "ablate~targets", 1.04, "supported"),
        ("53_maps_1_05x", "what_if", "ablate~targets", 1.5, "refuted"),
        ("26_turbojpeg", "decoders", "decoder~turbojpeg", 1.3, "supported"),
        ("26_turbojpeg", "decoders", "decoder~turbojpeg", 1.0, "refuted"),
    ],
)
def test_an_effect_is_judged_by_its_interval(
    tmp_path: Path, claim: str, experiment: str, cell: str, speed_up: float, expected: str
) -> None:
    made = make_record(cell, experiment, speed_up)
    assert verdict(tmp_path, claim, made) == expected


@pytest.mark.parametrize(
    ("claim", "experiment", "cell", "speed_up"),
    [
        ("07_ram_slower", "ram_vs_disk", "targets~npz_ram", 0.95),
        ("26_turbojpeg", "decoders", "decoder~turbojpeg", 1.05),
        ("53_maps_1_05x", "what_if", "ablate~targets", 1.10),
    ],
)
def test_noise_leaves_a_claim_open(
    tmp_path: Path, claim: str, experiment: str, cell: str, speed_up: float
) -> None:
    made = make_record(cell, experiment, speed_up, noise=0.06)
    assert verdict(tmp_path, claim, made) == "inconclusive"


@pytest.mark.parametrize(
    ("speed_up", "stored", "expected"),
    [
        (1.0, 4e8, "supported"),  # without maps nothing is gained
        (1.4, 0.0, "supported"),  # maps cost, but nothing came from storage
        (1.4, 4e8, "refuted"),  # maps cost, and the trials read from storage
        (1.4, 6e7, "inconclusive"),  # some did
    ],
)
def test_the_disk_is_blamed_only_where_it_was_read(
    tmp_path: Path, speed_up: float, stored: float, expected: str
) -> None:
    made = make_record("targets~none", "targets", speed_up)
    for trial in made["trials"]:
        trial["os"]["storage_read_bytes"] = stored
    assert verdict(tmp_path, "09_disk_no_bottleneck", made) == expected


@pytest.mark.parametrize(
    ("extra_s", "expected"), [(0.8, "supported"), (3.0, "refuted"), (0.1, "refuted")]
)
def test_a_preload_is_scaled_by_maps(tmp_path: Path, extra_s: float, expected: str) -> None:
    made = make_record(extra_startup_s=extra_s)
    assert verdict(tmp_path, "06_preload_2_to_3_s", made) == expected


def test_clocked_figures_say_over_how_many_processes(tmp_path: Path) -> None:
    study = build_study(tmp_path, [make_record()])
    assert "6 processes" in row_of(study, "45_npz_0_1_to_0_2_ms")["reason"]


def test_the_breakdown_is_judged_line_by_line(tmp_path: Path) -> None:
    as_claimed = {
        **{"read": 2.0, "decode": 28.0, "transform": 25.0, "targets": 5.0},
        **{"consume": 35.0, "filter": 1.0, "collate": 4.0},
    }
    lines = ("48_image_loading_30", "49_transforms_25", "50_map_loading_5", "52_other_5")
    near = build_study(tmp_path / "a", [make_record()], **as_claimed)
    assert {row_of(near, line)["verdict"] for line in lines} == {"supported"}
    far = build_study(tmp_path / "b", [make_record()], consume=410.0)
    assert row_of(far, "48_image_loading_30")["verdict"] == "refuted"


def test_what_a_stage_holds_up_stands_beside_its_share(tmp_path: Path) -> None:
    made = [make_record("ablate~decode", "what_if", 2.0)]
    reason = row_of(build_study(tmp_path / "a", made), "48_image_loading_30")["reason"]
    assert "would take 50 % off the epoch" in reason
    reason = row_of(build_study(tmp_path / "b", [make_record()]), "48_image_loading_30")["reason"]
    assert "not measured (what_if/ablate~decode)" in reason


@pytest.mark.parametrize(
    ("decode", "targets", "expected"),
    [(2.0, 1.1, "supported"), (1.1, 2.0, "refuted"), (1.5, 1.5, "inconclusive")],
)
def test_the_bottleneck_is_the_stage_that_gains_most(
    tmp_path: Path, decode: float, targets: float, expected: str
) -> None:
    made = [
        make_record("ablate~decode", "what_if", decode),
        make_record("ablate~transform", "what_if", 1.0),
        make_record("ablate~targets", "what_if", targets),
    ]
    assert row_of(build_study(tmp_path, made), "02_bottleneck_not_maps")["verdict"] == expected


@pytest.mark.parametrize(
    ("decode", "transform", "expected"),
    [(1.5, 1.1, "supported"), (1.1, 1.5, "refuted"), (1.2, 1.2, "inconclusive")],
)
def test_an_order_is_refuted_by_one_pair_the_other_way(
    tmp_path: Path, decode: float, transform: float, expected: str
) -> None:
    made = [
        make_record("ablate~decode", "what_if", decode),
        make_record("ablate~transform", "what_if", transform),
    ]
    study = build_study(tmp_path, made)
    assert row_of(study, "12a_images_first")["verdict"] == expected
    assert row_of(study, "12b_transforms_second")["verdict"] == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("08_minus_0_91x", "refuted"),
        ("15_fifty_batches", "refuted"),
        ("21_amdahl_20_percent", "supported"),
        ("54_matches_prediction", "refuted"),
        ("67_2_to_3x_from_others", "refuted"),
        ("71_files_added", "document fact"),
        ("64_cleaner_code", "judgement"),
    ],
)
def test_arithmetic_needs_no_data(tmp_path: Path, claim: str, expected: str) -> None:
    assert verdict(tmp_path, claim, make_record()) == expected


def test_maps_that_were_drawn_refute_that_none_was(tmp_path: Path) -> None:
    made = make_record()
    assert verdict(tmp_path / "a", "04_no_fallback", made) == "supported"
    for trial in made["trials"]:
        trial["counters"]["target_computed"] += 1
        trial["counters"]["target_file"] -= 1
    assert verdict(tmp_path / "b", "04_no_fallback", made) == "refuted"


PROBES: dict[str, Any] = {
    "harness": {
        "arms": [
            {"arm": "disk", "wall_s": 4.5, "preload_s": 0.0},
            {"arm": "ram", "wall_s": 8.0, "preload_s": 2.8},
        ]
    },
    "memory": {
        "verdicts": [
            {
                "start_method": "fork", "workers": 4, "answer": answer,
                "sentence": f"{answer}.", "duplicated_share": 0.5,
            }
            for answer in ("no", "yes")
        ]
    },
    "model": {
        "too_few": "",
        "finding": "It predicts.",
        "scores": {"model": {"median_abs_error": 0.05}},
        "goals": [{"met": True}],
    },
}  # fmt: skip


def test_what_was_measured_beside_the_cells_decides_too(tmp_path: Path) -> None:
    study = build_study(tmp_path, [make_record()])

    def found(probes: dict[str, Any]) -> dict[str, str]:
        kinds = {kind: {"receipts": content} for kind, content in probes.items()}
        sorted_out = claims.evidence_of(
            study.summaries, study.stages, study.maps, study.trials, kinds
        )
        return dict(claims.judge(CLAIMS, sorted_out).set_index("id")["verdict"])

    names = ("41_preload_overhead", "44_workers_duplicate", "75_understood")
    said = found(PROBES)
    assert [said[name] for name in names] == ["supported", "inconclusive", "supported"]
    quick = {
        "arms": [PROBES["harness"]["arms"][0], {"arm": "ram", "wall_s": 4.4, "preload_s": 2.8}]
    }
    missed = {**PROBES["model"], "goals": [{"met": True}, {"met": False}]}
    alone = {"verdicts": PROBES["memory"]["verdicts"][:1]}
    said = found({"harness": quick, "memory": alone, "model": missed})
    assert [said[name] for name in names] == ["refuted"] * 3
    assert {found({})[name] for name in names} == {"not decided here"}
    elsewhere = {kind: {**each, "machine_id": "other"} for kind, each in PROBES.items()}
    assert {found(elsewhere)[name] for name in names} == {"not decided here"}


def test_stages_and_memory_flip(tmp_path: Path) -> None:
    study = build_study(tmp_path, [make_record()])
    stages = dict(study.stages["receipts"])
    stages["alternatives"] = {"targets": {"npz": 0.15}}
    stages["alternatives_intervals_ms"] = {"targets": {"npz": [0.14, 0.17]}}
    stages["map_bytes_in_memory_per_image"] = 200e6 / 404
    sorted_out = claims.evidence_of(study.summaries, {"receipts": stages}, study.maps, study.trials)
    again = claims.judge(CLAIMS, sorted_out)
    found = again.set_index("id")["verdict"]
    assert found["45_npz_0_1_to_0_2_ms"] == found["42_200_mb"] == "supported"
    before = study.claims.set_index("id")["verdict"]
    assert before["45_npz_0_1_to_0_2_ms"] == before["42_200_mb"] == "refuted"
    assert "1.32 GB" in row_of(study, "42_200_mb")["reason"]


@pytest.mark.parametrize(
    ("four", "expected"), [(1.4, "supported"), (0.7, "refuted"), (1.0, "inconclusive")]
)
def test_worker_counts_are_compared_where_both_were_measured(
    tmp_path: Path, four: float, expected: str
) -> None:
    made = [
        make_record("workers~4", "workers", four),
        make_record("workers~8", "workers", 1.0),
    ]
    assert row_of(build_study(tmp_path, made), "32_four_not_eight")["verdict"] == expected


def test_what_was_not_measured_is_not_testable(tmp_path: Path) -> None:
    made = [make_record("workers~4", "workers", 0.97), make_record("workers~0", "workers", 0.6)]
    found = row_of(build_study(tmp_path, made), "32_four_not_eight")
    assert found["verdict"] == "not decided here"
    assert "workers~8 was not measured" in found["reason"]
    assert "workers~4: 4" in found["reason"]


def test_an_invalid_cell_judges_nothing(tmp_path: Path) -> None:
    made = make_record(failures=("nothing was cached",))
    study = build_study(tmp_path, [made])
    resting = study.claims[study.claims["reason"].str.contains("ram_vs_disk/targets~npz_ram")]
    assert len(resting) > 8
    assert set(resting["verdict"]) == {"not decided here"}
    assert "invalid" in row_of(study, "07_ram_slower")["reason"]


def test_without_stages_their_claims_are_not_testable(tmp_path: Path) -> None:
    study = build_study(tmp_path, [make_record()])
    sorted_out = claims.evidence_of(study.summaries, {}, {}, study.trials)
    found = claims.judge(CLAIMS, sorted_out).set_index("id")["verdict"]
    assert found["45_npz_0_1_to_0_2_ms"] == "not decided here"
    assert found["07_ram_slower"] == "refuted"


def test_a_cell_that_is_not_available_judges_nothing(tmp_path: Path) -> None:
    found = row_of(build_study(tmp_path, [make_record(unavailable="tmpfs")]), "07_ram_slower")
    assert found["verdict"] == "not decided here"
    assert "not available (tmpfs)" in found["reason"]


def test_each_machine_is_judged_by_its_own_data(tmp_path: Path) -> None:
    made = [make_record("decoder~turbojpeg", "decoders", 1.3)]
    made += [make_record("targets~none", "targets", 1.5, machine_id="another")]
    table = build_study(tmp_path, made).claims
    assert set(table["machine_id"]) == {"1234e56789ab", "another"}
    decoder = table[table["id"] == "26_turbojpeg"].set_index("machine_id")["verdict"]
    assert dict(decoder) == {"1234e56789ab": "supported", "another": "not decided here"}
    clocked = table[table["id"] == "42_200_mb"].set_index("machine_id")["verdict"]
    assert dict(clocked) == {"1234e56789ab": "refuted", "another": "not decided here"}


def test_each_dataset_is_judged_by_its_own_data(tmp_path: Path) -> None:
    made = [make_record(speed_up=1.3), make_record(speed_up=0.8, dataset="other")]
    table = build_study(tmp_path, made).claims
    found = table[table["id"] == "07_ram_slower"].set_index("dataset")["verdict"]
    assert dict(found) == {"receipts": "refuted", "other": "supported"}


def test_the_ledger_has_all_claims_and_every_judge_is_used() -> None:
    ledger = claims.read_claims(CLAIMS)
    numbers = [int(re.match(r"\d+", claim.id)[0]) for claim in ledger]  # type: ignore[index]
    assert sorted(set(numbers)) == list(range(1, 76))
    assert {claim.judge for claim in ledger} == set(judges.JUDGES)


def test_a_study_has_a_verdict_of_the_vocabulary_for_each(tmp_path: Path) -> None:
    table = build_study(tmp_path).claims
    assert set(table["verdict"]) <= set(evidence.VERDICTS)
    assert table["reason"].str.len().gt(10).all()
    undecided = table[table["verdict"] == "not decided here"]
    assert undecided["reason"].str.contains("not measured|not available|not made|not clocked").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"judge": "guess"}, "judge 'guess'; known are"),
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"claim": None}, "claim: "),
        ({"kind": "guess"}, "kind: Input should be"),
    ],
)
def test_a_wrong_ledger_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    entry = {
        "id": "1_x", "where": "line 1", "kind": "measured", "claim": "q", "rule": "t",
        "judge": "slower",
    }  # fmt: skip
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"claims": [entry | change]}), encoding="utf-8")
    with pytest.raises(claims.ClaimsError, match=message) as error:
        claims.read_claims(path)
    assert "claims.yaml" in str(error.value)
