"""The tables of audits, of runs, data sets and frameworks: those of ``manage.py audit_index``, row by row."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.facts import check_run_facts, not_kept
from indexer.api.pages import answer_page, page_of
from indexer.api.run_view import RunView
from indexer.audit_files import STRUCTURE_TABLES, TABLES, UNWEIGHTED_TABLES, AnyAudit, AuditTable
from indexer.selectors.coherence import coherence_of
from indexer.selectors.data_audit import audited_data_sets, data_audit_of
from indexer.selectors.data_facts import FactsLacking
from indexer.selectors.framework_audit import audited_framework
from indexer.selectors.published import codes_given_raw
from weighting.api.base import PAGE, Answer, described
from weighting.selectors.frameworks import frameworks_visible_to


class AuditRowSerializer(serializers.Serializer):
    """A row of the table asked for; its columns are those of the file of the same name."""

    def to_representation(self, row: dict[str, Any]) -> dict[str, Any]:
        return row


# One type for all of them, so that the schema names it once.
ROWS = page_of(AuditRowSerializer)


class AuditTableView(RunView):
    """One table of the audit of a finished run: correlations, groups, importance, indicators or units."""

    @described(*PAGE, responses=ROWS)
    def get(self, request: Request, pk: int, table: str) -> Response:
        run, asked = self.finished_run(pk), _asked(table, TABLES)
        check_run_facts(self.account, run)
        return _answer(request, asked, coherence_of(run).audit, codes_given_raw(self.account, run))


class DataSetAudit(Answer):
    """One table of the audit of a data set before any weights: correlations, groups, indicators or units."""

    @described(*PAGE, responses=ROWS)
    def get(self, request: Request, pk: int, table: str) -> Response:
        data_set = get_object_or_404(audited_data_sets(self.account), pk=pk)
        asked = _asked(table, UNWEIGHTED_TABLES)
        try:
            audit = data_audit_of(data_set)
        except FactsLacking as lacking:
            retry_url = reverse("indexer:api-data-set-facts-retry", args=[pk])
            raise not_kept(lacking.lack, retry_url) from None
        return _answer(request, asked, audit.files)


class FrameworkAuditView(Answer):
    """One table of the shape of a framework: groups or indicators."""

    @described(*PAGE, responses=ROWS)
    def get(self, request: Request, pk: int, table: str) -> Response:
        framework = get_object_or_404(frameworks_visible_to(self.account), pk=pk)
        return _answer(request, _asked(table, STRUCTURE_TABLES), audited_framework(framework).files)


def _asked(name: str, known: Mapping[str, AuditTable[AnyAudit]]) -> AuditTable[AnyAudit]:
    if name not in known:
        words = {"table": name, "known": _(", ").join(known)}
        raise NotFound(_("There is no table “%(table)s” in an audit. Known: %(known)s.") % words)
    return known[name]


def _answer(
    request: Request, table: AuditTable[AnyAudit], audit: AnyAudit, given: frozenset[str] | None = None
) -> Response:
    """Answer with a page of rows; what is not defined, and what a file leaves empty, is null."""
    return answer_page(
        request,
        list(table.plain_rows(audit, given)),
        lambda row: {
            name: None if cell == "" else cell for name, cell in zip(table.columns, row, strict=True)
        },
    )
