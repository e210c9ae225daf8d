"""Several deliveries to one edition: opened, delivered to, put together as an import, ended."""

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.intake.mapping import BESIDE
from indexer.models import DataImport, Delivery, Gathering
from indexer.selectors.data_imports import leaves_of
from indexer.selectors.gatherings import Together, put_together
from indexer.selectors.unit_names import UnitsOfRegister
from indexer.services.blocked_imports import storable
from indexer.services.data_imports import (
    Terms,
    YearUnknown,
    check_drafts,
    locked_import,
    start_import,
    with_terms,
)
from indexer.services.import_editions import mapping_of
from indexer.services.import_reading import DataFile
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.services.audit import record_act
from weighting.services.quotas import check_quota


@transaction.atomic
def open_gathering(*, terms: Terms, actor: Account) -> Gathering:
    """Say what an edition will be of that several hands deliver."""
    check_quota(
        Gathering.objects.filter(created_by=actor),
        most=settings.MOST_IMPORT_DRAFTS,
        words=_("You keep %(count)d gatherings: end one first."),
        actor=actor,
    )
    series = terms.series
    if terms.year is None:
        raise YearUnknown(_("No file says yet of which year the edition is. Fill in the year of the data."))
    gathering = Gathering(
        framework=terms.framework,
        register=series.register if series else terms.register,
        method=terms.method,
        series=series,
        name_zh=series.name_zh if series else terms.name_zh,
        name_en=series.name_en if series else terms.name_en,
        year=terms.year,
        note=terms.note,
        created_by=actor,
    )
    gathering.full_clean()
    gathering.save()
    record_act(actor, "open_gathering", gathering, year=gathering.year)
    return gathering


def start_delivery(gathering: Gathering, *, data: DataFile, partner: str, actor: Account) -> DataImport:
    """Read a file of some of the indicators as a draft, which is mapped and corrected as any other.

    Raises `FileProblems` with everything that keeps the file from being read at all.
    """
    terms = terms_of_delivery(gathering, partner=partner)
    return start_import(data=data, totals=None, terms=terms, actor=actor)


@transaction.atomic
def deliver_import(draft: DataImport, *, actor: Account) -> Delivery:
    """Hand over a draft that nothing keeps back; it goes, and what it holds waits for the others.

    Raises `ImportBlocked` with all blockers.
    """
    draft = locked_import(draft)
    if draft.gathering is None:
        raise Refused(_("This import is not a delivery: store it."))
    review = storable(draft)
    content, leaves = review.content, review.mapped.leaves
    beside = sorted(content.beside)
    columns = [content.values, *(content.beside[code][:, np.newaxis] for code in beside)]
    totals = zip(leaves, content.totals.tolist(), strict=True)
    delivery = Delivery(
        gathering=draft.gathering,
        partner=draft.partner,
        sent_by=actor,
        file_name=draft.file_name,
        file_sha256=draft.file_sha256,
        leaf_codes=[leaf.code for leaf in leaves],
        beside_codes=beside,
        city_ids=[int(key) for key in content.keys],
        values=np.ascontiguousarray(np.hstack(columns), dtype="<f8").tobytes(),
        totals={leaf.code: total for leaf, total in totals if not np.isnan(total)},
        origin=mapping_of(draft, review),
    )
    delivery.full_clean(exclude=["values"])
    delivery.save()
    record_act(actor, "deliver", draft.gathering, delivery=delivery.pk, file=delivery.file_sha256)
    draft.delete()
    return delivery


@transaction.atomic
def assemble_gathering(gathering: Gathering, *, actor: Account) -> DataImport:
    """Put all deliveries together as a draft of the actor, which is checked and stored as any other.

    Raises `Refused` naming every indicator that nobody delivered.
    """
    gathering = _locked(gathering)
    together = put_together(gathering)
    missing = [
        leaf.name for leaf in leaves_of(gathering.framework_id) if leaf.code not in together.leaf_codes
    ]
    if missing:
        message = _("Nobody has delivered %(names)s yet: the edition is made once all indicators are here.")
        raise Refused(message % {"names": _(", ").join(missing)})
    check_drafts(actor)
    draft = with_terms(DataImport(owner=actor), terms_of(gathering))
    _fill(draft, together)
    draft.full_clean(exclude=["values", "file"])
    draft.save()
    record_act(actor, "assemble", gathering, deliveries=[one.pk for one in together.deliveries])
    return draft


@transaction.atomic
def end_gathering(gathering: Gathering, *, actor: Account) -> None:
    """Throw a gathering away with its deliveries; editions made of it keep their provenance."""
    gathering = _locked(gathering)
    record_act(actor, "end_gathering", gathering, deliveries=gathering.deliveries.count())
    gathering.delete()


def terms_of_delivery(gathering: Gathering, *, partner: str) -> Terms:
    """Return what a file of a partner is about."""
    return replace(terms_of(gathering), gathering=gathering, partner=partner)


def terms_of(gathering: Gathering) -> Terms:
    """Return what a gathering is about, as an import has it."""
    return Terms(
        framework=gathering.framework,
        register=gathering.register,
        year=gathering.year,
        method=gathering.method,
        name_zh=gathering.name_zh,
        name_en=gathering.name_en,
        series=gathering.series,
        note=gathering.note,
    )


def _locked(gathering: Gathering) -> Gathering:
    found = (
        Gathering.objects.select_for_update(of=("self",))
        .select_related("framework", "register", "series", "method")
        .filter(pk=gathering.pk)
        .first()
    )
    if found is None:
        raise Refused(_("This gathering was ended meanwhile."))
    return found


def _fill(draft: DataImport, together: Together) -> None:
    """Write what was delivered as one table, whose provenance names every delivery."""
    labels = {unit.key: unit.label for unit in UnitsOfRegister(draft.register)}
    own = set(together.leaf_codes)
    draft.file_name = ", ".join(one.file_name for one in together.deliveries)[:255]
    digests = "".join(one.file_sha256 for one in together.deliveries)
    draft.file_sha256 = hashlib.sha256(digests.encode()).hexdigest()
    draft.layout, draft.unit_column = "wide", "unit"
    draft.columns = list(together.columns)
    draft.units = [labels[str(city_id)] for city_id in together.city_ids]
    draft.lines = list(range(1, len(draft.units) + 1))
    draft.values = np.ascontiguousarray(together.values, dtype="<f8").tobytes()
    draft.totals = together.totals
    draft.column_targets = [[code if code in own else BESIDE, "chosen"] for code in together.columns]
    draft.row_targets = [[str(city_id), "chosen"] for city_id in together.city_ids]
    draft.reading = {"deliveries": [_told(one) for one in together.deliveries]}


def _told(delivery: Delivery) -> dict[str, Any]:
    """Return what an edition keeps of a delivery; which account sent it stays in the log."""
    return {
        "partner": delivery.partner,
        "delivered_at": delivery.delivered_at.isoformat(timespec="seconds"),
        "file_name": delivery.file_name,
        "file_sha256": delivery.file_sha256,
        "indicators": delivery.leaf_codes,
        "units": len(delivery.city_ids),
        **delivery.origin,
    }
