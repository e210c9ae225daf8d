"""Words made to run in all that a published index says: on its pages, in its report, package and copy."""

import io
import zipfile

import pytest
from django.db import transaction
from django.db.models import CharField, TextField

from indexer.enums import ReportChapter
from indexer.models import IndicatorTerms
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.services.published import describe_indicators
from indexer.services.reports import choose_chapters, give_report, write_paragraph
from indexer.views.public.static_copy import StaticCopy
from tests.factories import make_account
from tests.indexer.public.human_development import publish_human_development
from tests.test_hostile_names import cells_of, is_planted, plant
from weighting.enums import Role

pytestmark = pytest.mark.django_db
INDEX = "/i/human-development/"
PAGES = (
    *("/", INDEX, f"{INDEX}report/", f"{INDEX}units/NOR/", f"{INDEX}units/?units=NOR.SWE"),
    *(f"{INDEX}embed/ranking/", f"{INDEX}embed/weights/"),
)
# What the layout of a PDF would run: it ends in an error, reads a file, and leaves the text for formulas.
LAYOUT = '#panic("run") #read("/etc/passwd") #import "x" $ #x $ ] } ) " \\ <a> @b'


@pytest.fixture(scope="module")
def edition(django_db_setup, django_db_blocker):
    """An edition whose every word is hostile, with a report of its owner's own words."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        for kind in (CharField, TextField):
            plant(patch, kind)
        owner = make_account(Role.MANAGER)
        edition = publish_human_development(owner)
        terms = {"le": IndicatorTerms(source="UN", licence="all rights reserved", is_withheld=True)}
        describe_indicators(edition.index, terms=terms, actor=owner)
        chapters = [ReportChapter.FRAMEWORK, ReportChapter.TOTAL, ReportChapter.APPENDIX]
        choose_chapters(edition.run, chapters=chapters, revision=0, actor=owner)
        write_paragraph(
            edition.run, section=ReportChapter.TOTAL, language="en", text=LAYOUT, revision=0, actor=owner
        )
        give_report(edition, actor=owner)
        yield edition
        transaction.set_rollback(True)


def test_no_word_of_a_published_index_becomes_an_element(client, edition):
    for address in PAGES:
        answer = client.get(address, headers={"Accept-Language": "en"})
        assert answer.status_code == 200, address
        assert b"planted" in answer.content, address
        assert not is_planted(answer.content), address


def test_own_words_are_set_in_the_pdf_as_they_are(client, edition):
    answer = client.get(f"{INDEX}report.pdf", headers={"Accept-Language": "en"})

    assert (answer.status_code, answer.content[:4]) == (200, b"%PDF")


@pytest.mark.parametrize(("ending", "start"), [("bib", "  title"), ("ris", "TI"), ("cff", "title")])
def test_a_citation_has_its_fields_once(client, edition, ending, start):
    lines = client.get(f"{INDEX}1/citation.{ending}").content.decode().splitlines()

    assert sum(line.startswith(start) for line in lines) == 1
    assert "planted" in "".join(lines)


def test_no_word_in_a_package_becomes_a_formula(client, edition):
    answer = client.get(f"/runs/{edition.run_id}/package/")
    met = 0
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as archive:
        for name in archive.namelist():
            if name.endswith((".csv", ".xlsx")):
                cells = cells_of(archive.read(name), name.rpartition(".")[2])
                assert not [text for text, is_formula in cells if is_formula], name
                met += any("planted" in str(text) for text, _is_formula in cells)
    assert met > 1


def test_no_word_in_a_static_copy_becomes_an_element(edition):
    met = 0
    edition.run = runs_with_nodes_visible_to(None).get(pk=edition.run_id)
    for name, content in StaticCopy(edition, 1).files():
        if name.endswith((".html", ".svg")):
            assert not is_planted(content), name
            met += b"planted" in content
    assert met > 5
