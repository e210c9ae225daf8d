"""The log of acts."""

from typing import Any

from django.db.models import Model

from weighting.models import Account, AuditEntry


def record_act(actor: Account | None, act: str, subject: Model, **detail: Any) -> AuditEntry:
    """Append one act to the log; ``detail`` holds ids and settings, never a score."""
    kind = str(subject._meta.model_name)
    return AuditEntry.objects.create(
        actor=actor, act=act, subject_type=kind, subject_id=str(subject.pk), detail=detail
    )
