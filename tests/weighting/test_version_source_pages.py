"""The pages of the other sources: pooling, fitting, editing, describing."""

import pytest
from django.urls import reverse

from tests.factories import make_account, make_framework, make_panel, make_round
from tests.weighting.uploads import upload
from weighting.enums import RoundState
from weighting.models import WeightVersion
from weighting.selectors.versions import weighted_nodes_of
from weighting.services.versions import aggregate_round, draft_equal_version, freeze_version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]

LABELS = {"label_zh": "新", "label_en": "New"}
TOTALS = "unit,total,infra,industry\nA,1.5,1,2\nB,3.5,4,3\nC,2,3,1\n"


@pytest.fixture
def framework(manager):
    return make_framework(owner=manager)


@pytest.fixture
def draft(framework, manager):
    return draft_equal_version(framework=framework, label_zh="等权", label_en="Equal", actor=manager)


def url(name, *args):
    return reverse(f"weighting:version-{name}", args=args)


def closed_round(framework, manager):
    panel = make_panel(5, owner=manager)
    return make_round(state=RoundState.CLOSED, framework=framework, manager=manager, panel=panel)


def group_fields(version, weights, **fields):
    nodes = {node.indicator.code: node.indicator.pk for node in weighted_nodes_of(version)}
    return {f"weight_{nodes[code]}": percent for code, percent in weights.items()} | fields


def test_rounds_are_pooled_from_the_page(client, framework, manager):
    rounds = [closed_round(framework, manager).pk for _ in range(2)]

    refused = client.post(url("pool"), LABELS | {"rounds": rounds[:1]})
    assert refused.status_code == 422
    assert "Choose two rounds or more" in refused.text

    response = client.post(url("pool"), LABELS | {"rounds": rounds})
    assert client.get(response.url).status_code == 200
    assert WeightVersion.objects.get().pooled_rounds.count() == 2


def test_rounds_of_other_managers_are_not_offered(client, framework, manager):
    other = make_account()
    round_ = closed_round(framework, other)

    assert f'value="{round_.pk}"' not in client.get(url("pool")).text
    assert client.post(url("pool"), LABELS | {"rounds": [round_.pk]}).status_code == 422


@pytest.mark.parametrize(
    ("totals", "verdict"), [(TOTALS, "do reproduce"), (TOTALS.replace("1.5", "9.5"), "do not reproduce")]
)
def test_the_fit_says_whether_printed_weights_reproduce_the_totals(client, framework, draft, totals, verdict):
    data = LABELS | {"framework": framework.pk, "compared": draft.pk, "file": upload(totals)}
    response = client.post(url("implied"), data)

    page = client.get(response.url).text
    assert verdict in page
    assert page.count("<tr>") == 4
    version = WeightVersion.objects.latest("pk")
    assert url("fit", version.pk) in client.get(url("detail", version.pk)).text
    assert client.get(url("fit", draft.pk)).status_code == 404


def test_figures_that_imply_nothing_come_back_with_the_reason(client, framework):
    data = LABELS | {
        "framework": framework.pk,
        "file": upload("unit,total,infra,industry\nA,1,1,1\nB,2,2,2\n"),
    }
    response = client.post(url("implied"), data)

    assert response.status_code == 422
    assert "move together" in response.text
    response = client.post(url("implied"), data | {"file": upload("unit,total,infra\nA,1,1\n")})
    assert response.context["problems"][0].column == "industry"


def test_a_group_is_edited_in_percent(client, draft):
    page = client.get(url("edit", draft.pk)).text
    assert 'value="50' in page
    assert "group-weights.js" in page

    data = group_fields(draft, {"infra": 20, "industry": 70}, reason="Why")
    refused = client.post(url("edit", draft.pk), data)
    assert refused.status_code == 422
    assert "sum to 90 %" in refused.text
    response = client.post(url("edit", draft.pk), data | {"rescale": "on"})
    assert response.url == url("detail", draft.pk)
    assert weighted_nodes_of(draft)[0].local_weight == pytest.approx(2 / 9)


def test_a_lower_group_is_chosen_by_its_code(client, draft):
    data = group_fields(draft, {"retail": 20, "finance": 30, "travel": 50}, reason="Why")

    client.post(url("edit", draft.pk) + "?group=industry", data)

    weights = {node.indicator.code: node.local_weight for node in weighted_nodes_of(draft)}
    assert (weights["retail"], weights["infra"]) == (0.2, 0.5)


def test_editing_what_experts_said_says_that_it_makes_a_copy(client, framework, manager):
    version = aggregate_round(closed_round(framework, manager), actor=manager)
    assert "makes a copy" in client.get(url("edit", version.pk)).text

    data = group_fields(version, {"infra": 20, "industry": 80}, reason="Why")
    response = client.post(url("edit", version.pk), data)
    assert response.url != url("detail", version.pk)


def test_a_frozen_version_is_neither_edited_nor_described(client, draft, manager):
    freeze_version(draft, actor=manager)

    data = group_fields(draft, {"infra": 20, "industry": 80}, reason="Why")
    assert client.post(url("edit", draft.pk), data).status_code == 409
    assert client.post(url("describe", draft.pk), LABELS).status_code == 409


def test_labels_and_note_are_changed(client, draft):
    client.post(url("describe", draft.pk), LABELS | {"note": "Agreed"})

    draft.refresh_from_db()
    assert (draft.label_en, draft.note) == ("New", "Agreed")


def test_the_freeze_page_says_what_is_worth_knowing(client, framework, manager):
    round_ = make_round(state=RoundState.CLOSED, framework=framework, manager=manager, parents=[None])
    version = aggregate_round(round_, actor=manager)

    assert "Nobody was asked about" in client.get(url("freeze", version.pk)).text
