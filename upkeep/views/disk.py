"""What takes up the disk, and dropping what can be computed again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from indexer.words import data_set_name
from upkeep.disk import disk_use
from upkeep.pruning import facts_to_prune, prune, runs_to_prune, studies_to_prune
from upkeep.views.pages import page_tabs
from weighting.permissions import ADMINISTRATORS, audience
from weighting.reauthentication import grave
from weighting.visitors import account_of

FIRST_DAYS, MOST_DAYS = 90, 36_500


class Age(forms.Form):
    """How long ago something must have ended to be dropped."""

    days = forms.IntegerField(
        label=gettext_lazy("Ended at least this many days ago"), min_value=0, max_value=MOST_DAYS
    )


@audience(ADMINISTRATORS)
@require_safe
def disk(request: HttpRequest) -> HttpResponse:
    """Show what each data set takes, and what could go."""
    form = Age(request.GET if "days" in request.GET else {"days": FIRST_DAYS})
    return render(request, "upkeep/disk.html", _context(form))


@audience(ADMINISTRATORS)
@grave
@require_POST
def disk_prune(request: HttpRequest) -> HttpResponse:
    """Drop what ended so long ago and can be computed again."""
    form = Age(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Nothing was dropped: say how many days ago it must have ended."))
        return redirect("upkeep:disk")
    gone = prune(days=form.cleaned_data["days"], actor=account_of(request))
    counts = {"studies": gone.studies, "runs": gone.runs, "facts": gone.facts}
    text = _("Studies dropped: %(studies)d; rankings: %(runs)d; facts of rankings: %(facts)d.")
    messages.success(request, text % counts)
    if gone.kept:
        text = _("%(count)d stay: they are in use again, or something else rests on them.")
        messages.warning(request, text % {"count": gone.kept})
    return redirect("upkeep:disk")


def _context(form: Age) -> dict[str, Any]:
    use = disk_use()
    context: dict[str, Any] = {
        "tabs": page_tabs("disk"),
        "form": form,
        "use": use,
        "rows": [{"used": used, "name": data_set_name(used.data_set)} for used in use.data_sets],
    }
    if form.is_valid():
        days = form.cleaned_data["days"]
        studies, runs = studies_to_prune(days=days).count(), runs_to_prune(days=days).count()
        facts = facts_to_prune(days=days).count()
        context |= {"days": days, "studies": studies, "runs": runs, "facts": facts}
    return context
