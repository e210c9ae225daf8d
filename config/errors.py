"""Errors of the program, told to a collector (Sentry, GlitchTip and the like) where a setting names one.

What is sent says where the program failed, never with what: values, texts of exceptions, requests, cookies,
addresses and accounts stay here.
"""

from typing import Any

import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.utils import BadDsn

from config import environment

# Whatever else a library puts into a report is left out, also what later releases of it may add.
OF_A_REPORT = ("event_id", "timestamp", "platform", "level", "release", "transaction", "sdk")
OF_A_FRAME = ("filename", "module", "function", "lineno", "context_line", "in_app")


def report_errors(address: str, *, release: str) -> None:
    """Send errors nobody caught, of pages and of jobs, to a collector's address (its DSN).

    Raises
    ------
    ImproperlyConfigured
        When it is no such address.
    """
    try:
        _begin(address, release)
    except BadDsn as error:
        remedy = "write the DSN as the collector shows it"
        raise environment.refusal("QUANHENG_ERRORS_DSN", remedy, shown=False) from error


def _begin(address: str, release: str) -> None:
    sentry_sdk.init(
        dsn=address,
        release=release,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            DedupeIntegration(),
            ExcepthookIntegration(),
            DjangoIntegration(transaction_style="function_name"),
            CeleryIntegration(propagate_traces=False),
        ],
        include_local_variables=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        before_send=lambda event, _hint: only_where(dict(event)),  # type: ignore[arg-type,return-value]
    )


def only_where(event: dict[str, Any]) -> dict[str, Any]:
    """Return a report that says which kind of error came up in which lines, and nothing else."""
    told = {name: event[name] for name in OF_A_REPORT if name in event}
    raised = event.get("exception", {}).get("values", [])
    return told | {"exception": {"values": [_raised(one) for one in raised]}}


def _raised(one: dict[str, Any]) -> dict[str, Any]:
    frames = (one.get("stacktrace") or {}).get("frames", [])
    lines = [{name: frame[name] for name in OF_A_FRAME if name in frame} for frame in frames]
    return {"type": one.get("type"), "module": one.get("module"), "stacktrace": {"frames": lines}}
