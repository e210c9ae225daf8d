"""docker-compose.yml is valid, by Compose's own parser, and says what docs/operations.md promises."""

import importlib.util
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

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
    lasting = {"web", "worker", "beat", "proxy", "database", "broker"}

    assert set(services) == lasting | {"migrate"}
    assert [name for name in lasting if not services[name].get("healthcheck", {}).get("test")] == []


def test_programs_wait_for_the_migration(services):
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_owner_of_the_tables_migrates_and_nobody_else_is_owner(services):
    owner = {name for name, part in services.items() if "quanheng:p@" in str(part.get("environment"))}

    assert owner == {"migrate"}
    assert "grant_app_role" in str(services["migrate"]["command"])
    assert "verify_versions" in str(services["migrate"]["command"])
    assert "setup_link" in str(services["migrate"]["command"])
    for name in ("web", "worker", "beat"):
        assert services[name]["environment"]["DATABASE_URL"].startswith("postgresql://quanheng_app:a@")


def test_every_mail_setting_of_the_handbook_reaches_what_sends():
    handbook = (ROOT / "docs" / "operations.md").read_text()
    rows = [line.split("|")[1] for line in handbook.splitlines() if line.startswith("| `QUANHENG_MAIL_")]
    settings = {name: f"{name}-given" for row in rows for name in re.findall(r"QUANHENG_MAIL_\w+", row)}
    done = compose(ROOT / "docker-compose.yml", {**SECRETS, **settings})
    services = json.loads(done.stdout)["services"]

    assert len(settings) == 7
    for name in ("web", "worker"):
        assert settings.items() <= services[name]["environment"].items()


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


def test_data_live_in_named_volumes(services):
    for name in ("database", "broker"):
        assert [volume["type"] for volume in services[name]["volumes"]] == ["volume"]


def test_the_log_of_the_database_has_room_for_several_workers(services):
    assert "wal_buffers=16MB" in services["database"]["command"]


def test_only_the_proxy_is_published_and_on_the_loopback_interface(services):
    published = {name: port["host_ip"] for name, part in services.items() for port in part.get("ports", [])}

    assert published == {"proxy": "127.0.0.1"}


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
