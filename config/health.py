"""Does everything that a request or a job needs answer, right now?

``/livez`` says that this process answers, ``/readyz`` that it can serve people, who need the database
alone, and ``/healthz`` names every part of the installation.
"""

import threading
import time
from collections.abc import Callable
from mmap import PAGESIZE, mmap

import redis
from celery import current_app
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import KombuError

from config.broker import client_of

# Together with the database's own limit (settings) these stay below five seconds.
BROKER_TIMEOUT = 0.5
WORKER_TIMEOUT = 1.0
# A look this old is renewed beside the request, and one this old is told no longer. One that missed a part is
# renewed at once.
FRESH_SECONDS = 2.0
STALE_SECONDS = 10.0


class Watch:
    """The last look at what is asked over the network, taken by one thread beside the requests.

    Looking takes a second where a worker is away, and few processes serve all pages: strangers who
    ask without a pause would leave none of them free. Each process looks for itself, but tells of nothing
    as missing that another of its server has seen since: what just starts is there for all at once.
    """

    def __init__(self, look: Callable[[], dict[str, str]]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._parts: dict[str, str] = {}
        self._began_at = float("-inf")
        self._looking: threading.Thread | None = None
        # When the newest look began that missed nothing, in memory that the processes of a server share: they
        # are forked once this is loaded, and their clock is one.
        self._all_seen_at = memoryview(mmap(-1, PAGESIZE)).cast("d")
        self._all_seen_at[0] = float("-inf")

    def parts(self) -> dict[str, str]:
        """Return the last look; only where nobody asked for a while is one waited for."""
        with self._lock:
            self._catch_up()
            age = time.monotonic() - self._began_at
            lasts = FRESH_SECONDS if set(self._parts.values()) == {"ok"} else 0.0
            if age > lasts and self._looking is None:
                self._looking = threading.Thread(target=self._renew, daemon=True)
                self._looking.start()
            looking = self._looking
        if age > STALE_SECONDS and looking:
            looking.join()
        with self._lock:
            self._catch_up()
            return dict(self._parts)

    def _catch_up(self) -> None:
        """Take over what another process has seen since."""
        if self._parts and self._began_at < self._all_seen_at[0]:
            self._parts, self._began_at = dict.fromkeys(self._parts, "ok"), self._all_seen_at[0]

    def _renew(self) -> None:
        began_at = time.monotonic()
        try:
            parts = self._look()
        except Exception as error:
            parts = dict.fromkeys(("broker", "worker"), f"no answer ({type(error).__name__})")
        with self._lock:
            self._parts, self._began_at, self._looking = parts, began_at, None
            if set(parts.values()) == {"ok"}:
                self._all_seen_at[0] = max(self._all_seen_at[0], began_at)


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when all parts answer, else 503; the body names the parts that do not."""
    parts = {"database": _ask(_database)} | watch.parts()
    healthy = set(parts.values()) == {"ok"}
    return JsonResponse({"healthy": healthy, **parts}, status=200 if healthy else 503)


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200, and ask nothing of anybody else."""
    return JsonResponse({"live": True})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when pages can be served and ballots saved, else 503."""
    database = _ask(_database)
    is_ready = database == "ok"
    return JsonResponse({"ready": is_ready, "database": database}, status=200 if is_ready else 503)


def _broker_and_worker() -> dict[str, str]:
    broker = _ask(_broker)
    # Asking a worker through a broker that is away would only spend the time.
    worker = _ask(_worker) if broker == "ok" else "unknown: the broker does not answer"
    return {"broker": broker, "worker": worker}


def _ask(part: Callable[[], bool]) -> str:
    try:
        return "ok" if part() else "no answer"
    except (Error, redis.RedisError, KombuError, OSError) as error:
        # The kind only: a message may hold an address or a password.
        return f"no answer ({type(error).__name__})"


def _database() -> bool:
    with connection.cursor() as cursor:
        # A table, not a bare SELECT 1: an empty file answers that as well.
        cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
        return cursor.fetchone() is not None


def _broker() -> bool:
    with client_of(settings.CELERY_BROKER_URL, timeout=BROKER_TIMEOUT) as client:
        return bool(client.ping())


def _worker() -> bool:
    # Asked rather than read from a stored heartbeat, which a dead worker leaves behind.
    with current_app.connection_for_write(connect_timeout=WORKER_TIMEOUT) as link:
        return bool(current_app.control.ping(timeout=WORKER_TIMEOUT, limit=1, connection=link))


watch = Watch(_broker_and_worker)
