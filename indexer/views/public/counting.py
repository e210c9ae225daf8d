"""Who counts as a visitor of a published index: a stranger's browser, which is not remembered."""

from functools import partial

from django.http import HttpRequest

from indexer.models import IndexEdition
from indexer.services.visits import visits
from weighting.kept import Seen
from weighting.visitors import visitor_of

# What programs that read everything call themselves.
ROBOTS = ("bot", "crawl", "spider", "slurp", "curl", "wget", "python", "monitor", "preview")


def visits_of(edition: IndexEdition) -> Seen:
    """Return what counts the visits of a page that is handed out as it was kept."""
    return partial(_count, edition.index_id)


def count_visit(request: HttpRequest, edition: IndexEdition) -> None:
    """Count a stranger's visit of an index's page; neither address nor browser is kept."""
    _count(edition.index_id, request)


def _count(index_id: int, request: HttpRequest) -> None:
    browser = request.headers.get("User-Agent", "").lower()
    is_robot = not browser or any(word in browser for word in ROBOTS)
    if request.method == "GET" and not is_robot and visitor_of(request).is_stranger:
        visits.note(index_id)
