"""The method of a ranking becomes that of its data: next editions with the same values, to be published."""

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.models import DataSet, IndexMethod, Run
from indexer.selectors.data_sets import auxiliary_columns_of, unpack_totals
from indexer.selectors.stored_values import unpack_values
from indexer.services.common_bounds import newest_editions_of
from indexer.services.data_sets import EditionTerms, Matrix, Origin, add_data_set
from indexer.services.methods import data_blockers
from weighting.exceptions import Refused
from weighting.models import Account


@transaction.atomic
def adopt_method(run: Run, *, reason: str, actor: Account, every_year: bool = False) -> list[DataSet]:
    """Store the next edition of a run's data set, to be computed by the run's method; return what is new.

    ``every_year`` does so for the newest edition of each year of the series that has another method. The
    reason stands on each. Raises `Refused` with all that keeps any of them back.
    """
    if not reason.strip():
        raise Refused(_("Say why the method changes: readers of the editions before see it."))
    editions = newest_editions_of(run.data_set) if every_year else [run.data_set]
    editions = [edition for edition in editions if edition.method_id != run.method_id]
    if not editions:
        raise Refused(_("The data are computed by this method already."))
    blockers = {edition.year: data_blockers(edition, run.method) for edition in editions}
    if any(blockers.values()):
        words = _("%(year)s: %(problem)s")
        raise Refused(
            *(words % {"year": year, "problem": one} for year, said in blockers.items() for one in said)
        )
    return [_next_edition(edition.pk, run.method, reason.strip(), actor) for edition in editions]


def _next_edition(pk: int, method: IndexMethod, reason: str, actor: Account) -> DataSet:
    before = DataSet.objects.select_related("framework", "series").get(pk=pk)
    totals = unpack_totals(before)
    return add_data_set(
        terms=EditionTerms(
            framework=before.framework,
            name_zh=before.series.name_zh,
            name_en=before.series.name_en,
            year=before.year,
            method=method,
            note=reason,
        ),
        matrix=Matrix(
            city_ids=before.city_ids,
            leaf_codes=before.leaf_codes,
            values=unpack_values(before),
            totals=dict(zip(before.leaf_codes, totals.tolist(), strict=True)),
            auxiliary=auxiliary_columns_of(before),
        ),
        actor=actor,
        origin=Origin(
            before.file_name,
            before.file_sha256,
            before.totals_name,
            before.totals_sha256,
            before.mapping,
        ),
    )
