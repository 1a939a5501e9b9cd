# What the resize takes away: no clock runs, so other jobs may.
rule measure_losses:
    input:
        rules.accept_dataset.output.accepted,
    output:
        "results/losses/{dataset}.json",
    log:
        "logs/measure_losses/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        targets=TARGETS,
        code=code_hash(
            "feedrate.losses",
            *(
                f"feedrate.decoders.{name}"
                for name in ("opencv", "pillow", "simplejpeg")
            ),
            *(f"feedrate.transforms.{name}" for name in ("opencv", "torch_antialias")),
        ),
    shell:
        "feedrate --log {log} measure-losses --dataset {wildcards.dataset}"
        " --targets {params.targets:q} {input} {output}"
