# What a developer and CI call. Every target can be called first: it makes what it needs, once.
PYTHON ?= /usr/bin/python3
export PYTHON

.PHONY: help setup test test-models bench lint package install uninstall demo clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:  ## install what is missing: QGIS and Xvfb (apt), .venv (the engine and tools), .venv-qgis (tests in QGIS)
	@tools/system_packages.sh
	@$(PYTHON) tools/setup_env.py

test: setup  ## all tests; those of ui/ in real QGIS under Xvfb
	@tools/run_tests.sh

test-models: setup  ## real models of packages, against what the packages themselves say; fetched once
	@.venv/bin/python -m pytest -rs tests/models

bench: setup  ## whole jobs against onnxruntime alone, in one run (SIDE=4000, ROUNDS=5); build/bench
	@.venv/bin/python benchmarks/bench.py --side $(or $(SIDE),4000) --rounds $(or $(ROUNDS),5)

lint: setup  ## ruff, mypy, and the scans of QGIS's plugin repository on what ships
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/python tools/scan.py

package:  ## build/mlm_runner-VERSION.zip for QGIS's plugin manager (PUBLISH=1: fit for the plugin repository)
	@$(PYTHON) tools/package.py $(if $(PUBLISH),--publish)

install:  ## link the checkout into the QGIS profile and enable it (PROFILE=name)
	@$(PYTHON) tools/install_plugin.py install $(if $(PROFILE),--profile $(PROFILE))

uninstall:  ## undo make install
	@$(PYTHON) tools/install_plugin.py uninstall $(if $(PROFILE),--profile $(PROFILE))

demo: setup  ## the main job on a Landsat image; the map, its picture and numbers in build/demo
	@.venv/bin/python tools/demo.py

clean:  ## remove all that was made in the checkout
	rm -rf .venv .venv-qgis build .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
