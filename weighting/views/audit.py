"""The log of acts: filtered, paged, exported."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from weighting.exports import Fact, Heading
from weighting.forms.audit import AuditFilter
from weighting.models import AuditEntry
from weighting.permissions import MANAGERS, audience
from weighting.selectors.audit import entries_numbered, entries_visible_to, names_of_subjects
from weighting.views.audit_words import KINDS, SENTENCES, address_of, detail_words, sentence_of
from weighting.views.files import asked_format, save_links, streamed_answer, table_answer
from weighting.visitors import account_of

PAGE_SIZE = 50
ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class LoggedAct:
    """An entry in words."""

    entry: AuditEntry
    sentence: str
    address: str

    @property
    def actor(self) -> str:
        """Who acted; what nobody did, the server's clock did, but for what only experts do."""
        account = self.entry.actor
        if account is None:
            return _("Expert") if self.entry.act == "dispute_claim" else _("The server's clock")
        return account.get_full_name() or account.get_username()

    @property
    def details(self) -> list[tuple[str, str]]:
        """The ids and settings of the act, in the order of their names; what was before what came of it."""
        details = sorted(self.entry.detail.items(), key=lambda detail: (detail[0] == "after", detail[0]))
        return [detail_words(name, value) for name, value in details]


@audience(MANAGERS)
@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    """Who did what, the newest first."""
    form = _filter_of(request)
    entries = form.apply(entries_visible_to(account_of(request)))
    # Cut from the numbers alone: to sort two hundred thousand whole rows takes five times as long.
    page = Paginator(entries.values_list("pk", flat=True), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page_obj": page,
        "acts": _in_words(entries_numbered(list(page.object_list))),
        "saves": save_links(_export_url(request)),
        "clear_url": reverse("weighting:audit"),
    }
    return render(request, "weighting/manager/audit.html", context)


@audience(MANAGERS)
@require_safe
def audit_export(request: HttpRequest) -> HttpResponseBase:
    """The same as a file, all pages; CSV, which may be long, is sent as it is read."""
    columns = [
        Heading("at", _("Time")),
        Heading("actor", _("By")),
        Heading("act", _("Act")),
        Heading("sentence", _("What")),
        Heading("subject_type", _("Done to")),
        Heading("subject_id", _("Number")),
        Heading("detail", _("Details")),
    ]
    rows = _rows(_filter_of(request).apply(entries_visible_to(account_of(request))), get_language())
    facts = [Fact("code_version", _("Software version"), settings.CODE_VERSION)]
    if (format := asked_format(request)) == "csv":
        return streamed_answer(format, "audit", columns, rows, facts)
    return table_answer(format, "audit", columns, rows, facts, at_once=ROWS_AT_ONCE)


def _rows(entries: QuerySet[AuditEntry], language: str | None) -> Iterator[list[object]]:
    """Yield the lines, in the language of the request, which is over by the time they are read."""
    found = entries.iterator(chunk_size=ROWS_AT_ONCE)
    while some := list(islice(found, ROWS_AT_ONCE)):
        with override(language):
            lines = [_row(act) for act in _in_words(some)]
        yield from lines


def _row(act: LoggedAct) -> list[object]:
    return [
        act.entry.at.isoformat(),
        act.actor,
        act.entry.act,
        act.sentence,
        act.entry.subject_type,
        act.entry.subject_id,
        json.dumps(act.entry.detail, ensure_ascii=False, sort_keys=True),
    ]


def _export_url(request: HttpRequest) -> str:
    """Return the address of the file with the same filters."""
    asked = request.GET.copy()
    asked.pop("page", None)
    query = asked.urlencode()
    return reverse("weighting:audit-export") + (f"?{query}" if query else "")


def _filter_of(request: HttpRequest) -> AuditFilter:
    acts = [(act, str(words) % {"subject": "…"}) for act, words in SENTENCES.items()]
    return AuditFilter(
        request.GET, acts=sorted(acts, key=lambda choice: choice[1]), subjects=list(KINDS.items())
    )


def _in_words(entries: Iterable[AuditEntry]) -> list[LoggedAct]:
    listed = list(entries)
    subjects: dict[tuple[str, str], Model] = names_of_subjects(listed)
    found = [(entry, subjects.get((entry.subject_type, entry.subject_id))) for entry in listed]
    return [LoggedAct(entry, sentence_of(entry, subject), address_of(subject)) for entry, subject in found]
