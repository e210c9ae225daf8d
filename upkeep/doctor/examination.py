"""Every part of the installation, looked at one by one; what breaks keeps no other from being seen."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import redis
from django.db import Error
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from kombu.exceptions import KombuError

from upkeep.doctor import store, surroundings, work
from upkeep.doctor.finding import Finding, Level, wrong

Check = Callable[[], Iterable[Finding]]
PARTS: tuple[tuple[Promise, Check], ...] = (
    (gettext_lazy("Settings"), surroundings.check_settings),
    (gettext_lazy("Database"), store.check_database),
    (gettext_lazy("Guards"), store.check_triggers),
    (gettext_lazy("References"), store.check_references),
    (gettext_lazy("Versions and results"), store.check_versions),
    (gettext_lazy("Broker"), work.check_broker),
    (gettext_lazy("Workers"), work.check_workers),
    (gettext_lazy("Work"), work.check_jobs),
    (gettext_lazy("Clock"), store.check_clock),
    (gettext_lazy("Disk"), surroundings.check_disk),
    (gettext_lazy("Files"), surroundings.check_files),
    (gettext_lazy("Mail"), surroundings.check_mail),
    (gettext_lazy("People"), store.check_people),
)
# What others are asked, and waited for: all at once, while the rest is looked at. None asks the database.
ELSEWHERE = frozenset({work.check_broker, work.check_workers, surroundings.check_mail})


@dataclass(frozen=True)
class Part:
    """A part by its name, and all that was found of it."""

    name: str
    findings: list[Finding]


def examine() -> list[Part]:
    """Look at every part."""
    with ThreadPoolExecutor(len(ELSEWHERE)) as waiting:
        asked = {check: waiting.submit(_look_in, get_language(), check) for check in ELSEWHERE}
        seen = {check: _look_at(check) for _name, check in PARTS if check not in ELSEWHERE}
        seen |= {check: answer.result() for check, answer in asked.items()}
    return [Part(str(name), seen[check]) for name, check in PARTS]


def worst_of(parts: Iterable[Part]) -> Level:
    """Return how the installation does: as its worst part."""
    found = {finding.level for part in parts for finding in part.findings}
    return next(level for level in (Level.WRONG, Level.LOOK, Level.FINE) if level in found | {Level.FINE})


def _look_in(language: str | None, check: Check) -> list[Finding]:
    """Look at a part in another thread, in the language of whoever asked."""
    with override(language):
        return _look_at(check)


def _look_at(check: Check) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check())
    except (Error, redis.RedisError, KombuError, OSError) as error:
        # The kind only: a message may hold an address or a password.
        silent = wrong(
            _("It does not answer (%(kind)s).") % {"kind": type(error).__name__},
            _("Start it, and check the address that the settings give for it."),
        )
        found.append(silent)
    return found
