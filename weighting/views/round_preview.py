"""The ballot as an expert will see it, before anybody is asked: to be looked at and tried, never sent."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from weighting.permissions import MANAGERS, audience
from weighting.selectors.ballots import ballot_sections, questions_of
from weighting.selectors.rounds import rounds_visible_to
from weighting.views.ballot import cards_of, other_language
from weighting.views.welcome import told_beforehand
from weighting.visitors import account_of


@audience(MANAGERS)
@require_safe
def round_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the terms and all questions of a round, in the language of the page."""
    round_ = get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)
    context = {
        **told_beforehand(round_),
        "other_lang": other_language(get_language()),
        "sections": [
            (section, cards_of(section, {}, {})) for section in ballot_sections(questions_of(round_), None)
        ],
    }
    return render(request, "weighting/manager/round_preview.html", context)
