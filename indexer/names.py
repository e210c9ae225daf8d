"""Names of places: how they are compared, and which place of a register one means."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property

from weighting.readers.cells import INVISIBLE, Nearest
from weighting.readers.languages import language_of as language_of

# The kind of place that a name may end with, and its level: 吉林市 is not 吉林省, and 长沙县 is not
# 长沙市, but 毕节地区 became 毕节市. Longer endings come first.
LEVELS = {
    "特别行政区": "province",
    "自治区": "province",
    "自治州": "prefecture",
    "自治县": "county",
    "地区": "prefecture",
    "林区": "prefecture",
    "省": "province",
    "市": "prefecture",
    "州": "prefecture",
    "盟": "prefecture",
    "县": "county",
}
# The peoples in the names of autonomous places; one character needs 族 to be told from a place name.
PEOPLES = (
    "(?:蒙古|维吾尔|哈萨克|柯尔克孜|布依|朝鲜|土家|哈尼|傈僳|景颇|仡佬|拉祜|达斡尔|塔吉克|撒拉|裕固|鄂温克|鄂伦春|锡伯|仫佬|毛南|纳西|东乡|保安)族?"
    "|(?:藏|回|壮|苗|彝|满|侗|瑶|白|傣|黎|畲|羌|佤|土|水|怒|京)族"
)
# Four have been in one name.
PEOPLES_AT_END = re.compile(f"(?:{PEOPLES}|各族){{1,12}}$")
SPREAD = re.compile("(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
# A shorter stem says nothing: 兰州 and 广州 are whole names.
SHORTEST_STEM = 2


class UnitError(ValueError):
    """A name stands for no place of the register, or for several; ``nearest`` offers names."""

    def __init__(self, name: str, nearest: Iterable[str]) -> None:
        self.name = name
        self.nearest = tuple(nearest)
        super().__init__(f"{name}: {', '.join(self.nearest)}")


class UnknownUnit(UnitError):
    """No place has the name; ``nearest`` are the most similar names."""


class AmbiguousUnit(UnitError):
    """Several places could be meant: those in ``nearest``."""


def normalise_unit_name(name: str) -> str:
    """Return the name in NFKC, trimmed, with single spaces and nothing invisible."""
    if name.isascii():
        # Nothing but its spaces can change, and most files hold nothing else.
        return " ".join(name.split())
    if name.isalnum() and unicodedata.is_normalized("NFKC", name):
        # Letters and digits alone hold neither spaces nor what is invisible.
        return name
    plain = " ".join(INVISIBLE.sub("", unicodedata.normalize("NFKC", name)).split())
    # Yearbooks set names of two characters as wide as others: 北 京.
    return SPREAD.sub("", plain)


def fold_name(name: str) -> str:
    """Forget case, width, spaces and apostrophes, to search and sort: Xi'an is found as xian."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


def split_name(name: str) -> tuple[str, str]:
    """Return a name without the kind of place and the peoples, and its level or ''.

    甘孜藏族自治州 is 甘孜, a prefecture; so is 甘孜州; 甘孜 has no level.
    """
    name = normalise_unit_name(name)
    ending = next((ending for ending in LEVELS if name.endswith(ending)), "")
    stem = name[: len(name) - len(ending)]
    if len(stem) < SHORTEST_STEM or not ending:
        return name, ""
    bare = PEOPLES_AT_END.sub("", stem) if ending.startswith("自治") else stem
    return (bare if len(bare) >= SHORTEST_STEM else stem), LEVELS[ending]


class UnitRegister:
    """A register indexed once, to resolve many names."""

    def __init__(self, register: Mapping[str, Iterable[str]]) -> None:
        # Lists, which may hold a place twice: sets of a hundred thousand places would take twice the room.
        self._names: dict[str, list[str]] = {}
        self._aliases: dict[str, list[str]] = {}
        self._stems: dict[str, list[tuple[str, str]]] = {}
        for unit, aliases in register.items():
            self._names.setdefault(_key(unit), []).append(unit)
            for alias in aliases:
                self._aliases.setdefault(_key(alias), []).append(unit)
            for known in dict.fromkeys((unit, *aliases)):
                stem, level = split_name(known)
                self._stems.setdefault(_key(stem), []).append((unit, level))

    def resolve(self, name: str, *, look: bool = True) -> str:
        """Return the place of the register that a name stands for.

        A name of the register comes before an alias, and both before names and aliases that
        differ in the kind of place alone (南阳, 南阳市). Without ``look`` an unknown name comes
        without the nearest ones, which take long to find.

        Raises
        ------
        AmbiguousUnit
            When two places fit equally well.
        UnknownUnit
            When none fits.
        """
        key = _key(name)
        for found in (set(self._names.get(key, ())), set(self._aliases.get(key, ())), self._alike(name)):
            if len(found) == 1:
                return next(iter(found))
            if found:
                raise AmbiguousUnit(name, sorted(found))
        raise UnknownUnit(name, self._nearest(name) if look else ())

    def _alike(self, name: str) -> set[str]:
        """Return the places with the same stem whose level, if both have one, is the same."""
        stem, level = split_name(name)
        places = self._stems.get(_key(stem), ())
        return {unit for unit, other in places if not level or not other or level == other}

    def _nearest(self, name: str) -> list[str]:
        matches = self._like.find(_key(split_name(name)[0]))
        return list(dict.fromkeys(unit for match in matches for unit, _ in sorted(set(self._stems[match]))))

    @cached_property
    def _like(self) -> Nearest:
        return Nearest(self._stems, cutoff=0.4)


def _key(name: str) -> str:
    return normalise_unit_name(name).casefold()
