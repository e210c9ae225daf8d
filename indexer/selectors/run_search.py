"""A few runs to choose from, however many there are: those that a text finds, and those chosen already."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from indexer.enums import RunStatus
from indexer.models import DataSet, Run
from indexer.selectors.data_sets import NAMES
from weighting.enums import VersionSource
from weighting.requests import read_id

# So many are offered; the others are found by their names.
MOST_OFFERED = 100
MOST_WORDS, LONGEST = 8, 200
BETWEEN_WORDS = re.compile(r"[\s,，·()（）]+")
NUMBER = re.compile(r"\D*(\d{1,9})\D*")
NAMED_BY = ("weight_version__label", "data_set__name")


@dataclass(frozen=True)
class OfferedRuns:
    """Runs that a page offers: ``not_offered`` are how many more the text finds."""

    runs: Sequence[Run]
    not_offered: int
    text: str

    @property
    def is_searched(self) -> bool:
        """Whether there is anything to search for."""
        return bool(self.text or self.not_offered)


def offer_runs(runs: QuerySet[Run], text: str, chosen: Iterable[str] = ()) -> OfferedRuns:
    """Return the first runs that a text finds, and among them, in their order, those chosen already.

    ``chosen`` are ids as they were sent.
    """
    text = text.strip()[:LONGEST]
    kept = _ids(chosen)
    others = find_runs(runs, text).exclude(pk__in=kept)
    found = list(others.values_list("pk", flat=True)[: MOST_OFFERED + 1])
    more = others.count() - MOST_OFFERED if len(found) > MOST_OFFERED else 0
    return OfferedRuns(list(runs.filter(pk__in=kept.union(found[:MOST_OFFERED]))), more, text)


def runs_named(runs: QuerySet[Run], ids: Iterable[str]) -> list[Run]:
    """Return the runs of some ids, as they were sent; unknown ones are left out."""
    return list(runs.filter(pk__in=_ids(ids)))


def data_sets_of(runs: QuerySet[Run]) -> QuerySet[DataSet]:
    """Return the data sets that runs are of, with what names them and tells whether they compare."""
    known = DataSet.objects.filter(pk__in=runs.order_by().values("data_set")).select_related("series")
    return known.order_by("pk").only(*NAMES, "year", "edition", "framework", "leaf_codes", "series__register")


def first_pair(runs: QuerySet[Run]) -> list[Run]:
    """Return two finished versions of the newest edition of the first series that has two, in their order.

    The lowest-numbered one is set against equal weights, which is what anybody would ask first; against
    the next one where no version has them.
    """
    done = runs.filter(status=RunStatus.DONE)
    fields = ("data_set", "method", *(f"data_set__{name}" for name in ("series", "year", "edition")))
    counted = done.order_by().values(*fields).annotate(count=Count("pk"), least=Min("weight_version__number"))
    several = list(counted.filter(count__gte=2).order_by("data_set", "least"))
    if not several:
        return []
    of_first = [group for group in several if group["data_set__series"] == several[0]["data_set__series"]]
    # Of one edition the method that came first; `max` keeps the first of equals.
    group = max(of_first, key=lambda group: (group["data_set__year"], group["data_set__edition"]))
    alike = done.filter(data_set=group["data_set"], method=group["method"])
    first, second = alike[:2]
    equal = alike.filter(weight_version__source=VersionSource.EQUAL).exclude(pk=first.pk).first()
    return [first, equal or second]


def find_runs(runs: QuerySet[Run], text: str) -> QuerySet[Run]:
    """Return the runs whose names have every word of a text: of label and data, the number or the year."""
    usual = _usual_words()
    for word in _words(text)[:MOST_WORDS]:
        if word in usual:
            continue
        known = Q()
        for name in NAMED_BY:
            known |= Q(**{f"{name}_zh__icontains": word}) | Q(**{f"{name}_en__icontains": word})
        if numbered := NUMBER.fullmatch(word):
            known |= Q(weight_version__number=int(numbered[1])) | Q(data_set__year=int(numbered[1]))
        runs = runs.filter(known)
    return runs


def _usual_words() -> set[str]:
    """Return the words that every version is named with, in each language of the pages."""
    found = set()
    for language, _language in settings.LANGUAGES:
        with override(language):
            found |= set(_words(_("version %(number)s, %(label)s") % {"number": "", "label": ""}))
    return found


def _words(text: str) -> list[str]:
    return [word for word in BETWEEN_WORDS.split(text.casefold()) if word]


def _ids(texts: Iterable[str]) -> set[int]:
    return set(filter(None, map(read_id, texts)))
