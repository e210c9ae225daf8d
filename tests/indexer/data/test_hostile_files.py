"""Files made to hurt: each is refused in little memory, with what is wrong and what to do."""

import json
import os
import re
import subprocess
import sys
import zipfile
from io import BytesIO

import pyarrow
import pytest
from openpyxl import Workbook
from pyarrow import parquet

MEGABYTE = 1024 * 1024
MOST_MEMORY = 256
# Each file is read in a process of its own, forked from one that has nothing but the product in memory:
# the high-water mark of a fork begins at what it was given, and is its own from then on.
READ = """
import json, os, resource, sys, time
import django
django.setup()
from pathlib import Path
from indexer.intake.files import read_file
from indexer.intake.sheets import read_sheet
from weighting.readers import ProblemLog
import pyarrow.parquet
for place in sys.argv[1:]:
    sys.stdout.flush()
    if os.fork():
        os.wait()
        continue
    log, started = ProblemLog(Path(place).name), time.monotonic()
    file = read_file(Path(place), place, log)
    sheet = read_sheet(file, log) if file else None
    seconds = time.monotonic() - started
    status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    print(json.dumps({
        "place": place,
        "seconds": seconds,
        "megabytes": int(status["VmHWM"].split()[0]) / 1024,
        "confined": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        "read": sheet is not None,
        "problems": [str(problem) for problem in log.problems[:50]],
    }))
    sys.stdout.flush()
    os._exit(0)
"""
SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def book(*rows):
    workbook = Workbook()
    for row in rows or [["unit", "fixed"], ["南阳", 1]]:
        workbook.active.append(row)
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def repacked(data=None, **parts):
    """Return a workbook with parts added or replaced, compressed as well as can be."""
    out, source = BytesIO(), zipfile.ZipFile(BytesIO(data or book()))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in source.namelist():
            if name not in parts:
                archive.writestr(name, source.read(name))
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def many_cells():
    row = b"<row>" + b"<c><v>1</v></c>" * 5000 + b"</row>"
    return f'<worksheet xmlns="{MAIN}"><sheetData>'.encode() + row * 500 + b"</sheetData></worksheet>"


def filled(start, part, end, name=SHEET):
    """Return a workbook with a part just below the limit of what may be unpacked."""
    return repacked(**{name: start + part * (48 * MEGABYTE // len(part)) + end})


def reaching(place):
    cell = f'<row r="{place[1]}"><c r="{"".join(place)}"><v>1</v></c></row>'
    return repacked(**{SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{cell}</sheetData></worksheet>'})


def repeated_text():
    """Return a workbook whose sheet names one long text in many cells."""
    cells = "<row>" + '<c t="s"><v>0</v></c>' * 50 + "</row>"
    texts = f'<sst xmlns="{MAIN}"><si><t>{"x" * 30_000}</t></si></sst>'
    data = repacked(**{SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{cells * 4000}</sheetData></worksheet>'})
    # A workbook of openpyxl's holds its shared texts in this part.
    return repacked(data, **{"xl/sharedStrings.xml": texts})


def parquet_of(column, **how):
    out = BytesIO()
    # The dictionary is written once, however often its one text stands in the rows.
    table = pyarrow.table({"unit": column, "fixed": pyarrow.array([1.0] * len(column))})
    parquet.write_table(table, out, compression="zstd", dictionary_pagesize_limit=64 * MEGABYTE, **how)
    return out.getvalue()


def repeating(times, text):
    return pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * times), [text])


def listing(sheets):
    """Return the list of a workbook's sheets that calls its only one by so many names."""
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    named = "".join(f'<sheet name="s{n}" sheetId="{n + 1}" r:id="rId1"/>' for n in range(sheets))
    return f'<workbook xmlns="{MAIN}" xmlns:r="{related}"><sheets>{named}</sheets></workbook>'


def packed_table(megabytes):
    """Return a data package whose one table is so large."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("datapackage.json", json.dumps({"resources": [{"path": "a.csv"}]}))
        with archive.open("a.csv", "w") as part:
            for _ in range(megabytes):
                part.write(b"unit,1\n" * (MEGABYTE // 7))
    return out.getvalue()


SMALL_SHEET = f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>'
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
LAUGHTER = (
    f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]><worksheet xmlns="{MAIN}">&a9;</worksheet>'
)
FILES = {
    "a zip bomb": ("b.xlsx", lambda: repacked(**{SHEET: bytes(120 * MEGABYTE)}), "larger than 50 MB"),
    "a bomb in shared strings": (
        "s.xlsx",
        lambda: repacked(**{"xl/sharedStrings.xml": b"<sst>" + b"<si><t>x</t></si>" * 4_000_000}),
        "larger than 50 MB",
    ),
    "a sheet of 2.5 million cells": (
        "c.xlsx", lambda: repacked(**{SHEET: many_cells()}), "more than 400000 cells",
    ),
    "ten million empty cells": ("c.csv", lambda: (b"," * 1000 + b"\n") * 10_000, "more than 2,000,000 cells"),
    "three million cells between full-width commas": (
        "w.csv", lambda: ("a" + "，1" * 300 + "\n").encode() * 10_000, "more than 2,000,000 cells",
    ),
    "ten million numbers": ("n.csv", lambda: b"unit" + b",1" * 12_000_000, "more than 2,000,000 cells"),
    "a million columns": (
        "c.csv",
        lambda: b",".join(b"c%d" % place for place in range(900_000)) + b"\n" + b"1," * 900_000,
        "more than 20,000 columns",
    ),
    "too many bytes": ("l.csv", lambda: b"unit,fixed\n" + b"x" * (33 * MEGABYTE), "larger than 32 MB"),
    "formula cells": (
        "f.xlsx",
        lambda: book(["unit", "fixed"], ["南阳", "=1+1"], ["洛阳", '=HYPERLINK("x")']),
        "row 3, column “B”.*holds a formula. Paste the values",
    ),
    "a billion laughs": ("e.xlsx", lambda: repacked(**{SHEET: LAUGHTER.encode()}), "declares XML entities"),
    "macros": ("m.xlsx", lambda: repacked(**{"xl/vbaProject.bin": b"x"}), "holds macros. Save it as XLSX"),
    "macro sheets": (
        "m.xlsx", lambda: repacked(**{"xl/macrosheets/sheet1.xml": b"<x/>"}), "holds macros. Save it as XLSX",
    ),
    "entries that lead out": (
        "d.xlsx", lambda: repacked(**{"../../etc/passwd": b"x"}), "folders that no workbook",
    ),
    "deep entries": ("d.xlsx", lambda: repacked(**{"a/" * 300 + "b.xml": b"x"}), "folders that no workbook"),
    "many entries": (
        "d.xlsx", lambda: repacked(**{f"xl/media/{n}": b"" for n in range(5000)}), "at most 200 are taken",
    ),
    "mixed encodings": (
        "g.csv",
        lambda: "unit,fixed\n南阳市,1\n".encode("gb18030") * 400_000 + "洛阳市的数据,2\n".encode(),
        "row 800001.*neither UTF-8 nor GB18030",
    ),
    "a long field in quotes": ("q.csv", lambda: b'unit,fixed\n"' + b"x\n" * 9_000_000, "."),
    "text for numbers": (
        "t.csv",
        lambda: b"unit" + b",a" * 1000 + b"\n" + (b"x" + b",y" * 1000 + b"\n") * 1500,
        "cells hold no number",
    ),
    "a workbook called CSV": ("w.csv", book, "ends with “.csv”, but the file holds XLSX"),
    "text called XLSX": ("w.xlsx", lambda: b"unit,fixed\nA,1\n", "ends with “.xlsx”, but the file holds CSV"),
    "an old workbook": ("o.xls", lambda: b"\xd0\xcf\x11\xe0" + bytes(600), "cannot be read as an XLSX"),
    "a PDF": ("p.csv", lambda: b"%PDF-1.7 ...", "kind PDF. Save the table"),
    "a damaged archive": ("z.xlsx", lambda: book()[:-400], "damaged. Save the workbook again"),
    "damaged Parquet": ("p.parquet", lambda: b"PAR1" + bytes(100), "cannot be read as a Parquet file"),
    "a text that Parquet repeats a thousand times": (
        # Without Arrow's own schema nothing says that it was a dictionary: each row is read as a text.
        "r.parquet",
        lambda: parquet_of(repeating(1500, "x" * MEGABYTE), store_schema=False),
        "texts longer than 32767",
    ),
    "the same as a dictionary": (
        "r.parquet",
        lambda: parquet_of(repeating(20_000, "x" * 10 * MEGABYTE)),
        "texts longer than 32767",
    ),
    "lists in cells": (
        "l.parquet", lambda: parquet_of(pyarrow.array([[0.0] * 100_000] * 100)), "holds lists or records",
    ),
    "zeros in text that says it is UTF-16": (
        "u.csv", lambda: "unit,fixed\nA\0,1\n".encode("utf-16"), "control characters",
    ),
    "letters in another order than they look": (
        "o.csv", lambda: "unit,fixed\n\u202eAB,1\n".encode(), "control characters",
    ),
    "a sheet in another folder": (
        "c.xlsx", lambda: repacked(**{"xl/other/sheet.xml": many_cells()}), "more than 400000 cells",
    ),
    "a sheet in UTF-16": (
        "w.xlsx", lambda: repacked(**{SHEET: SMALL_SHEET.encode("utf-16")}), "encoding that no spreadsheet",
    ),
    "ten million texts of no length": (
        "s.xlsx",
        lambda: filled(f'<sst xmlns="{MAIN}">'.encode(), b"<si/>", b"</sst>", "xl/sharedStrings.xml"),
        "holds far more than its cells",
    ),
    "a text in two hundred thousand cells": ("t.xlsx", repeated_text, "took more memory than such a sheet"),
    "eight million empty rows": (
        "r.xlsx",
        lambda: filled(
            f'<worksheet xmlns="{MAIN}"><sheetData>'.encode(), b"<row/>", b"</sheetData></worksheet>"
        ),
        "holds far more than its cells",
    ),
    "five million empty rows": (
        "r.xlsx",
        lambda: repacked(
            **{SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{"<row/>" * 5_000_000}</sheetData></worksheet>'}
        ),
        "more than 20000 rows",
    ),
    "twelve million elements that mean nothing": (
        "a.xlsx",
        lambda: filled(f'<worksheet xmlns="{MAIN}"><a>'.encode(), b"<a/>", b"</a></worksheet>"),
        "holds far more than its cells",
    ),
    "elements within elements": (
        "n.xlsx",
        lambda: repacked(**{SHEET: f'<worksheet xmlns="{MAIN}">'.encode() + b"<a>" * 16_000_000}),
        "holds far more than its cells",
    ),
    "a cell in the last row": ("l.xlsx", lambda: reaching(("A", "1048576")), "more than 20000 rows"),
    "a cell in the last column": ("l.xlsx", lambda: reaching(("XFD", "2")), "row 2.*more than 4000 columns"),
    "a hundred thousand names of one sheet": (
        "s.xlsx", lambda: repacked(**{"xl/workbook.xml": listing(100_000)}), "cannot be read as an XLSX",
    ),
    "a table that a package unpacks to 100 MB": (
        "p.zip", lambda: packed_table(100), "“a.csv” of the package is damaged or too large",
    ),
    "nothing but zeros": ("z.csv", lambda: bytes(20 * MEGABYTE), "not a text file. Save the table as CSV"),
}  # fmt: skip


def good(columns, rows):
    """Return a table that is read, of that size."""
    return b"unit" + b",x" * columns + b"\n" + (b"A" + b",123.5" * columns + b"\n") * rows


GOOD = {"small": lambda: good(1, 1), "large": lambda: good(150, 13_000)}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What one reader after another said of the files, by kind."""
    folder = tmp_path_factory.mktemp("hostile")
    made = {kind: (name, make) for kind, (name, make, _words) in FILES.items()}
    made |= {kind: (f"{kind}.csv", make) for kind, make in GOOD.items()}
    places = {}
    for number, (kind, (name, make)) in enumerate(made.items()):
        (folder / str(number)).mkdir()
        path = folder / str(number) / name
        path.write_bytes(make())
        places[str(path)] = kind
    done = subprocess.run(
        [sys.executable, "-c", READ, *places],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(places), done.stderr
    return {places[answer["place"]]: answer for answer in found}


@pytest.mark.parametrize("kind", FILES)
def test_a_hostile_file_is_refused_with_a_remedy_in_little_memory(kind, answers, capsys):
    answer = answers[kind]
    with capsys.disabled():
        print(
            f"\n  {kind}: {answer['seconds']:.2f} s, {answer['megabytes']:.0f} MB, "
            f"confined {answer['confined']:.0f} MB",
            end="",
        )
    assert not answer["read"]
    assert re.search(FILES[kind][2], "\n".join(answer["problems"]))
    assert max(answer["megabytes"], answer["confined"]) < MOST_MEMORY


def test_the_measure_sees_memory_and_good_files_are_read(answers):
    """A large good file costs more than a small one, so the measure can fail."""
    small, large = answers["small"], answers["large"]
    assert (small["read"], large["read"]) == (True, True)
    assert large["megabytes"] > small["megabytes"] + 20
