"""From raw values to normalised ones, and the ways to form a node: the tables of a method."""
