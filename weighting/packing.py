"""Answers to strangers, sent packed: the page of a ranking takes a tenth of its length on a slow line.

Who can make a reader's browser ask for what they choose, and see how long the packed answers are, can guess
what else stands in them (BREACH). So nothing is packed for whoever is known here: a stranger's pages hold
no secret but their token, which is masked anew in each.
"""

import gzip

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware, re_accepts_gzip
from django.utils.cache import patch_vary_headers

from weighting.visitors import visitor_of

# Pictures and archives are packed already.
TEXTS = ("text/", "application/json", "application/xml", "image/svg+xml")


class PackingMiddleware(GZipMiddleware):
    """Pack what goes to strangers and is text, but for what is sent while it is made."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or not _is_text(response) or not visitor_of(request).is_stranger:
            return response
        return super().process_response(request, response)


def may_be_sent_packed(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether a browser says that it reads packed answers, and there is something to pack."""
    accepts = re_accepts_gzip.search(request.headers.get("Accept-Encoding", ""))
    return bool(accepts and response.content and _is_text(response))


def pack(content: bytes) -> bytes:
    """Return the same packed, which is the same each time."""
    return gzip.compress(content, compresslevel=6, mtime=0)


def send_packed(response: HttpResponse, content: bytes) -> None:
    """Let an answer have what was packed for its body."""
    response.content = content
    response.headers["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])


def _is_text(response: HttpResponseBase) -> bool:
    return response.headers.get("Content-Type", "").startswith(TEXTS)
