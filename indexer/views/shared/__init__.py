"""What several pages use: the words, tables, tabs and names of runs."""
