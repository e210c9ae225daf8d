"""Tables of which little or nothing is recognised: every step answers, and the draft stays whole."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.models import DataImport, DataSet
from indexer.selectors.data_imports import sheet_of
from indexer.services.registers import default_register
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.data.reading import read
from tests.indexer.finished_runs import register_places
from weighting.enums import Role

pytestmark = pytest.mark.django_db
IMPORTS = "/api/v1/imports/"
TABLES = {
    "semicolons and decimal commas": "country;fixed;mobile\nNanyang;76,5;13,2\nLuoyang;59,3;8,6\n",
    "quoted decimal commas": 'country,fixed,mobile\n南阳,"0,765","13,2"\n洛阳,"0,593","8,6"\n',
    "a title above": "Table 1. Development,,\n,,\nCountry,fixed,mobile\n南阳,1,2\n洛阳,3,4\nSource: x,,\n",
    "two header rows": ",Infrastructure,\n,fixed,mobile\n南阳,1,2\n洛阳,3,4\n",
    "years in the columns": "country,fixed_2020,fixed_2021\n南阳,76.9,76.5\n洛阳,62.8,59.3\n",
    "years alone": "country,2020,2021\n南阳,76.9,76.5\n洛阳,62.8,59.3\n",
    "percent signs": "country,fixed,mobile\n南阳,45%,13.2\n洛阳,59.3%,8.6\n",
    "an index column": ",country,fixed,mobile\n0,南阳,76.5,13.2\n1,洛阳,59.3,8.6\n",
    "Excel's hint": "sep=,\ncountry,fixed,mobile\n南阳,76.5,13.2\n",
    "a unit without a value": "country,fixed,mobile\n南阳,76.5,13.2\n洛阳,,\n",
    "words for gaps": "country,fixed,mobile\n南阳,76.5,NA\n洛阳,..,8.6\n",
    "columns without a name": ",,\n南阳,1,2\n",
    "no known column": "country,p,q\n南阳,1,2\n洛阳,3,4\n",
    "no known row": "country,fixed,mobile\nx,1,2\ny,3,4\n",
    "nothing known": "k,p,q\nx,1,2\n",
    "text alone": "city,a\nBeijing,n/a\nTianjin,n/a\n",
    "one row": "city,fixed\n南阳,1\n",
    "no row": "city,fixed\n",
    "one column": "city\n南阳\n洛阳\n",
    "empty cells": "city,fixed,mobile\n,,\n南阳,,\n洛阳,,\n",
    "a known column, all empty": "city,fixed,mobile,retail,finance,travel\n南阳,,,,,\n洛阳,,,,,\n",
    "huge numbers": "city,fixed\n南阳,1.7e308\n洛阳,-1.7e308\n",
    "too large a number": "city,fixed\n南阳,1e400\n洛阳,2\n",
    "long, of unknown units": "unit,indicator,value\nx,p,1\n",
    "empty": "",
    "no end to the quotes": 'city,fixed\n"南阳,1\n',
}  # fmt: skip


@pytest.fixture
def framework(client):
    framework = make_framework()
    register_places(4, actor=framework.created_by)
    sign_in_staff(client, make_account(Role.ANALYST))
    return framework


def terms(framework, data, **files):
    return {
        "framework": framework.pk,
        "register": default_register().pk,
        "name_zh": "数据",
        "name_en": "Data",
        "year": 2016,
        "file": SimpleUploadedFile("data.csv", data.encode()),
        **files,
    }


def walk(client, framework, data, **method):
    """Send a table in and take every step; return the findings, or the problems where it is refused."""
    editions = DataSet.objects.count()
    answer = client.post(IMPORTS, terms(framework, data, **method))
    assert answer.status_code in (201, 422), answer.content
    body = answer.json()
    if answer.status_code == 422:
        assert body["problems"]
        assert all(problem["message"] for problem in body["problems"])
        assert not DataImport.objects.exists()
        return body["problems"]
    pk = body["id"]
    addresses = [reverse(f"indexer:import-{name}", args=[pk]) for name in ("mapping", "check", "terms")]
    reports = [
        reverse("indexer:import-report", args=[pk]) + f"?format={kind}" for kind in ("csv", "xlsx", "json")
    ]
    for address in [*addresses, *reports, reverse("indexer:api-import", args=[pk])]:
        assert client.get(address).status_code == 200, address
    everything = {f"column-{place}": "" for place in range(len(body["columns"]))}
    assert client.post(addresses[0], everything).status_code in (302, 422)
    taken = client.patch(
        reverse("indexer:api-import", args=[pk]),
        {"accept_suggestions": True},
        content_type="application/json",
    )
    assert taken.status_code == 200
    stored = client.post(reverse("indexer:api-import-store", args=[pk]))
    assert stored.status_code in (201, 422)
    assert taken.json()["can_be_stored"] == (stored.status_code == 201)
    # The draft goes when an edition came of it, and never otherwise.
    assert DataImport.objects.filter(pk=pk).exists() == (stored.status_code == 422)
    assert DataSet.objects.count() == editions + (stored.status_code == 201)
    if stored.status_code == 422:
        assert client.get(addresses[1]).status_code == 200
        assert client.post(reverse("indexer:import-store", args=[pk])).status_code == 302
        assert client.delete(reverse("indexer:api-import", args=[pk])).status_code == 204
    return body["findings"]


@pytest.mark.parametrize(
    "method", [{}, {"normalisation": "minmax", "missing": "mean"}], ids=["share", "bounds"]
)
@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_people_have_is_answered_at_every_step(client, framework, name, method):
    found = walk(client, framework, TABLES[name], **method)
    assert found
    assert all(finding["message"] for finding in found)


CELLS = st.sampled_from(["", "1", "0", "-2", "1,5", "1e400", "1.7e308", "n/a", "45%", "x", "2020", " "])
HEADS = st.sampled_from(["", "fixed", "mobile", "retail", "city", "p", "2020", "value", "indicator", "total"])
UNITS = st.sampled_from(["南阳", "洛阳", "", "x", "全国", "Nanyang"])


@st.composite
def tables(draw):
    """Draw any small table of known and unknown heads, units and cells."""
    width = draw(st.integers(0, 6))
    lines = [
        [draw(st.sampled_from(["city", "", "k"])), *draw(st.lists(HEADS, min_size=width, max_size=width))]
    ]
    for _row in range(draw(st.integers(0, 5))):
        lines.append([draw(UNITS), *draw(st.lists(CELLS, min_size=width, max_size=width))])
    return "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables(), missing=st.sampled_from(["refuse", "mean"]))
def test_any_table_is_answered_at_every_step(client, framework, table, missing):
    walk(client, framework, table, normalisation="minmax", missing=missing)


def make_a_register(client, framework, data):
    """Send a table whose units no register is said to have, and make one of them, each column tried."""
    sent = {"framework": framework.pk, "name_en": "Data", "year": "2020", "normalisation": "minmax"}
    sent["file"] = SimpleUploadedFile("data.csv", data.encode())
    client.post(reverse("indexer:data-set-import"), sent)
    draft = DataImport.objects.order_by("pk").last()
    if draft is None:
        return
    address, detail = (
        reverse(f"indexer:{name}", args=[draft.pk]) for name in ("import-register", "api-import")
    )
    assert client.get(address).status_code in (200, 302)
    for place, head in enumerate(["", *draft.columns]):
        wanted = {"name_en": f"Register {place}", "code": head, "group": head}
        answer = client.patch(detail, {"new_register": wanted}, content_type="application/json")
        assert answer.status_code in (200, 422), head
    assert client.post(address, {"name_en": "By page"}).status_code in (302, 422)
    for name in ("import-mapping", "import-check"):
        assert client.get(reverse(f"indexer:{name}", args=[draft.pk])).status_code in (200, 302)
    draft.delete()


@pytest.mark.parametrize("name", TABLES)
def test_a_register_is_made_of_any_table_that_people_have_or_refused(client, framework, name):
    make_a_register(client, framework, TABLES[name])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables())
def test_a_register_is_made_of_any_table_or_refused(client, framework, table):
    with transaction.atomic():
        make_a_register(client, framework, table)
        transaction.set_rollback(True)


def test_a_comma_that_nothing_tells_is_asked_about(client, framework):
    data = 'unit,fixed,mobile,retail,finance,travel\n南阳,1,"2,400",3,4,5\n洛阳,2,"1,300",4,5,6\n'
    body = client.post(IMPORTS, terms(framework, data)).json()
    (asked,) = [finding for finding in body["findings"] if finding["rule"] == "undecided"]
    assert (asked["column"], asked["value"]) == ("mobile", "2,400, 1,300")
    detail = reverse("indexer:api-import", args=[body["id"]])
    for mark, values in ((",", [2.4, 1.3]), (".", [2400, 1300])):
        sent = {"choices": {"decimal:mobile": mark}}
        settled = client.patch(detail, sent, content_type="application/json").json()
        assert settled["can_be_stored"]
        assert sheet_of(DataImport.objects.get()).values[:, 1].tolist() == values
    wrong = client.patch(detail, {"choices": {"decimal:mobile": ";"}}, content_type="application/json")
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("table", "heads"),
    [
        ("unit,pop,pop_2015,pop_2016\nx,1,2,3\ny,2,3,4\n", ("pop", "pop_2016")),
        ("unit,pop,2015 / pop,2016 / pop,gdp_2015,gdp_2016\nx,1,2,3,4,5\n", ("pop", "2016 / pop", "gdp")),
        ("unit,pop_2015,pop_2016,pop 2016\nx,1,2,3\ny,2,3,4\n", ("pop_2016", "pop 2016")),
        ("unit,indicator,value\nx,,1\nx,(column 1),2\ny,,3\n", ("(column 1)", "(column 1) (2)")),
        ("unit,a,a (2),a\nx,1,2,3\n", ("a", "a (2)", "a (3)")),
    ],
    ids=["a year left off", "below the year", "twice in one year", "a name that stands for none", "numbered"],
)
def test_two_columns_never_come_to_one_name(table, heads):
    sheet, _open, _likely = read(table)

    assert sheet.columns == heads
