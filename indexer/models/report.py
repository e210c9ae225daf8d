"""The written report of a run: its chapters, people's own words, and what an edition carries of it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from indexer.models.published import IndexEdition
from indexer.models.run import Run


class ReportParagraph(models.Model):
    """Somebody's own words in one chapter of a run's reports, in one language.

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


class ReportOutline(models.Model):
    """Which chapters the report of a run has, in their order; ``revision`` counts the changes."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="report_outline")
    chapters = models.JSONField()
    revision = models.PositiveIntegerField(default=0)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"report of run {self.run_id}"


class EditionReport(models.Model):
    """The report that a published edition carries: its chapters and words as they were when it was given.

    What is written afterwards into the report of the run changes nothing here. ``words`` are by
    language and chapter.
    """

    edition = models.OneToOneField(IndexEdition, on_delete=models.CASCADE, related_name="report")
    chapters = models.JSONField()
    words = models.JSONField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"report of edition {self.edition_id}"
