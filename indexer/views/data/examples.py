"""Templates and filled examples of the tables that come in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from indexer.intake.examples import EXAMPLES, with_units
from indexer.selectors.registers import first_units
from weighting.exports import columns_of
from weighting.permissions import ANYONE, audience
from weighting.requests import read_id
from weighting.views.files import table_answer

EMPTY = "-template"
ENDINGS = ("csv", "xlsx")


@audience(ANYONE)
@require_safe
def example_file(request: HttpRequest, example: str, ending: str) -> HttpResponse:
    """Answer with an example as a file to save, or with its header alone where ``-template`` is asked for.

    The address may name the ``register`` whose units it is about.
    """
    make = EXAMPLES.get(example.removesuffix(EMPTY))
    if make is None or ending not in ENDINGS:
        raise Http404
    units = first_units(read_id(request.GET.get("register", "")))
    made = with_units(make(), [unit.name for unit in units])
    rows = [] if example.endswith(EMPTY) else made.rows
    return table_answer(ending, example, columns_of(*made.columns), rows)
