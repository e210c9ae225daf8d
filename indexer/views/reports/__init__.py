"""Reports to print: of a run and of a comparison."""
