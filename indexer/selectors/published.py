"""Published indices as the visitor may see them, and what keeps one from being published."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.enums import RunStatus
from indexer.models import City, DailyVisits, IndexEdition, IndicatorTerms, PublishedIndex, Register, Run
from indexer.selectors.composites import first_of, ranks_by_run
from indexer.selectors.data_sets import owns_data_set
from indexer.selectors.runs import LABELS, NOT_SHOWN_OF_RUNS, listed_runs_visible_to
from indexer.selectors.studies import TELLING, told_to_anybody
from indexer.selectors.withheld import withheld_codes
from weighting.enums import VersionStatus
from weighting.models import Account, Indicator
from weighting.permissions import ADMINISTRATORS, MANAGERS, STAFF, has_role
from weighting.selectors.frameworks import owns_framework
from weighting.selectors.sharing import known_to
from weighting.selectors.versions import versions_managed_by

DAYS_OF_VISITS = 30
# More words than these a question has only by mistake.
MOST_WORDS = 8
# Under the name of an index alone stands its last year, whichever year was added or corrected last.
CURRENT_FIRST = ("-run__data_set__year", "-number")


def released_editions() -> QuerySet[IndexEdition]:
    """Return what anybody may see; an edition under embargo is as one that does not exist."""
    editions = IndexEdition.objects.select_related(
        "index",
        "run__data_set__framework",
        "run__data_set__series__register",
        "run__weight_version",
        "run__method",
    )
    # The flags are set in the transaction that releases; they are asked for all the same.
    return editions.defer(*NOT_SHOWN_OF_RUNS).filter(
        released_at__isnull=False,
        run__data_set__is_published=True,
        run__weight_version__is_published=True,
        run__data_set__framework__is_published=True,
    )


def listed_editions() -> QuerySet[IndexEdition]:
    """Return the same for lists of many, without the labels that the data set of each would carry along."""
    return released_editions().defer(*NOT_SHOWN_OF_RUNS, *(f"run__{name}" for name in LABELS))


def latest_editions() -> QuerySet[IndexEdition]:
    """Return the newest released edition of the last year of each index, the last released first."""
    newest = released_editions().filter(index=OuterRef("index")).order_by(*CURRENT_FIRST).values("pk")[:1]
    return listed_editions().filter(pk=Subquery(newest)).order_by("-released_at", "-pk")


def search_editions(asked: str) -> QuerySet[IndexEdition]:
    """Return the newest editions whose index says what is asked for, in either language."""
    editions = latest_editions()
    for word in asked.split()[:MOST_WORDS]:
        said = Q(index__slug__icontains=word)
        for field in ("name_zh", "name_en", "description_zh", "description_en"):
            said |= Q(**{f"index__{field}__icontains": word})
        editions = editions.filter(said)
    return editions


def may_take_all(account: Account | None, run: Run) -> bool:
    """Whether an account may have everything of a run that it may see, raw values among it.

    Strangers may once it is released as an edition, whose owner said under which licence.
    """
    return has_role(account, STAFF) or released_editions().filter(run=run.pk).exists()


def codes_given_raw(account: Account | None, run: Run) -> frozenset[str]:
    """Return the indicators whose raw values an account may see in a run that it may see."""
    codes = frozenset(run.data_set.leaf_codes)
    if has_role(account, STAFF):
        return codes
    return codes - withheld_codes(run) if may_take_all(account, run) else frozenset()


def edition_of_run(run: Run) -> IndexEdition | None:
    """Return the newest edition that publishes a run, whose owner says what may be done with it."""
    return released_editions().filter(run=run.pk).order_by("-released_at", "-pk").first()


@dataclass(frozen=True)
class GivenAway:
    """Which raw values of several runs an account may have: of these runs, but for these indicators."""

    runs: frozenset[int]
    withheld: frozenset[str] = frozenset()


def given_away(account: Account | None, runs: Sequence[Run]) -> GivenAway:
    """Return which raw values of runs that an account may see it may have: as `may_take_all` of each."""
    if has_role(account, STAFF):
        return GivenAway(frozenset(run.pk for run in runs))
    released = released_editions().filter(run__in=[run.pk for run in runs]).values_list("run_id", flat=True)
    return GivenAway(frozenset(released), withheld_codes(*runs))


def terms_by_code(index: PublishedIndex) -> dict[str, IndicatorTerms]:
    """Return what is said of single indicators of an index: source and licence."""
    return {terms.code: terms for terms in IndicatorTerms.objects.filter(index=index.pk).order_by("code")}


def find_edition(slug: str, number: int | None = None) -> IndexEdition | None:
    """Return a released edition of an index, without a number the newest of its last year, if any."""
    editions = released_editions().filter(index__slug=slug)
    if number is not None:
        editions = editions.filter(number=number)
    return editions.order_by(*CURRENT_FIRST).first()


def editions_up_to(edition: IndexEdition) -> QuerySet[IndexEdition]:
    """Return an edition and those released before it, the newest first: its change log."""
    earlier = listed_editions().filter(index=edition.index_id, number__lte=edition.number)
    return earlier.order_by("-number")


def visits_of(index: PublishedIndex, day: date) -> tuple[list[tuple[date, int]], int]:
    """Return the visits of each of the days that end with ``day``, the last first, and of all days."""
    counts = dict(DailyVisits.objects.filter(index=index).order_by("day").values_list("day", "count"))
    days = [day - timedelta(days=back) for back in range(DAYS_OF_VISITS)]
    return [(one, counts.get(one, 0)) for one in days], sum(counts.values())


def due_editions() -> QuerySet[IndexEdition]:
    """Return what waits for no embargo any more, by the database's clock, which all workers share."""
    waiting = IndexEdition.objects.filter(released_at__isnull=True)
    return waiting.filter(Q(embargo_until__isnull=True) | Q(embargo_until__lte=Now()))


def indices_owned_by(account: Account | None) -> QuerySet[PublishedIndex]:
    """Return the indices, drafts too, that an account may change and publish: its own, or all."""
    if has_role(account, ADMINISTRATORS):
        return PublishedIndex.objects.all()
    if has_role(account, MANAGERS):
        return PublishedIndex.objects.filter(created_by=account)
    return PublishedIndex.objects.none()


def publishable_runs(account: Account) -> QuerySet[Run]:
    """Return the finished runs that an account knows of by the data sets' own methods, newest data first."""
    runs = Run.objects.filter(status=RunStatus.DONE, method=F("data_set__method"))
    return known_to(account, runs).order_by(
        "-data_set__year", "-data_set_id", "-weight_version__number", "pk"
    )


def publication_blockers(index: PublishedIndex, run: Run, account: Account) -> list[str]:
    """Say all that keeps an account from publishing a run under an index."""
    return [
        *_lacks_of(index),
        *_other_units(index, run),
        *_faults_of(run),
        *_rights_missing(run, account),
        *_waiting_edition(index),
    ]


def of_the_units_of(index: PublishedIndex, runs: QuerySet[Run]) -> QuerySet[Run]:
    """Keep the runs of the register that the editions of an index rank; all where it has none yet."""
    register = _register_of(index)
    return runs.filter(data_set__series__register=register) if register else runs


def publication_advice(index: PublishedIndex, run: Run) -> list[str]:
    """Say what a reader will miss, though nothing keeps the index from being published."""
    return list(_advice(index, run))


def _lacks_of(index: PublishedIndex) -> Iterator[str]:
    if not index.description:
        yield _("Say what the index measures and for whom, in one language at least.")
    if not index.licence:
        yield _("Choose the licence under which others may use the index.")
    if not index.contact:
        yield _("Say whom a reader may write to.")


def _register_of(index: PublishedIndex) -> Register | None:
    editions = IndexEdition.objects.filter(index=index).order_by("-number")
    return Register.objects.filter(pk__in=editions.values("run__data_set__series__register")[:1]).first()


def _other_units(index: PublishedIndex, run: Run) -> Iterator[str]:
    """Say that a run ranks what no edition ranked: the address would lead readers to another subject."""
    register = _register_of(index)
    if register and register != run.data_set.series.register:
        yield _(
            "The editions so far rank those of “%(known)s”, and this ranking is of “%(other)s”: publish it "
            "as an index of its own."
        ) % {"known": register.name, "other": run.data_set.series.register.name}


def _faults_of(run: Run) -> Iterator[str]:
    if run.status != RunStatus.DONE:
        yield _("The ranking is not computed yet: wait until it is.")
    if run.method_id != run.data_set.method_id:
        yield _(
            "The ranking is a trial by another method than its data set’s own: choose one by that method."
        )


def _rights_missing(run: Run, account: Account) -> Iterator[str]:
    """Say which parts are not public yet and belong to somebody else, or are private."""
    framework, data_set, version = run.data_set.framework, run.data_set, run.weight_version
    if not framework.is_shared:
        words = _("“%(name)s” is private as yet: share it with the staff first, on its page.")
        yield words % {"name": framework.name}
    if not framework.is_published and not owns_framework(account, framework):
        named = _("the framework “%(name)s”") % {"name": framework.name}
        yield _of_somebody_else(named, framework.created_by)
    if not data_set.is_published and not owns_data_set(account, data_set):
        named = _("the data set “%(name)s”") % {"name": data_set.name}
        yield _of_somebody_else(named, data_set.created_by)
    if not version.is_published and not versions_managed_by(account).filter(pk=version.pk).exists():
        named = _("the weights “%(name)s”") % {"name": version.label}
        yield _of_somebody_else(named, version.created_by)


def _of_somebody_else(what: str, owner: Account) -> str:
    words = {"what": what, "owner": owner.get_full_name() or owner.username}
    if has_role(owner, MANAGERS):
        said = _("Not published, and owned by %(owner)s: %(what)s. Ask its owner to publish it first.")
    else:
        # An analyst owns what nobody but an administrator publishes.
        said = _(
            "Not published, and owned by %(owner)s, who is an analyst: %(what)s. Ask an administrator to "
            "publish it first."
        )
    return said % words


def _waiting_edition(index: PublishedIndex) -> Iterator[str]:
    for edition in IndexEdition.objects.filter(index=index, released_at__isnull=True):
        yield _(
            "Edition %(number)s waits for the end of its embargo: take it back before you publish another."
        ) % {"number": edition.number}


def _advice(index: PublishedIndex, run: Run) -> Iterator[str]:
    undefined = Indicator.objects.filter(
        framework=run.data_set.framework_id, is_leaf=True, note="", definition_zh="", definition_en=""
    ).count()
    if undefined:
        yield ngettext(
            "%(count)d indicator has no definition (a column of the framework’s file).",
            "%(count)d indicators have no definition (a column of the framework’s file).",
            undefined,
        ) % {"count": undefined}
    if run.weight_version.status == VersionStatus.RETIRED:
        yield _("The weights are retired: readers are told that the ranking is not for new work.")
    newest = IndexEdition.objects.filter(index=index).order_by("-number").first()
    if newest and newest.run_id == run.pk:
        yield _(
            "Edition %(number)s shows this ranking already: to publish a correction, choose the ranking that "
            "holds it."
        ) % {"number": newest.number}
    if not (index.name_zh and index.name_en and index.description_zh and index.description_en):
        yield _("Title and description are not there in both languages: readers of the other see yours.")
    if not (index.authors or index.institutions):
        yield _("No author is named: the citation names the publisher, or the title alone.")
    if not index.doi:
        yield _("There is no DOI: archive the index, for example with Zenodo, and enter it.")
    if told_to_anybody(run, TELLING) is None:
        yield _("No study of other weights or methods says how sure the ranks are: ask one of the ranking.")


def has_public_runs() -> bool:
    """Whether strangers may read any ranking, of a published index or not."""
    return listed_runs_visible_to(None).filter(status=RunStatus.DONE).exists()


def has_coordinates(run: Run) -> bool:
    """Whether any unit of a run can be placed on a map."""
    scored = {run.data_set.city_ids[row] for row in np.flatnonzero(ranks_by_run([run.pk])[run.pk]).tolist()}
    placed = City.objects.filter(register__data_series=run.data_set.series_id, latitude__isnull=False)
    return any(pk in scored for pk in placed.order_by("pk").values_list("pk", flat=True).iterator())


def leaders_of(run_ids: list[int]) -> dict[int, tuple[list[City], int]]:
    """Return the units that share the first rank, and how many have one, by run that ranks any."""
    first = first_of(run_ids)
    cities = City.objects.in_bulk({pk for ids, _count in first.values() for pk in ids})
    return {run: ([cities[pk] for pk in ids], count) for run, (ids, count) in first.items() if ids}
