# Everything that is done with nightdesk from a source tree; each target sets up what it needs, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check
# On all cores, which pip does not, and only what the sample night loads: the rest is compiled when it is imported.
UNUSED := /tests/|/(pip|huggingface_hub|mypy|mypyc|playwright)/|/apprise/plugins/|/pygments/lexers/|/(openai|anthropic)/(types|resources)/
COMPILE = @$(BIN)/python -m compileall -q -j 0 -x '$(UNUSED)' $(VENV)/lib > $(VENV)/compile.log 2>&1 || true # some packages hold templates
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false

.PHONY: setup setup-test run test test-all test-long system lint bench docs licences audit clean

setup: $(VENV)/.ready
setup-test: $(VENV)/.ready-test

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "nightdesk needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# The pip that comes with Python 3.11 takes three times as long to find a version.
	$(PIP) --upgrade pip
	$(PIP) --no-compile --constraint constraints.txt --editable .
	$(COMPILE)
	@# Prefect's own database, so that the first run need not make it.
	@$(BIN)/prefect server database upgrade -y > $(VENV)/prefect-database.log 2>&1 || { cat $(VENV)/prefect-database.log >&2; exit 1; }
	@touch $@

# What the tests need besides; `make run` does without.
$(VENV)/.ready-test: $(VENV)/.ready
	$(PIP) --no-compile --constraint constraints.txt --editable '.[test]'
	$(COMPILE)
	@touch $@

run: setup
	$(BIN)/nightdesk run datasets/samples --out out
	@echo "Look at it: $(BIN)/python -c \"import pandas; print(pandas.read_parquet('out/tables/topics')[['doc_id', 'title', 'sentences']])\""
	@echo "Weights that serve next: $(BIN)/nightdesk weights --out out"

# A file runs in one process, because its tests share servers; three at a time, because some wait.
test: setup-test
	$(BIN)/python -m pytest -n 3 --dist loadfile

# Faults, clusters and kills, which take minutes: after `make test`.
test-all: setup-test
	$(BIN)/python -m pytest -n 3 --dist loadfile -m slow

# Nights one after the other, the wheel and the form in a browser, which take half an hour: before a release.
test-long: setup-test
	$(BIN)/python -m pytest -n 3 --dist loadfile -m long

# A cluster as real processes; needs PostgreSQL's programs (Debian: apt-get install postgresql).
system: setup-test
	$(BIN)/python -m pytest -m system tests/system

lint: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: setup-test
	$(BIN)/python -m docs.tables

# Every installed package's licence, judged; writes docs/licences.md, and fails if one is unknown or unfit.
licences: setup-test
	@$(BIN)/python -m docs.licences --write

# Known weaknesses of what constraints.txt pins. Needs a network: 0 none known, 1 some are, 3 it could not be looked up.
audit: setup
	@$(BIN)/python -m docs.audit

bench: setup-test
	$(BIN)/python -m benchmarks.quality
	$(BIN)/python -m benchmarks.topics
	$(BIN)/python -m benchmarks.calibration
	$(BIN)/python -m benchmarks.agreement
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.simulate
	$(BIN)/python -m benchmarks.replay
	$(BIN)/python -m benchmarks.edition
	$(BIN)/python -m benchmarks.tokens
	$(BIN)/python -m benchmarks.calls
	$(BIN)/python -m benchmarks.faults --all
	$(BIN)/python -m benchmarks.attacks
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.online

clean:
	rm -rf out build dist benchmarks/results .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis $(VENV)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
