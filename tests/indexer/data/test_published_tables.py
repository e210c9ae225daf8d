"""Tables of published indices come in as their publishers wrote them: by one command, and by clicking."""

import csv
import json
from dataclasses import dataclass, field
from io import StringIO
from itertools import compress
from pathlib import Path

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from indexer.models import City, DataImport, DataSet, Register
from indexer.selectors.stored_values import unpack_values
from tests.factories import make_account, make_framework, sign_in_staff
from weighting.enums import Role

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).parents[2] / "data" / "published"
GAPS = ("", "NA", "-")


@dataclass(frozen=True)
class Published:
    """A file, what is taken of it, and where its own columns hold that.

    ``of`` is what a column of a leaf is called, by leaf and year; ``unit`` and ``years`` are columns.
    ``said`` are choices for what the file leaves open, ``aside`` units that are left out.
    """

    file: str
    leaves: tuple[str, ...]
    unit: str
    year: str
    of: str = "{leaf}"
    years: str = ""
    is_of_countries: bool = True
    said: dict[str, str] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    skipped: int = 0

    def cells(self, year):
        """Return units and values by nothing but the csv module, (units,) and (units, leaves)."""
        lines = (FOLDER / self.file).read_text("utf-8-sig").splitlines()[self.skipped :]
        # Some rows are written into one cell each, as a whole.
        rows = [line[1:-1].replace('""', '"') if line[:2] == '"2' else line for line in lines]
        found = {}
        for row in csv.DictReader(StringIO("\n".join(rows))):
            label = row[self.unit]
            if label in (*self.aside, *self.without) or (self.years and row[self.years][:4] != year):
                continue
            texts = [row[self.of.format(leaf=leaf, year=year)] for leaf in self.leaves]
            found[label] = [
                np.nan if text in GAPS else float(text.replace(",", "").rstrip("%")) for text in texts
            ]
        return list(found), np.array(list(found.values()))


SCORES = ("quality_of_education", "alumni_employment", "publications", "citations", "patents")
TABLES = {
    "Human Development Index": Published(
        "hdi.csv", ("le", "eys", "mys", "gnipc"), "iso3", "all", of="{leaf}_{year}"
    ),
    "World Bank": Published(
        "gdp.csv", ("NY.GDP.MKTP.CD",), "Country Code", "2019", of="{year}",
        said={"aggregates": "left out"}, aside=("Channel Islands",), without=("ARB", "WLD", "CHI"), skipped=4,
    ),
    "Environmental Performance Index": Published(
        "epi_results.csv", ("TBN", "TBG", "SDA", "NXA", "SNM"), "iso", "2020", of="{leaf}.new",
        said={"suffix": "new"},
    ),
    "Human Freedom Index": Published(
        "hfi.csv", ("pf_rol", "pf_ss", "ef_legal", "ef_money"), "ISO_code", "all", years="year"
    ),
    "a panel of COINr": Published(
        "asem_panel.csv", ("LPI", "Flights", "Ship"), "uCode", "all", years="Time"
    ),
    "European cities": Published(
        "sdg_cities.csv", ("SDG1", "SDG2", "SDG3"), "city", "2019", is_of_countries=False
    ),
    "CWUR": Published("cwur.csv", SCORES, "university_name", "all", years="year", is_of_countries=False),
    "Times Higher Education": Published(
        "times.csv", ("teaching", "num_students", "international_students"), "university_name", "all",
        years="year", is_of_countries=False,
    ),
    "Shanghai": Published(
        "shanghai.csv", ("alumni", "award", "pcp"), "university_name", "all", years="year",
        is_of_countries=False,
    ),
}  # fmt: skip
YEARS = {
    "Human Development Index": ("2020", "2021"),
    "Human Freedom Index": ("2015", "2016"),
    "a panel of COINr": ("2018", "2019"),
}


def years_of(name):
    table = TABLES[name]
    return YEARS.get(name, ("2019", "2020")) if table.year == "all" else (table.year,)


def write_framework(folder, leaves):
    path = folder / "framework.csv"
    path.write_text("\n".join(["code,parent", *(f"{leaf}," for leaf in leaves)]) + "\n")
    return path


@pytest.mark.parametrize("name", TABLES)
def test_one_command_with_choices_reads_it_as_it_stands(tmp_path, name):
    table = TABLES[name]
    choices = tmp_path / "choices.json"
    choices.write_text(json.dumps({"reading": table.said, "units": dict.fromkeys(table.aside, "left out")}))
    call_command(
        "read_table", FOLDER / table.file, framework=write_framework(tmp_path, table.leaves),
        register="countries" if table.is_of_countries else None, year=table.year, choices=choices,
        out=tmp_path / "out",
    )  # fmt: skip
    for year in years_of(name):
        path = tmp_path / "out" / (f"data-{year}.csv" if table.year == "all" else "data.csv")
        head, *rows = csv.reader(path.open(encoding="utf-8-sig"))
        units, values = table.cells(year)
        found = [[float(cell or "nan") for cell in cells] for _unit, *cells in rows]
        assert head == ["unit", *table.leaves]
        if not table.is_of_countries:
            assert [unit for unit, *_cells in rows] == units
        np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("name", TABLES)
def test_clicking_stores_it_as_it_stands(client, tmp_path, name):
    table = TABLES[name]
    account = make_account(Role.ANALYST, username="anna")
    sign_in_staff(client, account)
    framework = make_framework(tree={leaf: {} for leaf in table.leaves}, owner=account)
    years = years_of(name)
    sent = {"framework": framework.pk, "name_en": name, "normalisation": "minmax", "missing": "reweight"}
    file = SimpleUploadedFile(table.file, (FOLDER / table.file).read_bytes())
    client.post(reverse("indexer:data-set-import"), {**sent, "year": years[0], "file": file})
    draft = DataImport.objects.get()
    register = reverse("indexer:import-register", args=[draft.pk])
    named = {"name_en": f"Units of {name}", "unit_en": "unit", "units_en": "units"}
    client.post(register, {"countries": "1"} if table.is_of_countries else named)
    draft.refresh_from_db()
    mapping = reverse("indexer:import-mapping", args=[draft.pk])
    if table.said:
        client.post(mapping, {f"reading-{key}": value for key, value in table.said.items()})
        draft.refresh_from_db()
    aside = {f"row-{draft.units.index(unit)}": "aside" for unit in table.aside}
    answer = client.post(mapping, {"leave-out-columns": "1", **aside})
    assert answer["Location"] == reverse("indexer:import-check", args=[draft.pk])
    store = reverse("indexer:import-store", args=[draft.pk])
    if name == "World Bank":
        # Without a value of the one indicator nothing can be computed of a country.
        client.post(store)
        assert not DataSet.objects.exists()
        client.post(mapping, {"reading-empty_units": "left out"})
    client.post(store, {"every_year": "1"} if table.year == "all" else {})
    editions = list(DataSet.objects.order_by("year"))
    assert [str(edition.year) for edition in editions] == list(years)
    for edition in editions:
        units, values = table.cells(str(edition.year))
        held = ~np.isnan(values).all(axis=1)
        units, values = list(compress(units, held)), values[held]
        stored = dict(zip(edition.city_ids, unpack_values(edition).tolist(), strict=True))
        cities = City.objects.in_bulk(stored)
        by_label = {
            cities[pk].code if table.is_of_countries else cities[pk].own_name: row
            for pk, row in stored.items()
        }
        assert set(by_label) == set(units)
        places = [edition.leaf_codes.index(leaf) for leaf in table.leaves]
        np.testing.assert_array_equal(np.array([by_label[unit] for unit in units])[:, places], values)
    assert Register.objects.get(pk=editions[0].series.register_id).name_en in (
        "Countries of the world", named["name_en"],
    )  # fmt: skip


def test_the_tree_and_weights_of_an_index_are_one_file_with_other_heads(tmp_path):
    """The Environmental Performance Index lists its tree with the weights beside it."""
    out = "left out"
    heads = {
        "Type": out,
        "Abbreviation": "code",
        "NextLevel": "parent",
        "MaterialityFilter": out,
        "Order": out,
    }

    def read(kind, **heads_of_kind):
        choices = tmp_path / f"{kind}.json"
        reading = {f"extra:{head}": to for head, to in {**heads, **heads_of_kind}.items()}
        choices.write_text(json.dumps({"reading": reading}))
        call_command(
            "read_table", FOLDER / "epi_weights.csv", kind=kind, choices=choices, out=tmp_path / kind,
            framework=tmp_path / "framework" / "framework.csv",
        )  # fmt: skip
        return list(csv.DictReader((tmp_path / kind / f"{kind}.csv").open(encoding="utf-8-sig")))

    nodes = read("framework", Variable="name_en", Weight=out)
    assert [(node["code"], node["parent"]) for node in nodes[:4]] == [
        ("EPI", ""), ("HLT", "EPI"), ("AIR", "HLT"), ("PMD", "AIR"),
    ]  # fmt: skip
    # The index itself has no weight there.
    rows = read("weights", Variable=out, Weight="local_weight")
    weights = {row["code"]: float(row["local_weight"]) for row in rows}
    assert (len(weights), weights["EPI"], weights["HLT"], weights["PMD"]) == (46, 1, 0.4, 0.55)
