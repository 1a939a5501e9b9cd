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


rule prepare_dataset:
    input:
        files_of_generator,
    output:
        samples="results/datasets/{dataset}/samples.parquet",
        findings="results/datasets/{dataset}/findings.csv",
    log:
        "logs/prepare_dataset/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        format=lambda wildcards: dataset_of(wildcards).format or "seed_json",
        images=lambda wildcards: dataset_of(wildcards).images
        or f"results/generated/{wildcards.dataset}/images",
        annotations=lambda wildcards: dataset_of(wildcards).annotations
        or f"results/generated/{wildcards.dataset}/annotations.json",
        source=lambda wildcards: fingerprint_of(dataset_of(wildcards)),
        plugins=PLUGINS,
        code=lambda wildcards: code_hash(
            "feedrate.index",
            module_of("formats", dataset_of(wildcards).format or "seed_json"),
        ),
    shell:
        "feedrate --log {log} prepare-dataset --name {wildcards.dataset} --format {params.format:q}"
        " --images {params.images:q} --annotations {params.annotations:q}"
        " --plugins {params.plugins:q} {output.samples} {output.findings}"


rule validate_dataset:
    input:
        samples=rules.prepare_dataset.output.samples,
        findings=rules.prepare_dataset.output.findings,
    output:
        "results/validation/{dataset}.csv",
    log:
        "logs/validate_dataset/{dataset}.log",
    conda:
        ENVIRONMENT
    threads: 2
    params:
        checks=json.dumps(STUDY.checks),
        code=code_hash("feedrate.validation"),
    shell:
        "feedrate --log {log} validate-dataset --name {wildcards.dataset} --checks {params.checks:q}"
        " {input.samples} {input.findings} {output}"


rule accept_dataset:
    input:
        samples=rules.prepare_dataset.output.samples,
        findings=rules.validate_dataset.output,
    output:
        accepted="results/datasets/{dataset}/accepted.parquet",
        verdict="results/validation/{dataset}.json",
    log:
        "logs/accept_dataset/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        on_error=lambda wildcards: dataset_of(wildcards).on_error,
        code=code_hash("feedrate.validation", "feedrate.index"),
    shell:
        "feedrate --log {log} accept-dataset --name {wildcards.dataset} --on-error {params.on_error}"
        " {input.samples} {input.findings} {output.accepted} {output.verdict}"
