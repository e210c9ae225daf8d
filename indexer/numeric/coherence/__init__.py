"""Whether an index holds together: what its parts have to do with each other and with the whole."""
