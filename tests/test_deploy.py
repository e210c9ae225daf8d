"""The examples of deploy/ are valid by their own programs, and agree with the product and its containers."""

import configparser
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.test_compose import COMPOSE, ROOT, SECRETS, compose, handbook_settings
from tests.test_proxy import NGINX

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("quanheng-*"))
SYSTEMD = shutil.which("systemd-analyze")


def parsed(unit):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(unit)
    return parser


@pytest.fixture(scope="module")
def with_tls():
    files = ["--file", ROOT / "docker-compose.yml", "--file", DEPLOY / "tls.yml"]
    done = subprocess.run(
        [COMPOSE, *files, "config", "--format", "json"],
        env=SECRETS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_tls_stands_before_the_proxy_under_the_name_people_use(with_tls):
    site = with_tls["configs"]["tls"]["content"]

    assert {port["published"] for port in with_tls["services"]["tls"]["ports"]} == {"80", "443"}
    assert f"{SECRETS['QUANHENG_HOST']} {{" in site
    assert "reverse_proxy proxy:80" in site
    # Two proxies then: this one and nginx.
    assert with_tls["services"]["web"]["environment"]["QUANHENG_PROXIES"] == "2"


ENGINE = """#!/bin/sh
case "$1" in
    pull) echo "$3" >>"$PULLED" ;;
    image) echo "${5%%:*}@sha256:$DIGEST" ;;
esac
"""


def pin(tmp_path, digest):
    """Run the script beside an engine that knows one digest; return what it wrote."""
    engine, pins = tmp_path / "engine", tmp_path / "env"
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    told = {"PATH": os.environ["PATH"], "PULLED": str(tmp_path / "pulled"), "DIGEST": digest}
    subprocess.run(
        ["sh", DEPLOY / "pin-images.sh"],
        env={**told, "ENGINE": str(engine), "PINS": str(pins)},
        check=True,
        capture_output=True,
    )
    return dict(line.split("=", 1) for line in pins.read_text().splitlines())


def test_every_image_is_pinned_by_the_command_that_renews_them(tmp_path):
    (tmp_path / "env").write_text("DJANGO_SECRET_KEY=kept\n")
    pin(tmp_path, "a" * 64)
    pinned = pin(tmp_path, "b" * 64)
    done = subprocess.run(
        [
            COMPOSE,
            "--file",
            ROOT / "docker-compose.yml",
            "--file",
            DEPLOY / "tls.yml",
            "config",
            "--format",
            "json",
        ],
        env={**SECRETS, **pinned},
        capture_output=True,
        text=True,
        check=True,
    )
    services = json.loads(done.stdout)["services"]
    fetched = {part["image"] for part in services.values() if "build" not in part}

    # Digests of an earlier time are replaced, and what else stands there is kept.
    assert pinned.pop("DJANGO_SECRET_KEY") == "kept"
    assert len(fetched) == 4
    assert all(image.endswith("@sha256:" + "b" * 64) for image in fetched)
    assert services["web"]["build"]["args"]["PYTHON_IMAGE"] == "python@sha256:" + "b" * 64
    assert set(pinned.values()) == {*fetched, "python@sha256:" + "b" * 64}


def test_what_has_no_digest_is_refused(tmp_path):
    with pytest.raises(subprocess.CalledProcessError) as failed:
        pin(tmp_path, "")
    assert failed.value.returncode != 0


def test_copies_are_made_where_they_are_asked_for():
    services = json.loads(
        compose(ROOT / "docker-compose.yml", {**SECRETS, "COMPOSE_PROFILES": "copies"}).stdout
    )["services"]
    copies, migrate = services["copies"], services["migrate"]

    assert "manage.py backup --into /copies --keep 14" in " ".join(copies["command"])
    assert [mount["source"] for mount in copies["volumes"]] == ["copies"]
    # Who upgrades and restores is the owner, who copies into the same folder before.
    assert [mount["source"] for mount in migrate["volumes"]] == ["copies"]
    assert "manage.py upgrade --into /copies" in " ".join(migrate["command"])
    assert "-o quanheng -m 700 /copies" in (ROOT / "Dockerfile").read_text()


def test_units_run_what_the_containers_run():
    services = json.loads(compose(ROOT / "docker-compose.yml").stdout)["services"]
    commands = {
        unit.stem: parsed(unit)["Service"]["ExecStart"] for unit in UNITS if unit.suffix == ".service"
    }

    assert commands["quanheng-worker"].endswith(" ".join(services["worker"]["command"]))
    assert "celery --app config beat" in commands["quanheng-beat"]
    assert "gunicorn config.wsgi --config python:config.gunicorn" in commands["quanheng-web"]
    for name in ("quanheng-web", "quanheng-worker", "quanheng-beat"):
        unit = parsed(DEPLOY / "systemd" / f"{name}.service")
        assert unit["Service"]["Restart"] == "always"
        assert unit["Unit"]["Requires"] == "quanheng-prepare.service"
        assert unit["Service"]["MemoryMax"]


def test_the_example_of_the_environment_names_settings_that_there_are():
    example = (DEPLOY / "systemd" / "environment.example").read_text()
    names = set(re.findall(r"^(\w+)=", example, re.M))

    assert names - {"QUANHENG_DEMO"} <= handbook_settings()
    assert names >= {"DJANGO_SECRET_KEY", "QUANHENG_HTTPS", "QUANHENG_PROXIES", "DATABASE_URL"}


# Stands in for systemd, which is not there where it did not start the machine: settings, then the command.
RUNNER = """#!/usr/bin/env python3
import os, sys
words, own, place = sys.argv[1:], {"PATH": os.environ["PATH"]}, "."
while words[0].startswith("--"):
    option = words.pop(0)
    if option in ("--quiet", "--collect", "--wait", "--pty", "--pipe"):
        continue
    value = words.pop(0)
    if option == "--working-directory":
        place = value
    elif option == "--setenv":
        own |= [value.split("=", 1)]
    elif value.startswith("EnvironmentFile="):
        path = value.removeprefix("EnvironmentFile=")
        if os.path.exists(path.removeprefix("-")) or not path.startswith("-"):
            own |= [line.split("=", 1) for line in open(path.removeprefix("-")).read().splitlines()]
os.chdir(place)
os.execve(words[0], words, own)
"""


def test_commands_have_the_settings_of_the_units_and_their_owner_what_changes_tables(tmp_path):
    runner, manage, etc, var = (tmp_path / name for name in ("systemd-run", "manage", "etc", "var"))
    etc.mkdir()
    runner.write_text(RUNNER)
    runner.chmod(0o755)
    text = (
        (DEPLOY / "systemd" / "manage").read_text().replace("/srv/quanheng/.venv/bin/python", sys.executable)
    )
    text = text.replace("/srv/quanheng", str(ROOT)).replace("/etc/quanheng", str(etc))
    manage.write_text(text.replace("/var/lib/quanheng", str(var)))
    (etc / "environment").write_text(
        "QUANHENG_PROXIES=1\nDATABASE_URL=postgresql://app@127.0.0.1:1/of_the_product\n"
    )
    (etc / "owner").write_text("DATABASE_URL=postgresql://owner@127.0.0.1:1/of_the_owner\n")
    path = f"{tmp_path}:{os.environ['PATH']}"

    def told(*words):
        done = subprocess.run(
            ["sh", manage, *words], env={"PATH": path}, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    assert "Type 'manage.py help <subcommand>'" in told()
    asked = (
        "from django.conf import settings as s; print(s.DATABASES['default']['NAME'], s.PROXIES, s.VAR_DIR)"
    )
    assert f"of_the_product 1 {var}" in told("shell", "--command", asked)
    (etc / "environment").write_text("QUANHENG_PROXIES=nginx\n")
    assert "QUANHENG_PROXIES is 'nginx'" in told("doctor")
    (etc / "environment").write_text("QUANHENG_PROXIES=1\nDATABASE_URL=sqlite:////proc/of_the_product\n")
    (etc / "owner").write_text("DATABASE_URL=nonsense-of-the-owner\n")
    for command in ("migrate", "upgrade", "go_back", "restore", "grant_app_role"):
        assert "DATABASE_URL cannot be read" in told(command)
    assert "DATABASE_URL cannot be read" not in told("verify_versions")


@pytest.mark.skipif(not SYSTEMD, reason="THE UNITS ARE NOT VERIFIED: no systemd-analyze is installed here")
def test_units_are_valid(tmp_path):
    for unit in UNITS:
        text = unit.read_text().replace("/srv/quanheng", str(ROOT)).replace("User=quanheng", "User=root")
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        [SYSTEMD, "verify", *sorted(tmp_path.iterdir())], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not NGINX or not shutil.which("openssl"), reason="THE TLS SITE IS NOT TESTED: no nginx")
def test_the_site_with_tls_is_valid(tmp_path):
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=weights.example.org", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    site = (DEPLOY / "nginx" / "quanheng.conf").read_text()
    site = site.replace("/etc/letsencrypt/live/weights.example.org", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}} http {{ {site} }}")
    done = subprocess.run(
        [NGINX, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error.log"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "syntax is ok" in done.stderr, done.stderr
