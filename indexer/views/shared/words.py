"""What a page says of a run's origin, and of where a figure comes from."""

from django.utils.translation import gettext as _

from indexer.job_words import job_duration
from indexer.method_words import method_words, own_ways
from indexer.models import Run
from indexer.selectors.methods import names_in_method
from indexer.selectors.runs import ShownScore
from indexer.words import completed_since, data_set_name, moment, version_name


def provenance_of(run: Run) -> list[tuple[str, str]]:
    """Say what a run was computed from and by, line by line."""
    names = names_in_method(run.method, run.data_set.framework_id)
    return [
        (_("Data set"), data_set_name(run.data_set)),
        (_("SHA-256 of the data"), run.data_sha256),
        *register_words(run),
        (_("Weight version"), version_name(run)),
        (_("SHA-256 of the manifest"), run.manifest_hash),
        (_("Method"), method_words(run.method, names)),
        *own_ways(run.method, names),
        (_("SHA-256 of the method"), run.method.sha256),
        (_("SHA-256 of the result"), run.result_sha256),
        (_("Software version"), run.code_version),
        (_("Computed"), moment(run.finished_at)),
        (_("Time taken, with the runs beside it"), job_duration(run)),
    ]


def register_words(run: Run) -> list[tuple[str, str]]:
    """Say what became of the register since the data were stored; nothing where it is as it was.

    Names and places are those before a correction, and show what was filled in.
    """
    own, said = run.data_set.register_edition, []
    if run.register_edition > own:
        words = _(
            "Names, codes and places of units are those of edition %(own)s of the register, by which this "
            "run was computed; edition %(now)s corrects some of them."
        )
        said.append(words % {"own": own, "now": run.register_edition})
    if completed := completed_since(run.data_set, run.register_completed_at):
        said.append(completed)
    return [(_("Register"), words) for words in said]


def source_word(figure: ShownScore) -> str:
    """Say where a figure comes from."""
    match figure.source:
        case "published":
            return _("published")
        case "reconstructed":
            return _("reconstructed")
    return _("computed")
