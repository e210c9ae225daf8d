"""A written report as a document: the chapters that were chosen, numbered, with people's own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from indexer.models import Run
from indexer.views.reports.chapters.registry import CHAPTERS
from indexer.views.reports.material import Material
from indexer.views.reports.own_words import blocks_of_text
from indexer.views.reports.parts import Part, as_data, numbered
from indexer.views.run.ranking import ranking_finding
from indexer.views.shared.words import provenance_of
from indexer.words import data_set_name, version_name
from weighting.enums import Language


@dataclass(frozen=True)
class Document:
    """All that a report shows, for a page and for a PDF; ``parts`` are by chapter, in their order."""

    run: Run
    title: str
    subtitle: str
    eyebrow: str
    parts: Mapping[str, Part]

    @property
    def source(self) -> str:
        return f"{data_set_name(self.run.data_set)} · {version_name(self.run)}"

    @property
    def origin(self) -> list[tuple[str, str]]:
        return provenance_of(self.run)

    def as_data(self) -> dict[str, Any]:
        """Return the document as the layout of the PDF reads it."""
        return {
            "lang": "zh" if language().startswith("zh") else "en",
            "title": self.title,
            "subtitle": self.subtitle,
            "eyebrow": self.eyebrow,
            "source": self.source,
            "contents_title": _("Contents"),
            "parts": [as_data(part) for part in self.parts.values()],
            "origin_title": _("How this was computed"),
            "origin": [{"label": label, "value": str(value)} for label, value in self.origin],
        }


def write_parts(
    material: Material, chapters: Sequence[str], words: Mapping[str, str], *, with_lacks: bool = False
) -> dict[str, Part]:
    """Write chapters in the active language; ``words`` are what people wrote, by chapter.

    A chapter with nothing to say is left out unless somebody wrote into it; ``with_lacks`` it says
    what would fill it.
    """
    found: dict[str, Part] = {}
    for code in chapters:
        chapter, own = CHAPTERS[code], blocks_of_text(words.get(code, ""))
        if with_lacks or not chapter.lack(material):
            found[code] = replace(chapter.part(material), own=own)
        elif own:
            found[code] = Part(chapter.title, own=own)
    return numbered(found)


def write_document(
    material: Material, chapters: Sequence[str], words: Mapping[str, str], *, title: str
) -> Document:
    """Write the report of a run with some chapters, under a title."""
    return Document(
        material.run,
        title=title,
        subtitle=ranking_finding(material.ranking),
        eyebrow=_("Report on %(data)s") % {"data": data_set_name(material.run.data_set)},
        parts=write_parts(material, chapters, words),
    )


# Each language is named in itself.
OWN_NAMES = {Language.CHINESE.value: "中文", Language.ENGLISH.value: "English"}


def language() -> str:
    """Return the code of the language that is being written."""
    return get_language() or "en"
