"""Editions of data are kept as they are, whoever writes; only who may read them may still change."""

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from weighting.immutability import Kept, Rule, changed_columns

DATA_SET = "indexer_dataset"
LABEL_COLUMNS = ("is_published",)
TWIN = (
    f"EXISTS (SELECT 1 FROM {DATA_SET} d WHERE d.id = NEW.id"
    " OR (d.framework_id = NEW.framework_id AND d.sha256 = NEW.sha256 AND d.method_id = NEW.method_id)"
    " OR (d.series_id = NEW.series_id AND d.year = NEW.year AND d.edition = NEW.edition))"
)


def _rules(connection: BaseDatabaseWrapper) -> Iterator[Rule]:
    changed = changed_columns(connection, DATA_SET, labels=LABEL_COLUMNS)
    yield f"keep_{DATA_SET}_insert", "INSERT", DATA_SET, TWIN
    yield f"keep_{DATA_SET}_update", "UPDATE", DATA_SET, changed
    yield f"keep_{DATA_SET}_delete", "DELETE", DATA_SET, "1 = 1"


EDITIONS = Kept(tables=(DATA_SET,), rules=_rules)
