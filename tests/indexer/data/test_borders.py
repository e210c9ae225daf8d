"""Borders of a register: read from GeoJSON, refused with a reason, and drawn as areas on the map of a run."""

import itertools
import json
import os
import subprocess
import sys

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from indexer import charts
from indexer.intake import borders as reading
from indexer.intake.borders import BorderError, Unit, read_borders
from indexer.models import City, DataSet, RegisterBorders
from indexer.services.borders import bring_borders, bring_country_borders
from tests.factories import make_account, sign_in_staff
from tests.indexer.data.test_hostile_files import MOST_MEMORY
from tests.indexer.public.human_development import publish_human_development
from weighting.enums import Role
from weighting.models import AuditEntry
from weighting.readers.strict_json import MOST_BYTES

UNITS = [Unit(1, ["NOR", "挪威", "Norway"]), Unit(2, ["SWE", "瑞典", "Sweden"])]
SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
HOLE = [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]]


def feature(rings=(SQUARE,), kind="Polygon", id=None, **properties):
    geometry = {"type": kind, "coordinates": rings}
    return {"type": "Feature", "id": id, "properties": properties, "geometry": geometry}


def geojson(*features):
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def turned(ring):
    """Twice the area; above zero where it is wound against the clock."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring))


def unrolled(ring):
    """A ring that steps over the date line with all of its longitudes on one side."""
    is_over = any(abs(a[0] - b[0]) > 180 for a, b in itertools.pairwise(ring))
    return [[x % 360 if is_over else x, y] for x, y in ring]


def test_units_are_found_by_the_property_that_names_most():
    shapes = read_borders(
        geojson(feature(iso="NOR", name="x"), feature(iso="SWE", name="Norway"), feature(iso="DNK")), UNITS
    )
    assert sorted(shapes) == ["1", "2"]
    assert sorted(read_borders(geojson(feature(id="SWE")), UNITS)) == ["2"]


@pytest.mark.parametrize("outer", [SQUARE, SQUARE[::-1]])
@pytest.mark.parametrize("hole", [HOLE, HOLE[::-1]])
def test_rings_are_wound_as_they_are_filled(outer, hole):
    ((drawn, cut),) = read_borders(geojson(feature([outer, hole], name="Norway")), UNITS)["1"]
    assert turned(drawn) < 0 < turned(cut)


@pytest.mark.parametrize("turns", [1, -1])
def test_a_ring_over_the_date_line_is_wound_by_its_own_side(turns):
    fiji = [[179, -18], [-179, -18], [-179, -16], [179, -16], [179, -18]][::turns]
    ((ring,),) = read_borders(geojson(feature([fiji], name="Norway")), UNITS)["1"]
    assert turned(unrolled(ring)) < 0


def test_points_that_no_map_tells_apart_are_one():
    fine = [[0, 0], [0.001, 0.001], *SQUARE[1:]]
    ((ring,),) = read_borders(geojson(feature([fine], name="挪威")), UNITS)["1"]
    assert len(ring) == len(SQUARE)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"\xff\x00", "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (b"[1]", "no list of features"),
        (b'{"features": [1]}', "no list of features"),
        (geojson(feature(name="Atlantis")), "the code or a name of a unit"),
        (geojson(feature([0, 0], kind="Point", name="Norway")), "Feature 1 is a Point"),
        (geojson(feature([[[0, 0], [999, 0], [4, 4], [0, 0]]], name="Norway")), "Feature 1 has a ring"),
        (geojson(feature([[["a", 0], [1, 0], [4, 4]]], name="Norway")), "Feature 1 has a ring"),
        (geojson(feature(7, name="Norway")), "Feature 1 has a ring"),
        (geojson({"type": "Feature", "properties": None, "geometry": None, "id": "NOR"}), "Feature 1 is a ?"),
        (geojson(feature(kind="\ud800", name="Norway")), "cannot be read as JSON"),
        (b'{"features": ["\xed\xa0\x80"]}', "cannot be read as JSON"),
        (geojson(feature(kind="x" * 9000, name="Norway")), "Feature 1 is a xxx"),
    ],
)
def test_what_holds_no_borders_says_why(source, said):
    with pytest.raises(BorderError) as found:
        read_borders(source, UNITS)
    assert said in str(found.value)
    assert len(str(found.value).encode()) < 300


SWELLING = """
import django, re, sys
django.setup()
from indexer.intake.borders import BorderError, read_borders
piece, size = sys.argv[1], int(sys.argv[2])
highest = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
source = '{"features":[{"x":[%s0]}]}' % (piece * ((size - 30) // len(piece)))
before = highest()
try:
    read_borders(source.encode(), [])
except BorderError:
    print(highest() - before)
"""


@pytest.mark.parametrize(
    ("piece", "size", "is_little"),
    [("[[]],", MOST_BYTES, True), ('{"":{}},', MOST_BYTES, True), ("[[]],", 2 * MOST_BYTES, False)],
)
def test_what_swells_most_is_read_in_little_memory(piece, size, is_little):
    """The last one is the control: were files of twice the size taken, that would show."""
    done = subprocess.run(
        [sys.executable, "-c", SWELLING, piece, str(size)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    assert (int(done.stdout) < MOST_MEMORY) is is_little, done.stdout


def test_borders_that_are_too_fine_for_a_page_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "MOST_POINTS", 4)
    with pytest.raises(BorderError, match="5 points; at most 4"):
        read_borders(geojson(feature(name="Norway")), UNITS)


def square(west, south, side=2.0):
    ring = [[west, south], [west, south + side], [west + side, south + side], [west + side, south]]
    return [[*ring, ring[0]]]


def parts_drawn(*shapes):
    """How many parts of each unit a map draws, and what it says of them."""
    areas = [charts.MapArea(f"unit {at}", at, 1.0, 0, shape) for at, shape in enumerate(shapes, start=1)]
    words = {"unit_word": "country", "title": "Map", "subtitle": "shade", "source": "data"}
    drawn = charts.border_map(areas, ["1 – 2"], "points", **words)
    return [len(one["geometry"]["coordinates"]) for one in drawn["data"]["values"]], drawn


def test_small_parts_far_off_do_not_shrink_a_continent():
    land = [square(0, 45, 10), square(11, 50), square(-53, 4, 1)]
    counts, drawn = parts_drawn(land, [square(10, 40, 8)])
    # The island close by stays, the one beyond the ocean goes, and the map says so.
    assert counts == [2, 1]
    assert "far off" in drawn["usermeta"]["subtitle"]
    assert drawn["projection"]["type"] == "conicEqualArea"


@pytest.mark.parametrize(
    "shapes",
    [
        # Large as it is, a part is no island to be left out.
        [[square(0, 45, 10), square(-60, 45, 8)], [square(10, 40, 8)]],
        # The whole earth keeps all.
        [[square(-170, -40, 10), square(0, 80, 1)], [square(160, 60, 10)]],
        # A unit that lies far off itself is drawn.
        [[square(0, 45, 10)], [square(-53, 4, 1)]],
    ],
)
def test_nothing_else_is_left_out(shapes):
    counts, drawn = parts_drawn(*shapes)
    assert counts == [len(shape) for shape in shapes]
    assert drawn["usermeta"]["subtitle"] == "shade"


@pytest.fixture(scope="module")
def edition(django_db_setup, django_db_blocker):
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield publish_human_development(make_account(Role.MANAGER, username="borders-owner"))
        transaction.set_rollback(True)


@pytest.fixture
def register(edition):
    return edition.run.data_set.series.register


@pytest.mark.django_db
def test_the_countries_have_borders_and_their_map_is_shaded(client, edition, register):
    page = f"/runs/{edition.run_id}/map/"
    assert "has coordinates" in client.get(page, headers={"Accept-Language": "en"}).content.decode()
    borders = bring_country_borders(register, actor=edition.index.created_by)
    assert len(borders.shapes) > 190
    assert AuditEntry.objects.filter(act="borders").exists()

    seen = {}
    for drawn in ("quantile", "equal"):
        answer = client.get(page, {"drawn": drawn}, headers={"Accept-Language": "en"})
        chart = answer.context["chart"]
        values = chart["data"]["values"]
        seen[drawn] = {one["name"]: one["class"] for one in values}
        assert chart["projection"] == {"type": "equalEarth"}
        assert "naturalearthdata.com" in answer.content.decode()
        # Each country that is ranked is an area, or stands among those that are not.
        assert len(answer.context["rows"]) + answer.context["unplaced_count"] == 191
        assert len(answer.context["rows"]) > 185
        rings = [polygon[0] for one in values for polygon in one["geometry"]["coordinates"]]
        assert all(turned(unrolled(ring)) < 0 for ring in rings)
    assert seen["quantile"]["Norway"] != seen["quantile"]["Chad"]
    assert seen["quantile"] != seen["equal"]
    assert client.get(f"/runs/{edition.run_id}/map.svg", {"drawn": "equal"}).status_code == 200
    assert "/map/" in client.get("/i/human-development/").content.decode()
    # Dots are asked for where units have coordinates; these have none.
    assert "chart" not in client.get(page, {"drawn": "dots"}).context


@pytest.mark.django_db
def test_staff_bring_a_file_by_the_page(edition, register):
    manager = sign_in_staff(Client(), make_account(Role.MANAGER))
    page = f"/registers/{register.pk}/borders/"
    norway = City.objects.get(register=register, code="NOR")

    def send(content, **further):
        file = SimpleUploadedFile("b.geojson", content)
        return manager.post(page, {"file": file, **further}, headers={"Accept-Language": "en"})

    assert send(geojson(feature(name="Norway"))).status_code == 422
    refused = send(b"no", source="Us")
    assert (refused.status_code, "cannot be read as JSON" in refused.content.decode()) == (422, True)
    assert not RegisterBorders.objects.filter(register=register).exists()
    assert send(geojson(feature(name="Norway")), source="Us, CC BY").status_code == 302
    borders = RegisterBorders.objects.get(register=register)
    assert (list(borders.shapes), borders.source) == ([str(norway.pk)], "Us, CC BY")
    assert "Us, CC BY" in manager.get(page).content.decode()
    assert manager.post(page, {"countries": "1"}).status_code == 302
    assert len(RegisterBorders.objects.get(register=register).shapes) > 190


@pytest.mark.django_db
def test_a_register_without_countries_is_refused_theirs(register, monkeypatch, tmp_path):
    monkeypatch.setattr("indexer.services.borders._units", lambda register: [Unit(1, ["X-1"])])
    with pytest.raises(Exception, match="code or a name"):
        bring_country_borders(register, actor=make_account(Role.MANAGER))
    with pytest.raises(Exception, match="cannot be read"):
        bring_borders(register, source="x", file=b"", actor=make_account(Role.MANAGER))


@pytest.fixture
def send_borders(register):
    def send(role=Role.MANAGER, **sent):
        client = sign_in_staff(Client(), make_account(role))
        headers = {"Accept-Language": "en", "X-CSRFToken": "x"}
        return client.post(f"/api/v1/registers/{register.pk}/borders/", sent, headers=headers)

    return send


def sent_file(content):
    return SimpleUploadedFile("b.geojson", content)


@pytest.mark.django_db
def test_programs_bring_borders_as_the_page_does(register, send_borders):
    answer = send_borders(file=sent_file(geojson(feature(name="Norway"))), source="Us, CC BY")
    assert (answer.status_code, answer.json()) == (
        201,
        {"register": register.pk, "source": "Us, CC BY", "units": 1},
    )
    assert send_borders(countries="true").json()["units"] > 190
    assert RegisterBorders.objects.get(register=register).source.startswith("Natural Earth")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"file": b"no", "source": "Us"}, 422, "cannot be read as JSON"),
        ({"file": geojson(feature(name="Atlantis")), "source": "Us"}, 422, "the code or a name of a unit"),
        ({"file": geojson(feature(name="Norway"))}, 400, '"source"'),
        ({"file": b" " * (MOST_BYTES + 1), "source": "Us"}, 400, "at most 4 MB"),
        ({"source": "Us"}, 400, '"file"'),
        ({"file": b"{}", "source": "Us", "countries": "true"}, 400, "not both"),
        ({"countries": "true", "colour": "red"}, 400, '"colour"'),
    ],
)
def test_programs_are_refused_with_a_reason_and_nothing_changes(register, send_borders, sent, status, said):
    file = {"file": sent_file(sent["file"])} if "file" in sent else {}
    answer = send_borders(**sent | file)
    assert (answer.status_code, said in answer.content.decode()) == (status, True)
    assert not RegisterBorders.objects.filter(register=register).exists()


@pytest.mark.django_db
def test_a_command_brings_borders(register, tmp_path, capsys):
    make_account(Role.MANAGER, username="ada")
    path = tmp_path / "b.geojson"
    path.write_bytes(geojson(feature(name="Norway"), feature(name="Sweden")))
    asked = {"register": "countries", "account": "ada"}
    call_command("import_borders", path, source="Us", **asked)
    assert "2 of 250 countries have borders" in capsys.readouterr().out
    for wrong, said in [
        ({"source": ""}, "source"),
        ({"countries": True}, "Give a file"),
        ({"source": "Us", "register": "Atlantis"}, "no register"),
        ({"source": "Us", "account": "eve"}, "no account"),
    ]:
        with pytest.raises(CommandError, match=said):
            call_command("import_borders", path, **asked | wrong)
    path.write_bytes(b"no")
    with pytest.raises(CommandError, match="cannot be read as JSON"):
        call_command("import_borders", path, source="Us", **asked)
    with pytest.raises(CommandError, match="There is no file"):
        call_command("import_borders", tmp_path / "c.geojson", source="Us", **asked)
    assert RegisterBorders.objects.get(register=register).source == "Us"
    call_command("import_borders", countries=True, **asked)
    assert RegisterBorders.objects.get(register=register).source.startswith("Natural Earth")


@pytest.mark.django_db
@pytest.mark.parametrize("is_published", [True, False])
def test_what_strangers_see_of_a_map_is_no_analysts_alone_to_say(
    register, send_borders, is_published, tmp_path
):
    DataSet.objects.filter(series__register=register).update(is_published=is_published)
    analyst = sign_in_staff(Client(), make_account(Role.ANALYST, username="ada"))
    page, file = f"/registers/{register.pk}/borders/", geojson(feature(name="Norway"))
    path = tmp_path / "b.geojson"
    path.write_bytes(file)

    answers = [
        analyst.post(page, {"file": sent_file(file), "source": "x"}, headers={"Accept-Language": "en"}),
        analyst.post(page, {"countries": "1"}, headers={"Accept-Language": "en"}),
        send_borders(Role.ANALYST, file=sent_file(file), source="x"),
    ]
    command = {"source": "x", "register": "countries", "account": "ada"}
    if is_published:
        assert all("a manager brings them" in answer.text for answer in answers)
        with pytest.raises(CommandError, match="a manager brings them"):
            call_command("import_borders", path, **command)
        assert not RegisterBorders.objects.filter(register=register).exists()
    else:
        assert [answer.status_code for answer in answers] == [302, 302, 201]
        call_command("import_borders", path, **command)
        assert RegisterBorders.objects.get(register=register).source == "x"
