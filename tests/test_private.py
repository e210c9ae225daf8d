"""What an analyst has not shared shows to nobody else of the staff: not by address, name, count or tag."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from indexer.models import DataSet, PublishedIndex, Run
from indexer.selectors.published import publication_blockers, publishable_runs
from indexer.services.data_sets import publish_data_set
from indexer.services.families import publish_branch
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, sign_in_staff
from tests.indexer.factories import make_data_set, make_draft, make_gathering, make_import, make_version
from tests.indexer.study_runs import make_study
from tests.routes import OF_THE_MACHINE, find_routes, without_tokens
from tests.test_policy import is_refused
from tests.test_unnamed_role import seen, selectors
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import AuditEntry, Framework
from weighting.selectors.sharing import path_to_framework
from weighting.services.framework_drafts import (
    add_row,
    begin_draft,
    copy_framework,
    finish_draft,
    reopen_framework,
)
from weighting.services.frameworks import publish_framework, share_framework
from weighting.services.versions import publish_version

pytestmark = pytest.mark.django_db

# New in every answer: secrets, and what the machine is doing.
NEVER_ALIKE = {"mfa_activate_totp", "mfa_add_webauthn", "weighting:session-list", "schema", *OF_THE_MACHINE}


@pytest.fixture(autouse=True)
def english():
    """Whatever language the last request left behind."""
    with translation.override("en"):
        yield


def make_tree(actor, *, note=""):
    """Make a framework in the browser's way."""
    draft = begin_draft(name_zh="私有", name_en="Private", actor=actor)
    top = add_row(draft, parent=None, cells={"code": "all", "name_en": "All"})
    for code in ("infra", "air", "noise"):
        cells = {"code": code, "name_en": code, "direction": "1", "note": note}
        add_row(draft, parent=top, cells=cells)
    return finish_draft(draft, actor=actor)


def work_alone(world, maker):
    """Let an analyst make everything that she may; return the world with her things in their places."""
    framework = make_tree(maker)
    data_set = make_data_set(framework, actor=maker)
    version = make_version(framework, actor=maker)
    compute_waiting_runs(data_set.pk)
    run = Run.objects.select_related("weight_version").get(data_set=data_set)
    branch = framework.indicators.get(is_leaf=False)
    return replace(
        world,
        manager=maker,
        framework=framework,
        data_set=data_set,
        version=version,
        draft=make_draft(framework, tilt=1, actor=maker),
        run=run,
        study=make_study(run, "noise", actor=maker),
        data_import=make_import(framework, actor=maker),
        gathering=make_gathering(framework, actor=maker),
        branch=publish_branch(branch, name_zh="乙", name_en="B", actor=maker),
        tree=copy_framework(framework, actor=maker),
        visitors=world.visitors | {"maker": sign_in_staff(Client(), maker)},
    )


@pytest.fixture
def maker(world):
    return make_account(Role.ANALYST)


@pytest.fixture
def own(world, maker):
    return work_alone(world, maker)


def seen_by(world, visitor):
    """Return what lists, pickers and the pages of single things in the shared world answer somebody."""
    answers = {}
    for route in find_routes():
        is_list = not route.keys or route.name.endswith("-detail")
        if not is_list or route.name.startswith("admin:") or route.name in NEVER_ALIKE:
            continue
        answer = world.ask(visitor, "GET", world.address_of(route))
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        answers[route.name] = (answer.status_code, without_tokens(content), answer.headers.get("ETag"))
    return answers


def test_other_staff_see_no_byte_of_what_an_analyst_makes_alone(world, maker):
    others = [make_account(role) for role in (Role.ANALYST, Role.MANAGER)]
    # One is for whoever works on the machine itself.
    functions = [one.values[0] for one in selectors() if not one.id.endswith("runs_with_nodes")]
    lists = {(one, each): seen(each, one) for one in others for each in functions}
    before = seen_by(world, "analyst")
    own = work_alone(world, maker)
    after = seen_by(world, "analyst")
    assert {name for name in before if before[name] != after[name]} == set()
    assert [key for key, rows in lists.items() if seen(key[1], key[0]) != rows] == []
    assert list(publishable_runs(others[1])) == [world.run]

    # The control: once it is shared, lists, pickers and counts of the same walk tell of it.
    share_framework(own.framework, actor=maker)
    shared = seen_by(world, "analyst")
    told = {name for name in before if before[name] != shared[name]}
    assert {"weighting:framework-list", "indexer:api-run-list", "indexer:comparison"} <= told
    for one in others:
        assert len([each for each in functions if seen(each, one) != lists[one, each]]) > 5
    assert len(publishable_runs(others[1])) == 2


def test_no_address_of_a_private_thing_answers_other_staff(world, own):
    told = dict.fromkeys(("maker", "administrator"), 0)
    asked = 0
    for route in find_routes():
        address = own.address_of(route)
        if route.name.startswith("admin:") or address == world.address_of(route):
            continue
        # The person of an address is its maker, who is no secret.
        if "person" in route.name:
            continue
        for visitor, method in (("analyst", "GET"), ("analyst", "POST"), ("other manager", "GET")):
            answer = own.ask(visitor, method, address)
            if not (is_refused(answer) or answer.status_code in (403, 405)):
                # Some addresses look at what was sent first: they answer as for what is not there.
                nothing = reverse(route.name, kwargs=own.arguments_of(route) | {"pk": 999_999})
                unknown = own.ask(visitor, method, nothing)
                theirs, none = [(one.status_code, one.content) for one in (answer, unknown)]
                assert theirs == none, (visitor, method, route.name)
                assert theirs[0] >= 400, (visitor, method, route.name)
            asked += 1
        if route.name.endswith(("framework-detail", "set-detail", "run-detail", "version-detail")):
            for visitor in told:
                told[visitor] += own.ask(visitor, "GET", address).status_code == 200
    # The control: her own pages and those of an administrator are there.
    assert asked > 300
    assert told == {"maker": 4, "administrator": 4}


def test_a_run_that_is_private_is_not_compared_by_its_number(world, own):
    for address in (f"/compare/?runs={own.run.pk}", f"/api/v1/comparison/?runs={world.run.pk},{own.run.pk}"):
        theirs = own.ask("analyst", "GET", address)
        unknown = own.ask("analyst", "GET", address.replace(str(own.run.pk), "99999"))
        assert theirs.status_code == unknown.status_code
        assert b"Private" not in theirs.content


def test_two_analysts_keep_the_same_tree_and_data_and_one_of_them_shares_it(world, own):
    second = make_account(Role.ANALYST)
    twin = make_tree(second)
    assert twin.sha256 == own.framework.sha256
    with pytest.raises(Refused, match="already here"):
        make_tree(second)
    values = [[1, 2, 3], [4, 5, 7], [9, 8, 6]]
    first, same = (make_data_set(one, values=values, actor=one.created_by) for one in (own.framework, twin))
    assert first.sha256 == same.sha256
    share_framework(own.framework, actor=own.manager)
    with pytest.raises(Refused, match="shared already"):
        share_framework(twin, actor=second)
    assert not Framework.objects.get(pk=twin.pk).is_shared


def test_nothing_private_is_published_and_no_round_asks_about_it(world, own):
    administrator = make_account(Role.ADMINISTRATOR)
    data_set = DataSet.objects.get(pk=own.data_set.pk)
    for publish, thing in (
        (publish_framework, own.framework),
        (publish_version, own.version),
        (publish_data_set, data_set),
    ):
        with pytest.raises(Refused, match="private as yet"):
            publish(thing, actor=administrator)
    index = PublishedIndex.objects.get(pk=world.published.pk)
    run = Run.objects.get(pk=own.run.pk)
    assert any("private as yet" in said for said in publication_blockers(index, run, administrator))
    asked = own.ask("administrator", "GET", "/rounds/new/")
    assert f'value="{own.framework.pk}"' not in asked.content.decode()
    share_framework(own.framework, actor=own.manager)
    publish_data_set(data_set, actor=administrator)


def test_her_page_says_that_it_is_private_and_shares_it(own):
    address = f"/frameworks/{own.framework.pk}/"
    assert b"Its maker and administrators" in own.ask("maker", "GET", address).content
    client = own.visitors["maker"]
    assert client.get(f"/api/v1{address}").json()["is_shared"] is False
    assert client.post(f"{address}share/").status_code == 302
    assert b"Its maker and administrators" not in client.get(address).content
    answer = client.post(f"/api/v1{address}share/")
    assert (answer.status_code, answer.json()["is_shared"]) == (200, True)
    entry = AuditEntry.objects.get(act="share")
    assert (entry.actor, entry.subject_id) == (own.manager, str(own.framework.pk))


def test_a_private_framework_that_is_changed_stays_private(world, maker):
    framework = make_tree(maker)
    draft = reopen_framework(framework, actor=make_account(Role.ADMINISTRATOR))
    add_row(draft, parent=0, cells={"code": "more", "name_en": "More", "direction": "1"})
    changed = finish_draft(draft, actor=make_account(Role.ADMINISTRATOR))
    assert (changed.is_shared, changed.created_by) == (False, maker)


def test_what_rests_on_a_framework_is_found_by_its_keys():
    assert path_to_framework(Framework) == ""
    assert path_to_framework(DataSet) == "framework__"
    assert path_to_framework(Run) == "data_set__framework__"
    with pytest.raises(LookupError):
        path_to_framework(PublishedIndex)
