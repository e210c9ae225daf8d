"""Small tables as people have them have their right answer by command and by page, with the same choices."""

import csv
import json
import math

import numpy as np
import pytest
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse

from indexer.models import City, DataImport
from indexer.selectors.data_imports import decisions_of
from indexer.selectors.import_reviews import review_of
from indexer.services.data_imports import Terms, start_import
from indexer.services.import_reading import DataFile
from indexer.services.methods import use_method
from tests.factories import make_account, make_framework, sign_in_staff

pytestmark = pytest.mark.django_db
NAN = math.nan
UNITS = {"Albania": (76.5, 13.2), "Namibia": (59.3, 8.6)}


def table(rows=UNITS, heads=("country", "a", "b"), mark=",", point="."):
    """Write a table in a dialect, with cells that are no numbers as they are."""
    lines = [heads, *((name, *cells) for name, cells in rows.items())]
    cells = [[str(c).replace(".", point) if isinstance(c, float) else str(c) for c in line] for line in lines]
    return "\n".join(mark.join(f'"{c}"' if mark in c else c for c in line) for line in cells) + "\n"


ACCENTS = {**UNITS, "Côte d'Ivoire": (58.6, 5.2), "São Tomé and Príncipe": (67.6, 4.0)}
WORDS = {"Albania": (76.5, "NA"), "Namibia": ("..", 8.6), "Chad": ("n/a", "-")}
CASES = {
    "semicolons and decimal commas": (table(mark=";", point=","), {}, UNITS),
    "quoted decimal commas alone": (
        table({"Albania": (0.765, 13.2), "Namibia": (0.593, 8.6)}, point=","), {},
        {"Albania": (0.765, 13.2), "Namibia": (0.593, 8.6)},
    ),
    "Latin-1": (table(ACCENTS).encode("latin-1"), {}, ACCENTS),
    "UTF-16": (table(ACCENTS).encode("utf-16"), {}, ACCENTS),
    "UTF-16 with tabs": (table(ACCENTS, mark="\t").encode("utf-16"), {}, ACCENTS),
    "a title and notes": ("Table 1. Lives,,\n,,\n" + table() + ",,\nNotes: a. Of 2021,,\n", {}, UNITS),
    "percent": (table({"Albania": ("45%", 13.2), "Namibia": ("59.3%", 8.6)}), {},
                {"Albania": (45, 13.2), "Namibia": (59.3, 8.6)}),
    "percent as fractions": (
        table({"Albania": ("45%", 13.2), "Namibia": ("59.3%", 8.6)}), {"percent:a": "fraction"},
        {"Albania": (0.45, 13.2), "Namibia": (0.593, 8.6)},
    ),
    "thousands": (table({"Albania": (76.5, "14,131"), "Namibia": (59.3, "8,634")}), {},
                  {"Albania": (76.5, 14131), "Namibia": (59.3, 8634)}),
    "codes of three letters": (table({"ALB": UNITS["Albania"], "NAM": UNITS["Namibia"]}), {}, UNITS),
    "words for gaps": (table(WORDS), {}, {"Albania": (76.5, NAN), "Namibia": (NAN, 8.6), "Chad": (NAN, NAN)}),
    "a code for missing": (table({**UNITS, "Albania": (76.5, -999)}), {"code:-999": "gap"},
                           {**UNITS, "Albania": (76.5, NAN)}),
    "years in columns": (
        table({"Albania": (76.9, 76.5, 13.0, 13.2)}, ("country", "a_2020", "a_2021", "b_2020", "b_2021")),
        {"year": "2020"}, {"Albania": (76.9, 13.0)},
    ),
    "a unit behind every number": (
        table({"Albania": ("76.5 years", 13.2), "Namibia": ("59.3 years", 8.6)}), {}, UNITS,
    ),
    "words that multiply": (
        table({"Albania": ("3.5万", "4.1 million"), "Namibia": ("1.2亿", "12 million")}),
        {"words:a": "multiply", "words:b": "multiply"}, {"Albania": (35000, 4.1e6), "Namibia": (1.2e8, 12e6)},
    ),
    "words that are left out": (
        table({"Albania": (76.5, "4.1 million"), "Namibia": (59.3, "12 million")}), {"words:b": "drop"},
        {"Albania": (76.5, 4.1), "Namibia": (59.3, 12)},
    ),
    "accounts": (
        table({"Albania": ("123-", "(123)"), "Namibia": (59.3, 8.6)}),
        {"minus:a": "negative", "brackets:b": "negative"}, {"Albania": (-123, -123), "Namibia": (59.3, 8.6)},
    ),
    "numbers that are spelt, and fractions": (
        table({"Albania": ("三万", "1/2"), "Namibia": ("一百零五", "3½")}),
        {"spelt:a": "number", "spelt:b": "number"}, {"Albania": (30000, 0.5), "Namibia": (105, 3.5)},
    ),
    "yes and no": (
        table({"Albania": ("yes", "有"), "Namibia": ("no", "无")}),
        {"truth:a": "number", "truth:b": "number"},
        {"Albania": (1, 1), "Namibia": (0, 0)},
    ),
    "columns that are numbered": (table({"A": (1, 2), **UNITS}), {}, UNITS),
    "tables side by side": (
        "country,a,b,,city,c\nAlbania,76.5,13.2,,Tirana,5\nNamibia,59.3,8.6,,Windhoek,6\n",
        {"table": "1"}, UNITS,
    ),
    "tables below one another": (
        "country,a,b\nAlbania,76.5,13.2\nNamibia,59.3,8.6\n\ncity,c,d\nTirana,5,6\n", {"below": "1"}, UNITS,
    ),
    "a wider table below": (
        "Table 1\ncountry,a,b\nAlbania,76.5,13.2\nNamibia,59.3,8.6\n\n"
        "Table 2\ncity,c,d,e,f,g,h\nTirana,5,6,7,8,9,1\n",
        {"below": "1"}, UNITS,
    ),
    "an index column": (
        table({"0": ("Albania", 76.5, 13.2), "1": ("Namibia", 59.3, 8.6)}, ("", "country", "a", "b")),
        {}, UNITS,
    ),
    "sums of units": (table({**UNITS, "World": (71.4, 16.7), "Arab States": (70.9, 13.5)}),
                      {"aggregates": "left out"}, UNITS),
    "codes beside names": (
        table({"ALB": ("Albania", "ECA", 76.5, 13.2), "NAM": ("Namibia", "SSA", 59.3, 8.6)},
              ("iso3", "country", "region", "a", "b")), {}, UNITS,
    ),
    "footnotes and blanks": (
        table({"Albania (1)": UNITS["Albania"], "Namibia ": UNITS["Namibia"]}),
        {}, UNITS,
    ),
    "Excel's own hint": ("sep=,\n" + table(), {}, UNITS),
    "exponents": (
        table({"Albania": ("7.65E+01", 13.2), "Namibia": (59.3, 8.6)}, ("Country", "A", "B")),
        {}, UNITS,
    ),
    "a unit without any value": (table({**UNITS, "Chad": ("", "")}), {}, {**UNITS, "Chad": (NAN, NAN)}),
    "a unit without any value left out": (
        table({**UNITS, "Chad": ("", "")}),
        {"empty_units": "left out"}, UNITS,
    ),
    "Namibia is no gap": (
        table({"AL": UNITS["Albania"], "NA": UNITS["Namibia"]}, ("iso2", "a", "b")),
        {}, UNITS,
    ),
}  # fmt: skip


def content_of(case):
    text, choices, expected = CASES[case]
    return text if isinstance(text, bytes) else text.encode(), choices, expected


@pytest.mark.parametrize("case", CASES)
def test_the_command_writes_the_right_table(tmp_path, case):
    content, choices, expected = content_of(case)
    (tmp_path / "framework.csv").write_text("code,parent\na,\nb,\n")
    (tmp_path / "choices.json").write_text(json.dumps({"reading": choices}))
    (tmp_path / "t.csv").write_bytes(content)
    call_command(
        "read_table", tmp_path / "t.csv", framework=tmp_path / "framework.csv", register="countries",
        choices=tmp_path / "choices.json", out=tmp_path / "out",
    )  # fmt: skip
    rows = list(csv.reader((tmp_path / "out" / "data.csv").open(encoding="utf-8-sig")))
    found = {name: [float(cell or "nan") for cell in cells] for name, *cells in rows[1:]}
    assert list(map(name_of, found)) == list(map(name_of, expected))
    np.testing.assert_array_equal(list(found.values()), list(expected.values()))


def name_of(written):
    """Return the first word of the unit that a file names, by a code or in any of its spellings."""
    code = {"ALB": "Albania", "NAM": "Namibia", "AL": "Albania", "NA": "Namibia"}
    return code.get(written, written).split(" ")[0]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The countries and a framework of two leaves, once for the file: every draft is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        account = make_account(username="mia")
        call_command("import_register", countries=True, account="mia", verbosity=0)
        yield make_framework(tree={"a": {}, "b": {}}, owner=account), account
        transaction.set_rollback(True)


@pytest.mark.parametrize("case", CASES)
def test_the_page_settles_the_same_table(client, world, case):
    framework, account = world
    content, choices, expected = content_of(case)
    register = City.objects.get(code="NAM").register
    terms = Terms(framework=framework, register=register, year=2019, method=use_method(), name_en="Data")
    draft = start_import(data=DataFile(content, "t.csv"), totals=None, terms=terms, actor=account)
    sign_in_staff(client, account)
    mapping = reverse("indexer:import-mapping", args=[draft.pk])
    assert {made.key for made in decisions_of(draft) if made.is_open} <= set(choices)
    if choices:
        client.post(mapping, {f"reading-{key}": value for key, value in choices.items()})
    assert client.get(mapping).context["readings_open"] == 0
    content = review_of(DataImport.objects.get(pk=draft.pk)).content
    names = dict(City.objects.filter(register=register).values_list("pk", "name_en"))
    found = dict(zip((names[int(key)] for key in content.keys), content.values.tolist(), strict=True))
    assert list(map(name_of, found)) == list(map(name_of, expected))
    np.testing.assert_array_equal(list(found.values()), list(expected.values()))


def test_near_names_are_never_taken_without_a_look(tmp_path):
    (tmp_path / "framework.csv").write_text("code,parent\na,\nb,\n")
    rows = {"Niger": (61, 1.2), "Nigeria": (52, 4.8), "Congo Dem. Rep.": (59, 1.0), "Korea": (83, 44)}
    (tmp_path / "t.csv").write_text(table(rows))
    with pytest.raises(SystemExit):
        call_command(
            "read_table", tmp_path / "t.csv", framework=tmp_path / "framework.csv", register="countries",
            out=tmp_path / "out",
        )  # fmt: skip
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert len(report["to_settle"]) == 1
    assert "Korea" in report["to_settle"][0]
    written = list(csv.reader((tmp_path / "out" / "data.csv").open(encoding="utf-8-sig")))
    assert [row[0] for row in written[1:]][:2] == ["Niger", "Nigeria"]
