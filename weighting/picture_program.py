"""A program of its own: one picture's source on standard input, the picture on standard output.

``weighting.drawing`` runs it confined. Drawing takes a second of computing: it must not take that from those
who save ballots, so it also steps back behind every other process.
"""

import json
import os
import re
import resource
import sys
from functools import cache
from typing import Any

import pylopdf_fonts_zh_cn
import vl_convert

RARE = re.compile(r"[\U00010000-\U0010ffff]")
RARE_ESCAPED = re.compile(r"\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}")
POLITE = 15


def main() -> None:
    """Draw within what this process may take."""
    own, format = json.loads(sys.argv[1]), sys.argv[2]
    os.nice(POLITE)
    resource.setrlimit(resource.RLIMIT_CPU, (own["cpu_seconds"],) * 2)
    resource.setrlimit(resource.RLIMIT_DATA, (own["data"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(drawn(sys.stdin.buffer.read(), format))


def drawn(data: bytes, format: str) -> bytes:
    """Draw a picture's source."""
    _install_fonts()
    source = json.loads(data)
    try:
        return _draw(source, format)
    except ValueError:
        # Where a label is cut within a rare character, which is two units long there, nothing is drawn.
        return _draw({**source, "picture": _without_rare_characters(source["picture"])}, format)


@cache
def _install_fonts() -> None:
    """Let a machine without Chinese fonts of its own draw Chinese: the package brings Noto Sans SC."""
    vl_convert.register_font_directory(str(pylopdf_fonts_zh_cn.sans_path().parent))


def _draw(source: dict[str, Any], format: str) -> bytes:
    picture, version = source["picture"], source["vega_lite"]
    if format == "png":
        return vl_convert.vegalite_to_png(picture, vl_version=version, scale=2, allowed_base_urls=[])
    if format == "pdf":
        return vl_convert.vegalite_to_pdf(picture, vl_version=version, allowed_base_urls=[])
    svg = vl_convert.vegalite_to_svg(picture, vl_version=version, allowed_base_urls=[])
    return svg.replace("<svg ", f'<svg lang="{source["lang"]}" ', 1).encode()


def _without_rare_characters(picture: dict[str, Any]) -> dict[str, Any]:
    """Put the printers' sign for a missing character in place of those beyond the basic plane."""
    text = RARE.sub("〓", json.dumps(picture, ensure_ascii=False))
    # Expressions hold them as pairs of escapes.
    plain: dict[str, Any] = json.loads(RARE_ESCAPED.sub("〓", text))
    return plain


if __name__ == "__main__":
    main()
