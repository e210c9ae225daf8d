"""Units without a rank, and why, wherever a page ranks the others."""

from indexer.method_cells import lack_words
from indexer.models import City, Run
from indexer.selectors.coverage import Unranked, unranked_of
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.selectors.plans import plan_of


def unranked_rows(subject: NodeScores) -> list[tuple[City, str]]:
    """Return the units that have too few values for a score, each with the reason."""
    return [(lack.city, why_unranked(lack)) for lack in unranked_of(subject)]


def unranked_rows_of(run: Run) -> list[tuple[City, str]]:
    """Return the same of a run of which the scores are not at hand."""
    return unranked_rows(node_scores_of(run)) if plan_of(run.method).may_leave_out else []


def why_unranked(lack: Unranked) -> str:
    """Say of which node a unit has too little."""
    return lack_words(lack.share, lack.least, lack.node.name if lack.node else "")
