# Everything a newcomer types. `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install train test lint format bench wheel clean

help:  ## list these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(READY)  ## make .venv and install ganctl into it

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 10) <= v <= (3, 13) else \
	  f"ganctl needs Python 3.10 to 3.13, and $(PYTHON) is {v[0]}.{v[1]}; type: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	@# What is never imported need not be compiled: a third of the time.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e '.[dev]'
	@touch $@

train: $(READY)  ## train on handwritten digits for a few minutes
	$(BIN)/ganctl train experiment=digits

test: $(READY)  ## run all tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(READY)  ## check style, types and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## mend style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## measure the training step against a bare loop
	$(BIN)/ganctl bench

wheel: $(READY)  ## build the package
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## remove what can be made again (never outputs/)
	rm -rf $(VENV) dist build .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
