# Everything is in tasks.py, which also runs where there is no make.
PYTHON ?= python3

demo docs extension lint manifest:
	$(PYTHON) tasks.py $@

# make test ONLY=tests/engine/test_uplift.py
test blenders:
	$(PYTHON) tasks.py $@ $(ONLY)

.PHONY: blenders demo docs extension lint manifest test
