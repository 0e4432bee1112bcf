# Thin wrappers over tools/make.py, so that a machine without make does the same by calling it.
# ARGS is passed on: make reproduce ARGS="--profile smoke"
PYTHON ?= $(shell command -v python3 2>/dev/null || echo python)

.DEFAULT_GOAL := help
.PHONY: help setup reproduce test test-long bench nir-peers clean

help setup reproduce test test-long bench nir-peers clean:
	@"$(PYTHON)" tools/make.py $@ $(ARGS)
