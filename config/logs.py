"""Keep out of the logs what signs a person or a program in."""

import json
import logging
import re
from datetime import UTC, datetime

LINK = re.compile(r"(/in/)[\w:.=%+-]+")
API_TOKEN = re.compile(r"(qh_)[\w-]+")
# What gunicorn writes of what it cannot read.
INVALID = re.compile(r"(Invalid request) from ip=.*", re.DOTALL)

# Letters of a line about a request that was refused.
LONGEST = 300


def hide_keys(text: str) -> str:
    """Return a text without the keys that stand in it."""
    return API_TOKEN.sub(r"\1[hidden]", LINK.sub(r"\1[hidden]", text))


def text_of(record: logging.LogRecord) -> str:
    """Return what a record says; what a library fills in wrongly breaks nothing and stays out of the logs."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, LookupError) as error:
        return f"{record.msg} ({type(error).__name__} where it was filled in)"


class HideLinks(logging.Filter):
    """Cut out the token of a personal link, and an API token sent where it should not be.

    Django logs the path of every refused request, with what follows the question mark.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hide_keys(text_of(record)), ()
        return True


class ShortRefusals(logging.Filter):
    """Say in one short line what was asked for wrongly: what anybody may send must not fill a disk.

    Django adds to each suspicious request (a host that is not ours, too many fields) where in its code it
    noticed, which is the same each time.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        is_suspicious = record.name.startswith("django.security")
        if is_suspicious:
            record.exc_info = record.exc_text = None
        if is_suspicious or (record.name == "django.request" and not record.exc_info):
            said = text_of(record)
            record.msg, record.args = said if len(said) <= LONGEST else f"{said[:LONGEST]}…", ()
        return True


class HideRequests(logging.Filter):
    """Say that a request was none, and nothing of it: it may hold a link, a cookie, a person's address."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hide_keys(INVALID.sub(r"\1", text_of(record))), ()
        return True


class Lines(logging.Formatter):
    """A line for people, and what was raised below it; both without keys."""

    def format(self, record: logging.LogRecord) -> str:
        return hide_keys(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a line, for programs that collect logs.

    In letters that every encoding has: what a terminal's cannot write would be replaced by what is no JSON.
    """

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": hide_keys(text_of(record)),
        }
        if record.exc_info:
            told["exception"] = hide_keys(self.formatException(record.exc_info))
        return json.dumps(told)
