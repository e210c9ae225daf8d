"""Index families: a branch gets a name of its own, and loses it."""

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.models import BranchIndex
from weighting.exceptions import Refused
from weighting.models import Account, Framework, Indicator
from weighting.services.audit import record_act
from weighting.services.locks import still_there


@transaction.atomic
def publish_branch(
    node: Indicator, *, name_zh: str, name_en: str, actor: Account, note: str = ""
) -> BranchIndex:
    """Publish a branch as an index of its own; it is computed in every run already."""
    still_there(Framework.objects.select_for_update(no_key=True), node.framework_id)
    blockers = []
    if node.is_leaf:
        blockers.append(
            _("“%(name)s” has no indicators below it, so it is not a branch.") % {"name": node.name}
        )
    if not (name_zh.strip() or name_en.strip()):
        blockers.append(_("Give the index a name in one language at least."))
    if taken := BranchIndex.objects.filter(node=node).first():
        words = {"name": node.name, "index": taken.name}
        blockers.append(_("“%(name)s” is published already, as “%(index)s”.") % words)
    if blockers:
        raise Refused(*blockers)
    branch = BranchIndex(
        node=node, name_zh=name_zh.strip(), name_en=name_en.strip(), note=note, created_by=actor
    )
    branch.full_clean()
    branch.save()
    record_act(actor, "publish_branch", branch, node=node.code)
    return branch


@transaction.atomic
def withdraw_branch(branch: BranchIndex, *, actor: Account) -> None:
    """Take the name from a branch; its scores stay those of its node."""
    branch = still_there(BranchIndex.objects.select_for_update().select_related("node"), branch.pk)
    record_act(actor, "withdraw_branch", branch, node=branch.node.code)
    branch.delete()
