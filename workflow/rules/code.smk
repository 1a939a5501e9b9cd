# What a job is made with: a hash of its code, and what else would change its result.


def module_of(kind, name):
    return target_of(kind, split_level(name)[0], STUDY.plugins).partition(":")[0]


def code_of_maps(wildcards):
    return code_hash(
        "feedrate.maps",
        "feedrate.pipeline",
        "feedrate.targets.kernel",
        module_of("codecs", wildcards.codec),
        module_of("transforms", TRANSFORM),
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
