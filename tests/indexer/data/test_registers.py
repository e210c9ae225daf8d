"""Registers by page and command, and imports by command."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import translation

from indexer.intake.registers import read_register
from indexer.models import City, DataSet, Province, Region, Register
from indexer.selectors.stored_values import unpack_values
from indexer.selectors.unit_names import UnitsOfRegister
from indexer.services.registers import register_cities
from tests.factories import make_account, make_framework, sign_in_staff
from weighting.enums import Role
from weighting.models import Account

pytestmark = pytest.mark.django_db
COUNTRIES = (
    "name_zh,name_en,code,region_zh,region_en,aliases,latitude,longitude\n"
    "法国,France,FR,欧洲,Europe,法兰西;法,48.86,2.35\n日本,Japan,JP,亚洲,Asia,,35.69,139.69\n"
    "图瓦卢,Tuvalu,TV,大洋洲,Oceania,,,\n"
)
WORDS = {
    "name_zh": "国家",
    "name_en": "Countries",
    "unit_zh": "国家",
    "unit_en": "country",
    "units_en": "countries",
}


@pytest.fixture
def analyst(client):
    return sign_in_staff(client, make_account(Role.ANALYST, username="anna"))


def send(client, text=COUNTRIES, **fields):
    file = SimpleUploadedFile("countries.csv", text.encode())
    return client.post(reverse("indexer:register-import"), {**WORDS, "file": file, **fields})


def test_a_register_of_countries_has_its_own_units_regions_and_word(analyst):
    response = send(analyst)
    register = Register.objects.get(name_en="Countries")
    assert response["Location"] == reverse("indexer:register-detail", args=[register.pk])
    france = City.objects.get(code="FR")
    assert (france.province.name_en, france.province.region.name_en) == ("Europe", "Europe")
    assert (france.aliases, france.latitude) == (["法兰西", "法"], 48.86)
    page = analyst.get(response["Location"]).content.decode()
    assert "3 countries" in page
    assert "Tuvalu" in page
    assert "country" in analyst.get(reverse("indexer:register-list")).content.decode()


def test_the_same_place_may_stand_in_two_registers_and_codes_do_not_clash(analyst):
    send(analyst)
    send(analyst, name_zh="国家二", name_en="Countries again")
    assert City.objects.filter(code="FR").count() == 2


def test_adding_to_a_register_completes_what_it_lacked_and_rewrites_nothing(analyst):
    send(analyst)
    register = Register.objects.get(name_en="Countries")
    more = (
        "name_zh,name_en,region_zh,region_en,latitude,longitude\n图瓦卢,Elsewhere,大洋洲,Oceania,-8.52,179.2\n"
        "斐济,Fiji,大洋洲,Oceania,,\n"
    )
    send(analyst, more, register=register.pk)
    tuvalu = City.objects.get(code="TV")
    assert (tuvalu.name_en, tuvalu.latitude) == ("Tuvalu", -8.52)
    assert register.cities.count() == 4


def test_everything_wrong_with_a_file_is_said_at_once_and_nothing_is_kept(analyst):
    wrong = "name_zh,code,latitude,longitude,colour\n,X,1,1,\n甲,A,91,0,\n乙,A,12,,\n甲,,x,1,\n"
    page = send(analyst, wrong)
    assert next(item["name"] for item in page.context["readings"]) == "reading-extra:colour"
    problems = [(p.row, p.column) for p in page.context["problems"]]
    assert problems == [
        *[(2, "name_zh"), (3, "latitude"), (3, "")],
        *[(4, ""), (4, "code"), (5, "latitude"), (5, ""), (5, "name_zh")],
    ]
    assert not Register.objects.filter(name_zh__in=["错", "国家"]).exists()


def test_a_code_that_another_unit_has_is_refused_by_name(analyst):
    send(analyst)
    register = Register.objects.get(name_en="Countries")
    response = send(analyst, "name_zh,code\n德国,FR\n", register=register.pk)
    assert response.status_code == 422
    assert "The code FR of 德国 is that of France." in response.content.decode()
    assert not City.objects.filter(name_zh="德国").exists()


@pytest.mark.parametrize("units", [1, 3])
def test_the_page_of_a_register_takes_the_same_queries_for_any_size(
    analyst, units, django_assert_num_queries
):
    send(analyst, "".join(COUNTRIES.splitlines(keepends=True)[: units + 1]))
    address = reverse("indexer:register-detail", args=[Register.objects.get(name_en="Countries").pk])
    analyst.get(address)  # shows the message of the import, which is then gone from the session
    # Session, account; the register, its groupings, how many units, the units, the groups of each.
    with django_assert_num_queries(8):
        analyst.get(address)


def test_the_commands_bring_in_a_register_and_long_data_about_it(analyst, tmp_path, capsys):
    framework = make_framework()
    register, data = tmp_path / "countries.csv", tmp_path / "data.csv"
    register.write_text(COUNTRIES, encoding="utf-8")
    call_command("import_register", register, account="anna", name_zh="国家", units_en="countries")
    leaves = ["fixed", "mobile", "retail", "finance", "travel"]
    lines = [f"{unit},{leaf},{n}" for n, unit in enumerate(["FR", "Japon", "World"], 1) for leaf in leaves]
    data.write_text("country,indicator,value\n" + "\n".join(lines) + "\n", encoding="utf-8")
    options = {
        "framework": framework.pk, "year": 2020, "account": "anna", "name_zh": "数据", "name_en": "Data",
        "register": "国家", "unit": ["World=totals"],
    }  # fmt: skip
    with pytest.raises(CommandError, match=r"row 7, Japon: The row stands for no unit yet"):
        call_command("import_data_set", data, **options)
    assert not DataSet.objects.exists()
    call_command("import_data_set", data, accept_suggestions=True, **options)
    data_set = DataSet.objects.get()
    assert [City.objects.get(pk=pk).code for pk in data_set.city_ids] == ["FR", "JP"]
    assert unpack_values(data_set).tolist() == [[1.0] * 5, [2.0] * 5]
    assert data_set.series.register.name_zh == "国家"
    assert "3 countries" in capsys.readouterr().out


def test_a_command_says_what_it_cannot_find(analyst, tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("unit,fixed\nA,1\n")
    with pytest.raises(CommandError, match="There is no framework with pk 99"):
        call_command(
            "import_data_set", path, framework=99, year=2020, account="anna", name_zh="x", name_en="x"
        )
    with pytest.raises(CommandError, match="There is no account"):
        call_command("import_register", path, account="nobody", name_zh="x")


def test_a_unit_without_coordinates_shows_a_dash_and_one_on_the_equator_a_nought(analyst):
    send(analyst)
    register = Register.objects.get(name_zh="国家")
    here = reverse("indexer:register-detail", args=[register.pk])
    City.objects.filter(register=register).update(latitude=None, longitude=None)
    unknown = analyst.get(here).content.decode()
    City.objects.filter(register=register).update(latitude=0, longitude=-0.25)
    known = analyst.get(here).content.decode()

    assert "None" not in unknown
    assert '<td class="num" data-label="Latitude">–</td>' in unknown
    assert '<td class="num" data-label="Latitude">0.0</td>' in known
    assert '<td class="num" data-label="Longitude">-0.25</td>' in known


@pytest.mark.parametrize(("column", "name"), [("name_en", "France"), ("name_zh", "法国")])
def test_a_register_in_one_language_keeps_the_other_empty_and_is_completed_under_its_name(
    analyst, tmp_path, column, name
):
    file = tmp_path / "units.csv"
    file.write_text(f"{column},region_{column[-2:]}\n{name},EU\n", encoding="utf-8")
    named = {"account": "anna", column: "Parts of the world"}
    call_command("import_register", file, **named)
    file.write_text(f"{column},region_{column[-2:]},code\n{name},EU,FR\n", encoding="utf-8")
    call_command("import_register", file, **named)

    register, city = Register.objects.get(), City.objects.get()
    other = {"name_en": "name_zh", "name_zh": "name_en"}[column]
    things = (register, city, city.province, city.province.region)
    assert [getattr(thing, other) for thing in things] == [""] * 4
    assert (city.own_name, city.name, city.other_name, city.code) == (name, name, "", "FR")
    (shown,) = UnitsOfRegister(register)
    assert (shown.label, shown.shown) == (name, name)


def test_a_register_file_without_any_name_says_so(analyst):
    for text in ("code\nFR\n", "name_zh,name_en,code\n,,FR\n"):
        refused = send(analyst, text)
        assert refused.status_code == 422
        if "name" not in text:
            assert [problem.column for problem in refused.context["problems"]] == ["name"]
    assert not City.objects.exists()


def test_units_are_called_in_no_language_what_nobody_called_them(client):
    """A word of cities that stood in the form before would call hospitals so in the other language."""
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    form = analyst.get(reverse("indexer:register-import")).context["form"]
    words = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    file = SimpleUploadedFile("units.csv", b"name_en\nSt Mary & All Saints\n")
    sent = {**words, "name_en": "Hospitals", "unit_en": "hospital", "units_en": "hospitals", "file": file}
    page = analyst.post(
        reverse("indexer:register-import"), sent, headers={"accept-language": "zh-hans"}, follow=True
    )

    assert Register.objects.get(name_en="Hospitals").unit_zh == ""
    assert "城市" not in page.content.decode()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_places_and_units_are_recognised_by_their_name_in_either_language(analyst, language):
    whole = (
        "name_zh,name_en,province_zh,province_en,region_zh,region_en\n"
        "南阳市,Nanyang,河南省,Henan,华中,Central\n西安市,Xi'an,陕西省,Shaanxi,西北,Northwest\n"
    )
    send(analyst, whole)
    register = Register.objects.get(name_en="Countries")
    half = {
        "zh": "name_zh,province_zh,region_zh,code\n南阳市,河南省,华中,4113\n洛阳市,河南省,华中,4103\n",
        "en": "name_en,province_en,region_en,code\nNanyang,Henan,Central,4113\nLuoyang,Henan,Central,4103\n",
    }
    send(analyst, half[language], register=register.pk)
    assert (Region.objects.count(), Province.objects.count(), City.objects.count()) == (2, 2, 3)
    assert City.objects.get(code="4113").name_zh == "南阳市"
    assert City.objects.get(code="4103").province == City.objects.get(code="4113").province


def test_a_place_known_in_one_language_takes_over_its_name_in_the_other(analyst):
    send(analyst, "name_en,province_en,region_en\nNanyang,Henan,Central\n")
    register = Register.objects.get(name_en="Countries")
    whole = (
        "name_zh,name_en,province_zh,province_en,region_zh,region_en\n"
        "南阳市,Nanyang,河南省,Henan,华中,Central\n"
    )
    send(analyst, whole, register=register.pk)
    (city,) = City.objects.select_related("province__region")
    names = [(one.name_zh, one.name_en) for one in (city, city.province, city.province.region)]
    assert names == [("南阳市", "Nanyang"), ("河南省", "Henan"), ("华中", "Central")]
    # It is found by the name that it took over.
    assert "南阳" in city.folded_names


def test_a_unit_that_one_file_names_in_either_language_is_one(analyst):
    twice = "name_zh,name_en,region_en,code\n,Nanyang,Central,\n南阳市,Nanyang,Central,4113\n"
    send(analyst, twice)
    (city,) = City.objects.all()
    assert (city.name_zh, city.name_en, city.code) == ("南阳市", "Nanyang", "4113")


HIDDEN = ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u200d", "\u034f", "\ufe0f", "\U000e0041"]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_looks_the_same_is_one_unit_and_one_group(analyst, hidden):
    """Two rows of one unit that nobody can tell apart would let one stand for the other."""
    alike = f"name_en,province\nWuhan,Hubei\nWu{hidden}han,Hubei\n"
    assert send(analyst, alike, name_en="Twice").status_code == 422
    apart = f"name_en,province\nWuhan,Hubei\nWu{hidden}han,Hu{hidden}bei\n"
    assert send(analyst, apart, name_en="Twice").status_code == 422
    assert not City.objects.exists()

    assert send(analyst, "name_en,province\nWuhan,Hubei\n").status_code == 302
    register = Register.objects.get()
    register_cities(
        read_register(
            f"name_en,province,code\nWu{hidden}han,Hubei{hidden},WH\nYichang,Hu{hidden}bei,\n".encode(),
            "more.csv",
            everything=("", "World"),
        ),
        actor=Account.objects.get(),
        register=register,
    )
    assert list(City.objects.order_by("pk").values_list("name_en", "code")) == [
        ("Wuhan", "WH"),
        ("Yichang", ""),
    ]
    assert Province.objects.count() == 1


def test_two_places_of_one_english_name_stay_two(analyst):
    same = "name_zh,name_en,region_zh,region_en\n甲,A,陕西,Shaanxi\n乙,B,山西,Shaanxi\n"
    send(analyst, same)
    register = Register.objects.get(name_en="Countries")
    assert Region.objects.count() == 2
    # English alone cannot say which: it is a third one, as it always was.
    send(analyst, "name_en,region_en\nC,Shaanxi\n", register=register.pk)
    assert Region.objects.count() == 3


@pytest.mark.parametrize(
    ("words", "called"),
    [
        ({}, ("地区", "region")),
        ({"region_en": "continent"}, ("", "continent")),
        ({"province_en": "realm", "region_en": "continent"}, ("", "realm")),
    ],
)
def test_the_only_groups_of_a_file_are_called_what_the_file_calls_them(analyst, words, called):
    send(analyst, **words)
    register = Register.objects.get(name_en="Countries")
    assert (register.province_zh, register.province_en) == called


@pytest.mark.parametrize(
    ("unit", "units", "called"),
    [
        ("river", "", "rivers"),
        ("county", "", "counties"),
        ("bay", "", "bays"),
        ("church", "", "churches"),
        ("Kreis", "Kreise", "Kreise"),
        ("", "", "units"),
    ],
)
def test_several_units_are_called_after_one(unit, units, called):
    with translation.override("en"):
        assert Register(unit_en=unit, units_en=units).units == called
        assert Register(unit_en=unit, units_en=units).unit == (unit or "unit")
