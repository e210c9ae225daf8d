"""Imports that come to nothing."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from indexer.models import DataImport
from indexer.services.data_imports import locked_import
from weighting.models import Account
from weighting.services.audit import record_act


@transaction.atomic
def discard_import(draft: DataImport, *, actor: Account) -> None:
    """Throw a draft away."""
    draft = locked_import(draft)
    record_act(actor, "discard_import", draft, file=draft.file_sha256)
    draft.delete()


def discard_old_imports() -> int:
    """Throw away drafts that nobody stored within the days of the settings; return how many."""
    before = timezone.now() - timedelta(days=settings.IMPORT_DRAFT_DAYS)
    _all, deleted = DataImport.objects.filter(created_at__lt=before).delete()
    return deleted.get(DataImport._meta.label, 0)
