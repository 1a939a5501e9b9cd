# It starts a clock too: nothing runs beside it.
rule bench_targets:
    output:
        "results/speed/targets.json",
    log:
        "logs/bench_targets.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        machine=machine_id(),
        code=code_hash(
            "feedrate.speed.bench",
            *(module_of("codecs", name) for name in names("codecs")),
        ),
    shell:
        "feedrate --log {log} bench-targets {output}"


# A generated dataset beside a real one, in turn: is it as hard to load?
rule compare_datasets:
    input:
        indices=[
            f"results/datasets/{name}/samples.parquet"
            for name in (STUDY.likeness.generated, STUDY.likeness.real)
        ],
        findings=[
            f"results/validation/{name}.csv"
            for name in (STUDY.likeness.generated, STUDY.likeness.real)
        ],
    output:
        "results/speed/likeness.json",
    log:
        "logs/compare_datasets.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        tuned_on=STUDY.likeness.tuned_on,
        names=f"{STUDY.likeness.generated} {STUDY.likeness.real}",
        transform=TRANSFORM,
        targets=TARGETS,
        machine=machine_id(),
        code=code_hash("feedrate.speed.likeness"),
    shell:
        "feedrate --log {log} compare-datasets --tuned-on {params.tuned_on}"
        " --names {params.names:q} --targets {params.targets:q} --transform {params.transform:q}"
        " --findings '{input.findings}' {input.indices} {output}"
