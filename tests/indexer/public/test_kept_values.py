"""What may not be given away stands nowhere about a run: neither raw nor as what is worked out of it."""

import io
import re
import zipfile

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import City, IndicatorTerms, Run, RunFacts
from indexer.numeric.scores.weight_state import state_text
from indexer.selectors import data_facts
from indexer.selectors.fragility import fragility_of
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.services.facts import keep_waiting_facts, request_run_facts
from indexer.services.families import publish_branch
from indexer.services.published import describe_indicators
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, sign_in_staff
from tests.indexer.factories import make_version
from tests.routes import find_routes
from weighting.enums import Role
from weighting.services.versions import publish_version

pytestmark = pytest.mark.django_db
ENGLISH = {"Accept-Language": "en"}
# Life expectancy, which health is alone.
NODES = ("le", "health")
# What tells it to those who may have it.
RUN_ANSWERS = (
    "run-detail",
    "run-export",
    "run-report",
    "run-tops-export",
    "run-trend-export",
    "run-nodes-pair-export",
    "api-run-trend",
)
UNIT_ANSWERS = (
    "run-city",
    "run-city-export",
    "run-unit-indicators-export",
    "run-city-trend-export",
    "api-run-city",
    "api-run-unit-indicators",
    "api-run-city-trend",
)
# Three countries that are far apart on it and by rank.
CODES = ("NOR", "CHN", "TCD")
# Drawn of what the pages say, for seconds each.
DRAWN = {"run-audit-pdf", "run-picture", "run-city-picture", "run-package"}
# The figures that a page may tell it by are known to so many places.
PLACES = 5


@pytest.fixture
def run(human_development):
    """The run of an index of which life expectancy may not be given away, as strangers get it."""
    index = human_development.index
    describe_indicators(index, terms={"le": IndicatorTerms(is_withheld=True)}, actor=index.created_by)
    found = runs_with_nodes_visible_to(None).get(pk=human_development.run_id)
    type(found.method).objects.filter(pk=found.method_id).update(digits=6)
    return runs_with_nodes_visible_to(None).get(pk=human_development.run_id)


def cities_of(run):
    found = City.objects.filter(pk__in=run.data_set.city_ids, code__in=CODES)
    return [found.get(code=code) for code in CODES]


def telling(run):
    """Return the raw and normalised values and what they add to the score, cut where pages round."""
    staffs = runs_with_nodes_visible_to(make_account(Role.ANALYST)).get(pk=run.pk)
    scores = node_scores_of(staffs, "le")
    places = [scores.cities.ids.index(city.pk) for city in cities_of(run)]
    own = [figure for place in places for figure in (scores.scores[place], scores.parts[place])]
    gaps = [scores.scores[one] - scores.scores[other] for one in places for other in places if one != other]
    raw = [83.2339, 78.2107, 52.5254]
    return [*(f"{abs(figure):.9f}"[: PLACES + 2] for figure in (*own, *gaps)), *map(str, raw)]


def addresses(run):
    """Yield every address about the run that names it, and perhaps a unit, with the nodes in view."""
    first, second, _third = cities_of(run)
    known = {"pk": run.pk, "city_pk": first.pk, "code": "le"}
    tables = ("indicators", "nodes", "pairs", "groups")
    for route in find_routes():
        name = route.name.split(":")[-1]
        if not re.match(r"(api-)?(run|node|ranking|city)-?", name) or "pk" not in route.keys or name in DRAWN:
            continue
        own = [{}]
        for key in route.keys:
            values = {"table": tables, "format": ("svg",), "figure": ("map", "distribution", "composition")}
            choices = [known[key]] if key in known else values.get(key, ())
            own = [{**kwargs, key: value} for kwargs in own for value in choices]
        for kwargs in own:
            address = reverse(route.name, kwargs=kwargs)
            yield address, {}
            yield address, {"node": "le"}
            yield address, {"node": "health", "order": "gap", "against": second.pk, "format": "csv"}
            if "pair" in name:
                yield address, {"x": "le", "y": "eys"}


def read(response):
    content = response.getvalue() if response.streaming else response.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
    return content.decode("utf-8", "replace")


def find_leaks(client, run, *, only=None):
    """Return the addresses that tell one of the figures, and those that answered at all."""
    secrets = re.compile("|".join(map(re.escape, telling(run))))
    found, answered = set(), set()
    for address, query in addresses(run):
        if only and address not in only:
            continue
        response = client.get(address, query, headers=ENGLISH)
        if response.status_code == 200:
            answered.add(address)
            if secrets.search(read(response)):
                found.add(address)
    return found, answered


def test_no_page_file_or_answer_tells_a_stranger_what_staff_are_told(client, run):
    found, answered = find_leaks(client, run)
    assert not found
    city = cities_of(run)[0].pk
    telling_staff = {
        *(reverse(f"indexer:{name}", args=[run.pk]) for name in RUN_ANSWERS),
        *(reverse(f"indexer:{name}", args=[run.pk, city]) for name in UNIT_ANSWERS),
        reverse("indexer:api-run-node-ranking", args=[run.pk, "le"]),
    }
    assert telling_staff < answered
    sign_in_staff(client, make_account(Role.ANALYST))
    assert find_leaks(client, run, only=telling_staff)[0] == telling_staff


def test_its_ranks_stay(client, run):
    address = reverse("indexer:api-run-node-ranking", args=[run.pk, "le"])
    rows = client.get(address).json()["results"]
    ranks = [row["rank"] for row in rows]
    assert ranks == sorted(ranks)
    assert ranks[0] == 1
    assert {(row["score"], row["part"]) for row in rows} == {(None, None)}
    page = client.get(reverse("indexer:run-detail", args=[run.pk]), {"node": "le"}, headers=ENGLISH)
    assert "Its scores may not be given away: only the ranks are shown." in page.content.decode()


def test_weights_of_a_readers_choice_give_ranks_and_no_scores(client, run):
    """All weight on health would show its scores as those of the whole."""
    address = reverse("indexer:api-run-what-if", args=[run.pk])
    export = reverse("indexer:run-what-if-export", args=[run.pk])
    tried = {"w": state_text({0: np.array([1_000_000, 0, 0])})}

    def told():
        cities, rows = (
            client.get(address, tried).json()["cities"],
            client.get(export, tried | {"format": "json"}),
        )
        return {city["score"] for city in cities} | {row["score"] for row in rows.json()["rows"]}, cities

    scores, cities = told()
    assert scores == {None}
    assert sorted(city["rank"] for city in cities)[0] == 1
    assert None not in {city["score"] for city in client.get(address).json()["cities"]}
    sign_in_staff(client, make_account(Role.ANALYST))
    scores, again = told()
    assert max(scores) > 0.97
    assert [city["rank"] for city in again] == [city["rank"] for city in cities]


def test_no_change_of_a_weight_tells_how_far_two_units_are_apart(client, run):
    address = reverse("indexer:api-run-pair", args=[run.pk])
    norway, china, _chad = cities_of(run)
    pair = {"first": norway.name_en, "second": china.name_en}

    def told():
        answer = client.get(address, pair).json()
        return {row["indicator"] for row in answer["weights"]}, answer["not_solved"]

    weights, not_solved = told()
    assert not weights & set(NODES)
    assert set(not_solved) == set(NODES)
    sign_in_staff(client, make_account(Role.ANALYST))
    weights, not_solved = told()
    assert "health" in weights
    assert not not_solved


def test_no_part_of_a_change_between_versions_tells_it(client, run):
    """It would be the change of a weight times the value."""
    owner = run.data_set.created_by
    publish_version(make_version(run.data_set.framework, tilt=3.0, actor=owner), actor=owner)
    compute_waiting_runs(run.data_set_id)
    runs = ",".join(
        str(pk) for pk in Run.objects.filter(data_set=run.data_set_id).values_list("pk", flat=True)
    )
    norway = cities_of(run)[0]
    address = reverse("indexer:api-city-change", args=[norway.pk])

    def told():
        answer = client.get(address, {"runs": runs}).json()
        return answer["not_split"], answer["nodes"]

    assert told() == ("withheld", [])
    query = "&".join(f"runs={pk}" for pk in runs.split(","))
    page = client.get(f"{reverse('indexer:comparison')}?{query}", headers=ENGLISH).content.decode()
    assert "the parts would tell them" in page
    sign_in_staff(client, make_account(Role.ANALYST))
    why, nodes = told()
    assert why == ""
    assert nodes


def test_a_branch_that_is_an_index_of_its_own_has_its_ranks_alone(client, run):
    node = run.data_set.framework.indicators.get(code="health")
    branch = publish_branch(
        node, name_zh="健康", name_en="Health", note="", actor=run.data_set.framework.created_by
    )
    export = reverse("indexer:index-export", args=[branch.pk])
    address = reverse("indexer:api-index-ranking", args=[branch.pk])

    def told():
        file = client.get(export, {"run": run.pk, "format": "json"}).json()["rows"]
        answer = client.get(address, {"run": run.pk}).json()["results"]
        shown = client.get(reverse("indexer:index-detail", args=[branch.pk]), {"run": run.pk})
        assert shown.status_code == 200
        assert answer[0]["rank"] == file[0]["rank"] == 1
        return {row["score"] for row in (*file, *answer)}

    assert told() == {None}
    sign_in_staff(client, make_account(Role.ANALYST))
    assert max(told()) > 0.97


def test_nobody_is_told_changes_that_were_kept_for_readers_of_more_or_less(human_development, monkeypatch):
    """Whether an indicator may be given away changes, and staff see it either way."""
    index, analyst = human_development.index, make_account(Role.ANALYST)

    def changes():
        readers = [runs_with_nodes_visible_to(reader) for reader in (None, analyst)]
        found = [fragility_of(runs.get(pk=human_development.run_id)).changes for runs in readers]
        return [(each.within.tolist(), each.nodes.tolist(), each.deltas.tobytes()) for each in found]

    def withhold(is_withheld):
        terms = {"le": IndicatorTerms(is_withheld=is_withheld)}
        describe_indicators(index, terms=terms, actor=index.created_by)
        return changes()

    open_, withheld = withhold(False), withhold(True)
    assert open_[0] == open_[1] == withheld[1] != withheld[0]
    monkeypatch.setattr(data_facts, "MOST_VALUES", 0)
    request_run_facts(human_development.run_id)
    assert keep_waiting_facts()
    assert RunFacts.objects.get().changes is not None
    assert changes() == withheld
    assert withhold(False) == open_
