"""Figures as pictures: Chinese is drawn, not boxed; the caption fits; every format is what it says."""

import json
import re

import pytest
from django.http import Http404
from django.test import RequestFactory

from weighting import drawing
from weighting.lettering import broken_into_lines
from weighting.templatetags.pictures import in_look, picture_links
from weighting.views.files import picture_answer

REQUEST = RequestFactory().get("/")
# The family that the product installs for itself: no font of the machine has this name.
OWN_FONT = "Noto Sans SC"
SOURCE = "数据：2016 报告（重构值） · version 1, panel · version 2, equal · seed 20160401 · 权衡 0.1.0"


def figure(**words):
    said = {"title": "南阳上升两位", "subtitle": "位次变化", "source": SOURCE} | words
    rows = [{"name": "南阳", "shift": 2}]
    layers = [{"mark": "bar", "encoding": {"x": {"field": "shift", "type": "quantitative"}}}]
    return drawing.figure(rows, layers, step=26, **said)


def raster(text, font=OWN_FONT):
    """Return the picture of one text, as `render` makes pictures."""
    mark = {"type": "text", "text": text, "fontSize": 40, "font": font}
    spec = {"$schema": drawing.SCHEMA, "data": {"values": [{}]}, "mark": mark, "width": 120, "height": 50}
    source = {"lang": "en", "vega_lite": drawing.VEGA_LITE, "picture": spec}
    return drawing.draw(json.dumps(source).encode(), "png")


@pytest.mark.confined
@pytest.mark.parametrize("font", [OWN_FONT, drawing.FONT])
def test_chinese_has_glyphs_of_its_own(font):
    missing = {raster("\ue123\ue124", font), raster("\ue777\uf0f0", font)}
    drawn = [raster(text, font) for text in ("权衡", "南阳", "甘孜")]

    # What no font holds looks the same, whatever it is; Chinese does not, and is none of that.
    assert len(missing) == 1
    assert len({*drawn, *missing}) == 4


@pytest.mark.confined
@pytest.mark.parametrize(("format", "start"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_every_format_is_what_it_says(format, start):
    answer = picture_answer(REQUEST, figure(), format)

    assert answer.content.startswith(start)
    assert answer["Content-Type"] == drawing.PICTURES[format]


@pytest.mark.parametrize(("spec", "format"), [(None, "png"), (figure(), "exe")])
def test_no_figure_and_no_format_are_not_found(spec, format):
    with pytest.raises(Http404):
        picture_answer(REQUEST, spec, format)


def test_a_long_caption_is_drawn_whole():
    title = "南阳上升两位，" * 12
    svg = drawing.render(figure(title=title), "svg", "zh-hans").decode()
    texts = "".join(re.findall(r"<(?:text|tspan)[^>]*>([^<]*)", svg))

    assert title in texts
    assert "seed 20160401" in texts
    assert "权衡 0.1.0" in texts
    assert "…" not in texts


def font_of(spec, lang):
    return json.loads(drawing.picture_source(spec, lang))["picture"]["config"]["font"]


@pytest.mark.parametrize("lang", ["en", "zh-hans"])
def test_a_picture_without_a_chinese_sign_is_drawn_with_the_font_that_is_in_memory(lang):
    latin = figure(title="Up by two – ±3", subtitle="Rangänderung", source="version 1")
    latin["data"]["values"] = [{"name": "Nanyang", "shift": 2}]

    assert font_of(latin, lang) == drawing.LATIN_FONT
    for name in ("南阳", "ナン", "南", "＼", "𠀀"):
        latin["data"]["values"] = [{"name": name, "shift": 2}]
        assert font_of(latin, lang) == drawing.FONT, name


def test_lines_break_between_words_or_characters_and_never_before_a_comma():
    assert broken_into_lines("名次，得分与权重", 20, 60) == ["名次，", "得分与", "权重"]
    assert broken_into_lines("equal weights", 10, 50) == ["equal", "weights"]
    assert broken_into_lines("", 10, 50) == [""]
    assert broken_into_lines("equal · panel", 10, 45) == ["equal ·", "panel"]


def drawn_in(look, format="svg"):
    return picture_answer(RequestFactory().get("/", {"look": look}), figure(), format).content


def colours_in(svg):
    return {name for name in drawing.PALETTE if drawing.PALETTE[name].encode() in svg}


def test_a_dark_picture_has_the_dark_colour_wherever_a_light_one_was():
    for look, plain in (("dark", ""), ("narrow-dark", "narrow")):
        light, dark = drawn_in(plain), drawn_in(look)
        assert colours_in(light)
        assert colours_in(dark) == set()
        for name in colours_in(light):
            light = light.replace(drawing.PALETTE[name].encode(), drawing.DARK[name].encode())
        assert dark == light


def test_a_narrow_picture_is_as_wide_as_a_phone_and_says_all_that_a_wide_one_does():
    narrow, wide = drawn_in("narrow").decode(), drawn_in("").decode()
    width = re.compile(r'<svg[^>]* width="([\d.]+)"')
    assert float(width.search(wide)[1]) > 700
    assert float(width.search(narrow)[1]) == drawing.PHONE_WIDTH
    said = "".join(re.findall(r"<(?:text|tspan)[^>]*>([^<]*)", narrow))
    for words in ("南阳上升两位", "位次变化", "seed 20160401", "权衡 0.1.0"):
        assert words in said


def test_a_file_to_save_looks_as_it_did_whatever_is_asked_for():
    assert drawn_in("dark", "png") == picture_answer(REQUEST, figure(), "png").content
    for other in ("", "light", "dark,narrow", "\x00"):
        assert drawn_in(other) == picture_answer(REQUEST, figure(), "svg").content


def test_looks_are_asked_for_beside_what_the_address_says():
    assert in_look("/x.svg", "dark") == "/x.svg?look=dark"
    assert in_look("/x.svg?a=1", "narrow-dark") == "/x.svg?a=1&look=narrow-dark"


def test_pictures_stand_beside_each_other():
    assert [tuple(link) for link in picture_links("/runs/1/composition.svg?a=1")] == [
        ("SVG", "/runs/1/composition.svg?a=1"),
        ("PNG", "/runs/1/composition.png?a=1"),
        ("PDF", "/runs/1/composition.pdf?a=1"),
    ]


def test_nothing_of_a_figure_is_described_in_english_to_a_chinese_reader():
    svg = drawing.render(figure(), "svg", "zh-hans").decode()
    assert "axis" not in "".join(re.findall(r'aria-label="([^"]*)"', svg))
    plain = figure()
    plain["config"]["axis"]["aria"] = True
    assert "axis" in "".join(
        re.findall(r'aria-label="([^"]*)"', drawing.render(plain, "svg", "zh-hans").decode())
    )
