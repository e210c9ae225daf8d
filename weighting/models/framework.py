"""The tree of indicators that is scored and weighted."""

from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from weighting.models.named import BilingualName, in_own_language
from weighting.models.units import unit_label


class Framework(BilingualName):
    """A tree of indicators, imported or made in the browser; it never changes.

    ``came_from`` is the framework that it was copied from; ``former_codes`` are the codes that are not those
    there, each with what it was; '' where a new node has the code of one that is there. Until it
    ``is_shared``, its maker alone works on it and on all that rests on it, and of somebody else's private
    one with the same tree nothing shows.
    """

    sha256 = models.CharField(max_length=64)
    is_shared = models.BooleanField(_("shared with the staff"), default=True)
    is_published = models.BooleanField(_("published"), default=False)
    came_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="next_editions"
    )
    former_codes = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"], condition=Q(is_shared=True), name="framework_shared_once"
            ),
            models.UniqueConstraint(fields=["sha256", "created_by"], name="framework_once_per_maker"),
            models.CheckConstraint(
                condition=Q(is_published=False) | Q(is_shared=True), name="framework_published_is_shared"
            ),
        ]

    @property
    def readers(self) -> str:
        """Who may read it, in words."""
        return gettext("Anybody") if self.is_published else self.insiders

    @property
    def insiders(self) -> str:
        """Who may read what rests on it and is not published, in words."""
        return gettext("Staff only") if self.is_shared else gettext("Its maker and administrators")


class FrameworkDraft(BilingualName):
    """A tree in the making, with whatever is still wrong with it.

    ``rows`` are its nodes along the tree: the key of each, that of its parent or None, and its cells by the
    columns of a framework's file. ``came_from`` is copied or, where ``replaces`` says so, to be replaced.
    """

    rows = models.JSONField(default=list, blank=True)
    # Keys are never used again: a page that was left open cannot reach another row than it shows.
    next_key = models.PositiveIntegerField(default=0)
    came_from = models.ForeignKey(
        Framework, null=True, blank=True, on_delete=models.CASCADE, related_name="drafts"
    )
    replaces = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(replaces=False) | Q(came_from__isnull=False), name="framework_draft_replaces_one"
            ),
            models.UniqueConstraint(
                fields=["came_from"], condition=Q(replaces=True), name="framework_replaced_by_one_draft"
            ),
        ]


class Indicator(BilingualName):
    """A node of the tree; ``position`` is its place in the imported file, from 0."""

    DIRECTIONS = [(1, _("higher is better")), (-1, _("lower is better"))]

    framework = models.ForeignKey(Framework, on_delete=models.CASCADE, related_name="indicators")
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="children"
    )
    code = models.CharField(max_length=100)
    position = models.PositiveIntegerField()
    depth = models.PositiveSmallIntegerField()
    is_leaf = models.BooleanField()
    direction = models.SmallIntegerField(choices=DIRECTIONS, default=1)
    unit = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    # What is measured, and where its values are from.
    definition_zh = models.TextField(_("Chinese definition"), max_length=2000, blank=True)
    definition_en = models.TextField(_("English definition"), max_length=2000, blank=True)
    source = models.CharField(_("source"), max_length=300, blank=True)
    licence = models.CharField(_("licence"), max_length=60, blank=True)

    class Meta:
        ordering = ["framework_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["framework", "code"], name="indicator_code_once"),
            models.UniqueConstraint(fields=["framework", "position"], name="indicator_position_once"),
            models.CheckConstraint(condition=Q(direction__in=[1, -1]), name="indicator_direction_known"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="indicator_not_own_parent"),
        ]

    @cached_property
    def kin(self) -> str:
        """What tells the node from others of several editions; its code, where nothing else was found."""
        return self.code

    @property
    def unit_label(self) -> str:
        """The unit in the visitor's language."""
        return unit_label(self.unit)

    @property
    def definition(self) -> str:
        """What is measured, in the visitor's language; the note of a file that has no such column."""
        return in_own_language(self.definition_zh, self.definition_en) or self.note

    @property
    def remark(self) -> str:
        """The note, where it is not already what stands for the definition."""
        return "" if self.definition == self.note else self.note
