"""Numbers of formats that several rooms know."""

FORMAT = 2
"""Of named records, see `spikefuse.core.record`: 1 hashed every field, 2 leaves out later fields at
their defaults. A record without later fields has the same name under both."""
