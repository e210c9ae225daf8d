"""Every string of the product stands in the Chinese catalogue, translated."""

import ast
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")
# The name of a button, a column or a mark, within a sentence.
QUOTED = re.compile("“([^“”%]+)”")
# A colon, a semicolon or a comma right after a tag, outside of any text.
OWN_PUNCTUATION = re.compile(r"%\}[:;,] ")


def _sources():
    for folder in ("config", "weighting", "indexer", "upkeep"):
        yield from (ROOT / folder).rglob("*.py")
    yield from (ROOT / "templates").rglob("*.html")
    yield from (ROOT / "templates").rglob("*.txt")


def _extract(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # What is left of the markup is indented as HTML is, which Python's tokenizer refuses.
        text = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).split("\n"))
    for line, message, _comments, context in extract("python", BytesIO(text.encode()), keywords=KEYWORDS):
        yield f"{path.relative_to(ROOT)}:{line}", message, context


@pytest.fixture(scope="module")
def used():
    return [found for path in sorted(_sources()) for found in _extract(path)]


@pytest.fixture(scope="module")
def catalogue():
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def _singular(message):
    return message[0] if isinstance(message, tuple) else message


def test_no_string_hides_in_an_f_string():
    """The extraction does not look there, so that it would stay English without anybody's noticing."""
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in _sources()
        if path.suffix == ".py"
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in KEYWORDS
    ]
    assert hidden == []


def test_strings_are_found_at_all(used):
    texts = {_singular(message) for _place, message, _context in used}
    assert "Expert" in texts
    assert len(texts) > 200


def test_no_template_writes_the_punctuation_of_one_language():
    """What stands between two texts is a text itself: a colon is as wide as a character in Chinese."""
    spelt = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in _sources()
        if path.suffix == ".html"
        for found in OWN_PUNCTUATION.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not spelt, "\n".join(spelt)
    assert OWN_PUNCTUATION.search('{% translate "Source" %}: {{ source }}')
    assert OWN_PUNCTUATION.search("{{ name }}{% if not forloop.last %}, {% endif %}")
    assert not OWN_PUNCTUATION.search('{% translate "Source" %}{% translate ": " %}{{ source }}')


def test_every_string_is_translated(used, catalogue):
    untranslated = []
    for place, message, context in used:
        entry = catalogue.get(_singular(message), context)
        text = entry and (entry.string if isinstance(entry.string, str) else all(entry.string))
        if not text or entry.fuzzy:
            untranslated.append(f"{place}: {_singular(message)}")
    assert not untranslated, "\n".join(untranslated)


def test_translations_keep_the_placeholders(catalogue):
    differing = []
    for entry in catalogue:
        if not entry.id:
            continue
        source = set(PLACEHOLDER.findall(_singular(entry.id) if isinstance(entry.id, str) else entry.id[-1]))
        texts = [entry.string] if isinstance(entry.string, str) else list(entry.string)
        differing += [_singular(entry.id) for text in texts if set(PLACEHOLDER.findall(text)) != source]
    assert not differing, "\n".join(differing)


def test_the_catalogue_holds_nothing_that_is_no_longer_used(used, catalogue):
    texts = {_singular(message) for _place, message, _context in used}
    assert [_singular(entry.id) for entry in catalogue if entry.id and _singular(entry.id) not in texts] == []


def _misquoted(catalogue):
    """Sentences whose Chinese quotes a label of the interface in other words than the label has there."""
    said = {}
    for entry in catalogue:
        text = entry.string if isinstance(entry.string, str) else entry.string[0]
        said.setdefault(_singular(entry.id).lower(), set()).add(text)
    for entry in catalogue:
        text = entry.string if isinstance(entry.string, str) else entry.string[0]
        for label in QUOTED.findall(_singular(entry.id)):
            # What keeps its letters in Chinese, too, is a column of a file, not a label.
            if label in text or label.lower() not in said:
                continue
            if not any(f"“{words}”" in text for words in said[label.lower()]):
                yield f"{label}: {text}"


def test_a_label_is_quoted_as_it_stands_on_the_page(catalogue):
    assert not list(_misquoted(catalogue))


def test_a_label_that_is_quoted_otherwise_is_found():
    catalogue = Catalog("zh_Hans")
    catalogue.add("Draws", "抽样")
    catalogue.add("Look at “Draws”.", "请看“抽取”。")
    assert list(_misquoted(catalogue)) == ["Draws: 请看“抽取”。"]
