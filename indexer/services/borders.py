"""Borders of a register: brought by a file, or those of the countries that come with the product."""

from django.db import transaction

from indexer.intake.borders import COUNTRIES, COUNTRIES_SOURCE, BorderError, Unit, read_borders
from indexer.models import City, Register, RegisterBorders
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.services.audit import record_act


def bring_country_borders(register: Register, *, actor: Account) -> RegisterBorders:
    """Take the borders of the countries that the register has."""
    return bring_borders(register, source=COUNTRIES_SOURCE, file=COUNTRIES.read_bytes(), actor=actor)


@transaction.atomic
def bring_borders(register: Register, *, source: str, file: bytes, actor: Account) -> RegisterBorders:
    """Replace the borders of a register by those of a GeoJSON file; raises `Refused` for what it lacks."""
    Register.objects.select_for_update().get(pk=register.pk)
    try:
        shapes = read_borders(file, _units(register))
    except BorderError as error:
        raise Refused(str(error)) from None
    said = {"source": source, "shapes": shapes, "sent_by": actor}
    borders, _is_new = RegisterBorders.objects.update_or_create(register=register, defaults=said)
    record_act(actor, "borders", register, units=len(shapes), source=source)
    return borders


def _units(register: Register) -> list[Unit]:
    rows = City.objects.filter(register=register).order_by("pk")
    columns = rows.values_list("pk", "code", "name_zh", "name_en", "aliases")
    return [Unit(pk, [code, zh, en, *aliases]) for pk, code, zh, en, aliases in columns]
