"""Which indicator a column stands for and which unit a row: found, suggested, or set aside by hand."""

import difflib
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Literal

from indexer.intake.hints import Hints, KeySet, head_parts, is_aggregate, unit_key
from indexer.names import (
    AmbiguousUnit,
    UnitRegister,
    UnknownUnit,
    fold_name,
    normalise_unit_name,
    split_name,
)
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
# Nor is anything near in a register of more units: after a look or two nothing would be compared any more.
MOST_UNITS_COMPARED = 100_000


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


def hints_about(units: Iterable[UnitNames], leaves: Sequence[LeafNames], year: int | None = None) -> Hints:
    """Return what a reader may know of the units and indicators that a file is about."""
    names, codes = array("q"), array("q")
    for unit in units:
        names.extend(map(hash, (*unit.name_keys, *map(unit_key, unit.aliases))))
        codes.extend(hash(unit_key(code)) for code in unit.codes)
    forms = (
        form
        for leaf in leaves
        for form in (leaf.code, leaf.code.rsplit(".", 1)[-1], leaf.name_zh, leaf.name_en)
    )
    return Hints(
        names=KeySet(names),
        codes=KeySet(codes),
        leaves=frozenset(map(fold_name, forms)) - {""},
        year=year,
    )


def fold(text: str) -> str:
    """Forget case, width, spaces and punctuation."""
    return SPACES.sub("", unicodedata.normalize("NFKC", text)).casefold()


def is_total(label: str) -> bool:
    """Tell the name of a row of totals: 全国, 合计, Total."""
    return fold(label) in TOTAL_ROWS


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


def match_rows(labels: Sequence[str], units: Iterable[UnitNames]) -> list[Match]:
    """Find each row's unit: by code, by name, by another name, or the nearest one.

    Near names are one to one: a unit that a row has surely is near to no other, and of two rows
    near to the same unit the nearer one has it.
    """
    finder = UnitFinder(units, labels)
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
    """A register looked through once for some labels, of which alone it is asked afterwards.

    A file names few of the units of a large register, or all of them once: nothing is kept of those that none
    of its labels may mean. What finds a label that is not spelt as in the register is looked for where
    there is one, in a second look through the units.
    """

    def __init__(self, units: Iterable[UnitNames], labels: Collection[str]) -> None:
        self._units, self._labels = units, labels
        asked = frozenset(chain.from_iterable(map(_keys_of, labels)))
        self._codes, self._exact = _Sole(asked), _Sole(asked)
        self._size = self._looks = 0
        for unit in units:
            self._size += 1
            self._codes.add_all(map(unit_key, unit.codes), unit.key)
            self._exact.add_all(unit.name_keys, unit.key)

    @cached_property
    def keys(self) -> dict[str, str]:
        """The key of each unit that a label may mean, by the label of the unit."""
        return {unit.label: unit.key for unit in self._meant}

    @cached_property
    def _words(self) -> dict[str, str]:
        return _unique((_words_of(form), key) for key, forms in self._forms.items() for form in forms)

    @cached_property
    def _forms(self) -> dict[str, tuple[str, ...]]:
        return {unit.key: _forms_of(unit) for unit in self._meant}

    @cached_property
    def _register(self) -> UnitRegister:
        return UnitRegister({unit.label: (*unit.names, *unit.aliases) for unit in self._meant})

    @cached_property
    def _meant(self) -> list[UnitNames]:
        """The units that a label without an exact match may mean: all where a near name is looked for."""
        if self._size <= MOST_UNITS_COMPARED:
            return list(self._units)
        unspelt = (label for label in self._labels if not self._spelt(label))
        asked = frozenset(chain.from_iterable(_ways_to_find(one) | _keys_of(one) for one in unspelt))
        return [
            unit
            for unit in self._units
            if not all(asked.isdisjoint(_ways_to_find(form)) for form in _forms_of(unit))
        ]

    def _spelt(self, label: str) -> str:
        """Return the unit that has exactly this code or name."""
        name = unit_key(label)
        return self._codes.get(name) or self._exact.get(name)

    def find(self, label: str) -> Match:
        """Return the match of one label."""
        if key := self._spelt(label):
            return Match(key, "exact")
        if is_total(label):
            return Match(TOTALS, "name")
        if not unit_key(label):
            return Match("")
        is_sum = is_aggregate(label)
        try:
            may_look = self._looks < MAX_LOOKUPS and self._size <= MOST_UNITS_COMPARED
            look = may_look and not is_sum
            return Match(self.keys[self._register.resolve(label, look=look)], "alias")
        except AmbiguousUnit as error:
            return Match("", "", tuple(self.keys[label] for label in error.nearest))
        except UnknownUnit as error:
            if (words := _words_of(label)) in self._words:
                return Match(self._words[words], "alias")
            if beside := self._beside_code(label):
                return beside
            self._looks += not is_sum
            return self._near(label, tuple(self.keys[near] for near in error.nearest))

    def _near(self, label: str, near: tuple[str, ...]) -> Match:
        """Propose the nearest unit to a label where a person might take one for the other."""
        is_like = bool(near) and (not unit_key(label).isascii() or self.likeness(label, near[0]) >= ALIKE)
        return Match(near[0], "near", near) if is_like else Match("", "", near)

    def _beside_code(self, label: str) -> Match | None:
        """Find a unit that is called by its code and its name at once, or by its name behind a number.

        Where both are known they have to mean the same; a name alone that is not known leaves a suggestion.
        """
        if not (beside := _code_and_name(label)):
            return None
        code, name, is_apart = beside
        by_code, by_name = self._codes.get(code), self._exact.get(name)
        if by_name and (by_code == by_name or (not by_code and code.strip(".").isdecimal())):
            return Match(by_name, "alias")
        return Match(by_code, "near", (by_code,)) if by_code and not by_name and is_apart else None

    def knows(self, label: str) -> bool:
        """Tell a label that stands for one unit, without a look for near ones."""
        if self._spelt(label):
            return True
        if not unit_key(label) or is_aggregate(label):
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


class _Sole:
    """The forms, of some that are asked for, that stand for one target alone."""

    def __init__(self, asked: frozenset[str]) -> None:
        self._asked = asked
        self._found: dict[str, str] = {}

    def add_all(self, forms: Iterable[str], target: str) -> None:
        for form in self._asked.intersection(forms):
            if self._found.setdefault(form, target) != target:
                self._found[form] = ""

    def get(self, form: str) -> str:
        """Return the target of a form; '' where there is none, or several, and of no form."""
        return self._found.get(form, "") if form else ""


def _forms_of(unit: UnitNames) -> tuple[str, ...]:
    return (unit.label, *unit.names, *unit.aliases)


def _code_and_name(label: str) -> tuple[str, str, bool] | None:
    """Return the keys of the code and the name in a label of both, and whether a sign stands between them."""
    # Without a space, a sign or a bracket there are no two parts.
    if label.isalnum():
        return None
    if (parts := CODE_AND_NAME.fullmatch(normalise_unit_name(label))) is None:
        return None
    code, name = (next(filter(None, (parts[f"{kind}{n}"] for n in "123"))) for kind in ("code", "name"))
    return unit_key(code), unit_key(name), not parts["code3"]


def _keys_of(label: str) -> set[str]:
    """Return the keys of a label and of the code and the name in it."""
    beside = _code_and_name(label)
    return {unit_key(label)} if beside is None else {unit_key(label), beside[0], beside[1]}


def _ways_to_find(name: str) -> set[str]:
    """Return what a name has in common with another spelling of it that is found."""
    return {unit_key(name), unit_key(split_name(name)[0]), _words_of(name)} - {""}


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
