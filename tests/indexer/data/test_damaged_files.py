"""Files damaged at random in every format: read or refused with words, by a process that lives on.

One process reads them all, as a web process would: what breaks, ends or swells it is found.
"""

import json
import os
import subprocess
import sys

import pytest

from tests.indexer.data.test_hostile_files import MOST_MEMORY
from tests.numbers import in_full

pytestmark = [pytest.mark.faults, pytest.mark.slow]

TIMES = in_full(20_000, otherwise=150)
# Each workbook starts a process of its own.
OF_WORKBOOKS = in_full(2_000, otherwise=60)
READ = r"""
import io, json, random, re, resource, sys, traceback, zipfile
from pathlib import Path
import django
django.setup()
import pyarrow
import pyarrow.parquet
from openpyxl import Workbook
from indexer.intake.borders import BorderError, Unit, read_borders
from indexer.intake.files import read_file
from indexer.intake.sheets import read_sheet
from weighting.readers import FileProblems, ProblemLog, read_framework, read_panel

TEXT = "code,parent,name_en,direction\na,,南阳,1\nb,,B,-1\n"
PEOPLE = "code,name,email\nE1,南阳,a@panel.example\nE2,B,b@panel.example\n"
PACKAGE = {"name": "p", "resources": [{"name": "a", "path": "a.csv", "schema": {
    "fields": [{"name": "unit", "type": "string"}, {"name": "fixed", "type": "number"}]}}]}
RING = [[0, 0], [9, 0], [9, 9], [0, 0]]
ENCODINGS = ["utf-8", "gb18030", "utf-16", "utf-8-sig", "big5"]


def data_csv(turn):
    return "unit,fixed\n南阳,1.5\n北京,\"2,5\"\n".encode(ENCODINGS[turn % 5], "replace")


def parquet(turn):
    rows = {"unit": ["南阳", "北京"] * 5, "fixed": [1.5, None] * 5, "n": [*range(10)], "b": [True, None] * 5}
    out, packed = io.BytesIO(), ["none", "snappy", "gzip", "zstd", "lz4", "brotli"][turn % 6]
    pyarrow.parquet.write_table(pyarrow.table(rows), out, compression=packed, use_dictionary=turn % 4 > 1)
    return out.getvalue()


def package(turn):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED][turn % 2]) as archive:
        archive.writestr("a.csv", "unit,fixed\nA,1\n")
        archive.writestr("datapackage.json", json.dumps(PACKAGE))
    return out.getvalue()


def workbook(turn):
    book, out = Workbook(), io.BytesIO()
    for row in TEXT.splitlines():
        book.active.append(row.split(","))
    book.save(out)
    return out.getvalue()


def borders(turn):
    shape = {"type": "Polygon", "coordinates": [RING]}
    feature = {"type": "Feature", "id": "a", "properties": {"code": "a"}, "geometry": shape}
    return json.dumps({"type": "FeatureCollection", "features": [feature] * 2}).encode()


def of_data(data, name):
    log = ProblemLog(name)
    file = read_file(data, name, log)
    sheet = read_sheet(file, log) if file else None
    if sheet is None and not log.problems:
        raise AssertionError("refused without a word")
    if sheet is None:
        raise FileProblems(log.problems)


READERS = {
    "data.csv": (data_csv, of_data),
    "data.parquet": (parquet, of_data),
    "data.zip": (package, of_data),
    "data.xlsx": (workbook, of_data),
    "framework.csv": (lambda turn: TEXT.encode(ENCODINGS[turn % 5], "replace"), read_framework),
    "framework.xlsx": (workbook, read_framework),
    "panel.csv": (lambda turn: PEOPLE.encode(ENCODINGS[turn % 5], "replace"), read_panel),
    "borders.geojson": (borders, lambda data, name: read_borders(data, [Unit(1, ["a"])])),
}


def damaged(data, dice):
    data = bytearray(data)
    for _time in range(dice.choice([1, 1, 1, 2, 4, 16])):
        place = dice.randrange(len(data)) if data else 0
        # Parquet and archives say at their end what they hold.
        if dice.random() < 0.4:
            place = max(0, len(data) - 1 - int(dice.expovariate(1 / 60)))
        piece = bytes(dice.randrange(256) for _byte in range(dice.choice([1, 4, 20])))
        end = place + dice.choice([0, 1, 1, 1, 2, 8, 100, len(data)])
        again = bytes(data[max(0, place - 30) : place]) * dice.choice([1, 50])
        data[place:end] = dice.choice([piece, piece, piece, b"", again, bytes([dice.choice([0, 127, 255])])])
    return bytes(data)


def read_all(kind, times):
    make, read = READERS[kind]
    found, counts = {}, {"read": 0, "refused": 0}
    for turn in range(times):
        data = damaged(make(turn), random.Random(turn))
        try:
            read(data, kind)
            counts["read"] += 1
        except (FileProblems, BorderError):
            counts["refused"] += 1
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            found.setdefault(f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"[:300], turn)
    # Not ru_maxrss, which also counts what the process had before this program was put in its place.
    own = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
    used = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    return {"found": found, "megabytes": used / 1024, **counts}


print(json.dumps({kind: read_all(kind, times) for kind, times in json.loads(sys.argv[1]).items()}))
"""
KINDS = ["data.csv", "data.parquet", "data.zip", "data.xlsx"]
KINDS += ["framework.csv", "framework.xlsx", "panel.csv", "borders.geojson"]


def read_damaged(times, program=READ):
    """Read so many files of each kind, one kind after the other; return what became of them, by kind."""
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(times)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def told_by_kind():
    return read_damaged({kind: OF_WORKBOOKS if kind.endswith("xlsx") else TIMES for kind in KINDS})


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_read_or_refused_with_words(kind, told_by_kind):
    told = told_by_kind[kind]

    print(f"damaged {kind}: {told['read']} read, {told['refused']} refused, {told['megabytes']:.0f} MB")
    assert told["found"] == {}
    assert told["refused"] > 0
    assert told["megabytes"] < MOST_MEMORY


def test_a_reader_that_breaks_on_damage_is_found():
    """Control."""
    program = READ.replace("read(data, kind)", "data.decode('ascii')")
    told = read_damaged({"data.csv": 100}, program)["data.csv"]

    assert any(words.startswith("UnicodeDecodeError") for words in told["found"])
