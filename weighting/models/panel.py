"""The experts that may be asked."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from weighting.enums import LONGEST_SECTOR, Language, Sector


class Panel(models.Model):
    """A list of experts, imported as a whole."""

    name = models.CharField(_("name"), max_length=200)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Expert(models.Model):
    """A person on a panel."""

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, related_name="experts")
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=200)
    # Empty of whom no address is known: they are handed their link, and mailed nothing.
    email = models.EmailField(_("e-mail"), blank=True)
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    # One of `Sector`, or a word of the panel's own.
    sector = models.CharField(_("sector"), max_length=LONGEST_SECTOR, default=Sector.OTHER)
    language = models.CharField(_("language"), max_length=8, choices=Language, default=Language.CHINESE)

    class Meta:
        ordering = ["panel_id", "code"]
        constraints = [
            models.UniqueConstraint(fields=["panel", "code"], name="expert_code_once"),
            models.UniqueConstraint(
                fields=["panel", "email"], condition=~models.Q(email=""), name="expert_email_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sector_name(self) -> str:
        return Sector.name_of(self.sector)
