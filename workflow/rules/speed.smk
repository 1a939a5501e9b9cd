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
