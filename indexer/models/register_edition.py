"""Corrections of a register that is in use: what units said before, so that what was computed keeps it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from indexer.models.city import City
from indexer.models.register import Register


class RegisterEdition(models.Model):
    """A corrected edition, with the reason; the first edition of a register has no row."""

    register = models.ForeignKey(Register, on_delete=models.PROTECT, related_name="editions")
    number = models.PositiveSmallIntegerField(_("edition"))
    reason = models.TextField(_("reason"), max_length=2000)
    file_name = models.CharField(max_length=255)
    file_sha256 = models.CharField(max_length=64)
    # Units that the file added, beside those that it corrected.
    added = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["register_id", "number"]
        constraints = [models.UniqueConstraint(fields=["register", "number"], name="register_edition_once")]

    def __str__(self) -> str:
        return f"edition {self.number} of register {self.register_id}"


class UnitCorrection(models.Model):
    """What an edition changed of a unit: the columns of `City` by name, before and after."""

    edition = models.ForeignKey(RegisterEdition, on_delete=models.CASCADE, related_name="corrections")
    city = models.ForeignKey(City, on_delete=models.PROTECT, related_name="corrections")
    before = models.JSONField()
    after = models.JSONField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["edition", "city"], name="unit_correction_once")]

    def __str__(self) -> str:
        return f"correction {self.pk} of unit {self.city_id}"
