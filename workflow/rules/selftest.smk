# The instrument measures itself; it needs no study. `snakemake --cores 8 selftest` runs it here.
rule selftest:
    output:
        "results/selftest/records.json",
    log:
        "logs/selftest.log",
    conda:
        ENVIRONMENT
    threads: workflow.cores
    params:
        machine=machine_id(),
        code=code_hash(
            "feedrate.selftest.run",
            "feedrate.selftest.overhead",
            "feedrate.selftest.plants",
            "feedrate.trial",
        ),
    shell:
        "feedrate --log {log} selftest"


rule judge_selftest:
    input:
        rules.selftest.output,
    output:
        "results/selftest/summary.json",
    log:
        "logs/judge_selftest.log",
    conda:
        ENVIRONMENT
    params:
        code=code_hash("feedrate.goals"),
    shell:
        "feedrate --log {log} judge-selftest {input} {output}"


rule render_selftest:
    input:
        SELFTEST,
    output:
        report(
            "results/report/selftest.html",
            caption="../report/selftest.rst",
            category="Answer",
            labels={"page": "self-test"},
        ),
    log:
        "logs/render_selftest.log",
    conda:
        ENVIRONMENT
    params:
        code=code_hash("feedrate.report.selftest"),
    shell:
        "feedrate --log {log} render-selftest {input} {output}"
