"""Two rankings or more beside each other, and why they differ."""
