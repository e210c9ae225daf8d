"""The pages about one run, and about a branch of it that has an index of its own."""
