"""/api/v1/runs/{id}/audit/{table}/: the tables of ``manage.py audit_index``, row by row."""

from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.pages import answer_page, page_of
from indexer.api.run_view import RunView
from indexer.audit_files import TABLES
from indexer.selectors.coherence import coherence_of
from weighting.api.base import PAGE, described


class AuditRowSerializer(serializers.Serializer):
    """A row of the table asked for; its columns are those of the file of the same name."""

    def to_representation(self, row: dict[str, Any]) -> dict[str, Any]:
        return row


class AuditTableView(RunView):
    """One table of the audit of a finished run: correlations, groups, importance, indicators or units."""

    @described(*PAGE, responses=page_of(AuditRowSerializer))
    def get(self, request: Request, pk: int, table: str) -> Response:
        run = self.finished_run(pk)
        if table not in TABLES:
            words = {"table": table, "known": ", ".join(TABLES)}
            raise NotFound(_("There is no table “%(table)s” in an audit. Known: %(known)s.") % words)
        asked = TABLES[table]
        rows = list(asked.rows(coherence_of(run).audit))
        return answer_page(request, rows, lambda row: dict(zip(asked.columns, map(_plain, row), strict=True)))


def _plain(cell: object) -> object:
    """What is not defined, and what a file leaves empty, is null."""
    return None if cell == "" or (isinstance(cell, float) and np.isnan(cell)) else cell
