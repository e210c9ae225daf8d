"""``GET /healthz``: does everything a request or a job needs answer, right now?"""

from collections.abc import Callable

import redis
from celery import current_app
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import KombuError

from config.broker import client_of

# Together with the database's own limit (settings) these stay below four seconds.
BROKER_TIMEOUT = 0.5
WORKER_TIMEOUT = 1.0


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when all parts answer, else 503; the body names the parts that do not."""
    parts = {"database": _ask(_database)} | _broker_and_worker()
    healthy = set(parts.values()) == {"ok"}
    return JsonResponse({"healthy": healthy, **parts}, status=200 if healthy else 503)


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
    # Asked each time rather than read from a stored heartbeat, which a dead worker leaves behind.
    with current_app.connection_for_write(connect_timeout=WORKER_TIMEOUT) as link:
        return bool(current_app.control.ping(timeout=WORKER_TIMEOUT, limit=1, connection=link))
