"""How much may be sent at once, by who sends it: what a form holds is in memory several times over.

Files are for staff. Experts send a ballot, which without scripts is one form of up to 2,000 indicators with
their comments, and with the comments that these replace; strangers send a secret, or the weights that they
try. Who sends more is answered before anything of it is kept.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from weighting.enums import Role
from weighting.visitors import visitor_of

MEGABYTE = 1024 * 1024
LARGEST = {Role.ANONYMOUS: MEGABYTE, Role.EXPERT: 16 * MEGABYTE}
# The largest file of data, and what is chosen beside it.
LARGEST_OF_STAFF = 34 * MEGABYTE
# How much of what nobody will look at is taken in: a connection that is closed with something unread is
# reset, and the answer lost on the way.
MOST_THROWN_AWAY = 64 * MEGABYTE
PIECE = 1 << 16


class BodyMiddleware:
    """Refuse what is longer than its sender may send, by the length that the request says."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = _length_of(request)
        # Nobody is looked up for what anybody may send.
        if length <= min(LARGEST.values()) or length <= (most := _most_of(request)):
            return self.get_response(request)
        _throw_away(request)
        said = _("The body has more than %(most)d MB: send less at a time.") % {"most": most // MEGABYTE}
        if request.path.startswith("/api/"):
            return JsonResponse({"detail": said}, status=413)
        return HttpResponse(said, status=413, content_type="text/plain; charset=utf-8")


def _length_of(request: HttpRequest) -> int:
    """Return the bytes that are to come; of a request that does not say how many, Django reads none."""
    said = request.META.get("CONTENT_LENGTH") or ""
    return int(said) if said.isdecimal() else 0


def _most_of(request: HttpRequest) -> int:
    return LARGEST.get(visitor_of(request).role, LARGEST_OF_STAFF)


def _throw_away(request: HttpRequest) -> None:
    left = MOST_THROWN_AWAY
    while left > 0 and (piece := request.read(PIECE)):
        left -= len(piece)
