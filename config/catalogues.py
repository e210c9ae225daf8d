"""Compile the translations: ``python -m config.catalogues``.

Babel's own command refuses a Chinese plural that names what only the English plural names, so its
reader and writer are called directly; tests/test_translations.py holds the placeholders.
"""

import os

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from config.settings import BASE_DIR


def compile_catalogues() -> None:
    """Write each catalogue that is missing or older than its source."""
    for source in BASE_DIR.glob("locale/*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        # The locale brings the rule of its plurals.
        catalogue = read_po(source.read_bytes().splitlines(keepends=True), locale=source.parts[-3])
        # Another process may be writing one too.
        draft = compiled.with_suffix(f".{os.getpid()}.draft")
        with draft.open("wb") as file:
            write_mo(file, catalogue)
        draft.replace(compiled)


if __name__ == "__main__":
    compile_catalogues()
