"""The countries of the world as a register: ISO codes from pycountry, names from CLDR by babel."""

from collections.abc import Iterable, Mapping
from functools import cache

import pycountry
from babel import Locale

from indexer.intake.hints import unit_key
from indexer.intake.mapping import UnitNames
from indexer.intake.registers import CityRow
from weighting.readers.languages import language_of

# What publishers call them beside the names of ISO and CLDR.
ALIASES = {
    "BOL": ("Bolivia",), "BRN": ("Brunei",), "CIV": ("Ivory Coast",), "CPV": ("Cape Verde",),
    "CZE": ("Czech Republic",), "FRO": ("Faeroe Islands",), "GBR": ("UK", "Great Britain"),
    "HKG": ("Hong Kong", "Hong Kong, China", "Hong Kong, China (SAR)", "香港", "中国香港"),
    "KOR": ("South Korea", "Republic of Korea"), "LAO": ("Lao PDR", "Laos"),
    "MAC": ("Macao", "Macau", "Macao, China", "Macao, China (SAR)", "澳门", "中国澳门"),
    "MKD": ("Macedonia", "FYR Macedonia", "Macedonia, FYR"), "MMR": ("Burma", "Myanmar"),
    "PRK": ("North Korea",), "PSE": ("Palestine", "West Bank and Gaza"), "RUS": ("Russia",),
    "SWZ": ("Swaziland",), "TUR": ("Turkey",), "TWN": ("Taiwan", "Taiwan, China", "中国台湾"),
    "USA": ("USA", "US", "United States"), "VAT": ("Holy See", "Vatican"),
    "VEN": ("Venezuela", "Venezuela, RB"), "VNM": ("Vietnam",), "WLF": ("Wallis and Futuna Islands",),
}  # fmt: skip
# Not of ISO 3166, but in most tables.
KOSOVO = UnitNames(
    "XKX", "Kosovo", "Kosovo 科索沃", ("Kosovo", "科索沃"), ("Republic of Kosovo",), ("XK", "XKX", "KSV")
)


@cache
def countries() -> tuple[UnitNames, ...]:
    """Return every country and territory of ISO 3166, and Kosovo, in the order of the codes."""
    english, chinese = (dict(Locale(language).territories.items()) for language in ("en", "zh"))
    found = [_country(country, english, chinese) for country in pycountry.countries]
    return tuple(sorted([*found, KOSOVO], key=lambda unit: unit.key))


def country_rows(everywhere: tuple[str, str]) -> list[CityRow]:
    """Return the countries as rows of a register, all of one region: ``everywhere`` in each language."""
    return [
        CityRow(
            name_zh=next((name for name in unit.names if language_of(name) == "zh"), ""),
            name_en=unit.label,
            province_zh=everywhere[0],
            province_en=everywhere[1],
            region_zh=everywhere[0],
            region_en=everywhere[1],
            aliases=tuple(dict.fromkeys((*unit.names, *unit.aliases))),
            code=unit.key,
        )
        for unit in countries()
    ]


@cache
def _by_code() -> dict[str, UnitNames]:
    return {unit.key: unit for unit in countries()}


def codes_beside(code: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of a unit: those of ISO and M49 where it is a country by its code and a name."""
    if not code:
        return ()
    country = _by_code().get(code)
    if country is None:
        return (code,)
    known = {unit_key(name) for name in (*country.names, *country.aliases)}
    is_country = any(unit_key(name) in known for name in names)
    return country.codes if is_country else (code,)


def _country(country: object, english: Mapping[str, str], chinese: Mapping[str, str]) -> UnitNames:
    short, code, numeric = (getattr(country, name) for name in ("alpha_2", "alpha_3", "numeric"))
    official = [getattr(country, name, "") for name in ("common_name", "name", "official_name")]
    label = official[0] or english.get(short, "") or official[1]
    zh = chinese.get(short, "")
    return UnitNames(
        key=code,
        label=label,
        shown=" ".join(filter(None, (label, zh))),
        names=tuple(dict.fromkeys(filter(None, (label, zh, official[1], english.get(short, ""))))),
        aliases=tuple(dict.fromkeys(filter(None, (*official, *ALIASES.get(code, ()))))),
        # M49 has the numbers of ISO, with or without their zeros.
        codes=tuple(dict.fromkeys((short, code, numeric, numeric.lstrip("0")))),
    )
