"""Answers about a finished run, which does not change: whoever has one asks whether it still holds."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language

from indexer.models import Run
from indexer.selectors.withheld import codes_kept_back
from indexer.selectors.years import years_of
from weighting.kept import Seen, kept_answer, let_keep, made_by_any, unnoticed
from weighting.requests import PART_HEADERS, asks_for_part
from weighting.visitors import visitor_of

# A correction is a new edition; a reader may see the one before it for so long.
FRESH_SECONDS = 60


def answer_file(
    request: HttpRequest, run: Run, make: Callable[[], HttpResponse], *parts: str
) -> HttpResponse:
    """Answer with figures that are the same for all who may see them; ``parts`` decide the form."""
    response = _answer(request, run, make, *parts)
    if not response.has_header("ETag"):
        return response
    # Kept for ever, but asked for each time: headings and translations may be another build's.
    patch_cache_control(response, **{"public" if run.is_public else "private": True}, no_cache=True)
    # The language is the cookie's or the browser's.
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


def answer_page(
    request: HttpRequest, run: Run, page: Callable[[HttpRequest, Run], HttpResponse], *further: str
) -> HttpResponse:
    """Answer with a page; one that anybody may see is kept by a stranger's browser, with their token.

    ``further`` is what it depends on besides the run.
    """
    visitor = visitor_of(request)
    # A browser shows what it kept when somebody goes back, also after signing out: a page that
    # names its reader, or that not everybody may see, is kept by none. Messages are shown once.
    if visitor.account or not run.is_public or len(get_messages(request)):
        return page(request, run)
    get_token(request)
    parts = (
        visitor.role,
        # Another year may have come beside it.
        str(years_of(run, None)),
        # A kept page's forms are taken as long as the secret behind their token is the same.
        request.META["CSRF_COOKIE"],
        "part" if asks_for_part(request) else "page",
        *further,
    )
    response = _answer(request, run, lambda: page(request, run), *parts)
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, [*PART_HEADERS, "Accept-Language", "Cookie"])
    return response


def answer_published(
    request: HttpRequest,
    named: Sequence[str],
    make: Callable[[], HttpResponse],
    seen: Seen = unnoticed,
) -> HttpResponse:
    """Answer with what is public and the same for all strangers; ``named`` is all that it depends on.

    Browsers keep it, and so does the server (`weighting.kept`), which calls ``seen`` for each reader
    whom it hands what it kept. For whoever is signed in the page names its reader, and is kept by
    nobody. It must hold no token.
    """
    # A message is shown once, and to one reader.
    if not visitor_of(request).is_stranger or len(get_messages(request)):
        return make()
    etag = _hash_of(request, named)
    response: Any = get_conditional_response(request, etag=etag) or kept_answer(request, etag)
    response = response or made_by_any(request, etag, make)
    if response.status_code in (200, 304):
        let_keep(response, _digest(named), seen)
        response.headers["ETag"] = etag
        patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


def _answer(request: HttpRequest, run: Run, make: Callable[[], HttpResponse], *parts: str) -> HttpResponse:
    """Answer 304 to a tag that still holds; an answer that is no success is not tagged."""
    etag = _tag(request, run, *parts)
    response: Any = get_conditional_response(request, etag=etag) or make()
    if response.status_code in (200, 304):
        response.headers["ETag"] = etag
    return response


def _tag(request: HttpRequest, run: Run, *parts: str) -> str:
    """Name what an answer depends on; weak, because masked tokens and files' dates differ each time."""
    # What may not be given away is said after an edition is out, too.
    kept_back = " ".join(sorted(codes_kept_back([run])))
    register = f"{run.last_member} {run.register_edition} {run.register_completions}"
    known = (str(run.reproduces_publication), register, kept_back)
    named = (run.result_sha256, str(run.finished_at), *known, *parts)
    return _hash_of(request, named)


def _hash_of(request: HttpRequest, named: Sequence[str]) -> str:
    about = (
        settings.BUILD,
        get_language() or "",
        get_current_timezone_name(),
        request.get_full_path(),
        *named,
    )
    return f'W/"{_digest(about)}"'


def _digest(named: Sequence[str]) -> str:
    return hashlib.sha256(chr(0).join(named).encode()).hexdigest()
