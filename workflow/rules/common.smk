import json
import os
import sys
from pathlib import Path
from typing import get_args

from snakemake.utils import validate

from feedrate import matrix
from feedrate.calibration import calibration_of
from feedrate.cell import NAME, split_level
from feedrate.codehash import code_hash
from feedrate.config import ConfigError
from feedrate.configfile import load_config, require_paths
from feedrate.files import folder_fingerprint
from feedrate.harness import harnessed_modules
from feedrate.machine import machine_id
from feedrate.profile import profiled_modules
from feedrate.registry import AUTO, FITTED_STORES, STORED_MAPS, names, target_of
from feedrate.targets.params import Preset

try:
    STUDY = load_config(config)
    require_paths(STUDY)
    CELLS = matrix.expand(STUDY)
    CALIBRATION = calibration_of(STUDY, CELLS)
except ConfigError as error:
    sys.exit(str(error))
validate(config, "../schemas/config.schema.json")

# What comes with the workflow lies elsewhere when it is a module of another: its folder, as seen from here.
HERE = Path(os.path.relpath(Path(str(workflow.current_basedir), "../..")))

DATASETS = list(STUDY.datasets)
EXPERIMENTS = list(STUDY.experiments)
CODECS_OF_BASE = [
    STORED_MAPS[name] for name in [STUDY.base.targets] if name in STORED_MAPS
]
CODECS = sorted(
    {codec for cell in CELLS for codec in cell.codecs} | {"npz", *CODECS_OF_BASE}
)
STORES = sorted({store for cell in CELLS for store in cell.stores})
FIGURES = [*EXPERIMENTS, "stages", "control"]
NOTEBOOKS = ["1_dataset", "2_targets", "3_stages", "4_matrix", "5_findings"]
PRESETS = [name for name in get_args(Preset) if name != "feedrate"]
PROBES = ["stages", "memory", "harness", "losses", "model", "recommendation"]
TABLES = ["tables", "summary"]
CONFIRMED = ["json", "batches.parquet", "samples.parquet"]
ROWS = ["batches", "samples"]
DATASET_FILES = [
    "samples.parquet",
    "findings.csv",
    "source.json",
    "accepted.parquet",
]
TRANSFORM = STUDY.base.transform
TARGETS = STUDY.targets.model_dump_json()
PLUGINS = json.dumps(STUDY.plugins)
ENVIRONMENT = "../../envs/environment.yaml"

RECORDS = [
    f"results/trials/{dataset}/{cell.experiment}/{cell.name}.json"
    for dataset in DATASETS
    for cell in CELLS
]


# How the generated data compare with real ones: measured where a study names both, else as kept.
LIKENESS_MEASURED = (
    ["results/speed/likeness.json"]
    if STUDY.likeness.generated and STUDY.likeness.real
    else []
)
LIKENESS_KEPT = str(HERE / "docs/records/likeness.json")
LIKENESS = LIKENESS_MEASURED or [LIKENESS_KEPT]


# What the instrument found out about itself: measured where a study asks for it, else as kept.
SELFTEST_MEASURED = ["results/selftest/summary.json"] if STUDY.selftest else []
SELFTEST = SELFTEST_MEASURED or [str(HERE / "docs/records/selftest/summary.json")]


# Where an experiment of steps arrives: its limit is measured, and its speed judged.
FINISHED = matrix.finished_cells(STUDY)
LIMITS = [
    f"results/limits/{dataset}/{experiment}.json"
    for dataset in DATASETS
    for experiment in FINISHED
]
SPEED_GOALS = ["results/speed/goals.json"] if FINISHED else []


# How costs grow: only where a study asks for it.
SCALE = ["results/scale/sweep.json"] if STUDY.scale else []


# Pictures that belong to no dataset, and the tables beside them.
PREVIEWS = [
    *(f"results/previews/signs/{name}.png" for name in ("scene", "curved")),
    *(
        f"results/previews/presets/{name}.png"
        for name in ["exhibits", "distance", *PRESETS]
    ),
    *(f"results/previews/presets/{name}.csv" for name in ("choices", "outcomes")),
]


def store_files(dataset, store):
    return [
        f"results/stores/{dataset}/{store}",
        f"results/stores/{dataset}/{store}.json",
    ]


def of_dataset(name):
    """Every file that a study makes of one dataset."""
    found = [
        *(f"results/datasets/{name}/{file}" for file in DATASET_FILES),
        *(
            f"results/validation/{name}.{suffix}"
            for suffix in ("csv", "parquet", "json", "html")
        ),
        f"results/galleries/{name}",
        f"results/previews/{name}.png",
        *(f"results/{kind}/{name}.json" for kind in PROBES),
        f"results/speed/decoders/{name}.json",
        f"results/recommendation/{name}.yaml",
        *(f"results/confirmation/{name}.{suffix}" for suffix in CONFIRMED),
        *(f"results/maps/{name}/{codec}.json" for codec in CODECS),
        *(path for store in STORES for path in store_files(name, store)),
        *(
            f"results/maps/{name}/{codec}/{shard}"
            for codec in CODECS
            for shard in range(STUDY.maps.shards)
        ),
        *(
            f"results/{kind}/{name}/{item}.csv"
            for kind in TABLES
            for item in EXPERIMENTS
        ),
        *(f"results/figures/{name}/{figure}.svg" for figure in FIGURES),
    ]
    if STUDY.datasets[name].generator is not None:
        folder = f"results/generated/{name}"
        found += [f"{folder}/annotations.json", f"{folder}/images"]
    if STUDY.datasets[name].url is not None:
        found.append(f"results/fetched/{name}")
    return found


# All of them are asked for by name: Snakemake does not miss a deleted file while what was made
# from it is there.
ARTEFACTS = [
    *(path for name in DATASETS for path in of_dataset(name)),
    *RECORDS,
    *(
        path.removesuffix("json") + f"{rows}.parquet"
        for path in RECORDS
        for rows in ROWS
    ),
    *PREVIEWS,
    "results/speed/targets.json",
    *LIKENESS_MEASURED,
    *LIMITS,
    *SPEED_GOALS,
    *SCALE,
    "results/claims.csv",
    "results/published.json",
    *(
        f"results/notebooks/{name}.{suffix}"
        for name in NOTEBOOKS
        for suffix in ("ipynb", "html")
    ),
    *SELFTEST_MEASURED,
    "results/report/selftest.html",
    "results/report/index.html",
]


wildcard_constraints:
    dataset="[a-z0-9_]+",
    store="[a-z0-9_]+",
    codec="[a-z0-9_]+",
    shard="[0-9]+",
    experiment="[a-z0-9_]+",
    cell=NAME,
    notebook="[0-9a-z_]+",
    figure="[a-z0-9_]+",


def dataset_of(wildcards):
    return STUDY.datasets[wildcards.dataset]


def cell_of(wildcards):
    return next(
        cell
        for cell in CELLS
        if (cell.experiment, cell.name) == (wildcards.experiment, wildcards.cell)
    )


def module_of(kind, name):
    return target_of(kind, split_level(name)[0], STUDY.plugins).partition(":")[0]


def records_of(wildcards):
    folder = f"results/trials/{wildcards.dataset}/{wildcards.experiment}/"
    return [path for path in RECORDS if path.startswith(folder)]


def batches_of(wildcards):
    """The tables beside the records: the steady rate is found in them."""
    return [
        path.removesuffix("json") + "batches.parquet" for path in records_of(wildcards)
    ]


def verified_maps(dataset, codecs):
    return [f"results/maps/{dataset}/{codec}.json" for codec in codecs]


def code_of_maps(wildcards):
    return code_hash(
        "feedrate.maps",
        "feedrate.pipeline",
        "feedrate.targets.kernel",
        module_of("codecs", wildcards.codec),
        module_of("transforms", TRANSFORM),
    )


def maps_of_cell(wildcards):
    return verified_maps(wildcards.dataset, cell_of(wildcards).codecs)


def stores_of_cell(wildcards):
    return [
        path
        for store in cell_of(wildcards).stores
        for path in store_files(wildcards.dataset, store)
    ]


def limited_of(wildcards):
    return next(
        cell
        for cell in CELLS
        if cell.experiment == wildcards.experiment
        and cell.cell == FINISHED[wildcards.experiment]
    )


def recipe_of_store(wildcards):
    """What a store's images are brought to size with; nothing where it keeps the files."""
    if wildcards.store not in FITTED_STORES:
        return "{}"
    size = STUDY.base.image_size or STUDY.targets.image_size
    made_with = {"decoder": STUDY.base.decoder, "transform": TRANSFORM}
    return json.dumps({**made_with, "image_size": size})


def code_of_store(wildcards):
    fitting = [
        "feedrate.pipeline",
        module_of("decoders", STUDY.base.decoder),
        module_of("transforms", TRANSFORM),
    ]
    return code_hash(
        "feedrate.stores.building",
        module_of("images", wildcards.store),
        *(fitting if wildcards.store in FITTED_STORES else []),
    )


def code_of_cell(wildcards):
    return code_hash("feedrate.pairs", "feedrate.trial", *cell_of(wildcards).modules)


def of_every_experiment(kind):
    return [
        f"results/{kind}/{dataset}/{experiment}.csv"
        for dataset in DATASETS
        for experiment in EXPERIMENTS
    ]


MANIFESTS = [
    f"results/stores/{dataset}/{store}.json" for dataset in DATASETS for store in STORES
]


def shown_in(wildcards):
    """The experiments a figure is drawn from: its own, or all."""
    return [wildcards.figure] if wildcards.figure in EXPERIMENTS else EXPERIMENTS


def profile_of_figure(wildcards):
    if wildcards.figure != "stages":
        return []
    return [
        f"results/stages/{wildcards.dataset}.json",
        f"results/maps/{wildcards.dataset}/npz.json",
    ]


def of_every_dataset(*patterns):
    return [pattern.format(name) for pattern in patterns for name in DATASETS]


INTAKES = of_every_dataset(
    "results/datasets/{}/source.json",
    "results/validation/{}.csv",
    "results/validation/{}.parquet",
    "results/validation/{}.json",
    "results/galleries/{}",
)


def shown_by_notebook(wildcards):
    """What a notebook is made from: the findings, the data, or the maps and their speed."""
    if wildcards.notebook == "1_dataset":
        return [*INTAKES, *LIKENESS]
    if wildcards.notebook == "2_targets":
        pictures = of_every_dataset("results/previews/{}.png")
        return [*pictures, *PREVIEWS, "results/speed/targets.json"]
    return [path for paths in FINDINGS.values() for path in paths]
