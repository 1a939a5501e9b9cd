rule generate_dataset:
    output:
        annotations="results/generated/{dataset}/annotations.json",
        images=directory("results/generated/{dataset}/images"),
    log:
        "logs/generate_dataset/{dataset}.log",
    conda:
        ENVIRONMENT
    threads: 2
    params:
        generator=lambda wildcards: dataset_of(wildcards).generator,
        images_count=lambda wildcards: dataset_of(wildcards).count,
        seed=lambda wildcards: dataset_of(wildcards).seed,
        code=lambda wildcards: code_hash(
            module_of("generators", dataset_of(wildcards).generator)
        ),
    shell:
        "feedrate --log {log} generate-dataset --generator {params.generator:q}"
        " --count {params.images_count} --seed {params.seed} {output.annotations}"


rule fetch_dataset:
    output:
        directory("results/fetched/{dataset}"),
    log:
        "logs/fetch_dataset/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        url=lambda wildcards: dataset_of(wildcards).url,
        sha256=lambda wildcards: dataset_of(wildcards).sha256,
    shell:
        "feedrate --log {log} fetch-dataset --name {wildcards.dataset} --url {params.url:q}"
        " --sha256 {params.sha256:q} {output}"


rule prepare_dataset:
    input:
        made_files_of,
    output:
        samples="results/datasets/{dataset}/samples.parquet",
        findings="results/datasets/{dataset}/findings.csv",
        source="results/datasets/{dataset}/source.json",
    log:
        "logs/prepare_dataset/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        where=lambda wildcards: where_flags(wildcards.dataset),
        source=lambda wildcards: fingerprint_of(dataset_of(wildcards)),
        plugins=PLUGINS,
        code=lambda wildcards: code_hash(
            "feedrate.intake", *modules_of_format(dataset_of(wildcards))
        ),
    shell:
        "feedrate --log {log} prepare-dataset --name {wildcards.dataset} {params.where:q}"
        " --plugins {params.plugins:q} {output.samples} {output.findings} {output.source}"


rule validate_dataset:
    input:
        samples=rules.prepare_dataset.output.samples,
        findings=rules.prepare_dataset.output.findings,
        apart=lambda wildcards: [
            f"results/validation/{name}.parquet"
            for name in dataset_of(wildcards).apart_from
        ],
    output:
        findings="results/validation/{dataset}.csv",
        facts="results/validation/{dataset}.parquet",
    log:
        "logs/validate_dataset/{dataset}.log",
    conda:
        ENVIRONMENT
    threads: 2
    params:
        checks=json.dumps(STUDY.checks),
        targets=TARGETS,
        validation=STUDY.validation.model_dump_json(),
        maps=lambda wildcards: flags_of(maps=dataset_of(wildcards).maps),
        found_maps=lambda wildcards: fingerprint_of_paths(dataset_of(wildcards).maps),
        code=code_hash(
            "feedrate.validation",
            *(module_of("decoders", name) for name in names("decoders")),
        ),
    shell:
        "feedrate --log {log} validate-dataset --name {wildcards.dataset} --checks {params.checks:q}"
        " --targets {params.targets:q} --validation {params.validation:q} {params.maps:q}"
        " --apart '{input.apart}'"
        " {input.samples} {input.findings} {output.findings} {output.facts}"


rule accept_dataset:
    input:
        samples=rules.prepare_dataset.output.samples,
        findings=rules.validate_dataset.output.findings,
        # There to be read when a dataset is refused; a page drawn anew judges nothing anew.
        page=ancient("results/validation/{dataset}.html"),
    output:
        accepted="results/datasets/{dataset}/accepted.parquet",
        verdict="results/validation/{dataset}.json",
    log:
        "logs/accept_dataset/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        on_error=lambda wildcards: dataset_of(wildcards).on_error,
        code=code_hash("feedrate.validation.acceptance"),
    shell:
        "feedrate --log {log} accept-dataset --name {wildcards.dataset} --on-error {params.on_error}"
        " {input.samples} {input.findings} {output.accepted} {output.verdict}"
