# Two environments: a light one that labels, a heavy one that trains and tests.
# PIP_ARGS passes anything on to pip, for example an index of CPU-only builds of torch.
PYTHON ?= python3
PIP_ARGS ?=
INSTALL = -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt $(PIP_ARGS)

.PHONY: demo test train clean

demo: .venv-light/ready
	.venv-light/bin/claimbasis label seeds/example-article.txt --format table

test: .venv/ready
	.venv/bin/ruff format --check --quiet .
	.venv/bin/ruff check --quiet .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m pytest

train: .venv/ready
	.venv/bin/claimbasis train experiments/00-own-corpus.toml

.venv-light/ready: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv-light
	.venv-light/bin/python $(INSTALL) --no-compile .
	touch $@

.venv/ready: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python $(INSTALL) -e '.[train,dev]'
	touch $@

clean:
	rm -rf .venv .venv-light
