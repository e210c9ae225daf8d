"""The audits of a data set and of a framework: pages, files, API; nothing unpublished is told."""

import csv
import io

import numpy as np
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from indexer.audit_files import STRUCTURE_TABLES, UNWEIGHTED_TABLES
from indexer.models import City
from indexer.services.data_sets import publish_data_set
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.finished_runs import make_runs
from weighting.enums import Role
from weighting.services.frameworks import publish_framework

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """A data set with a gap and two indicators that contradict each other; never published."""
    with django_db_blocker.unblock(), transaction.atomic():
        framework = make_framework()
        leaves = list(framework.indicators.filter(is_leaf=True).order_by("position"))
        values = np.random.default_rng(3).normal(100, 10, size=(40, len(leaves)))
        by_parent = {}
        for at, leaf in enumerate(leaves):
            by_parent.setdefault(leaf.parent, []).append(at)
        parent, members = max(by_parent.items(), key=lambda item: len(item[1]))
        first, second = members[:2]
        turned = leaves[first].direction * leaves[second].direction
        values[:, second] = 200 - turned * values[:, first] if turned > 0 else values[:, first]
        values[7, members[-1]] = np.nan
        run = make_runs(values, tilts=[None], framework=framework, missing="reweight")[0]
        city = City.objects.get(pk=run.data_set.city_ids[7])
        City.objects.filter(pk=city.pk).update(code="XA07")
        client = sign_in_staff(Client(), make_account(Role.ANALYST))
        yield {"run": run, "parent": parent, "city": city, "analyst": client, "leaves": leaves}
        transaction.set_rollback(True)


def address(name, pk, **query):
    return reverse(f"indexer:{name}", args=[pk]) + "?" + "&".join(f"{k}={v}" for k, v in query.items())


def file_of(world, name, pk, table):
    answer = world["analyst"].get(address(name, pk, table=table))
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_page_of_a_data_set(world):
    data_set, parent = world["run"].data_set, world["parent"]
    response = world["analyst"].get(
        address("data-set-audit", data_set.pk, group=parent.code if parent else "")
    )
    context, text = response.context, response.content.decode()
    assert [f.text for f in context["findings"] if f.is_grave and "contradicts itself" in f.text]
    assert "0.50 % of the values are missing" in context["title"]
    assert [row["city"].pk for row in context["availability"]["units"]] == [world["city"].pk]
    assert "XA07" in text
    assert sum(row["members"] for row in context["groups"]) == len(world["leaves"])
    # From the data to the framework, to the ranking's own audit, and back.
    for name, pk in (
        ("framework-audit", data_set.framework_id),
        ("run-coherence", world["run"].pk),
        ("data-set-detail", data_set.pk),
    ):
        assert address(name, pk).rstrip("?") in text
    for name, pk in (("data-set-detail", data_set.pk), ("run-coherence", world["run"].pk)):
        back = world["analyst"].get(address(name, pk)).content.decode()
        assert address("data-set-audit", data_set.pk).rstrip("?") in back


def test_every_indicator_can_be_looked_at(world):
    data_set = world["run"].data_set
    for leaf in world["leaves"]:
        group = leaf.parent.code if leaf.parent else ""
        query = {"group": group, "indicator": leaf.code}
        context = world["analyst"].get(address("data-set-audit", data_set.pk, **query)).context
        assert context["node"] == leaf
        assert sum(count for _low, _high, count in context["figure"].rows) in (39, 40)
    picture = reverse("indexer:data-set-audit-picture", args=[data_set.pk, "svg"])
    assert world["analyst"].get(picture).headers["Content-Type"] == "image/svg+xml"


def test_files_and_api_hold_the_same(world):
    data_set = world["run"].data_set
    for pk, name, tables in (
        (data_set.pk, "data-set-audit", UNWEIGHTED_TABLES),
        (data_set.framework_id, "framework-audit", STRUCTURE_TABLES),
    ):
        for table, made in tables.items():
            rows = file_of(world, f"{name}-export", pk, table)
            told = world["analyst"].get(reverse(f"indexer:api-{name}", args=[pk, table]), {"limit": 1000})
            assert list(rows[0])[: len(made.columns)] == list(made.columns)
            assert [row[made.columns[0]] for row in rows] == [
                row[made.columns[0]] for row in told.json()["results"]
            ]
            plain = {key: str(cell) for key, cell in told.json()["results"][0].items() if cell is not None}
            assert {key: rows[0][key] for key in made.columns if rows[0][key]} == plain
    units = file_of(world, "data-set-audit-export", data_set.pk, "units")
    assert units[7]["unit_code"] == "XA07"
    assert units[7]["values"] == str(len(world["leaves"]) - 1)
    unknown = world["analyst"].get(reverse("indexer:api-data-set-audit", args=[data_set.pk, "importance"]))
    assert unknown.status_code == 404
    assert "correlations" in unknown.json()["detail"]


def test_the_page_of_a_framework(world):
    framework = world["run"].data_set.framework
    response = world["analyst"].get(address("framework-audit", framework.pk))
    context = response.context
    assert sum(row["leaves"] for row in context["levels"]) == len(world["leaves"])
    assert [row["data_set"].pk for row in context["data_sets"]] == [world["run"].data_set_id]
    assert context["data_sets"][0]["missing"] == "0.50 %"
    detail = world["analyst"].get(reverse("weighting:framework-detail", args=[framework.pk]))
    assert address("framework-audit", framework.pk).rstrip("?") in detail.content.decode()


def test_strangers_see_what_is_published_alone(world):
    data_set, stranger = world["run"].data_set, Client()
    names = ("data-set-audit", "data-set-audit-export", "framework-audit", "framework-audit-export")
    pks = {"data": data_set.pk, "framework": data_set.framework_id}

    def statuses():
        return {name: stranger.get(address(name, pks[name.split("-")[0]])).status_code for name in names}

    point = transaction.savepoint()
    assert set(statuses().values()) == {404}
    publish_framework(data_set.framework, actor=data_set.framework.created_by)
    page = stranger.get(address("framework-audit", data_set.framework_id))
    assert page.status_code == 200
    assert not page.context["data_sets"]
    publish_data_set(data_set, actor=data_set.created_by)
    assert set(statuses().values()) == {200}
    # Its ranking stands on weights that are not published.
    assert not stranger.get(address("data-set-audit", data_set.pk)).context["runs"]
    transaction.savepoint_rollback(point)
