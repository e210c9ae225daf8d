"""Published indices: what strangers find, read and quote, and its editions."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from indexer.models.run import Run
from weighting.models.named import BilingualName, in_own_language

# What an address may be: it is typed, printed and read aloud.
SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"


class PublishedIndex(BilingualName):
    """An index under an address of its own, ``/i/<slug>/``, with what is said about it.

    It is a draft until its first edition is released: to strangers it does not exist until then.
    """

    slug = models.CharField(
        _("address"),
        max_length=60,
        unique=True,
        validators=[
            RegexValidator(
                rf"\A{SLUG}\Z", _("Write small Latin letters and digits, with single hyphens between them.")
            )
        ],
    )
    description_zh = models.TextField(_("Chinese description"), max_length=2000, blank=True)
    description_en = models.TextField(_("English description"), max_length=2000, blank=True)
    # A name of the list of SPDX, such as CC-BY-4.0.
    licence = models.CharField(_("licence"), max_length=60, blank=True)
    contact = models.CharField(_("contact"), max_length=200, blank=True)
    # Persons, one to a line, as they are to be cited; institutions that are authors follow them.
    authors = models.TextField(_("authors"), max_length=2000, blank=True)
    institutions = models.TextField(_("institutions"), max_length=2000, blank=True)
    publisher = models.CharField(_("publisher"), max_length=200, blank=True)
    doi = models.CharField(
        _("DOI"),
        max_length=120,
        blank=True,
        validators=[
            RegexValidator(
                r"\A10\.\d{4,9}/[^\s\"<>]+\Z", _("Write it as 10.5281/zenodo.1234, without https.")
            )
        ],
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "published indices"
        constraints = [models.CheckConstraint(condition=~Q(slug=""), name="published_index_has_address")]

    @property
    def description(self) -> str:
        """What it measures and for whom, in the visitor's language; a missing one falls back on the other."""
        return in_own_language(self.description_zh, self.description_en)


class DailyVisits(models.Model):
    """How often the pages of an index were asked for on a day; not by whom."""

    index = models.ForeignKey(PublishedIndex, on_delete=models.CASCADE, related_name="daily_visits")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["index_id", "-day"]
        verbose_name_plural = "daily visits"
        constraints = [models.UniqueConstraint(fields=["index", "day"], name="visits_once_a_day")]

    def __str__(self) -> str:
        return f"visits of published index {self.index_id} on {self.day}"


class IndicatorTerms(models.Model):
    """Where an indicator of an index is from, and whether its values may be given away; as is, it may be.

    It holds for every edition: who gave the values decides, not the run.
    """

    index = models.ForeignKey(PublishedIndex, on_delete=models.CASCADE, related_name="indicator_terms")
    # As in the framework of whichever edition has it.
    code = models.CharField(max_length=100)
    source = models.CharField(_("source"), max_length=300, blank=True)
    licence = models.CharField(_("licence"), max_length=60, blank=True)
    is_withheld = models.BooleanField(_("not given away"), default=False)

    class Meta:
        ordering = ["index_id", "code"]
        verbose_name_plural = "terms of indicators"
        constraints = [models.UniqueConstraint(fields=["index", "code"], name="indicator_terms_once")]

    def __str__(self) -> str:
        return f"terms of {self.code} in published index {self.index_id}"


class IndexEdition(models.Model):
    """A run under an index, given out together with its framework, version and data set.

    Nothing of it changes but ``released_at``: the moment from which strangers see it. Until the
    embargo has passed by the database's clock it is empty, and nothing of the edition is public.
    """

    index = models.ForeignKey(PublishedIndex, on_delete=models.PROTECT, related_name="editions")
    number = models.PositiveSmallIntegerField(_("edition"))
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="published_editions")
    # Why there is another edition than the first: new data, or what was corrected.
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    embargo_until = models.DateTimeField(_("embargo until"), null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["index_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["index", "number"], name="index_edition_once"),
            models.CheckConstraint(condition=Q(number=1) | ~Q(reason=""), name="index_edition_says_why"),
        ]

    def __str__(self) -> str:
        return f"edition {self.number} of published index {self.index_id}"
