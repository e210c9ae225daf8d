"""`make run`: one launcher, its children, and what it says when something is wrong."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from http.client import HTTPConnection

import psutil
import pytest

from config.children import Child, LaunchError
from config.launch import _wait_until_healthy
from tests.processes import PATIENCE_SECONDS, PYTHON, ROOT, Product, clean_environment, free_port, wait_until

pytestmark = pytest.mark.faults

KEPT = "SELECT session_key FROM django_session WHERE session_key = 'kept'"


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A running product without the demonstration, in a folder too deep for a socket."""
    folder = tmp_path_factory.mktemp("launcher") / ("deep" * 30)
    folder.mkdir()
    product = Product(folder / "var", free_port(), demo=False).start()
    yield product
    product.end()


def launch(**environment):
    """Run the launcher where it is expected to end by itself."""
    return subprocess.run(
        [*PYTHON, "config.launch"],
        cwd=ROOT,
        env=clean_environment(QUANHENG_DEMO=0, **environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def ask_database(installation, statement):
    with closing(sqlite3.connect(installation.var / "quanheng.sqlite3")) as store, store:
        return store.execute(statement).fetchall()


def watch_impatiently(child, check, times):
    """Watch over a child as the launcher does, without the pauses."""
    for _time in range(times):
        check()
        if child.process:
            child.process.wait()
        child.start_again_at = 0.0


@pytest.fixture
def hopeless(tmp_path):
    """A program that ends as soon as it starts."""
    command = [sys.executable, "-c", "raise SystemExit('no luck')"]
    return Child("worker", command, tmp_path / "worker.log", dict(os.environ))


def test_every_part_is_a_process_of_its_own(installation):
    words = [" ".join(process.cmdline()) for process in installation.family()]

    assert installation.health() == (
        200,
        '{"healthy": true, "database": "ok", "broker": "ok", "worker": "ok"}',
    )
    assert sum("valkey-server" in word for word in words) == 1
    assert sum("config.gunicorn" in word for word in words) == 3
    assert sum("config worker" in word for word in words) == 3
    assert sum("config beat" in word for word in words) == 1


def test_without_the_demonstration_a_link_for_the_first_administrator_is_printed(installation):
    (link,) = installation.links

    assert "first\nadministrator" in installation.output
    for address, words in ((link, "Make your account"), (f"{installation.base_url}/sign-in/", "setup_link")):
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert words in browser.open(address, timeout=10).read().decode()


@pytest.mark.parametrize("command", [["setup_link"], ["doctor"]])
def test_a_command_in_another_shell_speaks_of_the_address_that_runs(installation, command):
    environment = clean_environment(QUANHENG_VAR=installation.var)
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert installation.base_url in done.stdout, done.stderr


def test_a_second_launch_points_to_the_first(installation):
    again = launch(QUANHENG_VAR=installation.var, PORT=installation.port)

    assert again.returncode == 0, again.stderr
    assert "already runs" in again.stdout
    assert installation.base_url in again.stdout


def test_a_second_launch_on_another_port_leaves_the_database_alone(installation):
    again = launch(QUANHENG_VAR=installation.var, PORT=free_port())

    assert again.returncode == 1
    assert f"already runs, or is just starting, from this folder: {installation.base_url}" in again.stderr


def test_no_header_says_what_addresses_begin_with(installation):
    connection = HTTPConnection("127.0.0.1", installation.port, timeout=PATIENCE_SECONDS)
    with closing(connection):
        connection.request(
            "GET", "//elsewhere.example/sign-in/", headers={"SCRIPT_NAME": "//elsewhere.example"}
        )
        assert connection.getresponse().status == 404


def test_the_port_of_another_installation_is_named_so(installation, tmp_path):
    other = launch(QUANHENG_VAR=tmp_path, PORT=installation.port)

    assert other.returncode == 1
    assert f"Port {installation.port} is taken by another installation of Quanheng" in other.stderr
    assert f"make run PORT={installation.port + 1}" in other.stderr


def test_a_taken_port_is_said_before_anything_is_made(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = launch(QUANHENG_VAR=tmp_path / "var", PORT=port)

    assert done.returncode == 1
    assert f"Port {port} is taken by another program" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "var" / "quanheng.sqlite3").exists()


def test_a_port_that_another_installation_takes_meanwhile_is_said(installation, tmp_path):
    """Two that start at once both find it free; the second would print links that open nothing there."""
    taken = [sys.executable, "-c", "raise SystemExit('Connection in use')"]
    web = Child("web", taken, tmp_path / "web.log", dict(os.environ))
    web.start()

    with pytest.raises(LaunchError, match="Another installation of Quanheng took"):
        _wait_until_healthy(f"http://127.0.0.1:{installation.port}", [web])


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(tmp_path, port):
    done = launch(QUANHENG_VAR=tmp_path, PORT=port)

    assert done.returncode == 2
    assert f"PORT is '{port}'" in done.stderr


def test_an_unreachable_redis_url_is_said(tmp_path):
    done = launch(QUANHENG_VAR=tmp_path, PORT=free_port(), REDIS_URL="redis://:secret@127.0.0.1:1/0")

    assert done.returncode == 1
    assert "REDIS_URL" in done.stderr
    assert "secret" not in done.stderr


def test_a_failing_step_shows_the_end_of_its_log(tmp_path):
    done = launch(QUANHENG_VAR=tmp_path, PORT=free_port(), DATABASE_URL="sqlite:////proc/no.sqlite3")

    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "Updating the database ..."
    assert "The last step above failed" in done.stderr
    assert "unable to open database file" in done.stderr


def test_a_killed_part_comes_back(installation):
    for word in ("config worker", "valkey-server", "config.gunicorn"):
        old = installation.child(word)
        old.kill()
        wait_until(lambda old=old: not old.is_running() or old.status() == psutil.STATUS_ZOMBIE)
        wait_until(lambda: installation.health()[0] == 200, what=f"health after the death of {word}")


def test_nothing_is_left_when_it_is_killed_and_nothing_is_in_the_way_of_the_next_start(installation):
    family = installation.family()
    os.kill(installation.process.pid, signal.SIGKILL)

    assert installation.process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    assert psutil.wait_procs(family, timeout=30)[1] == []

    # It left its socket, its schedule and its note behind.
    installation.start()
    # Whichever web process is asked, also one that saw parts missing while they started.
    assert {installation.health()[0] for _request in range(60)} == {200}


def test_nothing_is_left_when_it_is_told_to_end_or_its_caller_is_killed_and_data_stay(installation):
    ask_database(installation, "INSERT INTO django_session VALUES ('kept', '', '9999-01-01')")
    family = installation.family()
    installation.process.terminate()

    assert installation.process.wait(PATIENCE_SECONDS) == 0
    assert psutil.wait_procs(family, timeout=30)[1] == []

    # Make stands between a person and the launcher: here a Python that waits does.
    caller = f"import subprocess; subprocess.run({[*PYTHON, 'config.launch', '--with-parent']!r})"
    installation.start([sys.executable, "-c", caller])
    assert ask_database(installation, KEPT) == [("kept",)]
    family = installation.family()
    installation.process.kill()
    installation.process.wait()

    assert psutil.wait_procs(family, timeout=30)[1] == []
    assert ask_database(installation, KEPT) == [("kept",)]


def test_it_gives_up_with_words_when_a_part_keeps_dying_at_the_start(hopeless, capsys):
    with pytest.raises(LaunchError, match="The worker ended 5 times in a row") as refusal:
        watch_impatiently(hopeless, hopeless.check_at_start, 20)

    assert "no luck" in str(refusal.value)
    assert [int(pause) for pause in re.findall(r"in (\d+) s", capsys.readouterr().out)] == [1, 2, 4, 8, 16]


def test_a_part_that_keeps_dying_later_does_not_end_the_others(hopeless, capsys):
    watch_impatiently(hopeless, hopeless.check, 18)

    said = capsys.readouterr().out
    pauses = [int(pause) for pause in re.findall(r"in (\d+) s", said)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert "It has ended 9 times in a row; the rest goes on." in said
