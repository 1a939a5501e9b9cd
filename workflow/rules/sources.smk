# Where datasets come from: what the rules of dataset.smk are told.


def fingerprint_of(dataset):
    """Stand for a user's own files in `params`: they are no outputs of ours to be checked."""
    if dataset.url:
        return dataset.sha256
    return fingerprint_of_paths(dataset.folder, dataset.images, dataset.annotations)


def fingerprint_of_paths(*paths):
    return folder_fingerprint(*(Path(path) for path in paths if path))


def flags_of(**values):
    """Flags of the command line for what is given."""
    return [
        part
        for name, value in values.items()
        if value is not None
        for part in (f"--{name}", str(value))
    ]


def where_flags(name):
    """Where a dataset lies, and in which format."""
    dataset = STUDY.datasets[name]
    if dataset.generator is not None:
        folder = f"results/generated/{name}"
        return flags_of(
            format="seed_json",
            images=f"{folder}/images",
            annotations=f"{folder}/annotations.json",
        )
    root = Path(f"results/fetched/{name}") if dataset.url else Path()
    paths = {
        key: root / getattr(dataset, key)
        for key in ("folder", "images", "annotations")
        if getattr(dataset, key) is not None
    }
    return flags_of(format=dataset.format, **(paths or {"folder": root}))


def modules_of_format(dataset):
    """The format's module; any of them may be the one where it is to be found out."""
    if dataset.generator is not None:
        return ["feedrate.formats.seed_json"]
    known = (
        names("formats", STUDY.plugins) if dataset.format == AUTO else [dataset.format]
    )
    return [module_of("formats", name) for name in known]


def made_files_of(wildcards):
    """What rules made a dataset's files from; a user's own files are none of the workflow."""
    dataset = dataset_of(wildcards)
    if dataset.url is not None:
        return [f"results/fetched/{wildcards.dataset}"]
    if dataset.generator is None:
        return []
    folder = f"results/generated/{wildcards.dataset}"
    return [f"{folder}/annotations.json", f"{folder}/images"]
