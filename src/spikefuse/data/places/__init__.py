"""Where data is found, fetched, kept and checked."""
