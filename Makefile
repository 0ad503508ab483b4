# Every target does all of its own set-up: `make demo` or `make test` in a fresh clone is enough.
.DEFAULT_GOAL := help
.PHONY: help venv test slow demo lint lock lab peers clean
.DELETE_ON_ERROR:

BIN := .venv/bin
UV := $(BIN)/uv
STAMP := .venv/.installed

# Compile once, at install: where Python may not write bytecode, every kernel would compile every module again.
export UV_COMPILE_BYTECODE := 1

# The first Python that is 3.11 to 3.13 and can make an environment; `make PYTHON=/path/to/python3 ...` chooses another.
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
CANDIDATES := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)

help:
	@echo "make demo   simulate a company, load it, publish its audit in two languages"
	@echo "make test   lint, types, import layers, and the whole test suite"
	@echo "make slow   the long fault injection, which 'make test' leaves out"
	@echo "make lab    open JupyterLab with perfkit installed"
	@echo "make lint   the checks of 'make test' without the tests"
	@echo "make lock   renew requirements.txt after pyproject.toml changed"
	@echo "make venv   only install, into .venv"
	@echo "make peers  install what benchmarks/clv.py is measured against, into .venv-peers"
	@echo "make clean  remove .venv and everything that tools left behind"

venv: $(STAMP)

# The stamp holds the folder it was made in. Where its lists have changed, install again; where the folder has moved or
# the environment's Python has gone, make the environment anew.
ifneq ($(shell cat $(STAMP) 2>/dev/null && $(BIN)/python -c '' 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif
$(STAMP): pyproject.toml requirements.txt requirements-uv.txt
	@for python in $(CANDIDATES); do \
	    if $$python -c '$(FITS)' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "perfkit needs Python 3.11, 3.12 or 3.13 with its venv module, and found none among: $(CANDIDATES)." >&2; \
	    echo "Install one (on Debian or Ubuntu: apt-get install python3 python3-venv), or say make PYTHON=/path/to/python3." >&2; \
	    exit 1; \
	fi; \
	if [ "$$(cat $@ 2>/dev/null)" != '$(CURDIR)' ] || ! $(BIN)/python -c '$(FITS)' 2>/dev/null; then \
	    rm -rf .venv && $$found -m venv .venv; \
	fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-uv.txt
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@echo '$(CURDIR)' > $@

test: lint
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not slow" -rs --durations=15

# Minutes of faults at a hundred random points: run before a change of how reports are published is claimed.
slow: $(STAMP)
	$(BIN)/python -m pytest -m slow -rs --durations=5

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: $(STAMP)
	$(BIN)/perfkit demo

lab: $(STAMP)
	$(BIN)/perfkit lab

# The libraries that benchmarks/clv.py is measured against: they would not live with perfkit's own.
peers: $(STAMP)
	$(UV) venv --quiet --allow-existing .venv-peers
	$(UV) pip install --quiet --python .venv-peers/bin/python -r benchmarks/peers.txt

COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --annotation-style line --custom-compile-command "make lock"

# The bootstrap line first (pip needs only that), then everything else. Neither names an index: your own settings do.
# This rule cannot stand on the stamp, which depends on the very files that it renews.
lock:
	@test -x $(UV) || $(MAKE) venv
	echo uv | $(UV) $(COMPILE) --upgrade --output-file requirements-uv.txt -
	$(UV) $(COMPILE) --upgrade --all-extras --group dev --output-file requirements.txt pyproject.toml

clean:
	rm -rf .venv .venv-peers dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
