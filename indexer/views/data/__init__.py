"""Registers, data sets, how they come in, and the methods they are computed by."""
