"""The comparison of runs, and what it says of one unit."""
