"""A whole copy of a published edition in files, which any web server hands out for ever.

Pages in every language, the sliders with the values that they weigh, profiles of the units, citation,
manifest and package. Of large registers it is bounded: so many profiles and lines of the ranking, and
sliders for what a browser holds; the package has all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from indexer.citations import CITATIONS, citation_of
from indexer.models import City, EditionReport, IndexEdition
from indexer.packages.archive import package_of
from indexer.selectors.published import editions_up_to
from indexer.selectors.reports import report_of_edition
from indexer.selectors.unit_profiles import LeafTable, UnitProfile, unit_key
from indexer.selectors.what_if import WhatIf, what_if_of
from indexer.views.public.addresses import Shelf
from indexer.views.public.copy_links import ASSETS, OWN, CopyLinks, read_asset
from indexer.views.public.machine import dataset_json
from indexer.views.public.parts import (
    MOST_ROWS,
    Act,
    edition_context,
    may_be_mapped,
    picture_address,
    ranking_rows,
)
from indexer.views.public.report import edition_document
from indexer.views.public.units import choose_peers, unit_context
from indexer.views.reports.document import OWN_NAMES, Document
from indexer.views.run.maps import map_chart
from indexer.views.run.ranking import Ranking, composition_of, load_ranking
from indexer.views.run.what_if import page_data, weight_groups
from indexer.views.run.what_if_words import results_context
from indexer.words import data_set_name, score_unit, version_name
from weighting.drawing import draw, picture_source
from weighting.views.files import document_pdf, drawn_picture

# Some 20 KB each, in every language.
MOST_PROFILES = 1_000
MOST_RANKED = 5_000
VALUES = "data/values.bin"
LAYOUT = "indexer/public/copy_base.html"


@dataclass(frozen=True, eq=False)
class StaticCopy:
    """The files of one released edition, whose run is loaded with its nodes."""

    edition: IndexEdition
    most_profiles: int = MOST_PROFILES

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield every file by its path; the same edition gives the same bytes."""
        yield from self._data()
        links = CopyLinks({})
        for language in OWN_NAMES:
            with translation.override(language):
                links = CopyLinks(self._addresses(language) | self._report_pictures(language), links.assets)
                for at, page in self._pages(language):
                    yield at, links.rewrite(page, at).encode()
                yield from self._pictures(language)
                yield from self._report_files(language)
        yield "index.html", links.rewrite(self._choice(), "index.html").encode()
        for name in sorted(links.assets):
            yield ASSETS + name, read_asset(name)

    @cached_property
    def ranking(self) -> Ranking:
        return load_ranking(self.edition.run)

    @cached_property
    def shelf(self) -> Shelf:
        return Shelf(self.edition.index.slug, self.edition.number)

    @cached_property
    def report(self) -> EditionReport | None:
        return report_of_edition(self.edition)

    @cached_property
    def documents(self) -> dict[str, Document]:
        """The report as it was written in each language, once it was asked for."""
        return {}

    @cached_property
    def tried(self) -> WhatIf | None:
        """What the sliders start from; None where no browser can compute it."""
        tried = what_if_of(self.edition.run)
        return tried if tried.fits_browser else None

    @cached_property
    def profiled(self) -> list[int]:
        """Positions of the units that have a page of their own: the first of the ranking."""
        return self.ranking.order[: self.most_profiles]

    @cached_property
    def profiled_cities(self) -> list[City]:
        cities = self.ranking.cities
        cities.load(self.profiled)
        return [cities[place] for place in self.profiled]

    def _addresses(self, language: str) -> dict[str, str]:
        """Return the files of the copy by their addresses on the server."""
        run, folder = self.edition.run, _folder(language)
        files = {
            self.shelf.index: f"{folder}/index.html",
            **{picture_address(run, name): f"{folder}/{name}.svg" for name in ("composition", "map")},
            reverse("weighting:version-manifest", args=[run.weight_version_id]): "manifest.json",
            **{
                self.shelf.unit(city): f"{folder}/units/{unit_key(city)}.html"
                for city in self.profiled_cities
            },
        }
        for ending in CITATIONS:
            address = [self.edition.index.slug, self.edition.number, ending]
            files[reverse("indexer:public-citation", args=address)] = f"citation.{ending}"
        return files

    def _data(self) -> Iterator[tuple[str, bytes]]:
        yield "package.zip", package_of(self.edition.run)
        yield "manifest.json", bytes(self.edition.run.weight_version.manifest or b"")
        if self.tried:
            yield VALUES, self.tried.terms
        with translation.override(settings.LANGUAGE_CODE):
            for ending, kind in CITATIONS.items():
                yield f"citation.{ending}", kind.write(citation_of(self.edition)).encode()

    def _pages(self, language: str) -> Iterator[tuple[str, str]]:
        folder = _folder(language)
        context = edition_context(self.edition, self.ranking, self.shelf)
        context |= {
            "editions": list(editions_up_to(self.edition)),
            "acts": list(self._acts(folder)),
            "dataset_json": dataset_json(self.edition, self.edition.run),
        }
        yield self._page("index.html", language, "indexer/public/index.html", context)
        if len(self.ranking.cities) > MOST_ROWS:
            yield self._page(
                "ranking.html", language, "indexer/public/copy_ranking.html", self._whole_ranking(context)
            )
        if self.tried:
            context = self._weights_context(self.tried, folder)
            yield self._page("weights.html", language, "indexer/public/copy_weights.html", context)
        if document := self._document(language):
            context = {
                "document": document,
                "index_url": self.shelf.index,
                "pdf_url": f"{OWN}{folder}/report.pdf",
            }
            yield self._page("report.html", language, "indexer/public/report.html", context)
        yield from self._profiles(language)

    def _page(self, name: str, language: str, template: str, context: dict[str, Any]) -> tuple[str, str]:
        """Return where a page lies, and the page; links to other languages lead to the same one."""
        languages = [
            {"code": code, "name": own_name, "url": f"{OWN}{_folder(code)}/{name}"}
            for code, own_name in OWN_NAMES.items()
        ]
        shared = {
            "layout": LAYOUT,
            "is_copy": True,
            "index": self.edition.index,
            "edition": self.edition,
            "language_links": languages,
            "home_url": f"{OWN}{_folder(language)}/index.html",
            "cited": citation_of(self.edition),
        }
        return f"{_folder(language)}/{name}", render_to_string(template, context | shared)

    def _acts(self, folder: str) -> Iterator[Act]:
        if self.tried:
            yield Act(_("Try your own weights"), f"{OWN}{folder}/weights.html")
        if len(self.ranking.cities) > MOST_ROWS:
            yield Act(_("The whole ranking"), f"{OWN}{folder}/ranking.html")
        if self.report:
            yield Act(_("Read the report"), f"{OWN}{folder}/report.html")
        yield Act(_("Take everything"), f"{OWN}package.zip", is_file=True)

    def _whole_ranking(self, context: dict[str, Any]) -> dict[str, Any]:
        rows = ranking_rows(self.ranking, context["sureness"], self.shelf, most=MOST_RANKED)
        return context | {"rows": rows, "left_out": max(0, len(self.ranking.cities) - MOST_RANKED)}

    def _weights_context(self, tried: WhatIf, folder: str) -> dict[str, Any]:
        run = self.edition.run
        return {
            "tried": tried,
            "groups": weight_groups(tried, {}),
            "plain_url": f"{OWN}{folder}/weights.html",
            "page_data": page_data(tried, f"../{VALUES}"),
            **results_context(tried, []),
            "register": tried.cities.register,
            "data_set_name": data_set_name(run.data_set),
            "version_name": version_name(run),
            "unit": score_unit(run.method),
        }

    def _profiles(self, language: str) -> Iterator[tuple[str, str]]:
        table = LeafTable(self.ranking.subject)
        for place, city in zip(self.profiled, self.profiled_cities, strict=True):
            peers = choose_peers(table, place)
            profile = UnitProfile(table, place, peers.positions)
            context = unit_context(self.edition, self.shelf, profile, peers) | {"beside_url": ""}
            yield self._page(f"units/{unit_key(city)}.html", language, "indexer/public/unit.html", context)

    def _pictures(self, language: str) -> Iterator[tuple[str, bytes]]:
        charts = {
            "composition": composition_of(self.ranking).get("chart"),
            "map": map_chart(self.edition.run) if may_be_mapped(self.edition.run) else None,
        }
        for name, chart in charts.items():
            if chart is not None:
                yield f"{_folder(language)}/{name}.svg", draw(picture_source(chart, language), "svg")

    def _document(self, language: str) -> Document | None:
        """Return the report that the edition carries, in the active language."""
        if self.report and language not in self.documents:
            self.documents[language] = edition_document(self.edition, self.report)
        return self.documents.get(language)

    def _report_pictures(self, language: str) -> dict[str, str]:
        """Return the files of the report's figures by their addresses on the server."""
        document = self._document(language)
        figures = [one for part in document.parts.values() for one in part.figures] if document else []
        return {
            figure.image_url: f"{_folder(language)}/figures/{at}.svg" for at, figure in enumerate(figures, 1)
        }

    def _report_files(self, language: str) -> Iterator[tuple[str, bytes]]:
        """Yield the figures of the report and its PDF."""
        document = self._document(language)
        if document is None:
            return
        pictures = self._report_pictures(language)
        for figure in (one for part in document.parts.values() for one in part.figures):
            if figure.spec:
                yield pictures[figure.image_url], drawn_picture(figure.spec, language)
        yield f"{_folder(language)}/report.pdf", document_pdf(document.as_data())

    def _choice(self) -> str:
        """Return the first page, which leads to each language."""
        folders = [(code, name, f"{OWN}{_folder(code)}/index.html") for code, name in OWN_NAMES.items()]
        context = {"index": self.edition.index, "folders": folders}
        with translation.override(settings.LANGUAGE_CODE):
            return render_to_string("indexer/public/copy_choice.html", context)


def _folder(language: str) -> str:
    return language[:2]
