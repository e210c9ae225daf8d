"""How pages write numbers."""

import math


def signed(value: float, digits: int, *, plus: bool = True) -> str:
    """Return a number with a true minus sign, and a plus where wanted; – where there is none."""
    if math.isnan(value):
        return "–"
    text = f"{abs(value):.{digits}f}"
    if not float(text):
        return text
    return ("−" if value < 0 else "+" if plus else "") + text


def number_or_none(value: float) -> float | None:
    """Return a number for a file; nothing where there is none."""
    return None if math.isnan(value) else value
