# One command a duty, the same at home and in CI. Each makes .venv from envs/lock.txt when missing.
CORES ?= 8
TESTERS ?= 2
PYTHON ?= python3

BIN := .venv/bin
READY := .venv/.ready
SMK := Snakefile workflow/Snakefile workflow/rules/*.smk

# Rules call `feedrate`, `papermill` and `jupyter`: the environment's own must be found first.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := all
.PHONY: all smoke report test test-all check lock bench-targets audit recover

all: $(READY)  ## the default study, to results/report/index.html
	$(BIN)/snakemake --cores $(CORES) all

smoke: $(READY)  ## the same on a tiny dataset, in minutes
	$(BIN)/snakemake --cores $(CORES) all --configfile config/smoke.yaml

report: all  ## Snakemake's own report, one file that works offline
	$(BIN)/snakemake --cores $(CORES) --report snakemake.html

test: $(READY)  ## the fast tests
	$(BIN)/pytest -m "not slow" -n $(TESTERS) --dist loadfile

test-all: $(READY)  ## all tests
	$(BIN)/pytest -n $(TESTERS) --dist loadfile
	$(MAKE) audit

# --strict: a package that the index does not know, or an index out of reach, is a failure.
audit: .venv/audit/.ready  ## known vulnerabilities of what is pinned, and bandit over the code; needs the network
	.venv/audit/bin/bandit -q -c pyproject.toml -r src
	.venv/audit/bin/pip-audit --strict --disable-pip --no-deps --progress-spinner off -r envs/lock.txt \
	  || { echo "pip-audit: vulnerable, or not all could be looked up (is the index reachable?): NOT audited" >&2; exit 1; }

recover: $(READY)  ## after a crash: take the lock away and go on; see docs/recovery.md
	$(BIN)/snakemake --cores $(CORES) --unlock
	$(BIN)/snakemake --cores $(CORES) all

check: $(READY)  ## style, types and the workflow's form; changes nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check $(SMK)
	$(BIN)/snakemake --lint

bench-targets: $(READY)  ## how fast target maps are made, stored and loaded here: a table
	$(BIN)/feedrate bench-targets results/speed/targets.json

lock:  ## pin everything anew: envs/lock.txt and envs/environment.yaml
	$(PYTHON) envs/make_lock.py

$(READY): envs/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "feedrate needs Python >= 3.11, this is " + sys.version.split()[0] + "; try make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -r envs/lock.txt
	$(BIN)/pip install --no-deps -e .
	touch $@

.venv/audit/.ready: envs/audit.txt $(READY)
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/pip install -r envs/audit.txt
	touch $@
