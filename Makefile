# Everything a developer or a newcomer runs. `make help` lists it.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
STORY ?= black-friday
ARGS ?=
CLIENT ?=
LOCK := uv pip compile -q --generate-hashes --no-emit-index-url --no-annotate --no-config --python-version 3.11 --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help setup demo test faults bench shots check format lock clean

help:  ## list the targets
	@awk 'BEGIN {FS = ":.*##"} /^[a-z-]+:.*##/ {printf "  make %-10s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Repeated only when a lock file or the project's own metadata changed.
$(READY): requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: no '$(PYTHON)' on PATH (set PYTHON=/path/to/python3.11)"; exit 1; }
	@echo "[1/3] a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }
	@echo "[2/3] the locked packages (a minute or two the first time)"
	@$(BIN)/python -m pip install --disable-pip-version-check --no-input --quiet --progress-bar on --require-hashes --only-binary :all: -r requirements-dev.txt
	@echo "[3/3] the project itself"
	@$(BIN)/python -m pip install --disable-pip-version-check --no-input --quiet --no-build-isolation --no-deps --editable .
	@touch $(READY)

setup: $(READY)  ## install everything into .venv (the other targets do it by themselves)

demo: $(READY)  ## play a story on real parts and stay up (STORY=name, ONCE=1 to check it and leave)
	@$(BIN)/stripe-bridge demo --story $(STORY) $(if $(ONCE),--once) $(ARGS)

test: $(READY)  ## run every test (ARGS="-k word" to choose)
	@$(BIN)/python -m pytest $(ARGS)

faults: $(READY)  ## put the bridge under faults and count what people see (SHORT=1 for a short look)
	@$(BIN)/python -m benchmarks.faults $(if $(SHORT),--short) $(ARGS)

bench: $(READY)  ## measure the speed beside what it is compared with (QUICK=1 for a short look, ONLY=key)
	@$(BIN)/python -m benchmarks.speed $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(ARGS)

shots: $(READY)  ## picture a story's rooms in a Matrix web client (CLIENT=folder, STORY=name)
	@$(BIN)/python -m bridge.sandbox.shots --story $(STORY) --client "$(CLIENT)" $(ARGS)

check: $(READY)  ## lint, format, strict types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY)  ## let the formatter and the linter mend what they can
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

lock:  ## write the lock files anew (needs uv)
	@command -v uv >/dev/null || { echo "uv is needed: pip install uv"; exit 1; }
	$(LOCK) -o requirements.txt pyproject.toml
	$(LOCK) --extra sandbox --group dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	echo "matrix-webhook" | $(LOCK) -o benchmarks/speed/peers/matrix-webhook.txt -
	echo "maubot" | $(LOCK) -o benchmarks/speed/peers/maubot.txt -
	echo "hatchling" | $(LOCK) -c requirements-dev.txt -o requirements-build.txt -

clean:  ## remove the virtual environment and what was built
	rm -rf $(VENV) build dist .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
