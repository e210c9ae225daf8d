"""A setting that cannot be meant is refused by its name, with what to write; an empty one is not set."""

import runpy
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment
from tests.processes import clean_environment
from tests.test_compose import ROOT, handbook_settings

# What stands in an operator's file by a slip of the hand, or out of the handbook of another program.
NONSENSE = {
    "QUANHENG_PUBLIC_URL": ["weights.example.org", "ftp://weights.example.org", "http://", "http://[::1"],
    "QUANHENG_HTTPS": ["enabled", "2", "是"],
    "DATABASE_URL": [
        "weights", "postgresql://", "mysql://u:secret@h/n", "sql://u:secret@h/n", "postgresql://u:secret/w@h/n",
        "sqlite://",
    ],
    "REDIS_URL": ["localhost:6379", "amqp://guest:secret@h//", "redis://h:secret/0", "redis://h/jobs", "redis://"],
    "DJANGO_ALLOWED_HOSTS": ["https://weights.example.org", "one two"],
    "DJANGO_CSRF_TRUSTED_ORIGINS": ["weights.example.org"],
    "DJANGO_TIME_ZONE": ["Mars/Phobos", "UTC+8", "../passwd"],
    "DJANGO_LOG_LEVEL": ["chatty", "10"],
    "DJANGO_DEBUG": ["perhaps"],
    "QUANHENG_LOG_FORMAT": ["xml"],
    "QUANHENG_ERRORS_DSN": ["sentry.example.org", "https://sentry.example.org/1"],
    "QUANHENG_WORKER_PROCESSES": ["two", "0", "-1", "1.5"],
    "RUN_LEASE_SECONDS": ["10 minutes", "0", "-1", "nan", "inf"],
    "RUN_SWEEP_SECONDS": ["often", "0"],
    "ROUND_CLOSE_SECONDS": ["1,5", "-1"],
    "STUDY_MEMORY_MB": ["1g", "0"],
    "QUANHENG_MAIL_HOST": ["smtp://mail.example.org", "mail.example.org:25"],
    "QUANHENG_MAIL_PORT": ["smtp", "0", "65536"],
    "QUANHENG_MAIL_TLS": ["starttls", "1"],
    "QUANHENG_MAIL_FROM": ["Weights", "a@example.org\nBcc: b@example.org"],
    "QUANHENG_PROXIES": ["nginx", "-1"],
    "QUANHENG_IMPORT_DRAFT_DAYS": ["a month", "99999999999"],
    "QUANHENG_IDLE_HOURS": ["0", "half"],
    "QUANHENG_SECOND_FACTOR": ["boss", "manager analyst"],
    "QUANHENG_OIDC_SERVER": ["login.example.org"],
    "QUANHENG_OIDC_ROLE": ["administrator"],
}  # fmt: skip
# Switches of `make run`, and words that may be anything.
ANYTHING = {
    "DJANGO_SECRET_KEY", "IMPORT_MEMORY_MB", "QUANHENG_LIMIT_STRANGERS", "QUANHENG_MADE",
    "QUANHENG_MAIL_PASSWORD", "QUANHENG_MAIL_STARTTLS", "QUANHENG_MAIL_USER", "QUANHENG_METRICS_TOKEN",
    "QUANHENG_MOST_IMPORT_DRAFTS",
    "QUANHENG_MOST_STUDIES", "QUANHENG_MOST_TABLES_A_DAY", "QUANHENG_OIDC_CLIENT", "QUANHENG_OIDC_NAME",
    "QUANHENG_OIDC_SECRET", "QUANHENG_SIGN_IN_RECORD_DAYS", "QUANHENG_WEB_THREADS", "QUANHENG_WEB_WORKERS",
    "RUN_TURN_SECONDS",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    for name in handbook_settings():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QUANHENG_VAR", str(tmp_path))


def read_settings():
    return runpy.run_path(str(ROOT / "config" / "settings.py"))


def test_every_setting_of_the_handbook_is_tried_or_may_be_anything():
    assert set(NONSENSE) | ANYTHING == handbook_settings()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in NONSENSE for value in NONSENSE[name]])
def test_what_cannot_be_meant_is_refused_by_name(monkeypatch, recwarn, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read_settings()

    # To speak TLS from the first byte, and after connecting, are two settings.
    assert str(refused.value).startswith("QUANHENG_MAIL_" if name == "QUANHENG_MAIL_TLS" else name)
    assert "write" in str(refused.value) or "1, and the other 0" in str(refused.value)
    assert "secret" not in str([refused.value, *(warning.message for warning in recwarn)])


def test_an_empty_setting_is_not_set(monkeypatch):
    def told():
        read = read_settings()
        kinds = (str, int, float, bool, list, tuple, frozenset)
        return {name: value for name, value in read.items() if name.isupper() and isinstance(value, kinds)}

    unset = told()
    for name in handbook_settings():
        monkeypatch.setenv(name, "")

    assert told() == unset
    assert len(unset) > 50


def test_what_is_meant_is_taken_as_it_stands(monkeypatch):
    monkeypatch.setenv("QUANHENG_MAIL_HOST", "mail.example.org")
    monkeypatch.setenv("QUANHENG_MAIL_PASSWORD", "$HOME #1 ")
    monkeypatch.setenv("QUANHENG_SECOND_FACTOR", " manager, administrator ")
    monkeypatch.setenv("QUANHENG_HTTPS", "Yes")
    monkeypatch.setenv("DJANGO_LOG_LEVEL", "warning")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p%2Fw%40%23@h:5433/n?tcp_user_timeout=10000")
    read = read_settings()
    database = read["DATABASES"]["default"]

    assert read["EMAIL_HOST_PASSWORD"] == "$HOME #1 "
    assert read["SECOND_FACTOR_ROLES"] == {"manager", "administrator"}
    assert read["SECURE_SSL_REDIRECT"] is True
    assert read["LOGGING"]["root"]["level"] == "WARNING"
    assert (database["PASSWORD"], database["OPTIONS"]["tcp_user_timeout"]) == ("p/w@#", 10_000)


@pytest.mark.parametrize("folder", ["权衡 #1", "100%", "what?"])
def test_data_may_lie_in_a_folder_of_any_name(monkeypatch, tmp_path, folder):
    monkeypatch.setenv("QUANHENG_VAR", str(tmp_path / folder))

    assert read_settings()["DATABASES"]["default"]["NAME"] == str(tmp_path / folder / "quanheng.sqlite3")


@pytest.mark.parametrize("value", ["0", "many"])
@pytest.mark.parametrize("name", ["QUANHENG_WEB_WORKERS", "QUANHENG_WEB_THREADS"])
def test_the_web_server_refuses_what_would_serve_nobody(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"{name} is '{value}': write a whole number from 1 up"):
        runpy.run_path(str(ROOT / "config" / "gunicorn.py"))


@pytest.mark.parametrize(
    "program", [["manage.py", "doctor"], ["manage.py", "migrate"], ["-m", "config.launch"]], ids=str
)
def test_whoever_starts_it_reads_one_line_and_no_code(tmp_path, program):
    own = clean_environment(QUANHENG_VAR=tmp_path, QUANHENG_PROXIES="nginx")
    done = subprocess.run(
        [sys.executable, *program], cwd=ROOT, env=own, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "QUANHENG_PROXIES is 'nginx': write a whole number from 0 up, or leave it out." in done.stderr
    assert "Traceback" not in done.stderr


def test_the_words_of_a_refusal_hold_no_password(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret/w@h/n")
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.database("DATABASE_URL", ROOT)

    assert "secret" not in repr(refused.value.__cause__)
