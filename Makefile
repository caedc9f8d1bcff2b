# Everything runs in .venv, made from pinned, hashed requirements with Python 3.11 to 3.13.
PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/bash -o pipefail
CODE := main.py settings.py listening.py gunicorn.conf.py new_key.py reconcile.py doctor.py handlers transfer adapters \
  diagnosis forwarder deploy

.PHONY: help demo run gateway doctor key lambda test lint check soak mutants bench bench-wan lock sbom clean

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

.venv/done: requirements.txt requirements-dev.txt requirements-appengine.txt
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info[:2] <= (3, 13) or sys.exit("Landfall needs Python 3.11 to 3.13: make PYTHON=python3.13 ...")'
	$(PYTHON) -m venv .venv
	@echo "Installing pinned packages into .venv (about a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	  --upgrade --target .venv/appengine -r requirements-appengine.txt
	@touch $@

demo: .venv/done ## land a real object on this machine, from S3 event to notification
	@$(BIN)/python demo.py

run: .venv/done ## serve, with the settings of the environment
	$(BIN)/gunicorn

gateway: .venv/done ## serve behind the answers of Cloud Endpoints, in both flavours
	@$(BIN)/python -m deploy.gateway.run

doctor: .venv/done ## what is wrong with these settings, and what to do: make doctor ARGS="--region eu-west-2"
	@$(BIN)/python doctor.py $(ARGS)

key: .venv/done ## make an API key: make key NAME=lambda
	@$(BIN)/python new_key.py $(or $(NAME),lambda)

lambda: .venv/done ## pack the forwarder and deploy its stack, with the AWS SAM CLI
	$(BIN)/python -m forwarder.package build/forwarder.zip
	sam deploy --guided --template-file forwarder/template.yaml --stack-name landfall-forwarder \
	  --capabilities CAPABILITY_IAM

test: .venv/done ## all tests
	$(BIN)/python -m pytest -m "not alone" --numprocesses 6 --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest -m alone

lint: .venv/done ## style, types, import rules, scans
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet -ll --recursive $(CODE)
	git ls-files | grep -vE '^(tests/|requirements.*[.]txt)' | \
	  xargs $(BIN)/detect-secrets-hook --exclude-lines '"etag"|API_KEYS_SECRET|GetSecretValue'

check: lint test ## what CI runs

soak: .venv/done ## the long runs, with their figures: KILLS=1000 MINUTES=30
	$(BIN)/python -m tests.soak.kills --kills $(or $(KILLS),1000)
	$(BIN)/python -m tests.soak.graceful_ends
	$(BIN)/python -m tests.soak.endurance --minutes $(or $(MINUTES),30)
	$(BIN)/python -m tests.soak.drips
	$(BIN)/python -m tests.soak.model
	$(BIN)/python -m tests.soak.sync
	$(BIN)/python -m pytest --hypothesis-profile=soak --timeout=0 --hypothesis-show-statistics \
	  tests/unit/transfer/test_generated_urls.py tests/unit/handlers/test_generated_bodies.py
	$(BIN)/python -m tests.soak.schema
	$(BIN)/python -m tests.soak.bodies
	$(BIN)/python -m tests.soak.parsers
	$(BIN)/python -m tests.soak.small_pieces

mutants: .venv/done ## puts faults into guard, keys, messages and the forwarder: do the tests notice?
	$(BIN)/python -m tests.soak.mutants

bench: .venv/done ## measures beside others; the tables are in build/bench
	$(BIN)/python -m bench

bench-wan: .venv/done ## the same from far away, as root
	$(BIN)/python -m bench --runs 3 far limited

lock: .venv/done ## renew the pinned requirements from the *.in files
	for name in requirements requirements-dev requirements-appengine; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-header --output-file $$name.txt $$name.in \
	    $$([ $$name = requirements-appengine ] && echo --no-deps) || exit 1; \
	done

sbom: .venv/done ## bill of materials of what is deployed, as build/sbom.json
	rm -rf build/runtime && $(PYTHON) -m venv build/runtime
	build/runtime/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	build/runtime/bin/pip uninstall --quiet --yes pip setuptools
	$(BIN)/cyclonedx-py environment --output-reproducible -o build/sbom.json build/runtime/bin/python

clean: ## remove all that make and the demo made
	rm -rf .venv var build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
