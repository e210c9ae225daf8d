"""From normalised values and weights to scores and ranks."""
