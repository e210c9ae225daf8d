"""A program of its own: a document's source on standard input, the PDF on standard output.

``weighting.typesetting`` runs it confined. It steps back behind those who save ballots.
"""

import json
import os
import resource
import sys
from pathlib import Path

import pylopdf_fonts_zh_cn
import typst

# Among the templates, whose content is part of the name of the build.
LAYOUT = Path(__file__).parents[1] / "templates" / "documents" / "report.typ"
POLITE = 15


def main() -> None:
    """Set a document within what this process may take."""
    own = json.loads(sys.argv[1])
    os.nice(POLITE)
    resource.setrlimit(resource.RLIMIT_CPU, (own["cpu_seconds"],) * 2)
    resource.setrlimit(resource.RLIMIT_DATA, (own["data"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(typeset(sys.stdin.buffer.read()))


def typeset(source: bytes) -> bytes:
    """Set a document's source; the layout reads it as data."""
    # The fonts of a package, so that a machine without Chinese ones sets the same pages.
    fonts = [pylopdf_fonts_zh_cn.sans_path().parent]
    inputs = {"document": source.decode()}
    return typst.compile(LAYOUT, font_paths=fonts, ignore_system_fonts=True, format="pdf", sys_inputs=inputs)


if __name__ == "__main__":
    main()
