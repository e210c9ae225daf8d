import csv
import io
import re

import pytest
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse

from indexer.enums import RunStatus
from indexer.management.commands import load_demo as command
from indexer.models import DataSet, OutsideSeries, PublishedFigure, Run, Study
from indexer.selectors.data_sets import cities_of
from indexer.selectors.runs import printed_figures_of, results_of, runs_with_nodes_visible_to, shown_score
from tests.indexer.factories import make_series
from weighting.enums import RoundState, VersionSource
from weighting.models import (
    AuditEntry,
    Ballot,
    Indicator,
    Round,
    WeightVersion,
)
from weighting.selectors.access import find_link
from weighting.selectors.claims import bears_locks

pytestmark = pytest.mark.django_db

PANEL, IMPLIED, EQUAL = 1, 2, 3
SUB_INDICES = ["infra", "industry", "innovation", "smartcity"]


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    """The demo, loaded and computed once for the tests of this file, then rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load_demo", compute=True, verbosity=0)
        yield DataSet.objects.get()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def results(demo):
    runs = {run.weight_version.number: run for run in runs_with_nodes_visible_to(None)}
    return dict(zip(runs, results_of(list(runs.values())), strict=True))


def read_published():
    with (command.FILES / "published.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_stranger_finds_it_as_a_published_index(demo, client):
    home = client.get("/", headers={"Accept-Language": "en"})
    address = reverse("indexer:public-index", args=[command.INDEX_ADDRESS])
    assert address in home.content.decode()
    page = client.get(address, headers={"Accept-Language": "en"}).content.decode()
    assert "97 experts weighed the indicators" in page
    assert "they are no statistics" in page
    assert client.get(f"{address}units/110000/").status_code == 200


def local_weights(number, codes):
    weights = WeightVersion.objects.get(number=number).node_weights.filter(indicator__code__in=codes)
    return {row.indicator.code: row.local_weight for row in weights.select_related("indicator")}


def test_every_city_is_loaded_with_its_code_and_coordinates(demo):
    cities = {city.name_zh: (city.code, city.latitude, city.longitude) for city in cities_of(demo)}

    assert len(cities) == 351
    assert cities["北京市"] == ("110000", 39.9075, 116.3972)
    assert all(code and latitude and longitude for code, latitude, longitude in cities.values())


def test_implied_weights_bring_all_351_published_totals_and_ranks_back(demo, results):
    names = [city.name_zh for city in cities_of(demo)]
    totals = {row["unit"]: row for row in read_published() if not row["node"]}
    result = results[IMPLIED]

    errors = [
        abs(score * 100 - float(totals[name]["value"]))
        for name, score in zip(names, result.scores, strict=True)
    ]
    assert len(errors) == 351
    assert max(errors) <= 0.00005
    assert [int(totals[name]["rank"]) for name in names] == result.ranks.tolist()


def test_every_published_cell_is_met_at_its_printed_digits_and_in_its_order(demo, results):
    scores = results[IMPLIED].node_scores_in(slice(None))
    cities = {city.pk: index for index, city in enumerate(cities_of(demo))}
    nodes = {code: Indicator.objects.get(code=code).position for code in SUB_INDICES}
    figures = PublishedFigure.objects.filter(indicator__isnull=False).select_related("indicator")
    by_list = {code: {} for code in SUB_INDICES}

    for figure in figures:
        value = scores[cities[figure.city_id], nodes[figure.indicator.code]] * 100
        digits = len(figure.value.partition(".")[2])
        assert f"{value:.{digits}f}" == figure.value, figure.city
        by_list[figure.indicator.code][figure.rank] = value

    for code, listed in by_list.items():
        ordered = [listed[rank] for rank in sorted(listed)]
        assert len(ordered) == 100, code
        assert ordered == sorted(ordered, reverse=True), code


def test_the_printed_weights_give_beijing_10_194(demo, results):
    beijing = [city.name_zh for city in cities_of(demo)].index("北京市")

    assert f"{results[PANEL].scores[beijing] * 100:.3f}" == "10.194"


def test_the_panel_gives_the_four_printed_weights(demo):
    weights = local_weights(PANEL, SUB_INDICES)

    assert [f"{weights[code] * 100:.2f}" for code in SUB_INDICES] == ["27.69", "26.39", "21.93", "23.99"]


def test_the_implied_version_has_the_panels_local_weights_below_the_sub_indices(demo):
    below = Indicator.objects.filter(parent__isnull=False).values_list("code", flat=True)
    panel, implied = local_weights(PANEL, below), local_weights(IMPLIED, below)

    assert local_weights(IMPLIED, SUB_INDICES) == pytest.approx(
        {"infra": 0.277, "industry": 0.264, "innovation": 0.219, "smartcity": 0.24}
    )
    assert implied == pytest.approx(panel, abs=1e-12)


def test_cells_are_marked_published_only_where_the_report_prints_them(demo, results):
    printed = printed_figures_of(demo)
    run = results[IMPLIED].run
    roots = list(Indicator.objects.filter(parent=None))
    marks = [
        shown_score(run, row[node.position], printed.get((city_id, node.pk))).published
        for city_id, row in zip(demo.city_ids, results[IMPLIED].node_scores_in(slice(None)), strict=True)
        for node in roots
    ]

    assert (len(marks), sum(marks)) == (1404, 400)


def test_the_three_versions_are_frozen_published_and_in_order(demo):
    versions = WeightVersion.objects.order_by("number")

    assert [(v.number, v.source, v.is_published) for v in versions] == [
        (PANEL, VersionSource.ROUND, True),
        (IMPLIED, VersionSource.IMPLIED, True),
        (EQUAL, VersionSource.EQUAL, True),
    ]


def test_what_is_printed_for_provinces_stands_beside_the_sums_of_their_cities(demo, client):
    run = Run.objects.get(weight_version__number=IMPLIED)
    address = reverse("indexer:run-places", args=[run.pk])

    industry = client.get(address, {"node": "industry"})
    text = client.get(f"{address}export/", {"node": "industry"}).content.decode("utf-8-sig")
    answer = client.get(reverse("indexer:api-run-places", args=[run.pk]), {"node": "industry"}).json()

    rows = {row["place"].name_zh: row for row in industry.context["printed_rows"]}
    assert len(rows) == 31
    assert [rows["北京市"][name] for name in ("computed", "printed", "difference")] == [
        "11.9748", "12.0032", "+0.0284",
    ]  # fmt: skip
    apart = {name: row["difference"] for name, row in rows.items() if float(row["difference"])}
    assert set(apart) == {"北京市", "上海市", "天津市", "重庆市", "江苏省"}, apart
    assert len(client.get(address).context["printed_rows"]) == 9
    assert client.get(address, {"node": "infra"}).context["printed_rows"] == []
    assert client.get(address, {"level": "region"}).context["printed_rows"] == []
    file = {row["Place (Chinese)"]: row for row in csv.DictReader(io.StringIO(text))}
    told = {place["name_zh"]: place for place in answer["places"]}
    assert file["北京市"]["As printed"] == told["北京市"]["printed"] == "12.0032"
    assert float(file["北京市"]["Printed less computed"]) == told["北京市"]["difference"]


def test_the_page_of_leads_has_the_reports_table_over_infrastructure(demo, client):
    run = Run.objects.get(weight_version__number=IMPLIED)
    asked = {
        "node": "industry",
        "second": "innovation",
        "third": "smartcity",
        "over": "infra",
        "places": "20",
    }

    text = client.get(f"{reverse('indexer:run-leads', args=[run.pk])}export/", asked).content.decode(
        "utf-8-sig"
    )

    with (command.FILES / "facts" / "leads_over_base.csv").open(encoding="utf-8", newline="") as file:
        named = [row["city"] for row in csv.DictReader(file)]
    found = [row["City (Chinese)"] for row in csv.DictReader(io.StringIO(text))]
    assert sorted(found) == sorted(named)


def test_every_address_of_the_reports_analyses_answers(demo, client):
    """Numbers are this database's; GDP is sent in, as the page says, and taken away again."""
    text = (command.FILES / "README.md").read_text(encoding="utf-8")
    addresses = re.findall(r"`(/[^`]+)`", text.split("## Analyses of the report")[1])
    run = Run.objects.get(weight_version__number=IMPLIED, method=demo.method)
    point = transaction.savepoint()
    series = make_series(demo.city_ids, actor=demo.created_by)
    OutsideSeries.objects.filter(pk=series.pk).update(is_published=True)
    own = {
        "/runs/2/": f"/runs/{run.pk}/",
        "/cities/1/": f"/cities/{demo.city_ids[0]}/",
        "series:1": f"series:{series.pk}",
        "series=1": f"series={series.pk}",
        "/data-sets/1/": f"/data-sets/{demo.pk}/",
        "/frameworks/1/": f"/frameworks/{demo.framework_id}/",
        "/weight-versions/1/": f"/weight-versions/{WeightVersion.objects.get(number=PANEL).pk}/",
    }
    asked = []
    for address in addresses:
        for written, here in own.items():
            address = address.replace(written, here)
        asked.append(address)
    # Strangers read all of it: whoever follows the table needs no account.
    answers = {address: client.get(address).status_code for address in asked}
    transaction.savepoint_rollback(point)
    assert len(asked) > 20
    assert {address: status for address, status in answers.items() if status != 200} == {}


def test_the_analyst_finds_a_study_of_each_of_two_kinds(demo):
    studies = Study.objects.order_by("pk")

    assert [(study.kind, study.status) for study in studies] == [("bootstrap", "done"), ("noise", "done")]


def test_the_data_are_of_the_year_before_the_report(demo):
    assert (demo.year, "2015" in demo.name_en, "2015" in demo.name_zh) == (2015, True, True)


def test_nothing_synthetic_is_named_as_the_reports(demo):
    assert "reconstructed" in demo.name_en
    assert "重构" in demo.name_zh


def test_the_closed_round_was_held_by_real_ballots_and_keeps_no_link(demo):
    closed = Round.objects.get(state=RoundState.AGGREGATED)

    assert (closed.invited_count, closed.sealed_count, closed.items.count()) == (97, 97, 99)
    assert Ballot.objects.filter(round=closed).exclude(receipt="").count() == 97
    assert not bears_locks(closed)


def test_a_round_of_17_items_stands_open(demo):
    open_round = Round.objects.get(state=RoundState.OPEN)

    assert (open_round.items.count(), open_round.invitations.count()) == (17, 12)


def test_all_runs_are_done(demo):
    assert list(Run.objects.values_list("status", flat=True)) == [RunStatus.DONE] * 3


def test_a_second_loading_does_nothing(demo, capsys):
    before = AuditEntry.objects.count()

    call_command("load_demo")

    assert "already loaded" in capsys.readouterr().out
    assert AuditEntry.objects.count() == before


def test_links_sign_in_an_expert_the_manager_and_the_analyst(demo, capsys, settings):
    settings.PUBLIC_URL = "https://weigh.example"

    call_command("demo_links")

    lines = [line.split(": ", 1) for line in capsys.readouterr().out.splitlines()]
    holders = [(role.strip(), find_link(url.rsplit("/in/")[1].strip("/"))) for role, url in lines]
    assert [role for role, _link in holders] == ["expert", "manager", "analyst"]
    assert [link.invitation is not None for _role, link in holders] == [True, False, False]
    assert [link.account.role for _role, link in holders[1:]] == ["manager", "analyst"]
    assert all(url.startswith("https://weigh.example/in/") for _role, url in lines)
