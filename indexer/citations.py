"""How a published index is cited: in words, and as the files that reference managers read."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from indexer.models import IndexEdition

# What a reader of BibTeX takes for an instruction.
BIBTEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)


@dataclass(frozen=True)
class Citation:
    """What the citation of one edition is made of; every text is one line."""

    key: str
    title: str
    persons: list[str]
    institutions: list[str]
    publisher: str
    day: date
    edition: int
    address: str
    doi: str
    licence: str

    @property
    def authors(self) -> list[str]:
        """All who are cited, persons first."""
        return [*self.persons, *self.institutions]

    @property
    def text(self) -> str:
        """The citation in the reader's language, as a line of a list of references."""
        # A comma may stand between the two names of a person.
        apart = _("; ") if any("," in name for name in self.persons) else _(", ")
        by = apart.join(self.authors) or self.publisher or self.title
        return _("%(by)s (%(year)s): %(title)s, edition %(edition)s. %(publisher)s%(address)s") % {
            "by": by,
            "year": self.day.year,
            "title": self.title,
            "edition": self.edition,
            "publisher": f"{self.publisher}. " if self.publisher and by != self.publisher else "",
            "address": f"https://doi.org/{self.doi}" if self.doi else self.address,
        }


def address_of_edition(edition: IndexEdition) -> str:
    """Return the address that stays that of this edition."""
    path = reverse("indexer:public-edition", args=[edition.index.slug, edition.number])
    return settings.PUBLIC_URL.rstrip("/") + path


def citation_of(edition: IndexEdition) -> Citation:
    """Say how an edition is cited; one that is not released yet, as if it were today."""
    index = edition.index
    return Citation(
        key=f"{index.slug}-{edition.number}",
        title=_one_line(index.name),
        persons=_lines(index.authors),
        institutions=_lines(index.institutions),
        publisher=_one_line(index.publisher),
        day=timezone.localdate(edition.released_at or timezone.now()),
        edition=edition.number,
        address=address_of_edition(edition),
        doi=index.doi,
        licence=index.licence,
    )


def bibtex(citation: Citation) -> str:
    """Write an entry of BibTeX; only the names of persons are taken apart by it."""
    whole = [f"{{{_escaped(name)}}}" for name in citation.institutions or _publisher_if_alone(citation)]
    fields = {
        "title": f"{{{_escaped(citation.title)}}}",
        "author": " and ".join([*map(_person, citation.persons), *whole]),
        "publisher": _escaped(citation.publisher),
        "year": str(citation.day.year),
        "month": str(citation.day.month),
        "edition": str(citation.edition),
        "doi": _escaped(citation.doi),
        "url": citation.address,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value.strip("{}")]
    return "\n".join([f"@misc{{{citation.key},", *lines, "}", ""])


def ris(citation: Citation) -> str:
    """Write a record of RIS."""
    pairs = [
        ("TY", "DATA"),
        ("TI", citation.title),
        *(("AU", name) for name in citation.authors),
        ("PB", citation.publisher),
        ("PY", str(citation.day.year)),
        ("DA", f"{citation.day:%Y/%m/%d}"),
        ("ET", str(citation.edition)),
        ("DO", citation.doi),
        ("UR", citation.address),
    ]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in [*pairs] if value) + "ER  - \r\n"


def cff(citation: Citation) -> str:
    """Write a CITATION.cff; texts are quoted as JSON, which YAML reads alike."""
    entities = citation.institutions or ([] if citation.persons else [citation.publisher or citation.title])
    pairs = {
        "cff-version": "1.2.0",
        "message": "If you use this index, please cite it as below.",
        "type": "dataset",
        "title": citation.title,
        "version": str(citation.edition),
        "date-released": f"{citation.day:%Y-%m-%d}",
        "doi": citation.doi,
        "url": citation.address,
        "license": citation.licence,
    }
    lines = [f"{name}: {_quoted(value)}" for name, value in pairs.items() if value]
    people = [line for name in citation.persons for line in _cff_person(name)]
    return "\n".join([*lines, "authors:", *people, *(f"  - name: {_quoted(name)}" for name in entities), ""])


@dataclass(frozen=True)
class CitationFile:
    """A kind of file that a citation is saved as."""

    label: str
    content_type: str
    write: Callable[[Citation], str]
    name: str


# By what stands in the address.
CITATIONS: Mapping[str, CitationFile] = {
    "bib": CitationFile("BibTeX", "application/x-bibtex; charset=utf-8", bibtex, "%s.bib"),
    "ris": CitationFile("RIS", "application/x-research-info-systems; charset=utf-8", ris, "%s.ris"),
    "cff": CitationFile("CITATION.cff", "application/yaml; charset=utf-8", cff, "CITATION.cff"),
}


def _lines(text: str) -> list[str]:
    return [_one_line(line) for line in text.splitlines() if line.strip()]


def _publisher_if_alone(citation: Citation) -> list[str]:
    return [] if citation.persons or not citation.publisher else [citation.publisher]


def _person(name: str) -> str:
    """Write a name for BibTeX; one that holds its word between names stays whole."""
    text = _escaped(name)
    return f"{{{text}}}" if " and " in text.lower() else text


def _cff_person(name: str) -> list[str]:
    """Return the lines of a person, whose family name stands before a comma; the whole name without one."""
    family, _comma, given = (part.strip() for part in name.partition(","))
    lines = [f"  - family-names: {_quoted(family)}"]
    return [*lines, f"    given-names: {_quoted(given)}"] if given else lines


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return text.translate(BIBTEX)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
