# make demo   two pictures drawn through the gateway on the bundled emulator
# make test   the test suite
# make test-crash  300 kills at random times, half of them on each database; KILLS=… for another number, SEED=… to
#             repeat a storm
# make check  lint, types, import rules and the test suite: what CI runs
#
# Each target sets up what it needs in .venv and does so again when its pinned requirements change.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; break; }; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST_ARGS ?= -n 2

.PHONY: demo test test-crash check lint types imports format bench lock clean

demo: $(VENV)/demo.stamp
	$(BIN)/python -m limner.cli demo

test: $(VENV)/test.stamp $(VENV)/node.stamp
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-crash: $(VENV)/test.stamp
	KILLS=$(or $(KILLS),300) SEED=$(SEED) $(BIN)/python -m pytest -n 0 -s tests/crash/test_random_kills.py

check: lint types imports test

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/test.stamp
	$(BIN)/mypy
	@for file in tests/*/conftest.py; do \
		MYPYPATH=tests:tests/crash:$$(dirname $$file) $(BIN)/mypy $$file || exit 1; done

imports: $(VENV)/test.stamp
	$(BIN)/lint-imports

format: $(VENV)/test.stamp
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/test.stamp
	$(BIN)/python bench/run.py

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Limner needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: requirements/demo.txt requirements/build.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/build.txt -r requirements/demo.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/test.stamp: requirements/test.txt requirements/build.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/build.txt -r requirements/test.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/demo.stamp

# The Node clients are tested where Node is; without it their tests say why they are skipped.
$(VENV)/node.stamp: tests/node/package.json tests/node/package-lock.json | $(BIN)/python
	@if command -v npm >/dev/null 2>&1; then cd tests/node && npm ci --silent --no-audit --no-fund --ignore-scripts; fi
	@touch $@

# Needs uv. No index line and no download address may enter the files.
UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --no-strip-extras
lock:
	$(UV_COMPILE) --group build -o requirements/build.txt
	$(UV_COMPILE) pyproject.toml --extra tracing --group demo --group test --group lint -o requirements/test.txt
	$(UV_COMPILE) pyproject.toml -c requirements/test.txt -o requirements/runtime.txt
	$(UV_COMPILE) pyproject.toml --group demo -c requirements/test.txt -o requirements/demo.txt

clean:
	rm -rf $(VENV) tests/node/node_modules
