"""The report of a run as a document: chapters chosen and ordered, own words, numbers, the PDF."""

import re

import numpy as np
import pytest
from django.urls import reverse

from indexer.enums import ReportChapter
from indexer.models import ReportOutline
from indexer.selectors.reports import USUAL, outline_of, words_in_report
from indexer.services.reports import choose_chapters, write_paragraph
from indexer.studies import ranked
from indexer.views.reports import material
from indexer.views.reports.chapters.registry import CHAPTERS, IncompleteChaptersError, registered
from indexer.views.reports.chapters.total import Total
from indexer.views.reports.own_words import blocks_of_text
from indexer.views.run import series_figures
from tests.factories import make_account
from tests.indexer.factories import make_series
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.study_runs import make_study
from weighting.enums import Role
from weighting.exceptions import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def run_of_the_file(undone_after_the_file):
    return make_runs(random_values(6), tilts=[None])[0]


def page(run, name="run-document", *further):
    return reverse(f"indexer:{name}", args=[run.pk, *further])


def bring_in_series(run, count):
    for factor in range(2, 2 + count):
        values = [float(factor**place) for place in range(len(run.data_set.city_ids))]
        make_series(run.data_set.city_ids, values, actor=run.data_set.created_by, name_en=f"Series {factor}")


def sent(chosen, revision=0):
    """The form as a browser sends it: each chapter with its place, those in the report ticked."""
    order = [*chosen, *(code for code in ReportChapter.values if code not in chosen)]
    places = {f"place-{code}": str(at) for at, code in enumerate(order, 1)}
    return {**places, **{f"use-{code}": "on" for code in chosen}, "revision": str(revision)}


def chapters_on(client, run):
    return list(client.get(page(run)).context["document"].parts)


def test_every_chapter_is_registered_once():
    assert list(CHAPTERS) == ReportChapter.values
    with pytest.raises(IncompleteChaptersError):
        registered([Total])
    with pytest.raises(IncompleteChaptersError):
        registered([*(type(one) for one in CHAPTERS.values()), Total])


def test_chapters_are_chosen_ordered_and_kept(analyst, run):
    assert chapters_on(analyst, run) == ["method", "total", "sub_indices", "regions", "appendix"]

    chosen = ["appendix", "total", "data"]
    answer = analyst.post(page(run, "run-document-chapters"), sent(chosen))

    assert (answer.status_code, answer.url) == (302, page(run))
    assert chapters_on(analyst, run) == chosen
    text = analyst.get(page(run)).content.decode()
    assert [text.index(f'href="#{code}"') for code in chosen] == sorted(
        text.index(f'href="#{code}"') for code in chosen
    )
    none = analyst.post(page(run, "run-document-chapters"), sent([], 1))
    assert none.status_code == 422
    assert outline_of(run).chapters == chosen


@pytest.mark.postgres
def test_of_two_who_choose_at_once_the_later_is_refused_and_sees_the_others_choice(analyst, run):
    address = page(run, "run-document-chapters")
    analyst.post(address, sent(["total"]))

    refused = analyst.post(address, sent(["method", "data"]))

    assert refused.status_code == 409
    assert ReportOutline.objects.get().chapters == ["total"]
    assert refused.context["theirs"] == [CHAPTERS["total"].title]
    # The page now knows the other's choice: the same sent again replaces it.
    assert refused.context["form"]["revision"].value() == 1
    assert analyst.post(address, sent(["method", "data"], 1)).status_code == 302
    assert outline_of(run).chapters == ["method", "data"]


def test_the_service_refuses_what_is_no_report(run):
    actor = make_account(Role.ANALYST)
    for chapters, said in ([], "one chapter"), (["total", "total"], "twice"), (["weather"], "weather"):
        with pytest.raises(Refused, match=said):
            choose_chapters(run, chapters=chapters, revision=0, actor=actor)
    with pytest.raises(Refused, match="weather"):
        write_paragraph(run, section="weather", language="en", text="x", revision=0, actor=actor)
    assert outline_of(run).chapters == list(USUAL)


def test_a_chapter_without_matter_says_in_the_editor_what_would_fill_it(analyst, run):
    rows = {row.code: row for row in analyst.get(page(run, "run-document-chapters")).context["rows"]}
    assert rows["series"].lack == "No outside series was sent in for these cities."
    assert rows["uncertainty"].lack.startswith("No study of this ranking is finished")
    assert rows["groups"].lack.startswith("The register has no further grouping")
    assert rows["leads"].lack.startswith("No city is a dark horse.")
    assert not rows["total"].lack
    assert not {"series", "uncertainty", "groups", "leads"} & set(chapters_on(analyst, run))

    make_series(run.data_set.city_ids, np.arange(1.0, 7.0).tolist(), actor=run.data_set.created_by)
    assert "series" in chapters_on(analyst, run)


def test_own_words_stand_in_their_chapter_escaped_and_fill_one_that_has_nothing_else(analyst, run):
    for section, text in {
        "total": "<script>alert(1)</script> first\nline\n\nsecond",
        "series": "None fits.",
    }.items():
        kept = analyst.post(page(run, "run-document-words", section), {"text": text, "revision": "0"})
        assert (kept.status_code, kept.url) == (302, f"{page(run)}#{section}")

    document = analyst.get(page(run))
    parts = document.context["document"].parts
    assert [block["kind"] for block in parts["total"].own] == ["paragraph", "paragraph"]
    assert (parts["series"].own, parts["series"].sentences) == (blocks_of_text("None fits."), ())
    assert "&lt;script&gt;alert(1)" in document.content.decode()
    assert "first<br>line</p>\n<p>second</p>" in document.content.decode()
    assert "<script>alert" not in document.content.decode()


@pytest.mark.postgres
def test_an_untouched_report_begins_with_another_and_a_touched_one_never(analyst):
    before, run, touched = make_runs(random_values(4), tilts=[None, 1.0, 2.0])
    actor = before.data_set.created_by
    choose_chapters(before, chapters=["total", "data"], revision=0, actor=actor)
    said = {"section": "total", "language": "en", "actor": actor}
    write_paragraph(before, text="Of last year.", revision=0, **said)
    write_paragraph(touched, text="Of this year.", revision=0, **said)
    address = page(run, "run-document-chapters")

    offered = [pk for pk, _name in analyst.get(address).context["others"]]
    assert sorted(offered) == [before.pk, touched.pk]
    taken = analyst.post(page(run, "run-document-take-over"), {"other": before.pk})

    assert (taken.status_code, taken.url) == (302, address)
    assert outline_of(run).chapters == ["total", "data"]
    assert words_in_report(run, "en", actor) == {"total": "Of last year."}
    assert analyst.get(address).context["others"] == []
    assert analyst.post(page(touched, "run-document-take-over"), {"other": before.pk}).status_code == 409
    assert words_in_report(touched, "en", actor) == {"total": "Of this year."}
    assert analyst.post(page(run, "run-document-take-over"), {"other": "x"}).status_code == 409


def test_tables_and_figures_are_numbered_through_the_document(analyst, run):
    text = analyst.get(page(run)).content.decode()
    for word in ("Table", "Figure"):
        found = [int(number) for number in re.findall(rf">{word} (\d+)\. ", text)]
        assert found
        assert found == list(range(1, len(found) + 1))


def test_a_stranger_reads_the_report_of_a_public_run_and_changes_nothing(client, run):
    open_ = make_runs(random_values(4), tilts=[None], published=True)[0]
    actor = make_account(Role.ANALYST)
    write_paragraph(open_, section="total", language="en", text="Ours alone.", revision=0, actor=actor)
    assert client.get(page(run)).status_code == 404
    seen = client.get(page(open_))
    assert seen.status_code == 200
    assert b"own words" not in seen.content
    # Control: who is told apart is the reader.
    assert b"Ours alone." not in seen.content
    assert words_in_report(open_, "en", actor) == {"total": "Ours alone."}
    assert client.post(page(open_, "run-document-chapters"), sent(["total"])).status_code != 200
    assert not ReportOutline.objects.exists()


def test_the_pdf_is_made_with_what_was_chosen(analyst, run, monkeypatch):
    sources = []
    monkeypatch.setattr("weighting.views.files.typeset", lambda source: sources.append(source) or b"%PDF")
    analyst.post(page(run, "run-document-chapters"), sent(["total", "method"]))

    answer = analyst.get(page(run, "run-document-pdf"))

    assert answer["Content-Type"] == "application/pdf"
    assert f"report-{run.pk}.pdf" in answer["Content-Disposition"]
    assert b"The first 6 cities" in sources[0]
    assert sources[0].index(b"Composite score and ranking") < sources[0].index(b"The steps of the method")


def test_the_method_says_what_its_formulas_leave_open(analyst, run):
    """Whoever computes a score by the printed formulas has to get what is printed."""
    leaf = run.data_set.framework.indicators.filter(is_leaf=True).first()
    type(leaf).objects.filter(pk=leaf.pk).update(direction=-1)
    document = analyst.get(page(run), headers={"accept-language": "en"}).context["document"]

    said = " ".join(document.parts["method"].sentences)
    assert "For 1 indicator less is better; it is turned" in said
    assert "Scores are shown multiplied by 100." in said


def test_each_figure_of_how_sure_ranks_are_names_its_study(analyst, run):
    for kind in ("noise", "dirichlet"):
        make_study(run, kind, draws=200)
    document = analyst.get(page(run), headers={"accept-language": "en"}).context["document"]
    titles = [figure.title for figure in document.parts["uncertainty"].figures]

    assert any("Weight noise: " in title for title in titles)
    assert any("Dirichlet weights: " in title for title in titles)


def test_of_each_study_the_figure_alone_is_made_that_is_shown(analyst, run, monkeypatch):
    make_study(run, "noise", draws=200)
    made = []
    for name in ("intervals_figure", "heat_figure", "shifts_figure"):
        draw = getattr(ranked, name)
        monkeypatch.setattr(ranked, name, lambda *args, n=name, d=draw: made.append(n) or d(*args))

    assert analyst.get(page(run)).context["document"].parts["uncertainty"].figures
    assert made == ["intervals_figure"]


# The tables of those with a figure are read, of the others nothing, and the units once for all.
@pytest.mark.parametrize("count", [3, 6])
def test_a_report_asks_as_often_however_many_studies_it_tells_of(
    analyst, run, count, django_assert_num_queries
):
    for seed in range(count):
        make_study(run, kind="noise", draws=50, seed=seed, nu=0.1)
    choose_chapters(run, chapters=["uncertainty"], revision=0, actor=run.data_set.created_by)
    address = reverse("indexer:run-document", args=[run.pk])
    analyst.get(address)
    with django_assert_num_queries(17):
        page = analyst.get(address)

    assert page.content.decode().count("50 draws") >= count


def test_the_page_draws_no_figure_that_it_shows_as_a_picture(analyst, run, monkeypatch):
    bring_in_series(run, 2)
    drawn, draw = [], series_figures.scatter_of
    monkeypatch.setattr(series_figures, "scatter_of", lambda report: drawn.append(report) or draw(report))
    figures = analyst.get(page(run)).context["document"].parts["series"].figures
    assert len(figures) == 2
    assert not drawn
    assert all(figure.spec["usermeta"]["title"] in figure.title for figure in figures)
    assert len(drawn) == 2


@pytest.mark.parametrize(("count", "said"), [(2, []), (3, ["The first 2 of 3 series are shown."])])
def test_of_many_series_the_first_are_told_and_how_many_there_are(analyst, run, monkeypatch, count, said):
    monkeypatch.setattr(material, "MOST_SERIES", 2)
    bring_in_series(run, count)
    part = analyst.get(page(run)).context["document"].parts["series"]
    assert (part.sentences, len(part.tables[0].rows)) == (said, 2)
