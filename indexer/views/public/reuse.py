"""How others take a published index into their own pages and programs: snippets, pictures, addresses."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from indexer.models import IndexEdition
from indexer.views.public.addresses import Shelf, absolute

THEMES = ("auto", "light", "dark")
TOP = 10
# Pixels of a frame: heading and foot, and the line of each unit.
BESIDE_ROWS, ROW = 150, 41
# The picture that a link to the index is shown with.
SHARED = ("ranking", "png")
PICTURES = (SHARED, ("ranking", "svg"))


def reuse_context(edition: IndexEdition, *, weights_height: int) -> dict[str, Any]:
    """Return what the page of an edition offers to others; frames show the newest edition, pictures stay."""
    newest, own = Shelf(edition.index.slug), Shelf(edition.index.slug, edition.number)
    ranking = _("The first %(count)s of the ranking") % {"count": TOP}
    weights = _("The weights as a picture")
    return {
        "snippets": [
            (ranking, _snippet(newest, "ranking", BESIDE_ROWS + ROW * TOP, edition)),
            (weights, _snippet(newest, "weights", BESIDE_ROWS + weights_height, edition)),
        ],
        "pictures": [absolute(own.url("picture", *picture)) for picture in PICTURES],
        "programs": list(_programs(edition)),
    }


def shared_picture(edition: IndexEdition) -> str:
    """Return the address of the picture that stands for an edition where a link to it is shown."""
    return absolute(Shelf(edition.index.slug, edition.number).url("picture", *SHARED))


def _snippet(shelf: Shelf, figure: str, height: int, edition: IndexEdition) -> dict[str, str]:
    query = urlencode({"lang": get_language(), "theme": THEMES[0]})
    url = escape(absolute(f"{shelf.url('embed', figure)}?{query}"))
    # Not marked as safe: the page shows it letter by letter, as it is pasted.
    html = (
        f'<iframe src="{url}" title="{escape(edition.index.name)}" width="100%" height="{height}" '
        f'style="border:0" loading="lazy"></iframe>'
    )
    return {"id": f"snippet-{figure}", "html": html}


def _programs(edition: IndexEdition) -> Iterator[tuple[str, str]]:
    yield _("Ranking (JSON)"), absolute(reverse("indexer:api-ranking", args=[edition.run_id]))
    yield _("Everything (ZIP)"), absolute(reverse("indexer:run-package", args=[edition.run_id]))
