"""The report of a run by the API: what it has, what changes it, and the report itself as PDF and as files."""

import io
import json
import zipfile

import pytest
from django.urls import reverse

from indexer.selectors.reports import USUAL, outline_of, paragraphs_of
from indexer.services.reports import write_paragraph
from tests.factories import make_account
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    return make_runs(random_values(4), tilts=[None])[0]


def address(run, *names):
    return reverse("-".join(["indexer:api-run-report", *names]), args=[run.pk])


def send(client, run, what, **body):
    return client.post(address(run, what), json.dumps(body), content_type="application/json")


def test_chapters_and_words_are_read_and_changed_and_a_stale_change_is_refused(analyst, run):
    assert analyst.get(address(run)).json() == {
        "chapters": [str(code) for code in USUAL],
        "revision": 0,
        "words": [],
    }
    chosen = send(analyst, run, "chapters", chapters=["total", "method"], revision=0)
    assert (chosen.status_code, chosen.json()["revision"]) == (200, 1)
    said = {"chapter": "total", "language": "en", "text": "Ours."}
    assert send(analyst, run, "words", **said, revision=0).status_code == 200
    assert analyst.get(address(run)).json() == {
        "chapters": ["total", "method"],
        "revision": 1,
        "words": [{**said, "revision": 1}],
    }

    stale = send(analyst, run, "chapters", chapters=["method"], revision=0)
    assert (stale.status_code, list(stale.json())) == (409, ["blockers"])
    assert send(analyst, run, "words", **{**said, "text": "Mine."}, revision=0).status_code == 409
    assert outline_of(run).chapters == ["total", "method"]
    assert [one.text for one in paragraphs_of(run)] == ["Ours."]


def test_what_is_wrong_is_named(analyst, run):
    assert "chapters" in send(analyst, run, "chapters", chapters=[], revision=0).json()
    assert "chapters.0" in send(analyst, run, "chapters", chapters=["weather"], revision=0).json()
    wrong = {"chapter": "total", "language": "fr", "text": "", "revision": 0}
    assert list(send(analyst, run, "words", **wrong).json()) == ["language"]
    answer = analyst.get(address(run, "pdf"), {"chapters": "total,weather"})
    assert (answer.status_code, list(answer.json())) == (400, ["chapters"])


def test_the_report_comes_as_pdf_and_as_files_with_the_chapters_asked_for(analyst, run):
    pdf = analyst.get(address(run, "pdf"), {"chapters": "method"})
    assert (pdf["Content-Type"], pdf.content[:4]) == ("application/pdf", b"%PDF")

    answer = analyst.get(address(run, "files"), {"chapters": "total"}, headers={"Accept-Language": "zh-hans"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        page = archive.read("report.html").decode()
    assert {"report.html", "report.pdf", "figures/1.svg"} <= set(names)
    assert 'id="total"' in page
    assert 'id="method"' not in page
    assert "总指数得分与排名" in page


def test_strangers_get_what_is_public_and_change_nothing(client, run):
    open_ = make_runs(random_values(4), tilts=[None], published=True)[0]
    assert client.get(address(run)).status_code == 404
    assert client.get(address(run, "pdf")).status_code == 404
    said = {"section": "total", "language": "en", "actor": make_account(Role.ANALYST)}
    write_paragraph(open_, text="Ours.", revision=0, **said)
    assert client.get(address(open_)).json()["words"] == []
    assert client.get(address(open_, "pdf"), {"chapters": "method"}).content.startswith(b"%PDF")
    assert send(client, open_, "chapters", chapters=["method"], revision=0).status_code == 404
    assert outline_of(open_).revision == 0
