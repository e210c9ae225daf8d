"""What surrounds the program on its machine: settings, files, disk, mail."""

import shutil
import stat
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from smtplib import SMTPException
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import get_connection
from django.http.request import validate_host
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from config.mail import has_mail_server
from upkeep.doctor.finding import Finding, fine, look, wrong

SHORTEST_KEY = 32
LITTLE_ROOM, NO_ROOM = 2_000_000_000, 200_000_000
MAIL_TIMEOUT = 5


def check_settings() -> Iterator[Finding]:
    """Look for settings that leave a door open, or that do not fit each other."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    yield from _check_doors(host)
    yield from _check_halves()
    yield fine(_("People come to %(url)s.") % {"url": settings.PUBLIC_URL})


def _check_doors(host: str) -> Iterator[Finding]:
    """Look for settings that let in who should stay out, or read along."""
    if settings.DEBUG:
        yield wrong(_("Errors are shown with the code and settings behind them."), _("Set DJANGO_DEBUG=0."))
    if len(settings.SECRET_KEY) < SHORTEST_KEY:
        yield wrong(
            _("The secret key is short enough to be guessed."),
            _("Set DJANGO_SECRET_KEY to the output of openssl rand -hex 32; everybody then signs in again."),
        )
    if "*" in settings.ALLOWED_HOSTS or not validate_host(host, settings.ALLOWED_HOSTS):
        yield wrong(
            _("DJANGO_ALLOWED_HOSTS does not fit %(url)s.") % {"url": settings.PUBLIC_URL},
            _("Name in DJANGO_ALLOWED_HOSTS the host that people use, and no others."),
        )
    if not settings.HTTPS and not _is_loopback(host):
        yield wrong(
            _("Personal links and passwords travel without encryption."),
            _("Serve %(host)s over TLS and set QUANHENG_HTTPS=1.") % {"host": host},
        )


def _check_halves() -> Iterator[Finding]:
    """Look for settings of which another one that belongs to them is lacking."""
    if settings.HTTPS and not settings.PROXIES:
        yield look(
            _("Everybody seems to come from one address, that of the proxy."),
            _("Set QUANHENG_PROXIES to the number of proxies before the product."),
        )
    if settings.HTTPS and urlsplit(settings.PUBLIC_URL).scheme != "https":
        yield look(
            _("Links in mails begin with %(url)s, without encryption.") % {"url": settings.PUBLIC_URL},
            _("Let QUANHENG_PUBLIC_URL begin with https://."),
        )
    if bool(settings.EMAIL_HOST_USER) != bool(settings.EMAIL_HOST_PASSWORD):
        yield look(
            _("Of the account at the mail server one half is set: mail is handed over without it."),
            _("Set QUANHENG_MAIL_USER and QUANHENG_MAIL_PASSWORD, or neither."),
        )
    if not all(app["client_id"] and app["secret"] for app in _providers()):
        yield wrong(
            _("Nobody can sign in at %(url)s, which does not know this installation.")
            % {"url": settings.OIDC_SERVER},
            _("Set QUANHENG_OIDC_CLIENT and QUANHENG_OIDC_SECRET to what it was registered with there."),
        )


def _providers() -> list[dict[str, Any]]:
    apps: list[dict[str, Any]] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return apps


def check_files() -> Iterator[Finding]:
    """Look for data that other accounts of this machine may read."""
    for path in (settings.VAR_DIR, settings.VAR_DIR / "secret_key", *_database_files()):
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and not _is_sheltered(path):
            yield wrong(
                _("Other accounts of this machine may read %(path)s.") % {"path": path},
                _("Run chmod go= %(path)s") % {"path": path},
            )
    try:
        Path(settings.MADE_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
        TemporaryFile(dir=settings.MADE_DIR).close()
    except OSError as error:
        yield look(
            _("Pictures and files are made for each reader anew: nothing can be kept in %(path)s (%(kind)s).")
            % {"path": settings.MADE_DIR, "kind": type(error).__name__},
            _("Let the account of the product write there, or name another folder in QUANHENG_MADE."),
        )
    yield fine(_("Data of this machine lie in %(path)s.") % {"path": settings.VAR_DIR})


def check_disk() -> Iterator[Finding]:
    """Look how much room is left where this machine keeps data."""
    room = shutil.disk_usage(settings.VAR_DIR).free
    text = _("%(room)s are free in %(path)s.") % {"room": filesizeformat(room), "path": settings.VAR_DIR}
    if room < NO_ROOM:
        yield wrong(text, _("Make room now: without it nothing can be saved."))
    elif room < LITTLE_ROOM:
        yield look(text, _("Make room, or move the data to a larger disk."))
    else:
        yield fine(text)


def check_mail() -> Iterator[Finding]:
    """Look whether mail can be handed to its server; none is sent."""
    if not has_mail_server():
        yield look(
            _("There is no mail server: links are handed out on printed sheets."),
            _("Set QUANHENG_MAIL_HOST and what belongs to it."),
        )
        return
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with get_connection(timeout=MAIL_TIMEOUT):
            yield fine(_("The mail server %(server)s lets this installation in.") % {"server": server})
    except (OSError, SMTPException) as error:
        yield wrong(
            _("The mail server %(server)s does not let this installation in (%(kind)s).")
            % {"server": server, "kind": type(error).__name__},
            _("Check QUANHENG_MAIL_HOST, its port, its account and its encryption."),
        )


def _database_files() -> list[Path]:
    database = settings.DATABASES["default"]
    return [Path(database["NAME"])] if database["ENGINE"] == "config.sqlite" else []


def _is_sheltered(path: Path) -> bool:
    """Whether nobody else gets into the folder that a file lies in."""
    return path.is_file() and not path.parent.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
