# One command for each thing a person or CI does here. `make demo` and `make test` need nothing but Python 3.11 and make.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export TORCH
SHARED ?= ../shared/data

.PHONY: demo serve test check format bench quality soak schema constraints clean

demo: $(STAMP)  ## the sample catalogue, matched, published and served
	$(BIN)/matcher demo

serve: $(STAMP)  ## serve the newest release
	$(BIN)/matcher serve

# Two workers of one thread each: with more, threads of the model wait for a core, and take as long again doing so.
test: check  ## what CI runs: every check, then every test but the long counts
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore=tests/benchmarks

check: $(STAMP)  ## style, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)  ## speed as ratios within one run, with versions and processor flags
	$(BIN)/pytest tests/benchmarks -m "bench or not bench" --benchmark-columns=median,iqr,rounds --benchmark-enable -s

quality: $(STAMP)  ## measure the collections beside the checkout, and write data/quality.md and .json
	$(BIN)/python -m service.quality --shared $(SHARED)

soak: $(STAMP)  ## the long counts
	$(BIN)/pytest -m soak

schema: $(STAMP)  ## write data/schema from the models
	$(BIN)/python -m service.schema

constraints: $(STAMP)  ## write the versions installed now
	(head -n 1 constraints.txt; $(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//') > .venv/constraints.txt
	mv .venv/constraints.txt constraints.txt

clean:  ## remove everything made here, the data folder included
	rm -rf .venv .matcher .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks dist build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Made once; again only when what is to be installed changes. The stamp is written last, so a stopped install starts over.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python .ci/choose_torch.py
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,postgres,exact]'
	touch $(STAMP)
