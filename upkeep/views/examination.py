"""What is wrong with the installation, as the doctor finds it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from upkeep.doctor.examination import examine, worst_of
from upkeep.doctor.finding import Level
from upkeep.views.pages import page_tabs
from weighting.permissions import ADMINISTRATORS, audience


@audience(ADMINISTRATORS)
@require_safe
def examination(request: HttpRequest) -> HttpResponse:
    """What is wrong with the installation, and what to do."""
    parts = examine()
    words = {Level.FINE: _("Fine"), Level.LOOK: _("Look at this"), Level.WRONG: _("Wrong")}
    rows = [(part.name, finding, words[finding.level]) for part in parts for finding in part.findings]
    rows.sort(key=lambda row: list(reversed(Level)).index(row[1].level))
    context = {"rows": rows, "worst": worst_of(parts).name, "tabs": page_tabs("examination")}
    return render(request, "upkeep/examination.html", context)
