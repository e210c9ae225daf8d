"""The borders of registers: anybody may see them, as the registers themselves."""

from indexer.models import RegisterBorders, Run


def borders_of_run(run: Run) -> RegisterBorders | None:
    """Return the borders of the units that a run scores, if its register was brought any."""
    return RegisterBorders.objects.filter(register__data_series=run.data_set.series_id).first()


def has_borders(run: Run) -> bool:
    """Tell whether the register of a run has borders, without reading them."""
    return RegisterBorders.objects.filter(register__data_series=run.data_set.series_id).exists()


def border_facts(register_id: int) -> tuple[str, int] | None:
    """Return whose borders a register has, and of how many units; None where it has none."""
    borders = RegisterBorders.objects.filter(register=register_id).first()
    return (borders.source, len(borders.shapes)) if borders else None
