"""Autosave, with all that surrounds it in production, beside a bare view that upserts the same row."""

import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.serving import BARE, PRODUCT, Answer, ExpertAtWork, enrol, serving

EXPERTS, ITEMS = 4, 90
SLICES, SLICE_SECONDS = 8, 2.0
GOAL = 0.5

Save = Callable[[ExpertAtWork, int], Answer]


def rows(folder: Path) -> list[dict[str, object]]:
    """Load both servers in turn, so that whatever else the machine does falls on each."""
    experts = enrol(EXPERTS, ITEMS)
    with serving(PRODUCT, folder / "product.log") as ours, serving(BARE, folder / "bare.log") as bare:
        measured = measure_in_turn(experts, ours, bare)
    rates = [statistics.median(rate for rate, _seconds in slices) for slices in measured]
    tails = [percentile([s for _rate, seconds in slices for s in seconds], 95) for slices in measured]
    name = f"autosave, {EXPERTS} experts at once, bare upsert view"
    return [
        _row(f"{name}: ms per save", 1000 / rates[0], 1000 / rates[1], ratio=rates[0] / rates[1]),
        _row(f"{name}: p95 under that load", tails[0] * 1000, tails[1] * 1000, ratio=tails[1] / tails[0]),
    ]


def measure_in_turn(
    experts: list[ExpertAtWork], ours: int, bare: int
) -> tuple[list[tuple[float, list[float]]], list[tuple[float, list[float]]]]:
    """Return the saves per second and the seconds of each save, of every slice of both servers."""
    counts = dict.fromkeys(range(len(experts)), 0)

    def save(expert: ExpertAtWork, turn: int) -> Answer:
        # The revision is that of the item's earlier rounds through the ballot.
        return expert.save(ours, f"i{turn % ITEMS}", turn // ITEMS % 5 + 1, turn // ITEMS)

    def upsert(expert: ExpertAtWork, turn: int) -> Answer:
        return expert.upsert(bare, f"i{turn % ITEMS}", turn // ITEMS % 5 + 1)

    # The bare view writes the rows of experts of its own: it keeps no revisions.
    others = enrol(EXPERTS, ITEMS)
    bare_counts = dict(counts)
    product_slices, bare_slices = [], []
    for _slice in range(SLICES):
        product_slices.append(_load(experts, save, counts))
        bare_slices.append(_load(others, upsert, bare_counts))
    return product_slices, bare_slices


def percentile(values: list[float], share: int) -> float:
    """Return the value that ``share`` per cent do not exceed."""
    return sorted(values)[max(0, -(-len(values) * share // 100) - 1)]


def _load(experts: list[ExpertAtWork], save: Save, counts: dict[int, int]) -> tuple[float, list[float]]:
    seconds: list[float] = []
    wrong: list[Answer] = []
    started = time.perf_counter()

    def work(place: int, expert: ExpertAtWork) -> None:
        while time.perf_counter() - started < SLICE_SECONDS and not wrong:
            answer = save(expert, counts[place])
            counts[place] += 1
            seconds.append(answer.seconds)
            if answer.status != 200:
                wrong.append(answer)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(experts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise AssertionError(f"not saved: {wrong[0]}")
    return len(seconds) / (time.perf_counter() - started), seconds


def _row(name: str, ours: float, reference: float, *, ratio: float) -> dict[str, object]:
    return {
        "name": name,
        "ours": ours,
        "reference": reference,
        "ratio": ratio,
        "goal": GOAL,
        "better": "higher",
    }
