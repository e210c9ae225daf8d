"""Published indices: drafted, described, and given out edition by edition."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from indexer.models import IndexEdition, IndicatorTerms, PublishedIndex, Run
from indexer.selectors.published import due_editions, publication_blockers
from indexer.services.data_sets import publish_data_set
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.services.audit import record_act
from weighting.services.frameworks import publish_framework
from weighting.services.versions import publish_version

# What its owner may say of an index, as often as they like.
TERMS = (
    "name_zh",
    "name_en",
    "description_zh",
    "description_en",
    "licence",
    "contact",
    "authors",
    "institutions",
    "publisher",
    "doi",
)


@transaction.atomic
def draft_index(*, slug: str, terms: Mapping[str, str], actor: Account) -> PublishedIndex:
    """Begin an index under an address of its own; nobody sees it before its first edition."""
    index = PublishedIndex(slug=slug, created_by=actor)
    _describe(index, terms)
    record_act(actor, "draft", index)
    return index


@transaction.atomic
def describe_index(index: PublishedIndex, *, terms: Mapping[str, str], actor: Account) -> PublishedIndex:
    """Change what is said of an index; its address and its editions stay as they are."""
    index = PublishedIndex.objects.select_for_update().get(pk=index.pk)
    _describe(index, terms)
    record_act(actor, "describe_index", index)
    return index


@transaction.atomic
def describe_indicators(
    index: PublishedIndex, *, terms: Mapping[str, IndicatorTerms], actor: Account
) -> PublishedIndex:
    """Say of indicators, by code, where they are from and whether their values may be given away.

    Of others what was said stays: an edition with another framework has its own.
    """
    index = PublishedIndex.objects.select_for_update().get(pk=index.pk)
    IndicatorTerms.objects.filter(index=index, code__in=list(terms)).delete()
    said = [
        IndicatorTerms(
            index=index,
            code=code,
            source=own.source.strip(),
            licence=own.licence.strip(),
            is_withheld=own.is_withheld,
        )
        for code, own in terms.items()
        if own.source.strip() or own.licence.strip() or own.is_withheld
    ]
    IndicatorTerms.objects.bulk_create(said)
    record_act(actor, "describe_indicators", index, withheld=[own.code for own in said if own.is_withheld])
    return index


@transaction.atomic
def publish_edition(
    index: PublishedIndex,
    *,
    run: Run,
    actor: Account,
    reason: str = "",
    embargo_until: datetime | None = None,
) -> IndexEdition:
    """Publish a run under an index with its framework, version and data set: at once, or after an embargo.

    The index's row is the lock: of two editions at the same moment the later one sees the other.
    """
    index = PublishedIndex.objects.select_for_update().get(pk=index.pk)
    run = Run.objects.select_related("data_set__framework", "weight_version").get(pk=run.pk)
    last = index.editions.order_by("-number").first()
    blockers = publication_blockers(index, run, actor)
    if last and not reason.strip():
        blockers.append(_("Say why there is a new edition: what was corrected, or which data are new."))
    if blockers:
        raise Refused(*blockers)
    edition = IndexEdition.objects.create(
        index=index,
        number=last.number + 1 if last else 1,
        run=run,
        reason=reason.strip(),
        embargo_until=embargo_until,
        published_by=actor,
    )
    record_act(actor, "publish_edition", index, number=edition.number, run=run.pk, reason=edition.reason)
    return release_due_edition(edition) or edition


@transaction.atomic
def release_due_edition(edition: IndexEdition) -> IndexEdition | None:
    """Show an edition to strangers, with all that it rests on; None when it is not due.

    Whether it is due is read again under the lock: somebody may have taken it back.
    """
    PublishedIndex.objects.select_for_update().get(pk=edition.index_id)
    due = due_editions().select_related("published_by", "run__data_set__framework", "run__weight_version")
    due_edition = due.defer("run__node_scores").filter(pk=edition.pk).first()
    if due_edition is None:
        return None
    run, actor = due_edition.run, due_edition.published_by
    publish_framework(run.data_set.framework, actor=actor)
    publish_version(run.weight_version, actor=actor)
    publish_data_set(run.data_set, actor=actor)
    IndexEdition.objects.filter(pk=edition.pk).update(released_at=Now())
    edition.refresh_from_db(fields=["released_at"])
    return edition


@transaction.atomic
def take_back_edition(edition: IndexEdition, *, actor: Account) -> None:
    """Delete an edition that still waits for the end of its embargo; what was read stays read."""
    index = PublishedIndex.objects.select_for_update().get(pk=edition.index_id)
    waiting = IndexEdition.objects.filter(pk=edition.pk, released_at__isnull=True).first()
    if waiting is None:
        raise Refused(_("This edition was released already, and whoever read it may cite it: it stays."))
    record_act(actor, "take_back_edition", index, number=waiting.number)
    waiting.delete()


def _describe(index: PublishedIndex, terms: Mapping[str, str]) -> None:
    for name in TERMS:
        setattr(index, name, terms.get(name, getattr(index, name)).strip())
    try:
        index.full_clean()
    except ValidationError as error:
        raise Refused(*error.messages) from error
    index.save()
