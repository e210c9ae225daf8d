"""The last value of an earlier edition, carried into a gap by choice, and flagged wherever it is shown."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from indexer.models import DataSeries, DataSet, Run
from indexer.numeric.method.preparation import CARRIED, IMPUTED
from indexer.selectors.preparations import record_of
from indexer.services.registers import default_register
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_cities, make_version
from weighting.enums import Role
from weighting.services.api_tokens import make_api_token

pytestmark = pytest.mark.django_db

IMPORTS = "/api/v1/imports/"
YEARS = {
    2018: "unit,a,b\n城市001,1,20\n城市002,7,50\n",
    2019: "unit,a,b\n城市001,2,30\n城市002,,60\n",
    2020: "unit,a,b\n城市001,3,\n城市002,,70\n",
}


@pytest.fixture
def owner():
    return make_account(Role.ANALYST)


@pytest.fixture
def send(client, owner):
    """Send the file of a year in, as an edition of the series once there is one; return the import."""
    framework = make_framework({"a": {}, "b": {}})
    make_cities(2, actor=owner)
    headers = {"Authorization": f"Bearer {make_api_token(owner, name='t')}"}

    def send_year(year, **said):
        series = DataSeries.objects.first()
        about = {"series": series.pk} if series else {"name_en": "D", "register": default_register().pk}
        file = SimpleUploadedFile(f"{year}.csv", YEARS[year].encode())
        sent = {"framework": framework.pk, "year": year, "file": file, **about, **said}
        answer = client.post(IMPORTS, sent, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def store(year, **said):
        address = reverse("indexer:api-import-store", args=[send_year(year, **said)["id"]])
        answer = client.post(address, headers=headers)
        assert answer.status_code == 201, answer.text
        return DataSet.objects.get(pk=answer.json()["id"])

    send_year.store, send_year.framework, send_year.headers = store, framework, headers
    return send_year


def test_a_gap_takes_the_last_value_over_editions_and_shows_it_everywhere(client, owner, send):
    choice = {"normalisation": "none", "missing": "last_value"}
    for year in YEARS:
        edition = send.store(year, **{**choice, "missing": "reweight"} if year == 2018 else choice)
    # What was given stays as it was given: filled in is what is computed with.
    assert edition.mapping["gaps"] == []
    make_version(send.framework)
    compute_waiting_runs(edition.pk)
    run = Run.objects.get(data_set=edition)
    both = IMPUTED | CARRIED
    assert record_of(run).cells.tolist() == [[0, both], [both, 0]]

    answer = client.get(reverse("indexer:api-run-node-ranking", args=[run.pk, "a"]), headers=send.headers)
    found = {row["unit"]: (row["score"], row["changes"]) for row in answer.json()["results"]}
    assert sorted(found.values()) == [(3, []), (7, ["imputed", "carried"])]

    sign_in_staff(client, owner)
    page = client.get(reverse("indexer:run-detail", args=[run.pk]), {"node": "a"})
    assert 'title="last value of an earlier edition"' in page.text
    assert "2 of those filled in have their last value of an earlier edition." in page.text
    address = reverse("indexer:run-export", args=[run.pk])
    file = client.get(address, {"node": "a", "format": "csv"}).content.decode("utf-8-sig")
    assert (
        sum("last value of an earlier edition" in ",".join(row) for row in csv.reader(io.StringIO(file))) == 1
    )


def test_what_no_earlier_edition_has_keeps_the_import_back(send):
    send.store(2019, missing="reweight", normalisation="none")
    body = send(2020, missing="last_value", normalisation="none")
    found = [(one["rule"], one["column"], one["message"]) for one in body["findings"]]
    message = "No earlier edition has the value. Fill it in or choose another imputation."
    assert ("not_computable", "a", message) in found
    assert "b" not in {column for _rule, column, message_ in found if message_ == message}
