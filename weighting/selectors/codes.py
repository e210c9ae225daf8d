"""How secrets that are typed by hand are written: codes and ballot keys."""

# Crockford's base 32: no I, L, O or U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUP = 4
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", "–": "", " ": ""})


def grouped(code: str) -> str:
    """Return a code in groups of four."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def normalise_code(text: str) -> str:
    """Return a code as it was issued, whatever the case, the groups and the look-alikes typed."""
    return "".join(text.upper().split()).translate(MISREAD)
