"""What a network does while it runs: rates, rasters, operations, and what these would cost."""
