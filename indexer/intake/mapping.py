"""Which indicator a column stands for and which unit a row: found, suggested, or set aside by hand."""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from indexer.intake.hints import Hints, head_parts, is_aggregate, unit_key
from indexer.names import AmbiguousUnit, UnitRegister, UnknownUnit, fold_name, normalise_unit_name
from weighting.readers.cells import Nearest

# How a target was come by: "near" is a suggestion that somebody has to look at.
How = Literal["exact", "name", "alias", "near", "chosen", ""]
ASIDE, TOTALS, BESIDE = "aside", "totals", "beside"
SPACES = re.compile(r"[\W_]+")
TOTAL_ROWS = {
    "全国", "全国合计", "全国总计", "合计", "总计", "全国总量", "total", "totals", "national",
    "nationaltotal", "nationaltotals",
}  # fmt: skip
# Words of names of countries, as tables shorten them, and those that say nothing.
SHORT = {
    "rep": "republic", "dem": "democratic", "fed": "federated", "sts": "states", "st": "saint",
    "afr": "african", "pap": "papua", "is": "islands", "isl": "islands",
}  # fmt: skip
EMPTY_WORDS = {"the", "of", "and"}
# How much alike two names in letters are before one is proposed for the other; two characters tell nothing.
ALIKE = 0.7
# ALB - Albania, 01 Andalucía; Albania (ALB); ALB Albania.
CODE_AND_NAME = re.compile(
    r"(?P<code1>[\w.]{1,12})(?:\s*[-–—:|]\s+|(?<=\d)[.)]?\s+)(?P<name1>\D.*)"
    r"|(?P<name2>.+?)\s*[(\[](?P<code2>[\w.]{1,12})[)\]]"
    r"|(?P<code3>\w{2,6})\s+(?P<name3>\D.*)"
)
# Comparing names is slow, and a file may be wrong throughout.
MAX_LOOKUPS = 200


@dataclass(frozen=True, slots=True)
class Match:
    """What a column or row goes to: a code or the key of a unit, `ASIDE`, `TOTALS`, or '' for open."""

    to: str
    how: How = ""
    nearest: tuple[str, ...] = ()

    @property
    def is_settled(self) -> bool:
        return bool(self.to) and self.how != "near"


@dataclass(frozen=True)
class LeafNames:
    """A leaf as a file may call it."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class UnitNames:
    """A unit of the register; ``key`` stands for it, ``label`` names it alone, ``shown`` is for readers."""

    key: str
    label: str
    shown: str
    names: tuple[str, ...]
    aliases: tuple[str, ...]
    codes: tuple[str, ...] = ()

    @property
    def name_keys(self) -> tuple[str, ...]:
        """What its own names have in common with other spellings of them; of a million not kept with each."""
        return tuple(unit_key(name) for name in dict.fromkeys((self.label, *self.names)))


def hints_about(units: Sequence[UnitNames], leaves: Sequence[LeafNames], year: int | None = None) -> Hints:
    """Return what a reader may know of the units and indicators that a file is about."""
    names = (key for unit in units for key in (*unit.name_keys, *map(unit_key, unit.aliases)))
    forms = (
        form
        for leaf in leaves
        for form in (leaf.code, leaf.code.rsplit(".", 1)[-1], leaf.name_zh, leaf.name_en)
    )
    return Hints(
        names=frozenset(names),
        codes=frozenset(unit_key(code) for unit in units for code in unit.codes),
        leaves=frozenset(map(fold_name, forms)) - {""},
        year=year,
    )


def fold(text: str) -> str:
    """Forget case, width, spaces and punctuation."""
    return SPACES.sub("", unicodedata.normalize("NFKC", text)).casefold()


def match_columns(heads: Sequence[str], leaves: Sequence[LeafNames]) -> list[Match]:
    """Find each column's leaf: by its code, by its name in either language, or the nearest one.

    A leaf that one column has by its code or name is suggested to no other.
    """
    codes = {leaf.code: leaf.code for leaf in leaves}
    named = _unique(
        (fold(form), leaf.code)
        for leaf in leaves
        for form in {leaf.code, leaf.code.rsplit(".", 1)[-1], leaf.name_zh, leaf.name_en}
    )
    found = [_by_parts(head, codes, named) for head in heads]
    taken = {match.to for match in found if match}
    left = {form: code for form, code in named.items() if code not in taken}
    like = Nearest(left, cutoff=0.6)
    looks = 0
    matches = []
    for head, match in zip(heads, found, strict=True):
        if match is None:
            forms = like.find(fold(head)) if looks < MAX_LOOKUPS else []
            near = list(dict.fromkeys(left[form] for form in forms))
            looks += 1
            match = Match(near[0] if near else "", "near" if near else "", tuple(near))
        matches.append(match)
    return matches


def _by_parts(head: str, codes: Mapping[str, str], named: Mapping[str, str]) -> Match | None:
    """Find a head, or what one of its parts names: le of "Health / le"."""
    if head in codes:
        return Match(codes[head], "exact")
    known = (named[fold(part)] for part in head_parts(head) if fold(part) in named)
    code = next(known, None)
    return Match(code, "name") if code else None


def match_rows(labels: Sequence[str], units: Sequence[UnitNames]) -> list[Match]:
    """Find each row's unit: by code, by name, by another name, or the nearest one.

    Near names are one to one: a unit that a row has surely is near to no other, and of two rows
    near to the same unit the nearer one has it.
    """
    finder = UnitFinder(units)
    found = [finder.find(label) for label in labels]
    taken = {match.to for match in found if match.is_settled}
    wanted: dict[str, tuple[float, int]] = {}
    for row, match in enumerate(found):
        if match.how != "near":
            continue
        if match.to in taken:
            free = tuple(key for key in match.nearest if key not in taken)
            found[row] = Match("", "", free)
            continue
        likeness = finder.likeness(labels[row], match.to)
        if match.to in wanted and wanted[match.to][0] >= likeness:
            found[row] = Match("", "", match.nearest)
            continue
        if match.to in wanted:
            other = wanted[match.to][1]
            found[other] = Match("", "", found[other].nearest)
        wanted[match.to] = (likeness, row)
    return found


class UnitFinder:
    """A register indexed once, to find many labels.

    What finds a label that is not spelt as in the register is indexed for the first of them.
    """

    def __init__(self, units: Sequence[UnitNames]) -> None:
        self._units = units
        self._codes = _unique((unit_key(code), unit.key) for unit in units for code in unit.codes)
        self._exact = _unique((key, unit.key) for unit in units for key in unit.name_keys)
        self._looks = 0

    @cached_property
    def keys(self) -> dict[str, str]:
        """The key of each unit by its label."""
        return {unit.label: unit.key for unit in self._units}

    @cached_property
    def _words(self) -> dict[str, str]:
        return _unique((_words_of(form), key) for key, forms in self._forms.items() for form in forms)

    @cached_property
    def _forms(self) -> dict[str, tuple[str, ...]]:
        return {unit.key: (unit.label, *unit.names, *unit.aliases) for unit in self._units}

    @cached_property
    def _register(self) -> UnitRegister:
        return UnitRegister({unit.label: (*unit.names, *unit.aliases) for unit in self._units})

    def find(self, label: str) -> Match:
        """Return the match of one label."""
        name = unit_key(label)
        for known in (self._codes, self._exact):
            if name in known:
                return Match(known[name], "exact")
        if fold(label) in TOTAL_ROWS:
            return Match(TOTALS, "name")
        if not name:
            return Match("")
        is_sum = is_aggregate(label)
        try:
            look = self._looks < MAX_LOOKUPS and not is_sum
            return Match(self.keys[self._register.resolve(label, look=look)], "alias")
        except AmbiguousUnit as error:
            return Match("", "", tuple(self.keys[label] for label in error.nearest))
        except UnknownUnit as error:
            if (words := _words_of(label)) in self._words:
                return Match(self._words[words], "alias")
            if beside := self._beside_code(label):
                return beside
            self._looks += not is_sum
            near = tuple(self.keys[label] for label in error.nearest)
            # The nearest is proposed where a person might take one for the other.
            is_like = bool(near) and (not name.isascii() or self.likeness(label, near[0]) >= ALIKE)
            return Match(near[0] if is_like else "", "near" if is_like else "", near)

    def _beside_code(self, label: str) -> Match | None:
        """Find a unit that is called by its code and its name at once, or by its name behind a number.

        Where both are known they have to mean the same; a name alone that is not known leaves a suggestion.
        """
        parts = CODE_AND_NAME.fullmatch(normalise_unit_name(label))
        if parts is None:
            return None
        code, name = (
            next(filter(None, parts.group(f"{kind}1", f"{kind}2", f"{kind}3"))) for kind in ("code", "name")
        )
        by_code, by_name = self._codes.get(unit_key(code)), self._exact.get(unit_key(name))
        if by_name and (by_code == by_name or (by_code is None and code.strip(".").isdecimal())):
            return Match(by_name, "alias")
        is_apart = not parts["code3"]
        return Match(by_code, "near", (by_code,)) if by_code and not by_name and is_apart else None

    def knows(self, label: str) -> bool:
        """Tell a label that stands for one unit, without a look for near ones."""
        name = unit_key(label)
        if name in self._codes or name in self._exact:
            return True
        if not name or is_aggregate(label):
            return False
        try:
            self._register.resolve(label, look=False)
        except AmbiguousUnit:
            return False
        except UnknownUnit:
            beside = self._beside_code(label)
            return _words_of(label) in self._words or (beside is not None and beside.is_settled)
        return True

    def likeness(self, label: str, key: str) -> float:
        """Return how much a label looks like a unit's names, from 0 to 1."""
        folded = fold(label)
        return max(difflib.SequenceMatcher(None, folded, fold(form)).ratio() for form in self._forms[key])


def _words_of(name: str) -> str:
    """Return the words of a name whatever their order, marks and accents: "Congo, Dem. Rep." has them all."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.findall(r"\w+", plain.casefold().replace("&", " and ").replace("'", "").replace("’", ""))
    return " ".join(sorted({SHORT.get(word, word) for word in words} - EMPTY_WORDS))


def repeated(matches: Iterable[Match]) -> set[str]:
    """Return the targets that more than one column or row goes to."""
    counts = Counter(match.to for match in matches if match.to not in ("", ASIDE, BESIDE))
    return {target for target, count in counts.items() if count > 1}


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the forms that stand for one target alone."""
    forms: dict[str, str] = {}
    shared: set[str] = set()
    for form, target in pairs:
        if form and forms.setdefault(form, target) != target:
            shared.add(form)
    return {form: target for form, target in forms.items() if form not in shared} if shared else forms
