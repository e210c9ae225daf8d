"""Names that are written in one column: which language each is of."""

from collections.abc import Mapping


def language_of(name: str) -> str:
    """Return the language that a name is written in: zh where any of its letters is Chinese, else en."""
    return "zh" if any("\u3400" <= letter <= "\u9fff" for letter in name) else "en"


def names_by_script(text: str) -> tuple[str, str]:
    """Return a name as the Chinese and the English one, of which one stays empty."""
    return (text, "") if language_of(text) == "zh" else ("", text)


def in_both(cells: Mapping[str, str], column: str) -> tuple[str, str]:
    """Return a text in Chinese and English: of the columns of either, else of the one without a language."""
    chinese, english = names_by_script(cells.get(column, ""))
    return cells.get(f"{column}_zh", "") or chinese, cells.get(f"{column}_en", "") or english
