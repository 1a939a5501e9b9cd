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


# The decoders side by side on the images of a dataset, and what each costs a loader of threads.
rule bench_decoders:
    input:
        rules.accept_dataset.output.accepted,
    output:
        "results/speed/decoders/{dataset}.json",
    log:
        "logs/bench_decoders/{dataset}.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        size=STUDY.targets.image_size,
        seed=STUDY.seed,
        plugins=PLUGINS,
        machine=machine_id(),
        code=code_hash(
            "feedrate.speed.decoders",
            *(
                module_of("decoders", name)
                for name in names("decoders", STUDY.plugins)
            ),
        ),
    shell:
        "feedrate --log {log} bench-decoders --dataset {wildcards.dataset}"
        " --image-size {params.size} --seed {params.seed} --plugins {params.plugins:q}"
        " {input} {output}"


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


# What no loader can do without, each part alone: the ceiling of an experiment of steps.
rule measure_limits:
    input:
        accepted=rules.accept_dataset.output.accepted,
        maps=lambda wildcards: verified_maps(
            wildcards.dataset, limited_of(wildcards).codecs
        ),
        stores=lambda wildcards: [
            path
            for store in limited_of(wildcards).stores
            for path in store_files(wildcards.dataset, store)
        ],
    output:
        "results/limits/{dataset}/{experiment}.json",
    log:
        "logs/measure_limits/{dataset}/{experiment}.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        cell=lambda wildcards: limited_of(wildcards).cell.model_dump_json(),
        conditions=matrix.Conditions.of(STUDY).model_dump_json(),
        machine=machine_id(),
        code=lambda wildcards: code_hash(
            "feedrate.speed.limits", *limited_of(wildcards).modules
        ),
    shell:
        "feedrate --log {log} measure-limits --dataset {wildcards.dataset} --base {params.cell:q}"
        " --conditions {params.conditions:q} {input.accepted} {output}"


rule judge_speed:
    input:
        trials=of_every_experiment("tables"),
        summaries=of_every_experiment("summary"),
        limits=LIMITS,
    output:
        "results/speed/goals.json",
    log:
        "logs/judge_speed.log",
    conda:
        ENVIRONMENT
    params:
        datasets=" ".join(DATASETS),
        experiments=" ".join(EXPERIMENTS),
        limited=" ".join(FINISHED),
        code=code_hash("feedrate.goals.speed", "feedrate.report.study"),
    shell:
        "feedrate --log {log} judge-speed --datasets {params.datasets:q}"
        " --experiments {params.experiments:q} --limited {params.limited:q} {output}"


# Pages and caches of many sizes, made for it; it needs no dataset.
rule sweep_scale:
    output:
        "results/scale/sweep.json",
    log:
        "logs/sweep_scale.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        base=STUDY.base.model_dump_json(),
        conditions=matrix.Conditions.of(STUDY).model_dump_json(),
        machine=machine_id(),
        code=code_hash(
            "feedrate.scale.sweep",
            "feedrate.trial",
            *(
                module_of("decoders", name)
                for name in (STUDY.base.decoder, "pillow", "simplejpeg")
            ),
            *(module_of("targets", name) for name in ("reference", "kernel")),
            *(module_of("images", name) for name in ("disk", "ram", "decoded_ram")),
            module_of("transforms", TRANSFORM),
        ),
    shell:
        "feedrate --log {log} sweep-scale --base {params.base:q}"
        " --conditions {params.conditions:q} {output}"
