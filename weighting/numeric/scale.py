"""The scale that experts score on: whoever asks for, checks, counts or draws scores takes it from here."""

SCALE = (1, 2, 3, 4, 5)
