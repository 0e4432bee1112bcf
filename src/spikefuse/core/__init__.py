"""What every other package stands on: errors, checks, random streams, device and provenance."""
