"""What storing an edition queues: said beforehand, and under the versions that its maker chooses."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from indexer.models import DataSet, Run, RunScores
from indexer.selectors.forecasts import forecast_of
from indexer.services.data_imports import store_import
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_framework
from tests.indexer.data.test_yearly_imports import begin, long_file
from tests.indexer.factories import make_version

pytestmark = pytest.mark.django_db
# A column that is no indicator.
EXTRA = (",colour", *[",red"] * 4)


@pytest.fixture
def framework(owner):
    framework = make_framework()
    for tilt in (None, 1.0, 3.0):
        make_version(framework, tilt=tilt)
    return framework


def computed_under():
    pairs = Run.objects.values_list("data_set__year", "weight_version__number")
    return sorted(pairs.order_by("data_set__year", "weight_version__number"))


def test_the_page_says_what_is_queued_and_queues_what_is_chosen(client, framework, owner):
    draft = begin(framework, owner, long_file([2020]))
    check = reverse("indexer:import-check", args=[draft.pk])
    text = client.get(check, headers={"accept-language": "en"}).content.decode()
    assert "computed under 3 frozen versions: about 0.1 s of one worker" in text
    store = reverse("indexer:import-store", args=[draft.pk])
    for wrong, said in (
        ("7", "No frozen version has such a number"),
        ("1, 9", "has such a number"),
        ("x", "is not a version number"),
    ):
        answer = client.post(store, {"versions": wrong}, follow=True, headers={"accept-language": "en"})
        assert said in answer.content.decode()
        # What was written stands in the field, beside what is wrong with it.
        assert f'value="{wrong}"' in answer.content.decode()
    assert not DataSet.objects.exists()
    client.post(store, {"versions": "1, 3"})
    assert computed_under() == [(2020, 1), (2020, 3)]


def test_all_are_computed_where_none_is_named_and_each_year_under_those_that_are(client, framework, owner):
    draft = begin(framework, owner, long_file())
    sent = {"every_year": "1", "versions": "2-3"}
    client.post(reverse("indexer:import-store", args=[draft.pk]), sent)
    assert computed_under() == [(year, number) for year in (2019, 2020, 2021) for number in (2, 3)]
    draft = begin(framework, owner, long_file([2022]), year=2022)
    client.post(reverse("indexer:import-store", args=[draft.pk]))
    assert [number for year, number in computed_under() if year == 2022] == [1, 2, 3]


def test_the_api_says_and_takes_the_same(client, framework, owner):
    draft = begin(framework, owner, long_file([2020]))
    queues = client.get(reverse("indexer:api-import", args=[draft.pk])).json()["queues"]
    assert queues == vars(forecast_of(framework, units=2, versions=3))
    store = reverse("indexer:api-import-store", args=[draft.pk])
    wrong = client.post(store, {"versions": [2, 9]}, content_type="application/json")
    assert (wrong.status_code, "number 9" in wrong.content.decode()) == (422, True)
    assert client.post(store, {"versions": [2]}, content_type="application/json").status_code == 201
    assert computed_under() == [(2020, 2)]


def test_the_command_takes_the_same(framework, owner, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(long_file([2020]))
    named = {"framework": framework.pk, "account": "anna", "name_en": "Yearbook", "year": "2020"}
    with pytest.raises(CommandError, match="x is not a version number"):
        call_command("import_data_set", path, versions="x", **named)
    with pytest.raises(CommandError, match="No frozen version has a number of '2, 9'"):
        call_command("import_data_set", path, versions="2, 9", **named)
    assert not DataSet.objects.exists()
    call_command("import_data_set", path, versions="2", **named)
    assert computed_under() == [(2020, 2)]


def test_the_room_that_is_said_is_the_room_that_is_taken(framework, owner):
    data_set = store_import(begin(framework, owner, long_file([2020])), actor=owner)
    compute_waiting_runs(data_set.pk)
    blocks = [block for run in Run.objects.all() for block in (run.node_scores, *blocks_of(run))]
    assert sum(map(len, blocks)) == forecast_of(framework, units=2, versions=3).bytes


def blocks_of(run):
    kept = RunScores.objects.get(run=run)
    return kept.scores, kept.ranks


@pytest.mark.parametrize("year", ["2020", "all"])
def test_a_command_says_by_which_options_it_is_settled_what_pages_ask(framework, owner, tmp_path, year):
    path = tmp_path / "table.csv"
    rows = [line + extra for line, extra in zip(long_file([2019, 2020]).splitlines(), EXTRA, strict=True)]
    path.write_text("\n".join(rows))
    said = {"framework": framework.pk, "account": "anna", "name_en": "Yearbook", "year": year}
    with pytest.raises(CommandError) as refused:
        call_command("import_data_set", path, **said)
    assert "The column stands for no indicator yet" in str(refused.value)
    assert "--column HEAD=aside, or --leave-out-columns for all" in str(refused.value)
    # What holds nothing back is not explained.
    assert "--missing" not in str(refused.value)
    call_command("import_data_set", path, leave_out_columns=True, **said)
    assert DataSet.objects.exists()
