import ast
import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from tests.factories import make_account, make_panel, make_round, sign_in_staff
from weighting.enums import Role, RoundState
from weighting.models import AuditEntry
from weighting.services.access import replace_invitation_link
from weighting.services.audit import record_act
from weighting.services.rounds import close_round
from weighting.views.audit_words import SENTENCES, detail_words

LOG, EXPORT = reverse("weighting:audit"), reverse("weighting:audit-export")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def manager(client):
    account = make_account(first_name="Ada", last_name="Lin")
    sign_in_staff(client, account)
    return account


def export_of(client, query=None):
    return b"".join(client.get(EXPORT, query)).decode()


def sentences(response):
    return [act.sentence for act in response.context["acts"]]


def acts_in_source():
    """Every act that the sources name, in a call of `record_act`."""
    for path in [*ROOT.glob("weighting/**/*.py"), *ROOT.glob("indexer/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record_act":
                yield from (a.value for a in node.args[1:2] if isinstance(a, ast.Constant))


def test_every_act_has_a_sentence():
    acts = set(acts_in_source()) | {"mail_invitation", "mail_reminder"}
    assert len(acts) > 20
    assert acts - set(SENTENCES) == set()


@pytest.mark.django_db
def test_the_log_says_who_did_what_to_what_in_sentences(client, manager):
    round_ = make_round(manager=manager, sealed=5)
    replace_invitation_link(round_.invitations.first(), actor=manager)
    close_round(round_, actor=None)

    page = client.get(LOG)
    assert sentences(page) == [
        "closed the round “First round”",
        "made a new link for the expert “Expert 1 (E001)”",
        "opened the round “First round”",
        "declared the round “First round” ready",
        "drafted the round “First round”",
    ]
    assert [act.actor for act in page.context["acts"]] == ["The server's clock", *["Ada Lin"] * 4]
    assert reverse("weighting:round-detail", args=[round_.pk]) in page.text


@pytest.mark.django_db
@pytest.mark.postgres
def test_a_manager_reads_the_own_acts_and_those_on_own_rounds(client, manager):
    mine, other = make_round(manager=manager), make_round()
    colleague = other.managers.get()
    record_act(colleague, "note", mine)
    replace_invitation_link(mine.invitations.first(), actor=colleague)
    record_act(manager, "import", make_panel(owner=manager))

    entries = [act.entry for act in client.get(LOG).context["acts"]]
    assert {entry.subject_id for entry in entries if entry.subject_type == "round"} == {str(mine.pk)}
    assert {entry.subject_type for entry in entries} == {"round", "invitation", "panel"}
    assert sum(entry.actor == colleague for entry in entries) == 2
    lines = export_of(client).count("\n")
    assert lines == len(entries) + 1

    sign_in_staff(client, make_account(Role.ADMINISTRATOR))
    assert client.get(LOG).context["page_obj"].paginator.count == AuditEntry.objects.count()
    sign_in_staff(client, make_account(Role.ANALYST))
    assert client.get(LOG).status_code == client.get(EXPORT).status_code == 404


@pytest.mark.django_db
def test_the_filters_narrow_page_and_export_alike(client, manager):
    _first, second = make_round(manager=manager), make_round(manager=manager, state=RoundState.READY)
    # Two days, should midnight have come meanwhile.
    first, last = (timezone.localdate(AuditEntry.objects.order_by(at)[0].at) for at in ("at", "-at"))

    def count(**query):
        found = len(client.get(LOG, query).context["acts"])
        assert export_of(client, query).count("\n") == found + 1
        return found

    assert count() == 5
    assert count(act="open") == 1
    assert count(subject="round", number=second.pk) == 2
    assert count(subject="panel") == 0
    assert count(actor=manager.pk) == 5
    assert count(since=first) == 5
    assert count(since=last + timedelta(days=1)) == 0
    assert count(until=last) == 5
    assert count(until=first - timedelta(days=1)) == 0
    assert count(act="nonsense", number="x", since="yesterday") == 5


@pytest.mark.django_db
def test_a_name_that_is_a_formula_stays_text_in_the_file(client, manager):
    panel = make_panel(owner=manager)
    manager.first_name, manager.last_name = "=1+1", ""
    manager.save()
    record_act(manager, "import", panel)

    rows = list(csv.reader(io.StringIO(export_of(client).removeprefix("\ufeff"))))
    assert rows[1][1] == "'=1+1"


@pytest.mark.django_db
def test_the_log_never_holds_a_score(client, manager):
    """What an open round logs is the same whatever is scored in it."""

    def logged(score):
        round_ = make_round(manager=manager, panel=panel, sealed=5, scores=lambda *_: score)
        found = AuditEntry.objects.filter(subject_type="round", subject_id=str(round_.pk))
        return [
            (e.act, {k: v for k, v in e.detail.items() if k != "questionnaire_hash"})
            for e in found.order_by("pk")
        ]

    panel = make_panel(owner=manager)
    assert logged(1) == logged(5)


@pytest.mark.django_db
def test_details_are_told_in_words_and_in_one_time_zone(client, manager):
    round_ = make_round(manager=manager)
    record_act(
        manager, "extend", round_, before="2026-11-26T12:00:00+00:00", after="2026-11-28T20:00:00+08:00"
    )
    details = client.get(LOG).context["acts"][0].details
    assert [name for name, _ in details] == ["before", "after"]
    assert "26 Nov 2026, 20:00 (Asia/Shanghai" in details[0][1]
    assert "28 Nov 2026, 20:00 (Asia/Shanghai" in details[1][1]
    with translation.override("zh-hans"):
        assert [detail_words(name, "")[0] for name in ("before", "after")] == ["原为", "改为"]
        assert detail_words("source", "round") == ("来源", "已关闭的评分轮次")


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 3])
def test_the_log_costs_the_same_for_any_number_of_rows(client, manager, django_assert_num_queries, rows):
    for _ in range(rows):
        make_round(manager=manager, state=RoundState.DRAFT)
    with django_assert_num_queries(7):
        client.get(LOG)


@pytest.mark.django_db
def test_a_page_of_the_log_is_cut_from_numbers_alone(client, manager):
    for _ in range(3):
        make_round(manager=manager, state=RoundState.DRAFT)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(LOG)
    assert len(page.context["acts"]) == AuditEntry.objects.count()
    whole = [query["sql"] for query in asked if '"weighting_auditentry"."detail"' in query["sql"]]
    # What is sorted and passed over on the way to a late page must be small.
    assert len(whole) == 1
    assert "LIMIT" not in whole[0]


@pytest.mark.django_db
def test_the_log_speaks_chinese(client, manager):
    make_round(manager=manager, state=RoundState.DRAFT)
    with translation.override("zh-hans"):
        page = client.get(LOG, headers={"accept-language": "zh-hans"})
    assert "第一轮" in page.text


@pytest.mark.django_db
def test_a_long_log_is_read_while_it_is_sent(client, manager, monkeypatch, django_assert_num_queries):
    round_ = make_round(manager=manager)
    for _place in range(6):
        record_act(manager, "close", round_)
    monkeypatch.setattr("weighting.views.audit.ROWS_AT_ONCE", 2)
    monkeypatch.setattr("weighting.exports.LINES_OF_A_PIECE", 2)
    acts = AuditEntry.objects.count()

    pieces = iter(client.get(EXPORT, headers={"accept-language": "zh-hans"}))
    assert next(pieces).decode().startswith("\ufeff时间")
    # The acts are one question, whatever their number; what some of them are about is one more.
    with django_assert_num_queries(2):
        first = next(pieces).decode()
    assert first.count("\n") == 2
    assert "关闭了" in first
    assert sum(piece.count(b"\n") for piece in pieces) == acts - 2
