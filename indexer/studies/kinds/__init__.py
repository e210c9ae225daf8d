"""One file for each kind of study; `indexer.studies.registry` lists them."""
