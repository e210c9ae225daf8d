"""Public answers that are the same for all strangers, kept in the memory of each process.

Whoever asks for one is handed the same bytes, and takes neither a turn nor of an allowance
(`weighting.crowds`): three hundred readers a second cost little more than one. Once a second one of them
asks whether the page still holds, and with it all that depends on the same, and finds what was corrected
or withdrawn for all others.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language

from weighting.desk import found_on, keep_on
from weighting.packing import may_be_sent_packed, pack, send_packed
from weighting.requests import marked
from weighting.visitors import visitor_of

Seen = Callable[[HttpRequest], None]

# What processes leave each other.
SHELF = "pages"
MOST_BYTES = 32 << 20
# An address is whatever somebody writes: long ones are nobody's link.
LONGEST_ADDRESS = 300
# Where nobody could ask for so long, as in a flood, nothing is handed out unasked any more.
STALE_SECONDS = 30.0
TURNED_AWAY = 429
# Names of what changed meanwhile are forgotten now and then.
MOST_UNUSED = 100
# What every answer has; whatever else stands on one says how it may be framed.
PLAIN = frozenset(vars(HttpResponse()))


@dataclass(frozen=True, eq=False)
class Kept:
    """An answer of 200: its bytes and headers, what its view said of it, and who is told that it was seen.

    ``named`` stands for all that it depends on: answers of the same hold or fall together.
    """

    content: bytes
    headers: dict[str, str]
    said: dict[str, Any]
    seen: Seen
    named: str
    match: ResolverMatch | None

    @property
    def etag(self) -> str:
        return self.headers["ETag"]

    def answer(self) -> HttpResponse:
        """Return a new answer of the same bytes."""
        return self._saying(HttpResponse(self.content, headers=self.headers))

    def answer_to(self, request: HttpRequest) -> HttpResponse:
        """Return the answer, or that what the reader has still holds."""
        request.resolver_match = self.match
        self.seen(request)
        answer: Any = get_conditional_response(request, etag=self.etag, response=self.answer())
        if may_be_sent_packed(request, answer):
            send_packed(answer, self.packed)
        return self._saying(answer)

    @cached_property
    def packed(self) -> bytes:
        """The body packed, once the first asked for it so."""
        return pack(self.content)

    def _saying(self, response: HttpResponse) -> HttpResponse:
        vars(response).update(self.said)
        return response


@dataclass
class _Asked:
    """When somebody was last sent to ask whether something holds, and when it last did."""

    at: float
    held_at: float


class Cupboard:
    """The answers that a process keeps; of too many those go that nobody asked for longest."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._asked: dict[str, _Asked] = {}
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> tuple[Kept | None, bool]:
        """Return what is kept, and whether to hand it out: once in a while one reader has to ask instead."""
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None, False
            self._kept.move_to_end(key)
            if self._is_stale(kept, now):
                return kept, False
            asked = self._asked[kept.named]
            is_due = now - asked.at >= settings.KEPT_SECONDS
            if is_due:
                asked.at = now
            return kept, not is_due

    def is_stale(self, kept: Kept) -> bool:
        """Whether too long ago somebody found that it holds, or that it no longer does."""
        with self._lock:
            return self._is_stale(kept, time.monotonic())

    def hold(self, named: str) -> None:
        """Note that what depends on this, and nothing else, still holds."""
        with self._lock:
            self._hold(named)

    def doubt(self, named: str) -> None:
        """Let everybody ask anew for what depends on this: somebody found that it no longer holds."""
        with self._lock:
            if named in self._asked:
                self._asked[named].held_at = float("-inf")

    def put(self, key: Hashable, kept: Kept) -> None:
        with self._lock:
            self._drop(key)
            self._kept[key] = kept
            self._bytes += len(kept.content)
            self._hold(kept.named)
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._kept)))
            if len(self._asked) > len(self._kept) + MOST_UNUSED:
                used = {kept.named for kept in self._kept.values()}
                self._asked = {named: asked for named, asked in self._asked.items() if named in used}

    def drop(self, key: Hashable) -> None:
        with self._lock:
            self._drop(key)

    def _is_stale(self, kept: Kept, now: float) -> bool:
        asked = self._asked.get(kept.named)
        return asked is None or now - asked.held_at > STALE_SECONDS

    def _hold(self, named: str) -> None:
        now = time.monotonic()
        self._asked[named] = _Asked(now, now)

    def _drop(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        self._bytes -= len(gone.content) if gone else 0


class KeptMiddleware:
    """Hand strangers what is kept, and keep what a view lets be kept (`let_keep`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.cupboard = Cupboard()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.KEPT_SECONDS or not _is_like_any_other(request):
            return self.get_response(request)
        key = (request.get_host(), request.scheme, get_language(), request.get_full_path())
        kept, may_hand_out = self.cupboard.find(key)
        if kept and may_hand_out:
            return kept.answer_to(request)
        marked(request).kept = kept
        response = self.get_response(request)
        if response.status_code == TURNED_AWAY:
            # Whoever was sent to ask found no room: what all others are handed serves them as well.
            return kept.answer_to(request) if kept and not self.cupboard.is_stale(kept) else response
        self._keep(key, kept, request, response)
        return response

    def _keep(self, key: Hashable, kept: Kept | None, request: HttpRequest, response: HttpResponse) -> None:
        may: _MayKeep | None = getattr(response, "may_keep", None)
        if kept and not (may and may.named == kept.named):
            self.cupboard.doubt(kept.named)
        if may and response.status_code == 304:
            self.cupboard.hold(may.named)
        elif may and response.status_code == 200 and _is_for_all(response):
            if request.method == "GET":
                self.cupboard.put(key, _kept_of(request, response, may))
        else:
            self.cupboard.drop(key)


@dataclass(frozen=True)
class _MayKeep:
    named: str
    seen: Seen


def unnoticed(request: HttpRequest) -> None:
    """Tell nobody that an answer was seen."""


def let_keep(response: HttpResponse, named: str, seen: Seen) -> None:
    """Let an answer be handed to other strangers, too; ``seen`` is called for each of them.

    ``named`` stands for all that the answer depends on besides its address and its language.
    """
    response.may_keep = _MayKeep(named, seen)  # type: ignore[attr-defined]


def kept_answer(request: HttpRequest, etag: str) -> HttpResponse | None:
    """Return what was kept of the address, where it still holds."""
    kept = getattr(request, "kept", None)
    return kept.answer() if kept and kept.etag == etag else None


def made_by_any(request: HttpRequest, etag: str, make: Callable[[], HttpResponse]) -> HttpResponse:
    """Return what another process made of the address under this tag, or make it and leave it for them.

    Addresses with a query are made by each: anybody may think of any number of them.
    """
    if not settings.KEPT_SECONDS or request.META.get("QUERY_STRING") or "HX-Request" in request.headers:
        return make()
    about = "\0".join([request.scheme or "", request.get_host(), etag])
    key = hashlib.sha256(about.encode()).hexdigest()
    found: HttpResponse | None = found_on(SHELF, key)
    if found is not None:
        return found
    response = make()
    if response.status_code == 200 and not response.cookies and not response.streaming:
        keep_on(SHELF, key, response)
    return response


def _is_like_any_other(request: HttpRequest) -> bool:
    """Whether a request is a stranger's, for a whole page, with no message waiting for its reader."""
    return (
        request.method in ("GET", "HEAD")
        and len(request.get_full_path()) <= LONGEST_ADDRESS
        and "HX-Request" not in request.headers
        and visitor_of(request).is_stranger
        and not len(get_messages(request))
    )


def _is_for_all(response: HttpResponse) -> bool:
    """Whether an answer is public and is no reader's own."""
    is_public = "public" in response.headers.get("Cache-Control", "")
    return is_public and not response.cookies and not response.streaming and "ETag" in response.headers


def _kept_of(request: HttpRequest, response: HttpResponse, may: _MayKeep) -> Kept:
    said = {name: value for name, value in vars(response).items() if name not in PLAIN and name != "may_keep"}
    headers = dict(response.headers.items())
    return Kept(response.content, headers, said, may.seen, may.named, request.resolver_match)
