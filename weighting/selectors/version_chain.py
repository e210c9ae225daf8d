"""The chain of frozen versions of a framework: its head, and who follows or corrects whom."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from weighting.models import Account, WeightVersion
from weighting.selectors.versions import versions_visible_to

# So many of a chain are told at a time, around the version that is looked at.
MOST_LINKS = 100


@dataclass(frozen=True)
class Head:
    """The version frozen last in a framework; ``framework`` is the hash of its file."""

    framework: str
    number: int
    hash: str


@dataclass(frozen=True)
class Link:
    """A place in the lineage: a frozen version's number, or a draft.

    ``version`` is None where the visitor may not read it; ``corrects`` is the number of the
    version it corrects, where that is known.
    """

    number: int | None
    version: WeightVersion | None
    corrects: int | None = None


def head_of(framework_id: int) -> Head | None:
    """Return the head of a framework's chain; None while nothing is frozen."""
    return next(iter(_heads(WeightVersion.objects.filter(framework=framework_id))), None)


def all_heads() -> list[Head]:
    """Return the heads of all chains."""
    return _heads(WeightVersion.objects.all())


def heads_visible_to(account: Account | None) -> list[Head]:
    """Return the heads of all chains of which the visitor may read a version.

    A head is a number and a hash, which say nothing of the weights; who has noted it can tell
    when the tail of the chain is cut off.
    """
    known = versions_visible_to(account).order_by().values("framework")
    return _heads(WeightVersion.objects.filter(framework__in=known))


def lineage_of(version: WeightVersion, account: Account | None) -> list[Link]:
    """Return the framework's chain around a version, the newest first, drafts of corrections before it."""
    visible = versions_visible_to(account).filter(framework=version.framework_id).select_related("parent")
    numbers = _numbers_around(version)
    told = Q(number__in=numbers) | Q(number=None, parent__isnull=False) | Q(pk=version.pk)
    versions = list(visible.filter(told))
    parents = {other.parent_id for other in versions if other.parent_id}
    known = set(visible.filter(pk__in=parents, number__isnull=False).values_list("pk", flat=True))
    frozen = {other.number: other for other in versions if other.number is not None}
    drafts = [Link(None, other, _corrects(other, known)) for other in versions if other.number is None]
    return drafts + [
        Link(number, frozen.get(number), _corrects(frozen.get(number), known)) for number in numbers
    ]


def _numbers_around(version: WeightVersion) -> range:
    """Return the numbers of the chain next to a version's, the newest first; of a draft the newest."""
    head = head_of(version.framework_id)
    last = head.number if head else 0
    middle = last if version.number is None else version.number
    newest = min(last, max(middle + MOST_LINKS // 2, MOST_LINKS))
    return range(newest, max(0, newest - MOST_LINKS), -1)


def previous_or_parent(version: WeightVersion, account: Account | None) -> WeightVersion | None:
    """Return what a version's changes are told against: the version it corrects, or the one before."""
    visible = versions_visible_to(account).filter(framework=version.framework_id)
    if version.parent_id:
        return visible.filter(pk=version.parent_id).first()
    before = visible.filter(number__isnull=False)
    if version.number is not None:
        before = before.filter(number__lt=version.number)
    return before.order_by("number").last()


def _heads(versions: QuerySet[WeightVersion]) -> list[Head]:
    newer = WeightVersion.objects.filter(framework=OuterRef("framework"), number__gt=OuterRef("number"))
    last = versions.filter(~Exists(newer), number__isnull=False).select_related("framework").defer("manifest")
    return [
        Head(version.framework.sha256, version.number or 0, version.manifest_hash)
        for version in last.order_by("framework__sha256")
    ]


def _corrects(version: WeightVersion | None, known: set[int]) -> int | None:
    """Return the number of what a version corrects, where the visitor may know of it."""
    parent = version.parent if version else None
    return parent.number if parent and parent.pk in known else None
