"""Charts, panels and the look that they share."""
