# The entry point; everything is in workflow/. An included default target does not count, hence the rule.
include: "workflow/Snakefile"


rule default:
    default_target: True
    input:
        rules.all.input,
