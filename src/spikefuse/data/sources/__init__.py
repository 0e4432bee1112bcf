"""Readers of the built-in data, one file a corpus."""
