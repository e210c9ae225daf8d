"""A file of data through its pages, and a register as large as may be: sent, mapped, checked, stored.

Processor time of the product alone, in one process, beside how long somebody may have to wait.
"""

import json
import tempfile
import time
from collections.abc import Callable

import numpy as np
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import benchmarks.ready  # noqa: F401  (before the models)
from benchmarks.memory import peak, reset_peak
from benchmarks.processes import rows_in_process
from indexer.intake.registers import MAX_UNITS
from indexer.models import DataImport, Register
from weighting.models import Account, Framework
from weighting.services.frameworks import import_framework

UNITS, LEAVES, WAIT = 73_000, 15, 6.0
FEW = 730
# A web process is ended after so many seconds.
LONGEST = 60.0


def rows() -> list[dict[str, object]]:
    """Send both in a process of its own, on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="quanheng-bench-pages-") as folder:
        return rows_in_process("benchmarks.import_pages", url=f"sqlite:///{folder}/pages.sqlite3")


def bench() -> list[dict[str, object]]:
    """Bring in the register first, whose units the data are then of; everything by its page."""
    client, actor = _signed_in()
    largest, grown = _sent(client, reverse("indexer:register-import"), _register_file("Towns", MAX_UNITS))
    _sent(client, reverse("indexer:register-import"), _register_file("Counties", UNITS))
    framework = _framework(actor)
    few = _import(client, framework, FEW, 2015)
    many = _import(client, framework, UNITS, 2016)
    seconds = sum(spent for spent, _queries in many.values())
    name = f"CSV of {UNITS:,} x {LEAVES} through its pages"
    steps = ", ".join(f"{step} {spent:.1f} s" for step, (spent, _queries) in many.items())
    return [
        _row(f"register of {MAX_UNITS:,} units by its page, most that a request may take", largest, LONGEST),
        _row(f"the same, memory of the process ({grown / 2**20:.0f} MB) beside 1 GB", grown / 2**30, 1.0),
        _row(f"{name} ({steps})", seconds, WAIT),
        {
            **_row(f"{name}, queries of the most of a page beside one of {FEW} units", 0, 1),
            "ours": max(queries for _spent, queries in many.values()),
            "reference": max(queries for _spent, queries in few.values()),
            "ratio": max(many[step][1] / few[step][1] for step in many),
            "unit": "",
        },
    ]


def _row(name: str, ours: float, reference: float) -> dict[str, object]:
    return {
        "name": name,
        "ours": ours * 1e3,
        "reference": reference * 1e3,
        "ratio": ours / reference,
        "goal": "1",
        "better": "lower",
    }


def _signed_in() -> tuple[Client, Account]:
    # What the pages refer to is not collected here.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    actor, _is_new = Account.objects.get_or_create(username="bench", role="administrator")
    client = Client(HTTP_HOST="localhost", raise_request_exception=True)
    client.force_login(actor, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client, actor


def _register_file(name: str, units: int) -> dict[str, object]:
    head = "name_zh,name_en,code,province_zh,province_en,latitude,longitude"
    lines = (
        f"镇{n},Town {n},T{n:06d},省{n % 300},Province {n % 300},{n % 80}.5,{n % 170}.25"
        for n in range(units)
    )
    words = {"name_en": name, "unit_zh": "镇", "unit_en": "town", "units_en": "towns"}
    return {**words, "file": _file("units.csv", [head, *lines])}


def _framework(actor: Account) -> Framework:
    lines = ["code,parent", "g,", *(f"x{k},g" for k in range(LEAVES))]
    source = "\n".join(lines).encode()
    return import_framework(source=source, filename="f.csv", actor=actor, name_zh="表", name_en="Table")


def _import(client: Client, framework: Framework, units: int, year: int) -> dict[str, tuple[float, int]]:
    """Take a file through every page; return the processor seconds and the queries of each."""
    values = np.random.default_rng(year).lognormal(0, 1.5, (units, LEAVES)).round(6)
    lines = (f"T{n:06d}," + ",".join(map(str, row)) for n, row in enumerate(values.tolist()))
    sent = {
        "framework": framework.pk,
        "register": Register.objects.get(name_en="Counties").pk,
        "year": year,
        "name_zh": "镇",
        "name_en": "Towns",
        "normalisation": "minmax",
        "missing": "refuse",
        "file": _file("data.csv", ["unit," + ",".join(f"x{k}" for k in range(LEAVES)), *lines]),
    }
    found = {"send": _timed(lambda: client.post(reverse("indexer:data-set-import"), sent), 302)}
    (draft,) = DataImport.objects.values_list("pk", flat=True)
    for step in ("mapping", "check"):
        address = reverse(f"indexer:import-{step}", args=[draft])
        found[step] = _timed(lambda address=address: client.get(address), 200)  # type: ignore[misc]
    found["store"] = _timed(lambda: client.post(reverse("indexer:import-store", args=[draft])), 302)
    return found


def _sent(client: Client, address: str, sent: dict[str, object]) -> tuple[float, int]:
    before = reset_peak()
    seconds, _queries = _timed(lambda: client.post(address, sent), 302)
    return seconds, peak() - before


def _timed(act: Callable[[], object], status: int) -> tuple[float, int]:
    with CaptureQueriesContext(connection) as queries:
        start = time.process_time()
        answer = act()
        spent = time.process_time() - start
    assert answer.status_code == status, answer  # type: ignore[attr-defined]  # noqa: S101
    return spent, len(queries)


def _file(name: str, lines: list[str]) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join([*lines, ""]).encode())


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    print(json.dumps(bench()))
