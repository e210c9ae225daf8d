"""Settings as the environment gives them; what cannot be meant is refused by the name of the setting.

A word that is taken for another than was meant is worse than one that is refused: were whatever is not ``1``
taken for "no", QUANHENG_HTTPS=enabled would serve without encryption. A setting that is empty is not set, as
in an ``.env`` file whose lines wait to be filled in.
"""

import math
import os
from collections.abc import Callable, Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured
from environ import Env

YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
DATABASES = ("postgresql", "postgres", "sqlite")
BROKERS = ("redis", "rediss", "redis+socket")
# Those of a century: more overflow where they are counted back from now.
MOST_DAYS = 36_500
# Thirty years.
MOST_SECONDS = 1_000_000_000
HIGHEST_PORT = 65_535
LOG_FORMATS = ("line", "json")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
Read = TypeVar("Read")


def text(name: str, default: str = "") -> str:
    """Return what a setting says, as it stands."""
    return os.environ.get(name) or default


def words(name: str, default: Sequence[str] = ()) -> list[str]:
    """Return what a setting lists, with commas between."""
    return [word for part in text(name).split(",") if (word := part.strip())] or list(default)


def flag(name: str, *, default: bool = False) -> bool:
    """Return whether a setting says yes."""
    said = text(name, "1" if default else "0").strip().lower()
    if said not in YES + NO:
        raise refusal(name, "write 1 or 0")
    return said in YES


def choice(name: str, known: Sequence[str], default: str = "") -> str:
    """Return which of the known words a setting gives, in capitals or not."""
    said = text(name, default).strip()
    found = next((word for word in (*known, default) if word.lower() == said.lower()), None)
    if found is None:
        raise refusal(name, f"write {' or '.join(known)}")
    return found


def whole(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """Return the whole number of a setting."""
    limit = f"from {least} up" if most is None else f"from {least} to {most}"
    found = _read(name, text(name, str(default)), int, f"write a whole number {limit}")
    if found < least or (most is not None and found > most):
        raise refusal(name, f"write a whole number {limit}")
    return found


def seconds(name: str, default: float) -> float:
    """Return the seconds (or hours) of a setting: more than none."""
    remedy = "write a number above 0, such as 30 or 0.5"
    found = _read(name, text(name, str(default)), float, remedy)
    if not (math.isfinite(found) and 0 < found <= MOST_SECONDS):
        raise refusal(name, remedy)
    return found


def address(name: str, default: str = "") -> str:
    """Return the address of a site that a setting gives."""
    said = text(name, default).strip()
    if said and not _is_site(said):
        raise refusal(name, "write an address such as https://weights.example.org")
    return said


def origins(name: str) -> list[str]:
    """Return the origins that a setting lists."""
    found = words(name)
    if not all(map(_is_site, found)):
        raise refusal(name, "write addresses such as https://weights.example.org, with commas between")
    return found


def hosts(name: str, default: Sequence[str]) -> list[str]:
    """Return the names of hosts that a setting lists."""
    found = words(name, default)
    if any(set("/ ") & set(host) for host in found):
        raise refusal(name, "write names of hosts alone, such as weights.example.org, with commas between")
    return found


def host(name: str) -> str:
    """Return the one host that a setting names, if it names one."""
    said = text(name).strip()
    if any(mark in said for mark in "/ @") or (said.count(":") == 1):
        raise refusal(name, "write the name of the host alone; its port is a setting of its own")
    return said


def sender(name: str, default: str) -> str:
    """Return the address that mail comes from, with a name before it or not."""
    said = text(name, default)
    if "@" not in parseaddr(said)[1] or not said.isprintable():
        raise refusal(name, "write an address such as Weights <weights@example.org>")
    return said


def zone(name: str, default: str) -> str:
    """Return the name of a time zone."""
    said = text(name, default)
    _read(name, said, ZoneInfo, "write the name of a zone such as Asia/Shanghai or Europe/Berlin")
    return said


def database(name: str, default: Path) -> dict[str, Any]:
    """Return the database that a setting gives the address of, or that of a file.

    The address is never shown, for it holds a password; the name of a file may hold what an address may not.
    """
    remedy = (
        "write postgresql://user:password@host:5432/name, or sqlite:////folder/file; in a password / is"
        " written %2F, @ %40, : %3A, # %23 and % %25"
    )
    if not (said := text(name).strip()):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(default)}
    # The library shows what it does not know, with its password.
    if _read(name, said, _split, remedy, shown=False).scheme not in DATABASES:
        raise refusal(name, remedy, shown=False)
    found = dict(_read(name, said, Env.db_url_config, remedy, shown=False))
    if found["NAME"] in ("", ":memory:"):
        raise refusal(name, remedy, shown=False)
    return found


def broker(name: str, default: str) -> str:
    """Return the address of the broker; it is never shown, for it may hold a password."""
    remedy = "write the address of a Valkey or Redis, redis://host:6379/0 or redis://:password@host:6379/0"
    said = text(name, default).strip()
    parts = _read(name, said, _split, remedy, shown=False)
    base = parts.path.strip("/")
    is_reached = (
        parts.path if parts.scheme == "redis+socket" else parts.hostname and (not base or base.isdecimal())
    )
    if parts.scheme not in BROKERS or not is_reached:
        raise refusal(name, remedy, shown=False)
    return said


def refusal(name: str, remedy: str, *, shown: bool = True) -> ImproperlyConfigured:
    """Return the error that names a setting, what it says, and what to write instead."""
    said = f"is {os.environ.get(name, '')!r}" if shown else "cannot be read"
    return ImproperlyConfigured(f"{name} {said}: {remedy}, or leave it out.")


def _read(name: str, said: str, read: Callable[[str], Read], remedy: str, *, shown: bool = True) -> Read:
    try:
        return read(said)
    except (ValueError, OSError, LookupError) as error:
        # What was raised may quote what was read.
        raise refusal(name, remedy, shown=shown) from (error if shown else None)


def _is_site(said: str) -> bool:
    try:
        parts = _split(said)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not set(" <>\"'") & set(said)


def _split(said: str) -> Any:
    parts = urlsplit(said)
    # Looked at late by the library: what is no number is refused here.
    parts.port  # noqa: B018
    return parts
