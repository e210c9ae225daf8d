"""Templates and filled examples of the tables that come in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from indexer.intake.examples import EXAMPLES
from weighting.exports import columns_of
from weighting.permissions import ANYONE, audience
from weighting.views.files import table_answer

EMPTY = "-template"
ENDINGS = ("csv", "xlsx")


@audience(ANYONE)
@require_safe
def example_file(request: HttpRequest, example: str, ending: str) -> HttpResponse:
    """Answer with an example as a file to save, or with its header alone where ``-template`` is asked for."""
    make = EXAMPLES.get(example.removesuffix(EMPTY))
    if make is None or ending not in ENDINGS:
        raise Http404
    made = make()
    rows = [] if example.endswith(EMPTY) else made.rows
    return table_answer(ending, example, columns_of(*made.columns), rows)
