"""Kinds of study: everything that one kind is stands in its own file of `kinds`."""
