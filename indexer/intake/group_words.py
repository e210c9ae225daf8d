"""The word for the groups of units, of the head of the column that names them."""

import re

from weighting.readers.languages import names_by_script

LONGEST = 40
# What most files group by, in both languages.
KNOWN = (
    *(("国家", "country"), ("省份", "province"), ("州", "state"), ("大洲", "continent"), ("地区", "region")),
    *(("城市", "city"), ("县", "county"), ("区", "district"), ("市", "municipality"), ("类型", "type")),
    *(("行业", "sector"), ("行业", "industry"), ("类别", "category"), ("领域", "field")),
)


def words_of_head(head: str) -> tuple[str, str]:
    """Return the Chinese and English word that a head gives its groups; one may be empty, or both."""
    word = re.sub(r"[\s_]+", " ", head).strip()
    word = re.sub(r"\s+name$", "", word, flags=re.IGNORECASE)
    # "Country" heads a column; "EU" is called so in a sentence as well.
    if word[1:] == word[1:].lower():
        word = word.lower()
    if len(word) > LONGEST:
        return ("", "")
    return next((words for words in KNOWN if word in words), names_by_script(word))
