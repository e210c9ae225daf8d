"""Borders of a register: brought by a file, or those of the countries that come with the product."""

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.intake.borders import COUNTRIES, COUNTRIES_SOURCE, BorderError, Unit, read_borders
from indexer.models import City, DataSet, Register, RegisterBorders
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.permissions import MANAGERS, has_role
from weighting.services.audit import record_act


def bring_country_borders(register: Register, *, actor: Account) -> RegisterBorders:
    """Take the borders of the countries that the register has."""
    return bring_borders(register, source=COUNTRIES_SOURCE, file=COUNTRIES.read_bytes(), actor=actor)


@transaction.atomic
def bring_borders(register: Register, *, source: str, file: bytes, actor: Account) -> RegisterBorders:
    """Replace the borders of a register by those of a GeoJSON file; raises `Refused` for what it lacks.

    Where something of the register is published, strangers see them at once: managers alone bring them then.
    """
    Register.objects.select_for_update().get(pk=register.pk)
    if not has_role(actor, MANAGERS) and _is_seen_by_strangers(register):
        raise Refused(
            _("What is published of this register is drawn with its borders: a manager brings them.")
        )
    try:
        shapes = read_borders(file, _units(register))
    except BorderError as error:
        raise Refused(str(error)) from None
    said = {"source": source, "shapes": shapes, "sent_by": actor}
    borders, _is_new = RegisterBorders.objects.update_or_create(register=register, defaults=said)
    record_act(actor, "borders", register, units=len(shapes), source=source)
    return borders


def _is_seen_by_strangers(register: Register) -> bool:
    return DataSet.objects.filter(series__register=register.pk, is_published=True).exists()


def _units(register: Register) -> list[Unit]:
    rows = City.objects.filter(register=register).order_by("pk")
    columns = rows.values_list("pk", "code", "name_zh", "name_en", "aliases")
    return [Unit(pk, [code, zh, en, *aliases]) for pk, code, zh, en, aliases in columns]
