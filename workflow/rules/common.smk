import json
import sys
from pathlib import Path

from snakemake.utils import validate

from feedrate.cell import NAME
from feedrate.codehash import code_hash
from feedrate.config import ConfigError
from feedrate.configfile import load_config, require_paths
from feedrate.files import folder_fingerprint
from feedrate.machine import machine_id
from feedrate.matrix import Conditions, expand
from feedrate.profile import profiled_modules
from feedrate.registry import target_of

try:
    STUDY = load_config(config)
    require_paths(STUDY)
    CELLS = expand(STUDY)
except ConfigError as error:
    sys.exit(str(error))
validate(config, "../schemas/config.schema.json")

DATASETS = list(STUDY.datasets)
CODECS = sorted({codec for cell in CELLS for codec in cell.codecs} | {"npz"})
FIGURES = [*STUDY.experiments, "stages", "control"]
NOTEBOOKS = ["4_matrix", "5_findings"]
ENVIRONMENT = "../../envs/environment.yaml"

RECORDS = [
    f"results/trials/{dataset}/{cell.experiment}/{cell.name}.json"
    for dataset in DATASETS
    for cell in CELLS
]


wildcard_constraints:
    dataset="[a-z0-9_]+",
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


def fingerprint_of(dataset):
    """Stand for a user's own files in `params`: they are no outputs of ours to be checked."""
    return folder_fingerprint(
        *(Path(p) for p in (dataset.images, dataset.annotations) if p)
    )


def module_of(kind, name):
    return target_of(kind, name, STUDY.plugins).partition(":")[0]


def records_of(wildcards):
    return [
        path
        for path in RECORDS
        if path.startswith(f"results/trials/{wildcards.dataset}/")
    ]


def verified_maps(dataset, codecs):
    return [f"results/maps/{dataset}/{codec}.json" for codec in codecs]
