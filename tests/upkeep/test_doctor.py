"""An examination sees each kind of fault and says what to do, on the page as on the command line."""

import re
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as installed
from django.core.management import CommandError, call_command
from django.db import connection
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone, translation

from config.broker import client_of
from indexer.enums import RunStatus
from indexer.models import DataFacts, DataSet, Run
from tests.factories import fill_ballot, make_account, make_framework, make_invitation, make_round
from tests.indexer.factories import make_data_set, make_version
from tests.processes import free_port
from upkeep.doctor import examination, store, surroundings, work
from upkeep.doctor.finding import Level, fine
from weighting import immutability
from weighting.enums import Role
from weighting.models import Ballot, Invitation, Round
from weighting.services import residue
from weighting.services.access import issue_invitation_link

pytestmark = pytest.mark.django_db
postgres_only = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has neither")


def found(check, level):
    return " ".join(f"{finding.text} {finding.remedy}" for finding in check() if finding.level == level)


def wrong(check):
    return found(check, Level.WRONG)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"DEBUG": True}, "DJANGO_DEBUG=0"),
        ({"SECRET_KEY": "short"}, "openssl rand"),
        ({"ALLOWED_HOSTS": ["*"]}, "DJANGO_ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": ["other.example"]}, "DJANGO_ALLOWED_HOSTS"),
        ({"PUBLIC_URL": "http://weights.example", "ALLOWED_HOSTS": ["weights.example"]}, "QUANHENG_HTTPS=1"),
    ],
    ids=str,
)
def test_settings_that_leave_a_door_open(settings, changes, told):
    assert wrong(surroundings.check_settings) == ""
    for name, value in changes.items():
        setattr(settings, name, value)

    assert told in wrong(surroundings.check_settings)


def test_a_proxy_that_is_not_counted(settings):
    settings.HTTPS, settings.PROXIES = True, 0

    assert "QUANHENG_PROXIES" in found(surroundings.check_settings, Level.LOOK)


def test_halves_of_what_belongs_together(settings):
    def told(level):
        return found(surroundings.check_settings, level)

    assert "QUANHENG_PUBLIC_URL" not in told(Level.LOOK)
    settings.HTTPS, settings.PROXIES = True, 1
    assert "QUANHENG_PUBLIC_URL" in told(Level.LOOK)

    assert "QUANHENG_MAIL_USER" not in told(Level.LOOK)
    settings.EMAIL_HOST_USER = "weights"
    assert "QUANHENG_MAIL_USER" in told(Level.LOOK)

    app = {"client_id": "weights", "secret": "a-secret"}
    settings.OIDC_SERVER = "https://login.example"
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    assert "QUANHENG_OIDC_CLIENT" not in told(Level.WRONG)
    app["secret"] = ""
    assert "QUANHENG_OIDC_CLIENT" in told(Level.WRONG)


def test_files_that_others_may_read(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    tmp_path.chmod(0o700)
    (tmp_path / "secret_key").write_text("x")
    assert str(tmp_path) not in wrong(surroundings.check_files)

    tmp_path.chmod(0o755)
    (tmp_path / "secret_key").chmod(0o644)
    assert f"chmod go= {tmp_path / 'secret_key'}" in wrong(surroundings.check_files)


def test_a_folder_where_nothing_can_be_kept(settings, tmp_path):
    settings.VAR_DIR, settings.MADE_DIR = tmp_path, str(tmp_path / "made")
    assert "QUANHENG_MADE" not in found(surroundings.check_files, Level.LOOK)

    (tmp_path / "file").touch()
    settings.MADE_DIR = str(tmp_path / "file" / "made")
    assert "NotADirectoryError" in found(surroundings.check_files, Level.LOOK)
    assert "QUANHENG_MADE" in found(surroundings.check_files, Level.LOOK)


@pytest.mark.parametrize(("free", "level"), [(10**8, Level.WRONG), (10**9, Level.LOOK), (10**11, Level.FINE)])
def test_a_disk_that_fills(monkeypatch, free, level):
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(surroundings.shutil, "disk_usage", lambda path: usage)

    # As the page of disk use says it.
    assert filesizeformat(free) in found(surroundings.check_disk, level)


def test_a_mail_server_that_is_away_or_not_named(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert "ConnectionRefusedError" in wrong(surroundings.check_mail)

    settings.EMAIL_BACKEND = "config.mail.EmailBackend"
    assert "QUANHENG_MAIL_HOST" in found(surroundings.check_mail, Level.LOOK)


@pytest.mark.postgres
def test_a_database_behind_its_code():
    assert wrong(store.check_database) == ""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE id = (SELECT MAX(id) FROM django_migrations)")

    assert "manage.py upgrade" in wrong(store.check_database)


@pytest.mark.postgres
@postgres_only
def test_a_role_that_owns_the_tables():
    assert "grant_app_role" in found(store.check_database, Level.LOOK)


@pytest.mark.postgres
@postgres_only
def test_a_role_that_may_not_remove_dead_rows(monkeypatch):
    monkeypatch.setenv("QUANHENG_APP_PASSWORD", "a-password")
    call_command("grant_app_role", role="quanheng_app_test")
    told = {}
    with connection.cursor() as cursor:
        for name in ("granted", "not granted"):
            cursor.execute("SET LOCAL SESSION AUTHORIZATION quanheng_app_test")
            told[name] = "dead rows" in found(store.check_database, Level.LOOK)
            cursor.execute("RESET SESSION AUTHORIZATION")
            if connection.pg_version >= residue.MAINTAIN_SINCE:
                cursor.execute("REVOKE MAINTAIN ON weighting_score FROM quanheng_app_test")

    assert told == {"granted": connection.pg_version < residue.MAINTAIN_SINCE, "not granted": True}


@pytest.mark.postgres
@postgres_only
def test_a_postgresql_that_is_no_longer_maintained(monkeypatch):
    version = connection.pg_version // 10_000
    for year, is_told in ((2012 + version, False), (2013 + version, True)):
        monkeypatch.setattr(store.timezone, "now", lambda year=year: datetime(year, 6, 1, tzinfo=UTC))
        assert ("no longer maintained" in found(store.check_database, Level.LOOK)) == is_told


@pytest.mark.postgres
def test_a_guard_that_was_removed():
    assert wrong(store.check_triggers) == ""
    immutability.drop_triggers("default")

    assert immutability.VERSION in wrong(store.check_triggers)


@pytest.mark.postgres
def test_invitations_and_ballots_that_were_deleted_past_the_product():
    """No key of the database holds them: `docs/decisions/ended-rounds-lie-apart.md`."""
    invitation = make_invitation(make_round())
    fill_ballot(invitation)
    issue_invitation_link(invitation)
    assert wrong(store.check_references) == ""

    Ballot.objects.all()._raw_delete("default")
    Invitation.objects.all()._raw_delete("default")

    told = wrong(store.check_references)
    assert "1 rows of weighting_accesslink refer to rows of weighting_invitation" in told
    assert "rows of weighting_score refer to rows of weighting_ballot" in told


@pytest.mark.postgres
def test_runs_that_do_not_belong_to_their_versions():
    framework = make_framework()
    make_version(framework)
    make_data_set(framework)
    assert wrong(store.check_versions) == ""
    Run.objects.update(
        status="done",
        node_scores=b"",
        finished_at=timezone.now(),
        manifest_hash="f" * 64,
        data_sha256="f" * 64,
    )

    assert f"not: {Run.objects.get().pk}" in wrong(store.check_versions)


@pytest.mark.postgres
@postgres_only
@pytest.mark.parametrize(("off", "level"), [(-60, Level.WRONG), (5, Level.LOOK), (0, Level.FINE)])
def test_a_clock_that_is_off(monkeypatch, off, level):
    right = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: right() + timedelta(seconds=off))

    assert f"{off:.0f}" in found(store.check_clock, level)


@pytest.mark.postgres
def test_a_round_that_nobody_closes_and_a_run_that_nobody_takes():
    framework = make_framework()
    make_version(framework)
    make_data_set(framework)
    make_round()
    assert found(work.check_jobs, Level.WRONG) + found(work.check_jobs, Level.LOOK) == ""
    long_ago = timezone.now() - timedelta(hours=1)
    Round.objects.update(deadline=long_ago)
    Run.objects.update(queued_at=long_ago)

    assert "beat" in wrong(work.check_jobs)
    assert "half an hour: 1" in found(work.check_jobs, Level.LOOK)
    DataFacts.objects.create(data_set=DataSet.objects.get())
    assert "half an hour: 1" in found(work.check_jobs, Level.LOOK)
    DataFacts.objects.update(queued_at=long_ago)
    assert "half an hour: 2" in found(work.check_jobs, Level.LOOK)
    DataFacts.objects.update(status=RunStatus.FAILED)
    assert "wait: 1; that failed: 1" in found(work.check_jobs, Level.FINE)


def test_a_broker_without_workers(valkey):
    assert wrong(work.check_broker) == ""
    assert "--queues interactive,bulk" in wrong(work.check_workers)


def test_a_broker_that_does_not_say_how_it_is_set(valkey):
    """As those that somebody else runs: it takes and gives messages like any other."""
    with client_of(valkey, timeout=5) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        assert "maxmemory-policy" in found(work.check_broker, Level.LOOK)
        client.execute_command("ACL", "SETUSER", "default", "-config")

        assert "messages that wait: 0" in found(work.check_broker, Level.FINE)
        assert found(work.check_broker, Level.LOOK) == wrong(work.check_broker) == ""


def test_the_command_ends_with_what_is_wrong_and_the_page_says_the_same(client):
    """With neither broker nor administrator: what breaks keeps nothing else from being seen."""
    out = StringIO()
    with translation.override("en"), pytest.raises(CommandError, match="WRONG"):
        call_command("doctor", stdout=out)
    lines = out.getvalue()
    assert "WRONG  Broker: It does not answer (ConnectionError)." in lines
    assert "-> Run manage.py setup_link." in lines
    assert "fine   Guards" in lines

    client.force_login(make_account(Role.ADMINISTRATOR))
    page = client.get(reverse("upkeep:examination"), headers={"Accept-Language": "en"}).content.decode()
    page = page.replace("&#x27;", "'")
    assert "Something is wrong" in page
    told = [line.partition(": ")[2] for line in lines.splitlines() if not line.startswith(" ")]
    # But for what changes from one look to the next.
    lasting = [
        text for text in told if not re.search(r"\d\s[KMGT]B", text) and "Nobody can administer" not in text
    ]
    assert len(lasting) > 8
    assert [text for text in lasting if text not in page] == []


def test_those_who_are_waited_for_are_asked_at_once_and_in_the_language_of_the_reader(monkeypatch):
    """One after the other, none of them would come past the point where all have to be."""
    together = threading.Barrier(3)

    def waits():
        together.wait(timeout=20)
        yield fine(translation.gettext("Mail"))

    slow = {
        check: lambda: waits() for check in (work.check_broker, work.check_workers, surroundings.check_mail)
    }
    parts = [(name, slow.get(check, list)) for name, check in examination.PARTS]
    monkeypatch.setattr(examination, "PARTS", parts)
    monkeypatch.setattr(examination, "ELSEWHERE", frozenset(slow.values()))
    with translation.override("zh-hans"):
        names = [str(name) for name, _check in parts]
        found = examination.examine()

    assert [part.name for part in found] == names
    assert [part.findings[0].text for part in found if part.findings] == ["邮件"] * 3


def test_a_whole_installation_is_fine(client, celery_worker_process):
    administrator = make_account(Role.ADMINISTRATOR)
    Path(installed.VAR_DIR).chmod(0o700)
    celery_worker_process()
    client.force_login(administrator)
    assert "Every part is as it should be" in client.get("/installation/").content.decode()
    out = StringIO()
    with translation.override("en"):
        call_command("doctor", stdout=out)

    assert "fine   Workers: Workers that answer: worker0@test." in out.getvalue()
