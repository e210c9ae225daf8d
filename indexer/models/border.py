"""Borders: the shapes of a register's units, which a map fills with colour."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from indexer.models.register import Register


class RegisterBorders(models.Model):
    """The borders of a register as one file brought them, and whose they are.

    ``shapes`` are polygons by the unit's key: rings of longitude and latitude, the outer one clockwise.
    """

    register = models.OneToOneField(Register, on_delete=models.CASCADE, related_name="borders")
    source = models.CharField(_("source and licence of the borders"), max_length=300)
    shapes = models.JSONField()
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "borders of registers"

    def __str__(self) -> str:
        return f"borders of register {self.register_id}"
