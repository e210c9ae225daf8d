"""What runs came to, by city, for tests that hold it against pages and files."""

from indexer.models import City, RunScores
from indexer.selectors.composites import Standing, city_ids_by_run, composites_of


def standings(run) -> dict[int, Standing]:
    """The city's score and rank by its id; cities without a score are not among them."""
    run = getattr(run, "pk", run)
    scores, ranks = composites_of([run])[run]
    rows = zip(city_ids_by_run([run])[run], scores.tolist(), ranks.tolist(), strict=True)
    return {city: Standing(rank, score) for city, score, rank in rows if rank}


def ranks_of(run) -> dict[int, int]:
    """Ranks by the city's id."""
    return {city: standing.rank for city, standing in standings(run).items()}


def scores_of(run) -> dict[int, float]:
    """Scores by the city's id."""
    return {city: standing.score for city, standing in standings(run).items()}


def scores_by_name(run, column="name_zh") -> dict[str, float]:
    """Scores by the city's name."""
    names = dict(City.objects.values_list("pk", column))
    return {names[city]: score for city, score in scores_of(run).items()}


def id_named(name_en: str) -> int:
    """The id of the one city of this name."""
    return City.objects.get(name_en=name_en).pk


def all_blocks() -> list[tuple[int, bytes, bytes]]:
    """The bytes of every run's scores and ranks."""
    rows = RunScores.objects.order_by("run").values_list("run", "scores", "ranks")
    return [(run, bytes(scores), bytes(ranks)) for run, scores, ranks in rows]


def forget_scores() -> None:
    """Let every run be without scores, as before it was computed."""
    RunScores.objects.all().delete()
