"""Frameworks and panels as the visitor may see them."""

from collections import Counter
from collections.abc import Collection, Mapping
from types import MappingProxyType

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from weighting.models import Account, Framework, Indicator, Panel, Round
from weighting.numeric.tree import Tree, build_tree
from weighting.permissions import ADMINISTRATORS, MANAGERS, STAFF, has_role
from weighting.readers.framework import METHOD_COLUMNS, TERMS
from weighting.selectors.sharing import known_to

NO_METHOD: Mapping[str, Mapping[str, str]] = MappingProxyType({})


def frameworks_visible_to(account: Account | None) -> QuerySet[Framework]:
    """Return all shared frameworks and their own for staff, the published ones for anybody else."""
    frameworks = known_to(account, Framework.objects.all()).annotate(
        indicator_count=Count("indicators"),
        leaf_count=Count("indicators", filter=Q(indicators__is_leaf=True)),
    )
    return frameworks if has_role(account, STAFF) else frameworks.filter(is_published=True)


def frameworks_owned_by(account: Account) -> QuerySet[Framework]:
    """Return the frameworks that an account made, all for an administrator; managers may publish theirs."""
    frameworks = frameworks_visible_to(account)
    return frameworks if has_role(account, ADMINISTRATORS) else frameworks.filter(created_by=account)


def owns_framework(account: Account | None, framework: Framework) -> bool:
    """Tell, without a query, whether an account may publish a framework: a manager its own, or all."""
    is_own = account is not None and framework.created_by_id == account.pk
    return has_role(account, ADMINISTRATORS) or (has_role(account, MANAGERS) and is_own)


def changes_framework(account: Account | None, framework: Framework) -> bool:
    """Tell, without a query, whether `frameworks_owned_by` holds a framework."""
    is_own = account is not None and framework.created_by_id == account.pk
    return has_role(account, ADMINISTRATORS) or (has_role(account, STAFF) and is_own)


def weighs_framework(account: Account | None, framework: Framework) -> bool:
    """Tell, without a query, whether `frameworks_weighted_by` holds a framework that an account sees."""
    return has_role(account, MANAGERS) or changes_framework(account, framework)


def frameworks_weighted_by(account: Account) -> QuerySet[Framework]:
    """Return those that an account may weigh and choose a method for: managers all, analysts their own."""
    return frameworks_visible_to(account) if has_role(account, MANAGERS) else frameworks_owned_by(account)


def frameworks_for_rounds(account: Account) -> QuerySet[Framework]:
    """Return the frameworks that others may be asked about: a private one shows them its tree."""
    return frameworks_visible_to(account).filter(is_shared=True)


def editions_beside(account: Account | None, framework: Framework) -> list[Framework]:
    """Return what a framework was copied from, and its copies, as far as an account may see them."""
    beside = Q(pk=framework.came_from_id) | Q(came_from=framework)
    return list(frameworks_visible_to(account).filter(beside).order_by("pk"))


def indicators_of(framework_id: int) -> list[Indicator]:
    """Return the nodes of a framework in file order, each with its parent, which is one of them."""
    nodes = list(Indicator.objects.filter(framework_id=framework_id).order_by("position"))
    by_key = {node.pk: node for node in nodes}
    for node in nodes:
        node.parent = by_key[node.parent_id] if node.parent_id else None
    return nodes


def indicators_by_framework(framework_ids: Collection[int]) -> dict[int, list[Indicator]]:
    """Return the nodes of several frameworks in file order, each with its parent, in one query."""
    found = Indicator.objects.filter(framework__in=framework_ids).select_related("parent")
    nodes: dict[int, list[Indicator]] = {key: [] for key in framework_ids}
    for node in found.order_by("framework_id", "position"):
        nodes[node.framework_id].append(node)
    if len(nodes) > 1:
        _find_kin(nodes)
    return nodes


def kindred_frameworks(framework_id: int) -> list[int]:
    """Return the editions before and after a framework that have one of its leaves, by whatever code."""
    above = dict(Framework.objects.values_list("pk", "came_from_id"))
    first = {pk: _first_edition(pk, above) for pk in above}
    family = [pk for pk, root in first.items() if root == first.get(framework_id) and pk != framework_id]
    if not family:
        return []
    trees = indicators_by_framework([framework_id, *family])
    leaves = {pk: {node.kin for node in tree if node.is_leaf} for pk, tree in trees.items()}
    return [pk for pk in family if leaves[pk] & leaves[framework_id]]


def _first_edition(framework_id: int, above: Mapping[int, int | None]) -> int:
    at = framework_id
    while (before := above[at]) is not None:
        at = before
    return at


def _find_kin(nodes: dict[int, list[Indicator]]) -> None:
    """Let each node be called as in the first edition that its framework came from."""
    origins = Framework.objects.values_list("pk", "came_from_id", "former_codes")
    above = {pk: (came_from, former) for pk, came_from, former in origins}
    for key, tree in nodes.items():
        for node in tree:
            node.kin = _first_code(node.code, key, above)


def _first_code(code: str, framework_id: int, above: Mapping[int, tuple[int | None, dict[str, str]]]) -> str:
    """Return what a node was called in the first edition; new under another one's code, it is its own kin."""
    at: int | None = framework_id
    while at is not None:
        came_from, former = above[at]
        was = former.get(code, code)
        if not was:
            return f"{code}\t{at}"
        code, at = was, came_from
    return code


def framework_rows(
    indicators: list[Indicator], method: Mapping[str, Mapping[str, str]] = NO_METHOD
) -> list[list[object]]:
    """Return the nodes under `COLUMNS` of its reader, as a file that imports as the same framework.

    Where a ``method`` says anything of nodes, by code, its columns stand behind them.
    """
    further = METHOD_COLUMNS if method else ()
    codes = {node.pk: node.code for node in indicators}
    return [
        [
            node.code,
            codes[node.parent_id] if node.parent_id else "",
            node.name_zh,
            node.name_en,
            node.direction if node.is_leaf or node.direction != 1 else "",
            node.unit,
            node.note,
            *(getattr(node, column) for column in TERMS),
            *(method.get(node.code, {}).get(column, "") for column in further),
        ]
        for node in indicators
    ]


def along_the_tree(indicators: list[Indicator]) -> list[Indicator]:
    """Return the nodes as a reader follows them: each followed by its children, in file order."""
    children: dict[int | None, list[Indicator]] = {}
    for node in indicators:
        children.setdefault(node.parent_id, []).append(node)
    ordered: list[Indicator] = []
    waiting = children.get(None, [])[::-1]
    while waiting:
        node = waiting.pop()
        ordered.append(node)
        waiting += children.get(node.pk, [])[::-1]
    return ordered


def sub_indices_of(indicators: Collection[Indicator]) -> list[Indicator]:
    """Return what the whole is divided into: the nodes without a parent, in file order.

    A single one of them is the whole itself, so that its children are meant, and so on down.
    """
    children: dict[int | None, list[Indicator]] = {}
    for node in indicators:
        children.setdefault(node.parent_id, []).append(node)
    group = children[None]
    while len(group) == 1 and group[0].pk in children:
        group = children[group[0].pk]
    return group


def distinct_names(tree: Collection[Indicator]) -> dict[str, str]:
    """Return by code what tells the nodes of a tree apart.

    That is the name; where another node has it, too, the names of the branches above follow it.
    """
    names = distinct_names_by_pk(tree)
    return {node.code: names[node.pk] for node in tree}


def distinct_names_by_pk(tree: Collection[Indicator]) -> dict[int, str]:
    """Return the same by primary key, for nodes of several trees that may have a code in common."""
    by_pk = {node.pk: node for node in tree}
    above = {node.pk: node.parent_id for node in tree}
    names = {node.pk: node.name for node in tree}
    while True:
        counts = Counter(names.values())
        shared = {pk: by_pk[parent] for pk, parent in above.items() if parent and counts[names[pk]] > 1}
        if not shared:
            return names
        for pk, branch in shared.items():
            names[pk] = _("%(name)s (%(branch)s)") % {"name": names[pk], "branch": branch.name}
            above[pk] = branch.parent_id


def tree_of(indicators: list[Indicator]) -> Tree:
    """Return the numeric tree of the nodes, in their order."""
    return build_tree(
        [node.code for node in indicators], [node.parent.code if node.parent else "" for node in indicators]
    )


def panels_visible_to(account: Account) -> QuerySet[Panel]:
    """Return a manager's own panels and those of rounds it manages, each with how many experts it has.

    Those without an e-mail address are counted beside all.
    """
    panels = Panel.objects.annotate(
        expert_count=Count("experts"), without_address=Count("experts", filter=Q(experts__email=""))
    )
    if has_role(account, ADMINISTRATORS):
        return panels
    if has_role(account, MANAGERS):
        shared = Round.objects.filter(managers=account).values("panel")
        return panels.filter(Q(created_by=account) | Q(pk__in=shared))
    return panels.none()


def panels_owned_by(account: Account) -> QuerySet[Panel]:
    """Return the panels that an account brought in, all for an administrator: those it may remove."""
    panels = panels_visible_to(account)
    return panels if has_role(account, ADMINISTRATORS) else panels.filter(created_by=account)
