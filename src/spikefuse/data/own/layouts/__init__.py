"""Layouts: how files, tables and archives say what each sample is."""
