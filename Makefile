# Two commands set everything up: `make demo` and `make test`.
# Both make .venv and need Python 3.11 or newer (PYTHON=... names another one).
PYTHON ?= python3
EXTRAS ?= dev jax cluster export notebooks docs
TORCH ?=
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: help demo test short slow bench lint report notebooks docs dist constraints check-gpu clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

# Everything pinned is verified against the hashes in constraints.txt; the project
# itself is a folder, which pip can't hash, so it is installed after, by itself.
requirements = $(BIN)/python -c "import sys, tomllib; \
  p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
  extras = p['optional-dependencies']; \
  print(*p['dependencies'], *(r for e in sys.argv[1:] for r in extras[e]), sep='\n')"
pip := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(BIN)/recipes: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..."; exit 1; }
	@echo "setting up $(VENV) (TensorFlow is about 600 MB; a few minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(pip) --upgrade "pip>=26"
	@$(requirements) > $(VENV)/requirements.txt
	@$(pip) --constraint constraints.txt --requirement $(VENV)/requirements.txt
	@$(pip) --no-deps --editable .
	@touch $@

$(VENV)/.tests: $(BIN)/recipes
	@$(requirements) $(EXTRAS) > $(VENV)/requirements.txt
	@$(pip) --constraint constraints.txt --requirement $(VENV)/requirements.txt
	@if [ -n "$(TORCH)" ]; then $(pip) "$(TORCH)"; fi
	@touch $@

demo: $(BIN)/recipes  ## run the optimizers recipe on embedded data to verdicts and figures
	$(BIN)/recipes run optimizers

test: $(VENV)/.tests  ## run the tests (TORCH=torch adds the PyTorch backend)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
	  -m "not slow"

short: $(VENV)/.tests  ## what another Python must pass: import, smoke runs, keys
	$(BIN)/python -c "import zoo, callbacks, recipes.lab; print(zoo.list_models()[:3])"
	for name in momentum gradient_descent clipping; do \
	  $(BIN)/recipes run $$name --smoke --fresh --out $(VENV)/runs || exit 1; done
	$(BIN)/python -m pytest tests/lab/test_keys.py tests/lab/test_sources.py

slow: $(VENV)/.tests  ## run the long verdict tests
	$(BIN)/python -m pytest -n $(WORKERS) -m slow

bench: $(VENV)/.tests  ## compare training speed with Keras, PyTorch and JAX (TORCH=torch)
	$(BIN)/python benchmarks/peers.py

lint: $(VENV)/.tests  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

notebooks: $(VENV)/.tests  ## execute the notebooks anew (NAMES="00 05" for some)
	$(BIN)/python notebooks/execute.py $(NAMES)

dist: $(VENV)/.tests  ## build wheel and sdist in dist/; try the wheel in a fresh environment
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	set -e; fresh=$$(mktemp -d); trap 'rm -rf "$$fresh"' EXIT; \
	  $(requirements) > $$fresh/requirements.txt; wheel=$$(realpath dist/*.whl); \
	  pins=$$(realpath constraints.txt); $(PYTHON) -m venv $$fresh/env; cd $$fresh; \
	  pip="env/bin/python -m pip install --quiet --disable-pip-version-check"; \
	  $$pip --upgrade "pip>=26"; $$pip --constraint $$pins --requirement requirements.txt; \
	  $$pip --no-deps $$wheel; env/bin/python -m pip check; \
	  export RECIPES_CACHE_DIR=$$fresh/cache; env/bin/recipes --version; \
	  env/bin/recipes run optimizers --smoke; env/bin/recipes run momentum; env/bin/recipes report --out runs; \
	  env/bin/python -c "import callbacks, zoo; zoo.lenet(weights='mnist')"

docs: $(VENV)/.tests  ## build the site: docs/_build/index.html
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build

report: $(BIN)/recipes  ## gather the latest runs; refresh the README and docs
	$(BIN)/recipes report --readme README.md --docs docs/verdicts.md --publish recipes/verdicts.json \
	  --figures docs/figures

# One file for Python 3.11 to 3.13 and all extras but torch and gpu, which depend on the
# machine; versions that are pinned already stay where they fit.
constraints: $(VENV)/.tests  ## pin all versions anew, with hashes
	$(pip) uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --upgrade \
	  --extra dev --extra jax --extra cluster --extra notebooks --extra docs --extra export \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet \
	  --output-file constraints.txt

check-gpu: $(VENV)/.tests  ## with an accelerator: smoke runs, precision, callbacks there
	$(BIN)/python -m pytest tests/lab/test_precision.py tests/lab/test_full_float32.py \
	  tests/callbacks
	$(BIN)/recipes run --all --smoke --jobs 1 --fresh --out runs/gpu

clean:  ## remove the environment and caches; runs/ stays
	rm -rf $(VENV) .venv-* .pytest_cache .ruff_cache build dist
