# Everything is in tasks.py, which also runs where there is no make.
PYTHON ?= python3

demo test lint:
	$(PYTHON) tasks.py $@

.PHONY: demo test lint
