"""Kinds of files: how each is told apart, planned and decoded."""
