"""Everything that is sent here is UTF-8.

Django believes whatever a request says of its letters, before any middleware: what is no encoding of text
ends the request as an error of the program, past every limit and with a page of log each time.
"""

import codecs
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# What a request said that is not taken: `weighting.middleware.CharsetMiddleware` answers it.
REFUSED = "quanheng.charset"
CHARSET = re.compile(r';\s*charset\s*=\s*(?:"[^"]*"|[^;]*)', re.IGNORECASE)
# Parameters that name an encoding of their own: no program sends one with a request.
EXTENDED = "*="


class Utf8Alone:
    """Let Django hear of no other encoding, by whatever name."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        said = environ.get("CONTENT_TYPE", "")
        if is_utf8(said):
            environ["CONTENT_TYPE"] = CHARSET.sub("", said)
        else:
            environ["CONTENT_TYPE"], environ[REFUSED] = "", said
        return self._application(environ, start_response)


def is_utf8(content_type: str) -> bool:
    """Whether a content type names UTF-8, or letters that are the same in it, or none at all."""
    if EXTENDED in content_type:
        return False
    try:
        _type, said = parse_header_parameters(content_type)
        return codecs.lookup(said.get("charset", "utf-8")).name in ("utf-8", "ascii")
    except (LookupError, ValueError):
        return False
