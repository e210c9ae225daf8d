"""Pictures and large files are made once, one at a time, in a process of their own, with few waiting."""

import subprocess
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import caches

from tests.weighting.test_drawing import REQUEST, figure
from weighting import desk as desks
from weighting import drawing
from weighting import kept as pages
from weighting.confined import Broke, TookTooLong
from weighting.desk import found_on, keep_on, made_once
from weighting.exports import Fact, Heading, Table, as_written, columns_of
from weighting.turnstiles import NoRoom, Turnstile
from weighting.views import files
from weighting.views.files import picture_answer, table_answer


@pytest.fixture(autouse=True)
def kept():
    """What is kept, with nothing in it."""
    caches["made"].clear()
    yield caches["made"]
    caches["made"].clear()


@pytest.fixture
def drawn(monkeypatch):
    """Every picture that is drawn, drawn by nobody."""
    made = []

    def draw(source, format):
        made.append((source, format))
        return b"a picture of " + str(len(made)).encode()

    monkeypatch.setattr(files, "draw", draw)
    return made


def test_a_picture_is_drawn_once_for_all_who_ask(drawn):
    answers = [picture_answer(REQUEST, figure(), "svg").content for _ in range(3)]
    assert len(drawn) == 1
    assert set(answers) == {b"a picture of 1"}
    # Whatever it depends on makes it another one.
    picture_answer(REQUEST, figure(), "png")
    picture_answer(REQUEST, figure(title="another"), "svg")
    assert len(drawn) == 3


def test_another_build_draws_anew(drawn, settings):
    picture_answer(REQUEST, figure(), "svg")
    settings.BUILD = "another"
    picture_answer(REQUEST, figure(), "svg")
    assert len(drawn) == 2


def test_what_somebody_waited_for_is_not_made_again():
    begun, go, answers = threading.Event(), threading.Event(), []

    def make():
        begun.set()
        go.wait(10)
        return b"made"

    def ask(make):
        answers.append(made_once(b"the same", make))

    first = threading.Thread(target=ask, args=(make,))
    second = threading.Thread(target=ask, args=(lambda: b"made again",))
    first.start()
    begun.wait(10)
    second.start()
    go.set()
    first.join()
    second.join()
    assert answers == [b"made", b"made"]


def test_one_asks_again_when_too_many_wait(drawn, monkeypatch):
    """A finished picture is had at once all the same."""
    picture_answer(REQUEST, figure(), "svg")
    full = Turnstile(waiting=0)
    monkeypatch.setattr(desks, "desk", full)
    monkeypatch.setattr(files, "desk", full)
    rows = [[place] * 10 for place in range(300)]
    with full.turn():
        answer = picture_answer(REQUEST, figure(title="new"), "svg")
        assert (answer.status_code, answer["Retry-After"], answer["Refresh"]) == (503, "3", "3")
        assert table_answer("xlsx", "t", columns_of(*"abcdefghij"), rows).status_code == 503
        assert table_answer("csv", "t", columns_of(*"abcdefghij"), rows).status_code == 200
        assert picture_answer(REQUEST, figure(), "svg").status_code == 200
    # Control: with the turn free the same is drawn.
    assert picture_answer(REQUEST, figure(title="new"), "svg").status_code == 200


@pytest.mark.parametrize("error", [TookTooLong, Broke])
def test_a_picture_that_cannot_be_drawn_is_said_and_not_kept(monkeypatch, error):
    def fail(source, format):
        raise error

    monkeypatch.setattr(files, "draw", fail)
    answer = picture_answer(REQUEST, figure(), "svg")
    assert answer.status_code == 503
    assert "table" in answer.content.decode()


def test_a_disk_that_keeps_nothing_keeps_nobody_from_a_picture(drawn, kept, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(type(kept), "set", fail)
    assert [picture_answer(REQUEST, figure(), "svg").status_code for _ in range(2)] == [200, 200]
    assert len(drawn) == 2


@pytest.mark.parametrize("shelf", [desks.SHELF, pages.SHELF])
def test_a_shelf_that_cannot_be_read_keeps_nothing(settings, tmp_path, shelf):
    """As where somebody else made the folder, or its name leads nowhere."""
    (tmp_path / "file").touch()
    settings.CACHES = settings.CACHES | {
        shelf: settings.CACHES[shelf] | {"LOCATION": str(tmp_path / "file" / "made")}
    }

    keep_on(shelf, "a key", b"something")
    assert found_on(shelf, "a key") is None
    assert made_once(b"parts", lambda: b"a picture") == b"a picture"


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, None])
def test_what_a_power_cut_left_in_part_is_made_anew(kept, damage):
    made_once(b"parts", lambda: b"a picture" * 100)
    (file,) = (path for path in Path(settings.MADE_DIR).rglob("*.djcache") if path.parent.name != "pages")
    file.write_bytes(file.read_bytes()[:-5] if damage is None else damage)

    assert made_once(b"parts", lambda: b"another") == b"another"
    assert made_once(b"parts", lambda: b"a third") == b"another"


def test_a_large_workbook_of_a_finished_run_is_kept_and_no_other(monkeypatch):
    written = []
    columns, rows = columns_of(*"abcdefghij"), [[place] * 10 for place in range(300)]
    monkeypatch.setattr(files, "table_bytes", lambda format, table: written.append(format) or b"a file")
    of_a_run = [Fact("data_sha256", "SHA-256 of the data", "ab" * 32)]
    for facts in (of_a_run, of_a_run, [], []):
        table_answer("xlsx", "t", columns, rows, facts)
    assert len(written) == 3


def test_all_that_a_file_depends_on_is_hashed():
    table = Table([Heading("a", "A")], [[1.5], [None]], [Fact("f", "F", "x")])
    others = [
        Table([Heading("a", "乙")], table.rows, table.provenance),
        Table(table.columns, [[1.5], [2]], table.provenance),
        Table(table.columns, table.rows, [Fact("f", "F", "y")]),
        Table(table.columns, table.rows, [Fact("f", "事", "x")]),
    ]
    assert len({as_written(one) for one in (table, *others)}) == 5


@pytest.mark.confined
def test_drawing_is_done_by_another_process_that_steps_back(monkeypatch):
    """Neither time nor memory nor a crash of drawing is the web process's."""
    started = []
    run = subprocess.run

    def watched(command, **options):
        started.append((command, options["env"]))
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", watched)
    assert drawing.render(figure(), "svg", "en").startswith(b"<svg")
    ((command, environment),) = started
    assert command[2].endswith("picture_program.py")
    assert environment == {}
    with pytest.raises(Broke):
        drawing.draw(b"no picture", "svg")


def test_nobody_waits_for_a_turn_that_ended_badly():
    turnstile = Turnstile(waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turnstile.turn():
            raise ZeroDivisionError
    with turnstile.turn(), pytest.raises(NoRoom), turnstile.turn():
        pass
