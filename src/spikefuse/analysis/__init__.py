"""What was found: tidy rows, gains, the paper's claims, comparisons."""
