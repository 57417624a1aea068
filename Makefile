# Longtide. `make run` starts the demo, `make test` runs every test; `make help` lists the rest.
PY := .venv/bin/python
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-browser run test check fmt sure prove bench screens words lock tools
export UV_CUSTOM_COMPILE_COMMAND := make lock
LOCK := $(PY) -m uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile
setup: ## .venv from the hashed lock, and the fonts
	@deploy/setup.sh run
setup-browser: ## Chromium and axe-core for the browser tests
	@deploy/setup.sh browser
run: setup ## the demo on http://127.0.0.1:8000 (PORT= and DATA= override)
	@$(PY) deploy/demo.py
test: tools ## every test (ARGS="-k slots" for some)
	@$(PY) -m pytest -n $(or $(WORKERS),2) --dist loadgroup $(ARGS)
check: tools ## lint, format, types, import contracts
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .
	@$(PY) -m mypy && .venv/bin/lint-imports
	@$(PY) -m djlint --lint --quiet templates || echo "(djlint is advice: nothing fails)"
fmt: tools ## put the code in order
	@$(PY) -m ruff check --fix-only . && $(PY) -m ruff format .
sure: check test ## what CI runs
prove: tools ## the proofs at full size, as a table
	@LONGTIDE_PROVE=1 $(PY) -m tests.prove $(ARGS)
bench: tools ## how fast it is, against its budgets
	@$(PY) -m tests.bench $(ARGS)
screens: tools ## a picture of every page, into screens/
	@$(PY) -m tests.screens $(ARGS)
words: tools ## bring the translations up to what the source says, and compile them
	@$(PY) -m tests.words
lock: tools ## take the newest versions that pyproject.toml allows
	@$(LOCK) --upgrade -o requirements.lock && $(LOCK) --upgrade --group dev -c requirements.lock -o requirements-dev.lock
tools:
	@deploy/setup.sh dev
