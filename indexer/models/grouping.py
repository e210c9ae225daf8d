"""Groupings: further ways to put the units of a register into groups, beside provinces and regions."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from indexer.models.city import City
from indexer.models.register import Register
from weighting.models.named import BilingualName, named_once


class Grouping(BilingualName):
    """A column of groups, such as an income class; ``code`` is what addresses, files and methods call it."""

    register = models.ForeignKey(Register, on_delete=models.PROTECT, related_name="groupings")
    code = models.CharField(_("code"), max_length=40)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["register", "code"], name="grouping_once")]


class UnitGroup(BilingualName):
    """One of the groups of a grouping, such as high income."""

    grouping = models.ForeignKey(Grouping, on_delete=models.PROTECT, related_name="groups")

    class Meta:
        ordering = ["pk"]
        constraints = named_once("unit_group_once", "grouping")


class GroupMember(models.Model):
    """A unit's one group under a grouping; a unit may be in none."""

    grouping = models.ForeignKey(Grouping, on_delete=models.PROTECT, related_name="members")
    group = models.ForeignKey(UnitGroup, on_delete=models.PROTECT, related_name="members")
    city = models.ForeignKey(City, on_delete=models.PROTECT, related_name="memberships")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["grouping", "city"], name="group_member_once")]

    def __str__(self) -> str:
        return f"group member {self.pk}"
