"""Tables as files: text is kept from running as a formula, numbers are in full precision."""

from collections.abc import Iterable, Sequence

from defusedcsv import csv
from django.http import HttpResponse


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Return a file to save; its first character lets spreadsheets read the Chinese."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return response
