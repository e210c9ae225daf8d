"""An edition carries its report when its owner gives it one: for strangers, without what is barred."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from indexer.enums import ReportChapter
from indexer.models import EditionReport, IndicatorTerms
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.services.published import describe_indicators
from indexer.services.reports import choose_chapters, give_report, withdraw_report, write_paragraph
from indexer.views.public.static_copy import StaticCopy
from tests.factories import make_account, sign_in_staff
from weighting.enums import Role
from weighting.models import AuditEntry

pytestmark = pytest.mark.django_db
REPORT = "/i/human-development/report/"
# Life expectancy of Norway, turned into a score between the goalposts as tables show it.
SCORE = "0.973"


@pytest.fixture
def edition(human_development):
    return human_development


@pytest.fixture
def owner(edition):
    return edition.index.created_by


def say(edition, text, *, revision=0, language="en", section="total"):
    write_paragraph(
        edition.run,
        section=section,
        language=language,
        text=text,
        revision=revision,
        actor=edition.index.created_by,
    )


def read(client, address=REPORT, language="en"):
    return client.get(address, headers={"Accept-Language": language})


def cells_of_norway(page):
    rows = re.findall(r'<tr><th scope="row">Norway</th>(.*?)</tr>', page)
    return [cell for row in rows for cell in re.findall(r">([^<]+)</td>", row)]


def test_strangers_read_a_report_only_after_its_owner_gave_it(client, edition, owner):
    say(edition, "Norway is no surprise.")
    assert read(client).status_code == 404
    assert read(client, "/i/human-development/report.pdf").status_code == 404
    assert REPORT not in read(client, "/i/human-development/").content.decode()

    give_report(edition, actor=owner)

    page = read(client)
    assert page.status_code == 200
    assert "Norway is no surprise." in page.content.decode()
    assert "csrfmiddlewaretoken" not in page.content.decode()
    assert "public" in page["Cache-Control"]
    assert read(client, "/i/human-development/1/report/").status_code == 200
    assert f'href="{REPORT}"' in read(client, "/i/human-development/").content.decode()
    pdf = read(client, "/i/human-development/report.pdf")
    assert (pdf["Content-Type"], pdf.content[:4]) == ("application/pdf", b"%PDF")


def test_what_is_written_afterwards_changes_nothing_until_it_is_given_again(client, edition, owner):
    say(edition, "First words.")
    choose_chapters(edition.run, chapters=["total"], revision=0, actor=owner)
    give_report(edition, actor=owner)

    say(edition, "Second words.", revision=1)
    choose_chapters(edition.run, chapters=["method"], revision=1, actor=owner)

    text = read(client).content.decode()
    assert "First words." in text
    assert "Second words." not in text
    assert 'id="method"' not in text
    give_report(edition, actor=owner)
    assert 'id="method"' in read(client).content.decode()
    withdraw_report(edition, actor=owner)
    assert read(client).status_code == 404
    acts = AuditEntry.objects.filter(act__in=["give_report", "withdraw_report"]).order_by("pk")
    assert list(acts.values_list("act", flat=True)) == ["give_report", "give_report", "withdraw_report"]


def test_each_language_has_its_own_words(client, edition, owner):
    say(edition, "In English.")
    say(edition, "用中文。", language="zh-hans")
    give_report(edition, actor=owner)

    english, chinese = (read(client, language=code).content.decode() for code in ("en", "zh-hans"))
    assert ("In English." in english, "用中文。" in english) == (True, False)
    assert ("In English." in chinese, "用中文。" in chinese) == (False, True)
    assert "人类发展指数" in chinese


def test_scores_that_tell_a_barred_value_are_left_out_where_strangers_read(client, edition, owner):
    choose_chapters(edition.run, chapters=list(ReportChapter.values), revision=0, actor=owner)
    give_report(edition, actor=owner)
    # The positive control: as long as nothing is barred, the score stands in the table.
    assert SCORE in cells_of_norway(read(client).content.decode())

    terms = {"le": IndicatorTerms(licence="all rights reserved", is_withheld=True)}
    describe_indicators(edition.index, terms=terms, actor=owner)

    text = read(client).content.decode()
    assert SCORE not in cells_of_norway(text)
    assert "83.2" not in text
    assert "Scores that tell values which may not be given away are left out" in text
    pictures = [
        figure.spec for part in read(client).context["document"].parts.values() for figure in part.figures
    ]
    assert "0.9728" not in str(pictures)
    sign_in_staff(client, owner)
    # Staff read the run's own document whole, and the edition's as strangers do.
    own = read(client, reverse("indexer:run-document", args=[edition.run_id])).content.decode()
    assert SCORE in cells_of_norway(own)
    assert SCORE not in cells_of_norway(read(client).content.decode())


def test_the_owner_gives_and_takes_the_report_on_a_page(client, edition, owner):
    address = reverse("indexer:publishing-report", args=[edition.index_id, edition.number])
    stranger = make_account(Role.MANAGER, username="another")
    sign_in_staff(client, stranger)
    assert client.post(address, {"act": "give"}).status_code == 404
    assert not EditionReport.objects.exists()

    sign_in_staff(client, owner)
    assert "Let the edition carry this report?" in client.get(address).content.decode()
    assert client.post(address, {"act": "give"}).status_code == 302
    assert EditionReport.objects.get().edition_id == edition.pk
    assert "Take the report away" in client.get(address).content.decode()
    client.post(address, {"act": "withdraw"})
    assert not EditionReport.objects.exists()


def test_the_command_writes_page_pictures_and_pdf(edition, owner, tmp_path, capsys):
    say(edition, "Norway is no surprise.")
    give_report(edition, actor=owner)
    out = tmp_path / "report"

    call_command("write_report", index="human-development", chapters="appendix,total,series", out=out)

    text = (out / "report.html").read_text()
    assert text.index('id="appendix"') < text.index('id="total"')
    assert "Norway is no surprise." in text
    assert 'src="figures/1.svg"' in text
    assert (out / "figures" / "1.svg").read_bytes().startswith(b"<svg")
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (out / "assets" / "css" / "document.css").exists()
    assert "nothing to say: series" in capsys.readouterr().out

    chinese = tmp_path / "zh"
    call_command("write_report", run=edition.run_id, language="zh", chapters="method", out=chinese)
    assert "计算步骤" in (chinese / "report.html").read_text()


def test_a_static_copy_has_the_report_with_its_pictures(edition, owner):
    say(edition, "Norway is no surprise.")
    choose_chapters(edition.run, chapters=["total"], revision=0, actor=owner)
    give_report(edition, actor=owner)
    edition.run = runs_with_nodes_visible_to(None).get(pk=edition.run_id)

    files = dict(StaticCopy(edition, 1).files())

    page = files["en/report.html"].decode()
    assert "Norway is no surprise." in page
    assert 'src="figures/1.svg"' in page
    assert 'href="report.pdf"' in page
    assert 'href="report.html"' in files["en/index.html"].decode()
    assert files["en/figures/1.svg"].startswith(b"<svg")
    assert files["zh/report.pdf"].startswith(b"%PDF")


def test_the_command_says_what_was_wrong(edition, tmp_path):
    for said, asked in {
        "no chapter weather": {"run": edition.run_id, "chapters": "total,weather"},
        "Run 0 is not there": {"run": 0},
        "Strangers see no edition 9": {"index": "human-development", "edition": 9},
        "no account nobody": {"run": edition.run_id, "reader": "nobody"},
    }.items():
        with pytest.raises(CommandError, match=said):
            call_command("write_report", out=tmp_path / "out", **asked)
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="not an empty folder"):
        call_command("write_report", run=edition.run_id, out=tmp_path)


def test_search_engines_are_led_to_a_report_and_its_pdf(client, edition, owner):
    assert REPORT not in client.get("/sitemap.xml").content.decode()
    give_report(edition, actor=owner)
    listed = client.get("/sitemap.xml").content.decode()
    assert f"{REPORT}</loc>" in listed
    assert "/i/human-development/1/report/</loc>" in listed
    page = read(client, "/i/human-development/").content.decode()
    assert '"contentUrl": "http://127.0.0.1:8000/i/human-development/1/report.pdf"' in page


def test_an_owner_reads_it_as_strangers_will_before_it_is_given(client, edition, owner):
    say(edition, "Norway is no surprise.")
    address = reverse("indexer:publishing-report-preview", args=[edition.index_id, edition.number])
    assert client.get(address).status_code in (302, 403, 404)
    previewed = read(sign_in_staff(Client(), owner), address).content.decode()
    assert "This is a preview" in previewed
    give_report(edition, actor=owner)
    given = read(client).content.decode()

    def told(page):
        return re.findall(r'<section class="flow-tight document-part".*?</section>', page, re.DOTALL)

    assert told(previewed) == told(given) != []
