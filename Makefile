# Everything runs in a virtual environment of its own; only Python 3.11+ and make are needed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench clean

help: ## Show what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

setup: $(VENV)/.dev ## Install everything for development into .venv

demo: $(VENV)/.demo ## Build the embedded model's atlas, print what it holds, open the view
	$(BIN)/lexiscope demo

test: $(VENV)/.dev ## Run the tests, fast ones first
	$(BIN)/python -m pytest -m "not server and not slow"
	$(BIN)/python -m pytest -m "server or slow"

lint: $(VENV)/.dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev ## Measure, side by side with the alternatives
	$(BIN)/python -m benchmarks

clean: ## Remove the virtual environment and what was built
	rm -rf $(VENV) build dist lexiscope-demo.atlas .pytest_cache .ruff_cache .mypy_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name it with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python has no venv module; on Debian: apt-get install python3-venv"; exit 1; }

# torch first and by its pinned version, whatever the other packages would draw.
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) (some minutes the first time)"
	@$(PIP) torch==2.13.0
	@$(PIP) --editable '.[demo,tensorboard]'
	@touch $@

$(VENV)/.dev: $(VENV)/.demo
	@$(PIP) --editable '.[dev]'
	@touch $@
