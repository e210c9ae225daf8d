"""The written report of an audit: sections in order, the studies and series there are, own words, the PDF."""

import json
import re

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import ReportParagraph
from indexer.services.reports import write_paragraph
from indexer.services.studies import count_waiting_parts, plan_study
from tests.factories import make_account
from tests.indexer.factories import make_series
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import AuditEntry
from weighting.typesetting import document_source, typeset

pytestmark = pytest.mark.django_db
SECTIONS = ["framework", "data", "coherence", "importance", "uncertainty", "series", "conclusions"]


@pytest.fixture(scope="module")
def run_of_the_file(undone_after_the_file):
    values = random_values(40)
    # The second leaf goes against the first.
    values[:, 1] = 110 - values[:, 0]
    return make_runs(values, tilts=[None])[0]


def page_of(run):
    return reverse("indexer:run-audit-report", args=[run.pk])


def paragraph_page(run, section):
    return reverse("indexer:run-audit-paragraph", args=[run.pk, section])


def test_the_sections_stand_in_the_order_of_an_audit_with_what_was_found(analyst, run):
    response = analyst.get(page_of(run))

    parts = response.context["parts"]
    assert list(parts) == SECTIONS
    text = response.content.decode()
    assert [text.index(f'id="{name}"') for name in SECTIONS] == sorted(
        text.index(f'id="{name}"') for name in SECTIONS
    )
    assert any("contradict" in found.text for found in parts["coherence"].findings)
    assert any("contradict" in sentence for sentence in parts["conclusions"].sentences)
    assert parts["uncertainty"].sentences[0].startswith("No study of this ranking")
    assert parts["series"].sentences == ["No outside series was sent in for these cities."]


def test_the_report_tells_of_the_studies_and_series_that_the_reader_may_see(analyst, run, client):
    account = make_account(Role.ANALYST)
    sent = {"draws": 1_000, "seed": 7, "nu": 0.3}
    count_waiting_parts(plan_study(run, kind="noise", sent=sent, actor=account).pk)
    values = np.arange(1.0, 41)
    series = make_series(run.data_set.city_ids, values.tolist(), actor=run.data_set.created_by)

    parts = analyst.get(page_of(run)).context["parts"]

    assert len(parts["uncertainty"].sentences) == 1
    assert "seed: 7" in parts["uncertainty"].sentences[0].lower()
    (row,) = parts["series"].tables[0].rows
    assert (row[0], row[1]) == (f"{series.name} ({series.year})", "40")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_pdf_is_made_in_the_language_of_the_page(analyst, run, language, settings):
    analyst.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    response = analyst.get(reverse("indexer:run-audit-pdf", args=[run.pk]))

    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
    # What a reader copies from it is what was written: the font is in it, with its characters.
    assert b"NotoSerifSC" in response.content or b"ToUnicode" in response.content


def test_an_analyst_writes_keeps_changes_and_takes_back_own_words_in_one_language(analyst, run, settings):
    page = paragraph_page(run, "conclusions")

    kept = analyst.post(page, {"text": "First.\r\n\r\nSecond <b>.", "revision": "0"})
    assert kept.status_code == 302
    text = analyst.get(page_of(run)).content.decode()
    assert "<p>First.</p>\n<p>Second &lt;b&gt;.</p>" in text
    analyst.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    assert "First." not in analyst.get(page_of(run)).content.decode()
    analyst.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    analyst.post(page, {"text": "", "revision": "1"})
    assert "First." not in analyst.get(page_of(run)).content.decode()
    assert AuditEntry.objects.filter(act="write_report").count() == 2


@pytest.mark.postgres
def test_of_two_who_write_at_once_the_later_is_refused_and_sees_the_others_words(analyst, run):
    page = paragraph_page(run, "data")
    analyst.post(page, {"text": "Theirs", "revision": "0"})

    response = analyst.post(page, {"text": "Mine", "revision": "0"})

    assert response.status_code == 409
    assert response.context["theirs"] == "Theirs"
    assert ReportParagraph.objects.get().text == "Theirs"
    # The page now knows the other's words: sent again, these replace them.
    seen = response.context["form"]["revision"].value()
    assert analyst.post(page, {"text": "Mine", "revision": seen}).status_code == 302
    assert ReportParagraph.objects.get().text == "Mine"


def test_a_stale_revision_is_refused_by_the_service(run):
    actor = make_account(Role.ANALYST)
    said = {"section": "data", "language": "en", "actor": actor}
    write_paragraph(run, text="One", revision=0, **said)

    with pytest.raises(Refused, match="meanwhile"):
        write_paragraph(run, text="Two", revision=0, **said)


def test_strangers_read_the_report_of_a_published_run_and_write_nothing(client):
    hidden = make_runs(random_values(5), tilts=[None])[0]
    open_ = make_runs(random_values(5), tilts=[None], published=True)[0]

    assert client.get(page_of(hidden)).status_code == 404
    actor = make_account(Role.ANALYST)
    write_paragraph(open_, section="data", language="en", text="Ours alone.", revision=0, actor=actor)
    assert client.get(page_of(open_)).status_code == 200
    assert b"Ours alone." not in client.get(page_of(open_)).content
    assert b"own words" not in client.get(page_of(open_)).content
    assert client.post(paragraph_page(open_, "data"), {"text": "x", "revision": "0"}).status_code != 200
    assert [one.text for one in ReportParagraph.objects.all()] == ["Ours alone."]


def test_the_most_uneven_indicators_are_drawn_raw_for_whoever_may_see_that(analyst, client):
    values = np.repeat(np.arange(1.0, 11.0)[:, np.newaxis], 5, axis=1)
    # One far value makes the fourth leaf the most skewed, a smaller one the second.
    values[9, 3], values[9, 1] = 1_000.0, 30.0
    run = make_runs(values, tilts=[None], published=True)[0]
    codes = run.data_set.leaf_codes

    figures = analyst.get(page_of(run)).context["parts"]["data"].figures
    drawn = [re.search(r"node=(.*?)&of=(.*)", figure.image_url).groups() for figure in figures]
    assert drawn[:2] == [(codes[3], "raw"), (codes[1], "raw")]
    # Nine of the ten are in the first class.
    counts = [row["count"] for row in figures[0].spec["data"]["values"]]
    assert (counts[0], sum(counts)) == (9, 10)

    client.logout()
    told = client.get(page_of(run)).context["parts"]["data"].figures
    assert [figure.image_url.rpartition("of=")[2] for figure in told] == ["scores"] * 3


def test_every_series_that_is_seen_has_its_scatter(analyst, run):
    cities, actor = run.data_set.city_ids, run.data_set.created_by
    made = [
        make_series(cities, np.arange(1.0, 41.0) * n, actor=actor, name_en=f"S{n}", name_zh=f"甲{n}")
        for n in range(1, 5)
    ]
    response = analyst.get(page_of(run))
    figures = response.context["parts"]["series"].figures
    assert [figure.image_url.rpartition("series=")[2] for figure in figures] == [
        str(series.pk) for series in made[:3]
    ]
    points = figures[0].spec["data"]["values"]
    assert sorted(point["value"] for point in points) == list(range(1, 41))
    assert 'id="series-1"' in response.content.decode()


def test_an_unknown_section_is_not_found(analyst, run):
    assert analyst.get(paragraph_page(run, "nothing")).status_code == 404


def test_pictures_stand_in_the_pdf_as_on_the_page(analyst, run, monkeypatch):
    sent = {"draws": 1_000, "seed": 7, "nu": 0.3}
    study = plan_study(run, kind="noise", sent=sent, actor=run.data_set.created_by)
    count_waiting_parts(study.pk)
    make_series(run.data_set.city_ids, np.arange(1.0, 41.0), actor=run.data_set.created_by)
    parts = analyst.get(page_of(run)).context["parts"]
    drawn = {name: [figure.title for figure in part.figures] for name, part in parts.items() if part.figures}
    assert {name: len(titles) for name, titles in drawn.items()} == {
        "data": 3,
        "importance": 1,
        "uncertainty": 1,
        "series": 1,
    }

    sources = []
    monkeypatch.setattr("weighting.views.files.typeset", lambda source: sources.append(source) or b"%PDF")
    analyst.get(reverse("indexer:run-audit-pdf", args=[run.pk]))
    document = json.loads(sources[0])
    found = dict(zip(parts, document["parts"], strict=True))
    for name, titles in drawn.items():
        assert [picture["alt"] for picture in found[name]["pictures"]] == titles
        assert all(picture["svg"].startswith("<svg") for picture in found[name]["pictures"])
    # The layout sets them: without its pictures the same document is smaller.
    bare = {**document, "parts": [{**part, "pictures": []} for part in document["parts"]]}
    whole, plain = (typeset(document_source(each)) for each in (document, bare))
    assert len(whole) > len(plain) + 5_000
