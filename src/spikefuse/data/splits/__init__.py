"""Which sample stands in which split, what pairs with what, and what splits share."""
