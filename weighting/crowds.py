"""Strangers in numbers: each address may ask so much, and few are served at once.

Experts with a ballot or a live link and staff are never counted or kept waiting here. What a stranger asks
for takes a turn of its kind, and a flood waits among its own: the threads that are left save ballots. Coming
in is held to no allowance, for three hundred experts of one house may share an address; wrong secrets alone
are slowed.

All is counted in the memory of each process: an exact count is the proxy's work (docs/operations.md).
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from weighting.enums import Role
from weighting.requests import client_address
from weighting.turnstiles import NoRoom, Turnstile
from weighting.views.pending import pending_link
from weighting.visitors import visitor_of

# Pictures, files, packages and reports cost most; the proxy's configuration holds the same pattern.
COSTLY = re.compile(r"\.(?:svg|png|pdf)$|/(?:export|archive|report|package|pdf|files)/$")
# The way in, to a ballot and to an account, and what watches over the product.
WAY_IN = re.compile(
    r"^/(?:in/|ballot/|receipts/|sign-in/|sign-out/|account/|language/|healthz$|livez$|readyz$)"
)
# A personal link that is opened: the token is taken out of the address, and nothing looked up.
OPENED = re.compile(r"^/in/[\w-]{40,}/$")
MOST_ADDRESSES = 10_000
SLOWED_SECONDS = 0.5
LARGEST_GUESS = 1 << 16


@dataclass
class _Bucket:
    left: float
    at: float


class Allowance:
    """So many at once from each address, and so many a second from then on."""

    def __init__(self, at_once: int, per_second: float) -> None:
        self.at_once, self.per_second = at_once, per_second
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, address: str) -> bool:
        """Take one; False where nothing is left."""
        with self._lock:
            bucket = self._filled(address)
            if bucket.left < 1:
                return False
            bucket.left -= 1
            return True

    def has_left(self, address: str) -> bool:
        """Tell whether there is one left, and take none."""
        with self._lock:
            return self._filled(address).left >= 1

    def _filled(self, address: str) -> _Bucket:
        now = time.monotonic()
        bucket = self._buckets.pop(address, None) or _Bucket(self.at_once, now)
        bucket.left = min(self.at_once, bucket.left + (now - bucket.at) * self.per_second)
        bucket.at = now
        self._buckets[address] = bucket
        if len(self._buckets) > MOST_ADDRESSES:
            # Who asked longest ago: most likely all is left of it again.
            self._buckets.popitem(last=False)
        return bucket


class Crowd:
    """The turnstiles and allowances of one process."""

    def __init__(self) -> None:
        self.pages, self.costly = Turnstile(5), Turnstile(5)
        self.way_in, self.guesses, self.slowed = Turnstile(7), Turnstile(4), Turnstile(2)
        self.page_allowance = Allowance(120, 4)
        self.costly_allowance = Allowance(40, 1)
        # A room of three hundred may mistype as often in five minutes.
        self.wrong_allowance = Allowance(100, 1)
        # Two forms for each of them, whatever is answered: a flood may send what is never wrong.
        self.sent_allowance = Allowance(600, 5)


class CrowdMiddleware:
    """Hold strangers to their allowance and their turn."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.crowd = Crowd()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.LIMIT_STRANGERS or visitor_of(request).role != Role.ANONYMOUS or _is_invited(request):
            return self.get_response(request)
        address = _network_of(client_address(request))
        try:
            if request.method not in ("GET", "HEAD", "OPTIONS"):
                return self._guess(request, address)
            with self._turn_of(request, address):
                return self.get_response(request)
        except NoRoom:
            return _sent_away(request)

    def _turn_of(self, request: HttpRequest, address: str) -> AbstractContextManager[None]:
        crowd = self.crowd
        if WAY_IN.match(request.path):
            return crowd.way_in.turn()
        is_costly = COSTLY.search(request.path)
        allowance = crowd.costly_allowance if is_costly else crowd.page_allowance
        if not allowance.take(address):
            raise NoRoom
        return crowd.costly.turn() if is_costly else crowd.pages.turn()

    def _guess(self, request: HttpRequest, address: str) -> HttpResponse:
        """Let a secret be tried: after many from its address, or many wrong ones, slowly."""
        crowd = self.crowd
        is_slowed = not (crowd.sent_allowance.take(address) and crowd.wrong_allowance.has_left(address))
        with crowd.slowed.turn() if is_slowed else crowd.guesses.turn():
            if is_slowed:
                time.sleep(SLOWED_SECONDS)
            response = self.get_response(request)
        # Whatever is taken is answered with a redirection.
        if not 300 <= response.status_code < 400:
            crowd.wrong_allowance.take(address)
        return response


def _is_invited(request: HttpRequest) -> bool:
    """Tell whether a personal link is being opened, or a live one confirmed: a right secret is no guess.

    When a round opens, hundreds come within seconds. To open one costs no more than to be sent away.
    """
    if OPENED.match(request.path):
        return True
    if request.path != reverse("weighting:confirm-link"):
        return False
    link = pending_link(request)
    return bool(link and link.invitation_id)


def _network_of(address: str) -> str:
    """Return what counts as one address: of the newer kind, one house has more than can be counted."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else parsed.exploded[:19]


def _sent_away(request: HttpRequest) -> HttpResponse:
    said = _("Too many requests at once. Wait a few seconds; this page then asks again by itself.")
    headers = {"Retry-After": "2"}
    # A connection that is closed with something unread is reset, and the answer lost on the way.
    request.read(LARGEST_GUESS)
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse({"detail": said}, status=429, headers=headers)
    else:
        if request.method in ("GET", "HEAD"):
            headers["Refresh"] = "2"
        response = HttpResponse(said, status=429, content_type="text/plain; charset=utf-8", headers=headers)
    # A flood would fill the log with a line each.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
