"""All of a finished run as one file: what anybody needs to check it and to build on it."""
