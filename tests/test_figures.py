"""Every figure of every page can be saved as a picture."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).parent.parent / "templates"
INCLUDED = re.compile(r'{% include "components/_figure\.html"[^%]*%}')


def figures():
    for path in TEMPLATES.rglob("*.html"):
        if path.name != "all.html":
            yield from ((path.name, call) for call in INCLUDED.findall(path.read_text()))


def test_every_figure_names_its_picture():
    assert len(list(figures())) > 10
    assert [name for name, call in figures() if "image_url=" not in call] == []
