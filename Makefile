# What a person or a scheduler runs here; `make help` lists it. Needs git, make and a python3 with venv, nothing else.
#
# Installing is remembered in two stamp files inside the virtual environment. They depend on the lock and on
# pyproject.toml, so a second run installs nothing and a changed lock installs the difference.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.installed-core
DEV := $(VENV)/.installed-dev

PLAN ?= data/plans/agog.yaml
OUT ?= out/agog
WORKERS ?= 2
PYTEST_ARGS ?=
NOTEBOOKS := $(wildcard notebooks/*.ipynb)

PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-emit-index-url --no-header --group build

.PHONY: help compare test check fix lab pages bench soak lock clean .venv dev browser

help: ## list the targets
	@grep -hE '^[a-z.]+:.*## ' Makefile | sed -E 's/^([a-z.]+):.*## (.*)/  make \1\t\2/' | expand -t 18

compare: $(CORE) ## price the plan, print its scenarios side by side, write the HTML page
	@$(BIN)/agog-capacity compare $(PLAN) --out $(OUT)

test: $(DEV) browser ## run every test and every notebook (PYTEST_ARGS="-k name" narrows it)
	@$(BIN)/python -m pytest -n $(WORKERS) --nbmake tests $(NOTEBOOKS) $(PYTEST_ARGS)

check: $(DEV) ## format, lint, types, then the tests; what CI runs
	@echo "== format"
	@$(BIN)/ruff format --check .
	@echo "== lint"
	@$(BIN)/ruff check .
	@$(if $(NOTEBOOKS),$(BIN)/nbstripout --verify $(NOTEBOOKS))
	@echo "== types"
	@$(BIN)/mypy
	@echo "== tests"
	@$(MAKE) test

fix: $(DEV) ## format the code, repair what lint can repair, strip notebook outputs
	@$(if $(NOTEBOOKS),$(BIN)/nbstripout $(NOTEBOOKS))
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .

lab: $(DEV) ## open JupyterLab on the notebooks
	@mkdir -p notebooks
	@$(BIN)/jupyter lab --notebook-dir=notebooks

# The renderer is chosen here and not in the library, since notebooks run in many places; without
# it an exported page has no charts.
pages: $(DEV) ## execute the notebooks and write them as HTML pages into out/notebooks
	@PLOTLY_RENDERER=notebook $(BIN)/jupyter nbconvert --log-level ERROR --to html --execute \
		--output-dir out/notebooks $(NOTEBOOKS)
	@echo "pages: out/notebooks"

bench: $(DEV) ## run the benchmarks (ratios within one run)
	@$(BIN)/python -m pytest -p pytest_benchmark.plugin tests/benchmarks $(PYTEST_ARGS)

soak: $(DEV) ## run the properties that need very many random cases
	@$(BIN)/python -m pytest -n $(WORKERS) -m soak tests $(PYTEST_ARGS)

lock: $(DEV) ## resolve the newest allowed versions and write the locks: core to run, dev to test, all for the extras
	@$(COMPILE) -o requirements/core.txt
	@$(COMPILE) --extra dev -c requirements/core.txt -o requirements/dev.txt
	@$(COMPILE) $(addprefix --extra ,export notebooks azure actuals spark dask) \
		-c requirements/core.txt -c requirements/dev.txt -o requirements/all.txt
	@grep -cE '^[A-Za-z0-9]' requirements/*.txt

clean: ## remove the virtual environment, results and caches
	@rm -rf $(VENV) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv: $(CORE) ## only install what running needs
dev: $(DEV) ## also install what tests, lint and notebooks need

# Built anew where it is missing or its Python has gone.
$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) is not on the PATH. Install Python 3.11, 3.12 or 3.13, or name one: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "$(PYTHON) is $$($(PYTHON) --version 2>&1), but 3.11, 3.12 or 3.13 is needed. Name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)

$(CORE): $(BIN)/python requirements/core.txt pyproject.toml
	@echo "Installing what running needs, from requirements/core.txt"
	@$(PIP_INSTALL) --require-hashes -r requirements/core.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(DEV): $(CORE) requirements/dev.txt
	@echo "Installing what tests and notebooks need, from requirements/dev.txt"
	@$(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

# A Chromium for image export: taken from the system's packages only where that needs no question.
# Where it cannot be had, the tests that need it say so themselves: skipped, or failed with CI=true.
browser:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
		command -v $$name >/dev/null && exit 0; done; \
	test -z "$${BROWSER_PATH:-}" || exit 0; \
	if test "$$(id -u)" = 0; then sudo=; \
	elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo="sudo -n"; \
	else sudo=none; fi; \
	if command -v apt-get >/dev/null && test "$$sudo" != none; then \
		echo "Installing Chromium for image export, from the system's packages"; \
		log="$$(mktemp)"; \
		if { $$sudo apt-get update -qq || true; $$sudo env DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core; } >"$$log" 2>&1 \
			&& command -v chromium >/dev/null; then rm -f "$$log"; exit 0; fi; \
		tail -n 5 "$$log"; rm -f "$$log"; \
	fi; \
	echo "No Chromium or Chrome here: tests of image export are skipped (with CI=true they fail)."; \
	echo "To get one: on Debian 'apt-get install chromium'; elsewhere Chrome, or its path in BROWSER_PATH."
