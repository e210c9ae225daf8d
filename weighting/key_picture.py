"""A ballot key as a picture."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

import pylopdf_fonts_zh_cn
import vl_convert

from weighting.drawing import FONT, PALETTE
from weighting.lettering import broken_into_lines

WIDTH, MARGIN = 640, 40
TITLE, KEY, TEXT = 24, 64, 20
LINE = 30
# A machine without Chinese fonts of its own still draws Chinese: the package brings Noto Sans SC.
vl_convert.register_font_directory(str(pylopdf_fonts_zh_cn.sans_path().parent))
MONO = '"DejaVu Sans Mono", "Noto Sans Mono", "Noto Sans CJK SC", monospace'


def draw_key(title: str, key: str, lines: Sequence[str]) -> bytes:
    """Return a PNG that shows the key large, with a title above it and lines of text below it."""
    room = WIDTH - 2 * MARGIN
    texts = [part for line in lines for part in broken_into_lines(line, TEXT, room)]
    height = 190 + LINE * len(texts)
    drawn = [
        _text(title, 60, TITLE, FONT, "chart-muted"),
        _text(key, 130, KEY, MONO, "chart-ink"),
        *(_text(text, 190 + LINE * position, TEXT, FONT, "chart-ink") for position, text in enumerate(texts)),
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}">'
        f'<rect width="100%" height="100%" fill="{PALETTE["chart-paper"]}"/>{"".join(drawn)}</svg>'
    )
    return vl_convert.svg_to_png(svg, scale=2)


def _text(text: str, y: int, size: int, font: str, colour: str) -> str:
    family = escape(font, {'"': "'"})
    # XML has no place for control characters, which a title may hold.
    text = "".join(character if character.isprintable() else " " for character in text)
    return (
        f'<text x="{MARGIN}" y="{y}" font-family="{family}" font-size="{size}"'
        f' fill="{PALETTE[colour]}">{escape(text)}</text>'
    )
