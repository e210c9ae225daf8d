"""What analysts write into the report of an audit."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from indexer.models.run import Run


class ReportParagraph(models.Model):
    """Somebody's own words in one section of a run's audit report, in one language.

    ``revision`` counts the changes, so that of two who write at once neither overwrites the other unseen.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="report_paragraphs")
    section = models.CharField(max_length=20)
    language = models.CharField(max_length=12)
    text = models.TextField(_("text"), blank=True)
    revision = models.PositiveIntegerField(default=0)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "section", "language"], name="report_paragraph_once")
        ]

    def __str__(self) -> str:
        return f"paragraph {self.section} ({self.language}) of run {self.run_id}"
