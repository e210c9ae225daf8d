"""A register that is in use is corrected by an edition; what was computed before keeps what it had."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from indexer.models import City, DataSet, Province, Register, RegisterEdition, Run, UnitCorrection
from indexer.selectors.cities import Cities
from indexer.selectors.data_sets import cities_of, raw_data_of, structure_of, with_what_it_asks_for
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.register_editions import CorrectionFile, correct_register
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, sign_in_staff
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role
from weighting.exceptions import Refused

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

# Nanyang in Henan, Xi'an in Shaanxi, Garze in Sichuan, Luoyang in Henan.
MOVED = (
    "name_zh,name_en,code,province_zh,region_zh,latitude,longitude\n"
    "南阳市,Nan-yang,4113,陕西省,西北,33,112.5\n"
)


@pytest.fixture
def manager_browser(client):
    return sign_in_staff(client, make_account(Role.MANAGER, username="mona"))


@pytest.fixture
def run():
    made = make_runs(random_values(4), tilts=[None], missing="group_mean:province")[0]
    return Run.objects.select_related("data_set").get(pk=made.pk)


@pytest.fixture
def register(run):
    return Register.objects.get()


def correct(register, text, *, reason="Misspelt", **more):
    file = CorrectionFile(text.encode(), "corrected.csv")
    return correct_register(register, file=file, reason=reason, actor=make_account(Role.MANAGER), **more)


def test_the_register_says_the_new_and_the_run_what_it_was_computed_with(client, run, register):
    staff = sign_in_staff(client, make_account(Role.ANALYST))
    before = [(city.name_en, city.province.name_en, city.code) for city in Cities(run)]
    edition = correct(register, MOVED)
    assert (edition.number, edition.corrections.count(), edition.added) == (2, 1, 0)
    city = City.objects.select_related("province__region").get(code="4113")
    assert (city.name_en, city.province.name_en, city.latitude) == ("Nan-yang", "Shaanxi", 33)
    # Files that call it as before still find it.
    assert city.aliases == ["宛城", "Nanyang"]

    assert [(one.name_en, one.province.name_en, one.code) for one in Cities(run)] == before
    assert [one.name_en for one in cities_of(run.data_set)] == [name for name, *_rest in before]
    text = staff.get(reverse("indexer:run-detail", args=[run.pk])).content.decode()
    assert "Nanyang" in text
    assert "Nan-yang" not in text
    assert "edition 1 of the register" in text
    told = staff.get(f"/api/v1/runs/{run.pk}/ranking/").json()["results"]
    assert {row["unit_en"] for row in told} == {name for name, *_rest in before}
    file = staff.get(reverse("indexer:run-export", args=[run.pk]), {"format": "json"}).content.decode()
    assert "edition 2 corrects some of them" in file
    for name, key in (("run-places", run.pk), ("data-set-detail", run.data_set_id)):
        page = staff.get(reverse(f"indexer:{name}", args=[key])).content.decode()
        assert "Nan-yang" not in page
    assert "as in its edition 1; edition 2 corrects some units" in page


def test_what_is_stored_afterwards_goes_by_the_new_edition(run, register):
    correct(register, MOVED)
    old = run.data_set
    new = add_data_set(
        terms=EditionTerms(
            framework=old.framework, name_zh=old.name_zh, name_en=old.name_en, year=2020, method=old.method
        ),
        matrix=Matrix(old.city_ids, old.leaf_codes, random_values(4, seed=5), totals={}),
        actor=old.created_by,
    )
    compute_waiting_runs(new.pk)
    later = Run.objects.select_related("data_set").get(data_set=new)
    assert (old.register_edition, new.register_edition) == (1, 2)
    assert Cities(later)[0].name_en == "Nan-yang"
    # Both years stand beside each other: the unit is the same.
    assert old.city_ids == new.city_ids


def test_gaps_that_were_filled_by_place_stay_filled_as_they_were(run, register):
    data_set = DataSet.objects.get(pk=run.data_set_id)

    def groups():
        raw = raw_data_of(data_set, structure_of(data_set.framework_id))
        return with_what_it_asks_for(raw, data_set, run.method).groups["province"]

    before = groups()
    correct(register, MOVED)
    assert groups() == before


def test_several_editions_are_gone_back_one_by_one(run, register):
    correct(register, "name_en,was\nWan,Nanyang\n")
    correct(register, "name_en,was\nWancheng,Wan\n", reason="Once more")
    assert Cities(run)[0].name_en == "Nanyang"
    second = DataSet(city_ids=run.data_set.city_ids, register_edition=2)
    assert cities_of(second)[0].name_en == "Wan"
    register.refresh_from_db()
    assert (register.edition, City.objects.order_by("pk")[0].name_en) == (3, "Wancheng")


def test_units_are_added_when_that_is_said_and_refused_by_name_else(run, register):
    text = "name_zh,name_en,province_zh,region_zh\n南阳市,,,\n安阳市,Anyang,河南省,华中\n"
    with pytest.raises(Refused, match="The register has no “安阳市”"):
        correct(register, text)
    assert (City.objects.count(), RegisterEdition.objects.count()) == (4, 0)
    edition = correct(register, text, adds=True)
    assert (edition.added, City.objects.get(name_en="Anyang").province.name_en) == (1, "Henan")


def test_two_units_exchange_their_names_and_codes(register):
    correct(register, "name_zh,code\n南阳市,1\n洛阳市,2\n")
    correct(register, "name_zh,was,code\n洛阳市,南阳市,2\n南阳市,洛阳市,1\n", reason="Confused")
    first, last = City.objects.filter(province__name_en="Henan").order_by("pk")
    assert (first.name_zh, first.code, last.name_zh, last.code) == ("洛阳市", "2", "南阳市", "1")


def test_a_province_alone_is_the_one_that_there_is(register):
    correct(register, "name_en,province_en\nNanyang,Shaanxi\n")
    assert Province.objects.count() == 3
    assert City.objects.get(name_en="Nanyang").province.region.name_en == "Northwest"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name_en,was\nWan,Nowhere\n", "No unit of the register was called “Nowhere”"),
        ("name_en\nNanyang\n", "nothing is corrected"),
        ("name_en,was\nA,Nanyang\nB,南阳市\n", "Two rows correct Nanyang"),
        ("name_zh,was\n洛阳市,南阳市\n", "Two units of one place would be called “洛阳市”"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_kept(register, text, said):
    with pytest.raises(Refused, match=said):
        correct(register, text)
    register.refresh_from_db()
    assert (register.edition, UnitCorrection.objects.count()) == (1, 0)
    assert City.objects.filter(name_en="Nanyang", name_zh="南阳市").count() == 1


def test_the_code_of_one_unit_beside_the_name_of_another_is_refused(register):
    correct(register, "name_zh,code\n南阳市,1\n洛阳市,2\n")
    with pytest.raises(Refused, match="The code 1 of Luoyang is that of Nanyang"):
        correct(register, "name_zh,code\n洛阳市,1\n")
    with pytest.raises(Refused, match="Say why"):
        correct(register, "name_zh,code\n洛阳市,3\n", reason=" ")


def test_page_and_api_correct_with_a_reason_and_tell_it(manager_browser, register):
    address = reverse("indexer:register-correct", args=[register.pk])
    file = SimpleUploadedFile("c.csv", MOVED.encode())
    assert manager_browser.post(address, {"file": file}).status_code == 422
    file = SimpleUploadedFile("c.csv", MOVED.encode())
    page = manager_browser.post(address, {"file": file, "reason": "The ministry moved it."}, follow=True)
    text = page.content.decode()
    for said in ("The ministry moved it.", "Nanyang → Nan-yang", "Henan → Shaanxi", "Central → Northwest"):
        assert said in text
    assert "The ministry moved it." in manager_browser.get(f"/registers/{register.pk}/").content.decode()

    more = SimpleUploadedFile("c.csv", b"name_en,code\nLuoyang,4103\n")
    made = manager_browser.post(
        "/api/v1/register-corrections/", {"register": register.pk, "reason": "Code", "file": more}
    )
    assert (made.status_code, made.json()["number"], made.json()["corrected"]) == (201, 3, 1)
    told = manager_browser.get(f"/api/v1/registers/{register.pk}/editions/").json()["results"]
    assert [(one["number"], one["reason"]) for one in told] == [(3, "Code"), (2, "The ministry moved it.")]
    assert manager_browser.get(f"/api/v1/registers/{register.pk}/").json()["edition"] == 3
    data_set = DataSet.objects.get()
    assert manager_browser.get(f"/api/v1/datasets/{data_set.pk}/").json()["register_edition"] == 1
    units = manager_browser.get(f"/api/v1/registers/{register.pk}/corrections/").json()["results"]
    assert [one["edition"] for one in units] == [3, 2]
    assert units[0]["after"] == {"code": "4103"}
    assert (units[1]["before"]["province"], units[1]["after"]["province"]) == ("Henan", "Shaanxi")
    unknown = SimpleUploadedFile("c.csv", b"name_en,code\nAtlantis,9\n")
    refused = manager_browser.post(
        "/api/v1/register-corrections/", {"register": register.pk, "reason": "x", "file": unknown}
    )
    assert (refused.status_code, "Atlantis" in refused.content.decode()) == (422, True)


def test_the_command_does_the_same(register, tmp_path, capsys):
    make_account(Role.MANAGER, username="mona")
    file = tmp_path / "c.csv"
    file.write_text("name_en,was\nWan,Nanyang\n", encoding="utf-8")
    said = {"name_zh": register.name_zh, "reason": "Misspelt", "account": "mona"}
    call_command("correct_register", file, **said)
    assert "edition 2: 1 corrected, 0 added" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Say why the register is corrected"):
        call_command("correct_register", file, **{**said, "reason": " "})
    with pytest.raises(CommandError, match="There is no register"):
        call_command("correct_register", file, **{**said, "name_zh": "Nowhere"})


def test_pages_of_runs_take_no_further_query_where_nothing_was_corrected(
    client, run, django_assert_max_num_queries
):
    staff = sign_in_staff(client, make_account(Role.ANALYST))
    address = reverse("indexer:run-detail", args=[run.pk])
    with CaptureQueriesContext(connection) as plain:
        staff.get(address)
    correct(Register.objects.get(), MOVED)
    with CaptureQueriesContext(connection) as corrected:
        staff.get(address)
    assert len(corrected) <= len(plain) + 1
