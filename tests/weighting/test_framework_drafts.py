"""Frameworks made and changed in the browser: checked as files are, until something rests on them."""

import pytest
from django.urls import reverse

from indexer.models import FrameworkMethod
from indexer.services.methods import choice_of, set_default_method, use_method
from tests import factories
from tests.indexer.factories import make_data_set, make_draft, make_gathering, make_import
from tests.weighting.uploads import FRAMEWORK_CSV, upload
from weighting.enums import Role, RoundState
from weighting.exceptions import Refused
from weighting.models import AuditEntry, Framework, FrameworkDraft
from weighting.selectors.framework_drafts import CELLS, is_used
from weighting.services import framework_drafts
from weighting.services.framework_drafts import copy_framework, finish_draft, reopen_framework
from weighting.services.frameworks import import_framework, publish_framework

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]
# Drafts stand along the tree: a file that does, too, is copied as the same file.
HEAD, INFRA, INDUSTRY, FIXED, MOBILE, FAULTS = FRAMEWORK_CSV.splitlines()
ALONG_THE_TREE = "\n".join((HEAD, INFRA, FIXED, MOBILE, INDUSTRY, FAULTS))
NAMES = {"name_zh": "生态", "name_en": "Ecology"}


@pytest.fixture
def framework(manager):
    return import_framework(
        source=ALONG_THE_TREE.encode(), filename="f.csv", name_zh="互联网", name_en="Internet", actor=manager
    )


def address(name, *args):
    return reverse(f"weighting:tree-{name}", args=args)


def node(code, **said):
    return {"code": code, "direction": "1", "name_en": f"Name of {code}", **said}


def tree_of(draft):
    """Return the draft as codes with those of their parents, along the tree."""
    draft.refresh_from_db()
    codes = {row["key"]: row["code"] for row in draft.rows}
    return [(row["code"], codes.get(row["parent"], "")) for row in draft.rows]


def made(client, *nodes):
    """Begin a draft on the page and add nodes below others, told by their codes."""
    client.post(address("new"), NAMES)
    draft = FrameworkDraft.objects.order_by("-pk").first()
    for code, parent in nodes:
        draft.refresh_from_db()
        keys = {row["code"]: row["key"] for row in draft.rows}
        answer = client.post(address("node-new", draft.pk), node(code, parent=keys.get(parent, "")))
        assert answer.status_code == 302, answer.context["form"].errors
    draft.refresh_from_db()
    return draft, {row["code"]: row["key"] for row in draft.rows}


def test_a_tree_is_made_moved_changed_and_finished_without_a_script(client):
    draft, keys = made(
        client, ("air", ""), ("water", ""), ("ozone", "air"), ("rivers", "water"), ("dust", "air")
    )
    assert tree_of(draft) == [
        *[("air", ""), ("ozone", "air"), ("dust", "air"), ("water", ""), ("rivers", "water")]
    ]

    for move in (f"{keys['dust']}:up", f"{keys['dust']}:up", f"{keys['air']}:down", f"{keys['air']}:down"):
        client.post(address("move", draft.pk), {"move": move})
    assert [code for code, _parent in tree_of(draft)] == ["water", "rivers", "air", "dust", "ozone"]

    said = node("ozone", parent=keys["water"], direction="-1", unit="µg", source="EEA", definition_en="O3.")
    client.post(address("node", draft.pk, keys["ozone"]), said)
    assert tree_of(draft)[:3] == [("water", ""), ("rivers", "water"), ("ozone", "water")]
    client.post(address("node-remove", draft.pk, keys["rivers"]))
    client.post(address("detail", draft.pk), {"name_zh": "", "name_en": "Air and water"})

    page = client.post(address("finish", draft.pk), follow=True)

    framework = Framework.objects.get()
    assert (framework.name, framework.came_from) == ("Air and water", None)
    nodes = list(framework.indicators.order_by("position"))
    assert [(one.code, one.depth, one.is_leaf) for one in nodes] == [
        *[("water", 1, False), ("ozone", 2, True), ("air", 1, False), ("dust", 2, True)]
    ]
    assert (nodes[1].direction, nodes[1].source, nodes[1].definition_en) == (-1, "EEA", "O3.")
    assert "O3." in page.text
    assert not FrameworkDraft.objects.exists()
    # The same tree by file is the same framework: one reader checked both.
    text = client.get(reverse("weighting:framework-file", args=[framework.pk])).content.decode("utf-8-sig")
    again = client.post(reverse("weighting:framework-import"), {**NAMES, "file": upload(text)})
    assert "already here as “Air and water”" in again.text


def test_what_is_wrong_is_said_at_the_field_and_at_the_row(client):
    draft, keys = made(client, ("a", ""), ("b", "a"))

    faulty = client.post(address("node-new", draft.pk), node("x/y", unit="u" * 41))
    assert (faulty.status_code, set(faulty.context["form"].errors)) == (422, {"code", "unit"})
    assert "no / or" in faulty.text
    twice = client.post(address("node-new", draft.pk), node("a"))
    assert "already used in row 1" in twice.text
    below_itself = client.post(address("node", draft.pk, keys["a"]), node("a", parent=keys["b"]))
    assert set(below_itself.context["form"].errors) == {"parent"}
    control = client.post(address("node", draft.pk, keys["a"]), node("a", note="x\u202ey"))
    assert "control characters" in control.text
    assert tree_of(draft) == [("a", ""), ("b", "a")]

    # Of two rows that clash, the later one is at fault, wherever the change was made.
    client.post(address("node", draft.pk, keys["a"]), node("b"))
    page = client.get(address("detail", draft.pk))
    assert [(problem.row, problem.column) for problem in page.context["problems"]] == [(2, "code")]
    assert page.text.count("already used in row 1") == 2
    refused = client.post(address("finish", draft.pk))
    assert (refused.status_code, Framework.objects.count()) == (422, 0)


def test_an_empty_tree_is_not_finished_and_a_row_that_is_gone_is_not_changed(client):
    draft, keys = made(client)
    assert "at least one indicator" in client.post(address("finish", draft.pk)).text

    draft, keys = made(client, ("a", ""), ("b", "a"))
    client.post(address("node-remove", draft.pk, keys["a"]))
    assert tree_of(draft) == []
    assert client.get(address("node", draft.pk, keys["b"])).status_code == 404
    assert client.post(address("node-remove", draft.pk, keys["b"])).status_code == 409
    assert client.post(address("move", draft.pk), {"move": f"{keys['b']}:up"}).status_code == 409
    assert client.post(address("move", draft.pk), {"move": "up"}).status_code == 302
    # A page left open does not reach a row that came later.
    client.post(address("node-new", draft.pk), node("c"))
    assert client.post(address("node", draft.pk, keys["a"]), node("a")).status_code == 404
    client.post(address("discard", draft.pk))
    assert not FrameworkDraft.objects.filter(pk=draft.pk).exists()


def test_a_group_deeper_than_a_tree_may_be_is_named_at_its_row(client):
    draft, keys = made(
        client, ("a", ""), ("b", "a"), *[(f"c{at}", f"c{at - 1}" if at else "") for at in range(5)]
    )
    client.post(address("node", draft.pk, keys["c0"]), node("c0", parent=keys["b"]))
    page = client.get(address("detail", draft.pk))
    assert [problem.row for problem in page.context["problems"]] == [7]
    assert "deeper than 6 levels" in page.text


def test_a_framework_that_nothing_rests_on_is_changed_in_its_place(client, manager, framework):
    method = use_method(leaves={"fixed": {"transform": "ln"}, "faults": {"transform": "ln"}})
    set_default_method(framework, choice=choice_of(method), actor=manager)
    copy = finish_copy(framework, manager, code="fixed", note="copy")
    page = client.get(reverse("weighting:framework-detail", args=[framework.pk]))
    assert page.context["may_change"]

    client.post(reverse("weighting:framework-change", args=[framework.pk]))
    draft = reopen_framework(framework, actor=manager)
    assert FrameworkDraft.objects.count() == 1
    key = next(row["key"] for row in draft.rows if row["code"] == "faults")
    client.post(address("node-remove", draft.pk, key))
    client.post(address("finish", draft.pk))

    changed = Framework.objects.exclude(pk=copy.pk).get()
    assert changed.sha256 != framework.sha256
    assert not changed.indicators.filter(code="faults").exists()
    assert FrameworkMethod.objects.get(framework=changed).method.leaves == {"fixed": {"transform": "ln"}}
    copy.refresh_from_db()
    assert copy.came_from == changed
    acts = AuditEntry.objects.filter(subject_id=str(changed.pk), subject_type="framework")
    assert set(acts.values_list("act", flat=True)) == {"set_method", "change"}


def finish_copy(framework, actor, **change):
    draft = copy_framework(framework, actor=actor)
    draft.rows = [{**row, **change} if row["code"] == change["code"] else row for row in draft.rows]
    draft.save()
    return finish_draft(draft, actor=actor)


def test_only_names_may_change_too(client, manager, framework):
    draft = reopen_framework(framework, actor=manager)
    client.post(address("detail", draft.pk), NAMES)
    assert finish_draft(draft, actor=manager).pk == framework.pk
    assert Framework.objects.get().name_en == "Ecology"


USES = {
    "a round": lambda framework, actor: factories.make_round(
        framework=framework, manager=actor, state=RoundState.DRAFT
    ),
    "weights": lambda framework, actor: make_draft(framework, actor=actor),
    "data": lambda framework, actor: make_data_set(framework, actor=actor),
    "an import of data": lambda framework, actor: make_import(framework, actor=actor),
    "a gathering": lambda framework, actor: make_gathering(framework, actor=actor),
    "readers": lambda framework, actor: publish_framework(framework, actor=actor),
}


@pytest.mark.parametrize("begin", [make_import, make_gathering])
def test_what_is_in_progress_is_said_to_hold_a_framework(client, manager, framework, begin):
    begin(framework, actor=factories.make_account())
    detail = reverse("weighting:framework-detail", args=[framework.pk])
    text = client.get(detail).text
    assert "Data that are being imported or gathered hold it" in text
    assert f'<a href="{reverse("indexer:data-set-import")}">Imports in progress</a>' in text
    assert f'<a href="{reverse("indexer:gathering-list")}">Gatherings</a>' in text
    assert "It no longer changes" not in text
    with pytest.raises(Refused, match="throw the import away or end the gathering"):
        reopen_framework(framework, actor=manager)

    make_data_set(framework)
    assert "It no longer changes" in client.get(detail).text
    assert "being imported" not in client.get(detail).text
    with pytest.raises(Refused, match="no longer changes"):
        reopen_framework(framework, actor=manager)


@pytest.mark.parametrize("use", USES)
def test_what_is_used_is_copied_to_the_next_edition_and_not_changed(client, manager, framework, use):
    begun = reopen_framework(framework, actor=manager)
    assert not is_used(framework)
    USES[use](framework, manager)
    framework.refresh_from_db()

    refused = client.post(reverse("weighting:framework-change", args=[framework.pk]))
    assert refused.status_code == 409
    # Also what was begun before.
    begun.rows[0]["note"] = "late"
    begun.save()
    with pytest.raises(Refused, match="Copy it to the next edition"):
        finish_draft(begun, actor=manager)

    sent = client.post(reverse("weighting:framework-copy", args=[framework.pk]))
    draft = FrameworkDraft.objects.get(replaces=False)
    assert sent.url == address("detail", draft.pk)
    assert client.post(address("finish", draft.pk)).status_code == 409  # The same tree is the same framework.
    client.post(address("node", draft.pk, 0), node(draft.rows[0]["code"], source="2027"))
    page = client.post(address("finish", draft.pk), follow=True)
    new = Framework.objects.exclude(pk=framework.pk).get()
    assert new.came_from == framework
    assert reverse("weighting:framework-detail", args=[framework.pk]) in page.text
    old = client.get(reverse("weighting:framework-detail", args=[framework.pk]))
    assert reverse("weighting:framework-detail", args=[new.pk]) in old.text
    client.logout()
    seen = client.get(reverse("weighting:framework-detail", args=[framework.pk]))
    assert reverse("weighting:framework-detail", args=[new.pk]) not in seen.text


def test_a_draft_is_its_makers_and_the_owners_of_what_it_changes(client, manager, framework):
    administrator = factories.make_account(Role.ADMINISTRATOR)
    changed, copied = (
        reopen_framework(framework, actor=administrator),
        copy_framework(framework, actor=administrator),
    )
    assert client.get(address("detail", changed.pk)).status_code == 200
    assert client.get(address("detail", copied.pk)).status_code == 404
    listed = client.get(reverse("weighting:framework-list")).text
    assert address("detail", changed.pk) in listed
    assert address("detail", copied.pk) not in listed
    factories.sign_in_staff(client, factories.make_account(Role.ANALYST))
    assert client.get(address("detail", changed.pk)).status_code == 404
    assert address("detail", changed.pk) not in client.get(reverse("weighting:framework-list")).text


def test_one_account_keeps_and_makes_no_more_than_it_may(client, manager, framework, monkeypatch, settings):
    draft, _keys = made(client, ("a", ""))
    monkeypatch.setattr(framework_drafts, "MOST_DRAFTS", 1)
    settings.MOST_TABLES_A_DAY = 1

    assert "1 frameworks in the making" in client.post(address("new"), NAMES).text
    copied = client.post(reverse("weighting:framework-copy", args=[framework.pk]))
    assert copied.status_code == 409
    # The file of the framework was the table of this day.
    assert client.post(address("finish", draft.pk)).status_code == 409
    assert FrameworkDraft.objects.count() == 1


@pytest.mark.parametrize("rows", [1, 3])
def test_the_tree_costs_the_same_for_any_number_of_rows(client, manager, rows, django_assert_num_queries):
    draft = FrameworkDraft.objects.create(**NAMES, created_by=manager)
    empty = dict.fromkeys(CELLS, "")
    draft.rows = [{**empty, "key": at, "parent": None, "code": f"c{at}"} for at in range(rows)]
    draft.save()
    with django_assert_num_queries(3):
        assert client.get(address("detail", draft.pk)).status_code == 200


@pytest.mark.postgres
def test_the_second_of_two_who_change_one_row_is_told_and_overwrites_knowingly(client, manager):
    draft, keys = made(client, ("a", ""), ("b", "a"))
    other = factories.sign_in_staff(type(client)(), factories.make_account(Role.ADMINISTRATOR))
    at = address("node", draft.pk, keys["b"])
    own_page, their_page = client.get(at), other.get(at)
    seen = own_page.context["seen"]
    assert f'name="seen" value="{seen}"' in own_page.text
    their = node("b", parent=keys["a"], name_en="Theirs", unit="%", seen=their_page.context["seen"])
    assert other.post(at, their).status_code == 302

    # A mistake first: that the page is shown again does not make the clash go unseen.
    mistaken = client.post(at, node("b", parent=10**6, seen=seen))
    assert mistaken.context["seen"] == seen
    own = node("b", parent=keys["a"], name_en="Ours", seen=seen)
    clash = client.post(at, own)
    assert (clash.status_code, set(clash.context["form"].errors)) == (422, {"__all__", "name_en", "unit"})
    assert "Somebody else changed this indicator" in clash.text
    assert "It says now: “Theirs”." in clash.text
    # What was written here still stands in the form, what stands in the draft is theirs.
    assert 'value="Ours"' in clash.text
    draft.refresh_from_db()
    assert next(row for row in draft.rows if row["key"] == keys["b"])["name_en"] == "Theirs"

    kept = client.post(at, {**own, "seen": clash.context["seen"]})
    assert kept.status_code == 302
    draft.refresh_from_db()
    assert next(row for row in draft.rows if row["key"] == keys["b"])["name_en"] == "Ours"
    # Who writes what is there already clashes with nobody.
    assert other.post(at, {**own, "seen": their_page.context["seen"]}).status_code == 302


def test_a_row_that_was_changed_meanwhile_is_not_taken_out_unseen(client):
    draft, keys = made(client, ("a", ""))
    seen = client.get(address("node", draft.pk, keys["a"])).context["seen"]
    client.post(address("node", draft.pk, keys["a"]), node("a", name_en="Another", seen=seen))
    refused = client.post(address("node-remove", draft.pk, keys["a"]), {"seen": seen})
    assert (refused.status_code, tree_of(draft)) == (409, [("a", "")])
    now = client.get(address("node", draft.pk, keys["a"])).context["seen"]
    assert client.post(address("node-remove", draft.pk, keys["a"]), {"seen": now}).status_code == 302
    assert tree_of(draft) == []
