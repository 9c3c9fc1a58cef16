# Two environments: a light one that labels, a heavy one that trains and tests.
# PIP_ARGS passes anything on to pip, for example an index of CPU-only builds of torch.
PYTHON ?= python3
PIP_ARGS ?=
INSTALL = -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt $(PIP_ARGS)

.PHONY: demo test train lock clean

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

# Pins every package of the train, dev and ray extras, also those that come with others; keeps the pins there are. To take
# newer versions, first delete their lines. A build's own mark (+cpu) is left out: the pins hold for all builds of a version.
lock:
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/python $(INSTALL) -e '.[train,dev,ray]'
	.venv-lock/bin/python -m pip freeze --all --exclude pip --exclude-editable | sed 's/+[a-z0-9.]*$$//' > .ci/constraints.part
	mv .ci/constraints.part .ci/constraints.txt
	rm -rf .venv-lock

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
