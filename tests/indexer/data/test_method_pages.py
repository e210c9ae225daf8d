"""Computing by another method: the page, the API and the command are one act; strangers see none of it."""

import html
import json
import re
from copy import deepcopy
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from indexer import dispatch
from indexer.enums import RunStatus
from indexer.models import FrameworkMethod, IndexMethod, Run
from indexer.services.data_sets import publish_data_set
from indexer.services.methods import use_method
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_data_set, make_version
from weighting.enums import Role
from weighting.models import AuditEntry
from weighting.services.versions import publish_version, retire_version

pytestmark = pytest.mark.django_db

VALUES = np.arange(1.0, 21).reshape(4, 5) ** 2


@pytest.fixture
def analyst(client):
    return sign_in_staff(client, make_account(Role.ANALYST, username="analyst"))


@pytest.fixture(scope="module")
def data_set_of_the_file(undone_after_the_file):
    """Computed by its own method under versions 1, 2 and 3."""
    made = make_data_set(values=VALUES, auxiliary={"population": np.array([1.0, 2, 3, 4])})
    for tilt in range(3):
        make_version(made.framework, tilt=tilt)
    compute_waiting_runs(made.pk)
    return made


@pytest.fixture
def data_set(data_set_of_the_file):
    return deepcopy(data_set_of_the_file)


def form_data(**changes):
    return {
        "normalisation": "share", "negative": "reflect", "missing": "refuse", "aggregation": "arithmetic",
        "outliers": "keep", "skewness_limit": "2", "kurtosis_limit": "3.5", "winsorised_most": "5",
        "versions": "", **changes,
    }  # fmt: skip


def rows(*pairs):
    """The rows of denominators as a browser sends them."""
    leaves, columns = zip(*pairs, strict=True)
    return {"denominators-leaf": leaves, "denominators-column": columns}


def send(client, data_set, **changes):
    return client.post(reverse("indexer:data-set-compute", args=[data_set.pk]), form_data(**changes))


def post_json(client, data_set, **body):
    address = reverse("indexer:api-data-set-runs", args=[data_set.pk])
    return client.post(address, json.dumps(body), content_type="application/json")


def command(data_set, *args):
    said = StringIO()
    call_command("compute_with_method", data_set.pk, "--actor", "analyst", *args, stdout=said)
    return said.getvalue()


def numbers_by_method(data_set):
    """The numbers of the versions computed by each method but the data set's own."""
    runs = Run.objects.filter(data_set=data_set).exclude(method=data_set.method)
    return {
        str(method): sorted(run.weight_version.number for run in runs if run.method == method)
        for method in IndexMethod.objects.filter(runs__in=runs).distinct()
    }


class TestOneAct:
    def test_page_api_and_command_write_the_same_jobs(self, analyst, data_set):
        leaf = data_set.leaf_codes[0]
        method = use_method(normalisation="minmax", denominators={leaf: "population"})

        page = send(analyst, data_set, normalisation="minmax", versions="1", **rows((leaf, "population")))
        wanted = {"normalisation": "minmax", "denominators": {leaf: "population"}}
        api = post_json(analyst, data_set, method=wanted, versions=[2])
        said = command(
            data_set, "--normalisation", "minmax", "--denominator", f"{leaf}=population", "--versions", "1-3"
        )

        assert page.status_code == 302
        assert (api.status_code, api.json()["new"], api.json()["method"]["sha256"]) == (202, 1, method.sha256)
        assert "1 of 3 runs are new" in said
        assert numbers_by_method(data_set) == {str(method): [1, 2, 3]}
        entries = AuditEntry.objects.filter(act="compute").order_by("pk")
        assert [entry.detail for entry in entries] == [{"method": method.sha256, "runs": 1}] * 3

    def test_the_jobs_are_computed_and_leave_the_others_alone(self, analyst, data_set):
        before = list(data_set.runs.order_by("pk").values_list("pk", "result_sha256"))

        send(analyst, data_set, outliers="winsorise_log", normalisation="rank")
        compute_waiting_runs(data_set.pk)

        runs = data_set.runs.exclude(method=data_set.method)
        assert [run.status for run in runs] == [RunStatus.DONE] * 3
        own = data_set.runs.filter(method=data_set.method).order_by("pk")
        assert list(own.values_list("pk", "result_sha256")) == before

    def test_workers_are_woken_after_the_commit_and_only_for_new_jobs(
        self, analyst, data_set, monkeypatch, django_capture_on_commit_callbacks
    ):
        woken = []
        monkeypatch.setattr(dispatch, "wake_workers", lambda ids, **_queue: woken.append(ids))
        for _time in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                send(analyst, data_set, normalisation="rank")

        assert woken == [[data_set.pk]]

    def test_a_second_request_says_what_is_there_already(self, analyst, data_set):
        send(analyst, data_set, normalisation="rank", versions="1-2")

        response = analyst.post(
            reverse("indexer:data-set-compute", args=[data_set.pk]),
            form_data(normalisation="rank"),
            follow=True,
        )

        assert "1 ranking waits to be computed. 2 are there already." in response.content.decode()


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            (
                {"aggregation": "geometric", "normalisation": "minmax"},
                "The geometric mean needs values above",
            ),
            ({"versions": "1, x"}, "“x” is not a version number"),
            ({"versions": "7-9"}, "No frozen version has such a number. The first ones: 1, 2, 3."),
            ({"winsorised_most": "0"}, "greater than or equal to 1"),
            ({"outliers": "log", "normalisation": "none"}, "used as they are"),
        ],
    )
    def test_bad_choices_are_named_and_nothing_is_queued(self, analyst, data_set, changes, words):
        response = send(analyst, data_set, **changes)

        assert response.status_code == 422
        assert words in response.content.decode()
        assert numbers_by_method(data_set) == {}

    def test_data_that_cannot_be_computed_so_are_refused_with_names(self, analyst):
        values = VALUES.copy()
        values[:, 2] = 7
        values[0, 0] = 0
        data_set = make_data_set(values=values)
        make_version(data_set.framework)
        names = {leaf.code: leaf.name for leaf in data_set.framework.indicators.all()}
        constant, zero = names[data_set.leaf_codes[2]], names[data_set.leaf_codes[0]]

        page = send(analyst, data_set, normalisation="zscore").content.decode()
        api = post_json(analyst, data_set, method={"aggregation": "geometric"})

        assert f"All units have the same value: {constant}." in page
        assert api.status_code == 422
        assert api.json()["blockers"][0].startswith(
            f"This mean needs values above zero: {zero} (城市001: 0)."
        )
        with pytest.raises(CommandError, match="All units have the same value"):
            command(data_set, "--normalisation", "minmax")
        assert numbers_by_method(data_set) == {}

    def test_a_version_that_is_retired_or_unknown_is_not_computed(self, analyst, data_set):
        retire_version(data_set.runs.first().weight_version, actor=data_set.created_by)

        answer = post_json(analyst, data_set, method={"normalisation": "rank"}, versions=[1, 2, 3, 99])

        assert len(answer.json()["versions"]) == 2
        assert post_json(analyst, data_set, method={}, versions=[99]).status_code == 422

    def test_the_command_names_what_it_does_not_know(self, analyst, data_set):
        with pytest.raises(CommandError, match="no such data set"):
            call_command("compute_with_method", data_set.pk + 1, "--actor", "analyst")
        with pytest.raises(CommandError, match="not a version number"):
            command(data_set, "--versions", "one")


def chosen_in(page):
    """What each row of denominators shows as chosen, from the page's own lists."""
    lists = page.split('<li class="pair">')[1:]
    return [tuple(re.findall(r'<option value="([^"]*)" selected>', row.split("</li>")[0])) for row in lists]


class TestRowsOfDenominators:
    def test_every_wrong_row_is_named_and_nothing_typed_is_lost(self, analyst, data_set):
        first, second = data_set.leaf_codes[:2]
        sent = [
            (first, "population"), ("", ""), ("gone", "population"), ("", "population"),
            (second, ""), (second, second), (first, "nowhere"),
        ]  # fmt: skip

        response = send(analyst, data_set, **rows(*sent))

        said = html.unescape(response.content.decode())
        assert response.status_code == 422
        for problem in (
            "Row 3: the framework has no leaf “gone”. Choose an indicator of the list.",
            "Row 4: choose the indicator that “population” divides, or empty the row.",
            f"Row 5: choose the column that divides “{second}”, or empty the row.",
            f"Row 6: “{second}” cannot be divided by itself. Choose another column.",
            "Row 7: there is no column “nowhere”. Choose one of the list.",
            f"Row 7: “{first}” already has a denominator. Keep one of the rows.",
        ):
            assert said.count(problem) == 2  # In the summary and at the field.
        assert "Row 1:" not in said
        assert "Row 2:" not in said
        shown = chosen_in(said)
        assert shown[: len(sent)] == [tuple(filter(None, pair)) for pair in sent]
        assert numbers_by_method(data_set) == {}

    def test_more_rows_come_without_a_script_and_judge_nothing(self, analyst, data_set):
        leaf = data_set.leaf_codes[1]
        changes = {"versions": "no number", "kurtosis_limit": "abc", "denominators-more": "1"}

        response = send(analyst, data_set, **changes, **rows((leaf, "population"), ("", ""), ("", "")))

        page = response.content.decode()
        assert response.status_code == 200
        assert chosen_in(page) == [(leaf, "population"), *[()] * 5]
        assert 'value="no number"' in page
        assert 'value="abc"' in page
        assert "There is a problem" not in page
        assert numbers_by_method(data_set) == {}

    def test_the_framework_shows_its_pairs_again_by_name_and_code(self, client, data_set):
        framework = data_set.framework
        sign_in_staff(client, framework.created_by)
        address = reverse("indexer:framework-method", args=[framework.pk])
        first, second = [node for node in framework.indicators.order_by("position") if node.is_leaf][:2]

        answer = client.post(address, form_data(**rows((first.code, second.code), ("", ""))))

        assert answer.status_code == 302
        page = html.unescape(client.get(address).content.decode())
        assert chosen_in(page) == [(first.code, second.code), (), (), ()]
        assert f'<option value="{first.code}" selected>{first.name} ({first.code})</option>' in page
        assert '<optgroup label="Auxiliary columns"><option value="population">' in page


class TestWhoSees:
    def test_strangers_see_published_data_by_its_own_method_alone(self, client, analyst, data_set):
        publish_data_set(data_set, actor=data_set.created_by)
        for run in data_set.runs.all():
            publish_version(run.weight_version, actor=data_set.created_by)
        send(analyst, data_set, normalisation="rank")
        compute_waiting_runs(data_set.pk)
        runs = reverse("indexer:api-run-list")
        assert analyst.get(runs).json()["count"] == 6
        client.logout()

        assert client.get(runs).json()["count"] == 3
        for run in data_set.runs.all():
            status = client.get(reverse("indexer:run-detail", args=[run.pk])).status_code
            assert status == (200 if run.method == data_set.method else 404)


class TestDefaultOfAFramework:
    def test_a_manager_chooses_it_and_sees_it_again(self, client):
        framework = make_framework()
        sign_in_staff(client, framework.created_by)
        address = reverse("indexer:framework-method", args=[framework.pk])

        answer = client.post(address, form_data(normalisation="zscore", outliers="log"))

        assert answer.status_code == 302
        chosen = FrameworkMethod.objects.get(framework=framework).method
        assert (chosen.normalisation, chosen.outliers) == ("zscore", "log")
        assert '<option value="zscore" selected>' in client.get(address).content.decode()

    def test_an_analyst_chooses_it_for_a_framework_of_her_own_alone(self, client):
        maker = make_account(Role.ANALYST)
        framework, other = make_framework(owner=maker), make_framework()
        sign_in_staff(client, maker)
        address = reverse("indexer:framework-method", args=[framework.pk])
        page = client.get(reverse("weighting:framework-detail", args=[framework.pk])).text

        assert f'href="{address}"' in page
        assert client.post(address, form_data(normalisation="zscore")).status_code == 302
        assert FrameworkMethod.objects.get().method.normalisation == "zscore"

        address = reverse("indexer:framework-method", args=[other.pk])
        page = client.get(reverse("weighting:framework-detail", args=[other.pk])).text
        assert f'href="{address}"' not in page
        assert client.get(address).status_code == 404
        assert client.post(address, form_data(normalisation="rank")).status_code == 404
        assert not FrameworkMethod.objects.filter(framework=other).exists()

    def test_what_no_data_could_satisfy_is_refused(self, client):
        framework = make_framework()
        sign_in_staff(client, framework.created_by)
        address = reverse("indexer:framework-method", args=[framework.pk])

        answer = client.post(address, form_data(normalisation="minmax", aggregation="geometric"))

        assert answer.status_code == 422
        assert not FrameworkMethod.objects.exists()
