"""What many draws or changes do to the ranks, in parts that any worker counts."""
