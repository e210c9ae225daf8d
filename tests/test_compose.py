"""docker-compose.yml is valid, by Compose's own parser, and says what docs/operations.md promises."""

import importlib.util
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from celery.beat import Service

from config.celery import app
from indexer.intake.files import UPLOAD
from weighting.bodies import LARGEST_OF_STAFF, MEGABYTE

ROOT = Path(__file__).resolve().parent.parent
# The wheel's Python wrapper always exits 0, so its program is called directly.
COMPOSE = Path(importlib.util.find_spec("compose").origin).with_name("docker-compose")
SECRETS = {
    "POSTGRES_PASSWORD": "p",
    "QUANHENG_APP_PASSWORD": "a",
    "DJANGO_SECRET_KEY": "k",
    "QUANHENG_HOST": "weights.example.org",
}


def compose(file, environment=SECRETS):
    return subprocess.run(
        [COMPOSE, "--file", file, "config", "--format", "json"],
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def services():
    done = compose(ROOT / "docker-compose.yml")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


def test_every_part_is_there_and_watched(services):
    lasting = {"web", "twin", "worker", "beat", "proxy", "database", "broker"}

    assert set(services) == lasting | {"migrate"}
    assert [name for name in lasting if not services[name].get("healthcheck", {}).get("test")] == []


def test_programs_wait_for_the_migration(services):
    for name in ("web", "twin", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_owner_of_the_tables_migrates_and_nobody_else_is_owner(services):
    owner = {name for name, part in services.items() if "quanheng:p@" in str(part.get("environment"))}

    assert owner == {"migrate"}
    assert "grant_app_role" in str(services["migrate"]["command"])
    assert "verify_versions" in str(services["migrate"]["command"])
    assert "setup_link" in str(services["migrate"]["command"])
    for name in ("web", "twin", "worker", "beat"):
        assert services[name]["environment"]["DATABASE_URL"].startswith("postgresql://quanheng_app:a@")


def handbook_settings():
    """The variables of the handbook's table."""
    table = (ROOT / "docs" / "operations.md").read_text().partition("## Settings\n")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row[1])}


def test_every_setting_of_the_handbook_reaches_the_containers():
    settings = {name: f"{name}-given" for name in handbook_settings()} | {"QUANHENG_HOST": "h"}
    done = compose(ROOT / "docker-compose.yml", {**SECRETS, **settings})
    services = json.loads(done.stdout)["services"]
    reached = [services[name]["environment"] for name in ("web", "twin", "worker", "beat", "migrate")]
    # Of these the file has servers of its own, whose addresses it puts together.
    own = {"DATABASE_URL", "REDIS_URL"}

    assert len(settings) > 25
    for environment in reached:
        assert own <= set(environment)
        assert [
            name for name in settings if name not in own | {"QUANHENG_HOST"}
            and settings[name] not in environment.get(name, "").split(",")
        ] == []  # fmt: skip


def test_every_setting_of_the_code_stands_in_the_handbook():
    read = re.compile(r"env\.\w+\(\s*\"(\w+)\"")
    files = [*(ROOT / "config").glob("*.py"), *(ROOT / "upkeep").rglob("*.py")]
    known = re.findall(r"`(\w+)`", (ROOT / "docs" / "operations.md").read_text())

    assert {name for path in files for name in read.findall(path.read_text())} - set(known) == set()


def test_without_mail_settings_nothing_but_defaults_is_passed(services):
    passed = {
        name: value
        for name, value in services["worker"]["environment"].items()
        if name.startswith("QUANHENG_MAIL_") and value
    }

    assert passed == {
        "QUANHENG_MAIL_PORT": "587",
        "QUANHENG_MAIL_FROM": "Quanheng <quanheng@localhost>",
    }


def test_two_web_servers_are_alike_and_answer_to_one_name(services):
    """Either may be away; Compose makes those of one service anew all at once."""
    assert services["twin"] == services["web"]
    assert services["web"]["networks"]["default"]["aliases"] == ["product"]
    assert services["web"]["environment"]["QUANHENG_WEB_WORKERS"] == "1"


def test_a_part_waits_for_what_it_needs_and_for_nothing_else(services):
    needed = {name: set(part.get("depends_on", {})) for name, part in services.items()}

    assert needed["web"] == needed["twin"] == needed["worker"] == needed["beat"] == {"migrate"}
    assert needed["migrate"] == {"database"}
    assert needed["proxy"] == set()


def test_health_asks_the_part_itself_and_the_proxy_through_to_the_product(services):
    asked = {
        name: " ".join(part["healthcheck"]["test"]) for name, part in services.items() if name != "migrate"
    }

    assert "8000/readyz" in asked["web"]
    assert "127.0.0.1/readyz" in asked["proxy"]
    assert "healthz" not in str(asked)
    assert "--host" in asked["database"]
    assert "SELECT 1" in asked["database"]


def test_the_clock_is_well_while_it_goes(services, tmp_path):
    """By its health check in the folder where it writes, whichever database Python keeps the schedule in."""
    _shell, asked = services["beat"]["healthcheck"]["test"]
    schedule = services["beat"]["command"][services["beat"]["command"].index("--schedule") + 1]

    def is_well():
        return subprocess.run(["sh", "-c", asked.replace("/tmp", str(tmp_path))], check=False).returncode == 0

    own = {"schedule_filename": schedule.replace("/tmp", str(tmp_path))}
    clock = Service(app, scheduler_cls=app.conf.beat_scheduler, **own).scheduler
    assert is_well()
    for file in tmp_path.iterdir():
        os.utime(file, (0, 0))
    assert not is_well()
    clock.sync()
    assert is_well()
    clock.close()


def test_every_part_has_limits_and_logs_that_end(services):
    assert [name for name, part in services.items() if not int(part.get("mem_limit", 0))] == []
    assert [name for name, part in services.items() if not part.get("pids_limit")] == []
    assert [name for name, part in services.items() if "max-size" not in part["logging"]["options"]] == []


def test_what_runs_once_is_tried_again(services):
    assert services["migrate"]["restart"].startswith("on-failure")


def test_data_live_in_named_volumes(services):
    for name in ("database", "broker"):
        assert [volume["type"] for volume in services[name]["volumes"]] == ["volume"]


def test_the_log_of_the_database_has_room_for_several_workers(services):
    assert "wal_buffers=16MB" in services["database"]["command"]


def test_only_the_proxy_is_published_and_on_the_loopback_interface(services):
    published = {name: port["host_ip"] for name, part in services.items() for port in part.get("ports", [])}

    assert published == {"proxy": "127.0.0.1"}


@pytest.mark.parametrize("file", ["docker-compose.yml", "deploy/nginx/quanheng.conf"])
def test_the_proxy_lets_through_what_the_product_takes_so_that_the_product_says_what_is_too_much(file):
    (most,) = re.findall(r"client_max_body_size (\d+)m;", (ROOT / file).read_text())
    assert UPLOAD.bytes < LARGEST_OF_STAFF < int(most) * MEGABYTE


@pytest.mark.parametrize("missing", SECRETS)
def test_a_missing_secret_is_refused(missing):
    given = {name: value for name, value in SECRETS.items() if name != missing}
    done = compose(ROOT / "docker-compose.yml", given)

    assert done.returncode != 0
    assert missing in done.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("condition: service_healthy", "condition: service_happy"),
        ("    healthcheck:", "    health_check:"),
        ("broker:/data", "nowhere:/data"),
        ("      migrate: {", "      migration: {"),
    ],
)
def test_the_checker_refuses_a_broken_file(tmp_path, right, wrong):
    text = (ROOT / "docker-compose.yml").read_text()
    assert right in text
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(text.replace(right, wrong, 1))

    assert compose(broken).returncode != 0
