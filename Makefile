# Two commands that need nothing but Python 3.11+, pip, git and make: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
STAMP   = $(VENV)/.installed

.PHONY: demo test check bench dmn-tck schemas clean

demo: $(STAMP)
	$(BIN)/python examples/demo.py

test: $(STAMP)
	$(BIN)/python -m pytest -q --numprocesses auto --dist worksteal

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/offerwright schema --check
	$(BIN)/offerwright fmt --check rules examples marketplaces offerwright.yaml
	$(BIN)/offerwright check
	$(BIN)/offerwright test --coverage --min-coverage 100,90
	$(MAKE) test

# BENCH="--quick", BENCH="--only tables": see bench/run.py. durable-rules is measured where $(STAMP) could build it.
bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python bench/run.py $(BENCH)

# The DMN TCK is not part of this repository: TCK=folder of a checkout.
dmn-tck: $(STAMP)
	$(BIN)/python tests/interchange/tck.py $(TCK)

schemas: $(STAMP)
	$(BIN)/offerwright schema

# durable-rules has no wheels: it is built where a C compiler is, and left out where none is.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 demo")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt 'durable-rules; python_version < "3.13"' \
	  || echo "durable-rules was not built here (it needs a C compiler); orders are routed by the Python twin, with the same decisions"
	touch $(STAMP)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
