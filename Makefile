# tdr. `make help` lists the targets; every one of them installs what it needs into .venv first.
PYTHON ?= python3
ARGS ?=
VENV := .venv/bin
export PYTHON
unexport PYTHONHOME PYTHONPATH
# Compiled modules are kept: each worker of the suite would compile all tests anew, which takes longer than to import them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo demo-bind demo-powerdns demo-down test check fmt fmt-check lint types layers cov wheel setup judges setup-demo clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup-demo  ## the main job on the sandbox: plan, apply, proof, and a plan with nothing to do
	@sh examples/quickstart/demo.sh

demo-bind: setup-demo  ## the same with the zone on a real BIND, which it starts
	@sh examples/bind/demo.sh

demo-powerdns: setup-demo  ## the same with the zone on a real PowerDNS
	@sh examples/powerdns/demo.sh

demo-down:  ## stop the demo's sandbox
	@if [ -x $(VENV)/tdr ]; then $(VENV)/tdr sandbox down; fi

test: setup  ## the whole suite, on every core (ARGS="-k claim" for a part)
	@$(VENV)/python -m pytest -n auto --dist worksteal -q $(ARGS)

check: fmt-check lint types layers  ## format, lint, types, layers: what CI asks before the tests

fmt: setup  ## format the code, fix what ruff can fix
	@$(VENV)/ruff format .
	@$(VENV)/ruff check --fix .

fmt-check: setup
	@$(VENV)/ruff format --check .

lint: setup  ## ruff
	@$(VENV)/ruff check .

types: setup  ## mypy, strict
	@$(VENV)/mypy

layers: setup  ## who may import whom, names, start-up imports
	@$(VENV)/python -m pytest tests/architecture -q

cov: setup  ## branch coverage of the product by the suite
	@$(VENV)/python -m pytest -n auto --dist worksteal -q --cov --cov-report=term-missing:skip-covered $(ARGS)

wheel: setup  ## build the wheel and the sdist into dist/
	@$(VENV)/python -m build --no-isolation --outdir dist .

setup:  ## .venv with tdr, editable, and the tools of this file
	@sh .ci/venv dev

judges:  ## .judges with the `aws` command line and moto, which judge the work on AWS
	@sh .ci/judges

setup-demo:
	@sh .ci/venv all

clean: demo-down  ## remove .venv and everything built
	@rm -rf .venv .judges .sandbox build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
