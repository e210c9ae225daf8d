"""What a text is written in: told by its bytes, else by a library, and by names that are known."""

import codecs
import re
from collections import Counter
from collections.abc import Collection, Container
from itertools import islice

from charset_normalizer import from_bytes

from weighting.readers.decisions import Decisions, How

# What a text may be written in.
ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 (LE)",
    "utf-16-be": "UTF-16 (BE)",
    "gb18030": "GB18030, GBK",
    "big5": "Big5",
    "cp1252": "Windows-1252, Latin-1",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "shift_jis": "Shift JIS",
}
# Those with one byte or two for a letter, which take nearly any bytes for text.
LEGACY = ("gb18030", "big5", "cp1252", "cp1250", "cp1251", "shift_jis")
BOMS = (b"\xff\xfe", b"\xfe\xff")
# Enough of a text for the library, and for names in it.
LOOKED_AT = 1 << 16
BETWEEN_CELLS = re.compile('[,;\t|\r\n"]+')
# Text of one encoding read as another is mostly unreadable; text with a few damaged bytes is not.
DAMAGED_SHARE = 0.5
# Decoded in parts: a whole file as text takes up to four times its bytes, and of larger parts than this the
# kernel hands the memory out anew each time, which takes longer than the decoding.
PART = 1 << 16
# Two Chinese characters of UTF-8 in a row, which GB18030 hardly ever makes of other characters.
SURELY_UTF8 = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf]{2}){2}")
# Of Chinese text in GB18030 nearly all stands in the table of GB 2312, and most in its common part,
# between these first bytes, or among its marks; other encodings read so give rare characters.
COMMON, MARKS = range(0xB0, 0xD8), range(0xA1, 0xA4)
CHINESE_SHARE, COMMON_SHARE = 0.8, 0.5
ENOUGH = 5000
# In Western words an accented letter stands alone or beside one other.
HIGH = re.compile(rb"[\x80-\xff]+")
WESTERN_MARKS = "‘’“”«»–—…°·€£²³"
# A line of another encoding shows within the first of these, or does not matter.
MAX_LOOKS = 1000


def find_encoding(data: bytes, decisions: Decisions, known: Container[str] = ()) -> str:
    """Tell the encoding of a text; ``known`` are folded names that it probably holds.

    Raises `UnicodeDecodeError` where nothing reads it.
    """
    chosen = decisions.choices.get("encoding", "")
    if chosen in ENCODINGS:
        _try_encoding(data, chosen)
        found: str = chosen
        how: How = "chosen"
    else:
        found, how = _find(data, known)
    settled = decisions.settle("encoding", found, how=how, options=ENCODINGS, samples=_words(data, found))
    return settled or found


def _find(data: bytes, known: Container[str]) -> tuple[str, How]:
    try:
        found = encoding_of(data)
    except UnicodeDecodeError:
        if _is_damaged(data) or not (candidates := _candidates(data)):
            raise
        named = _by_names(data, candidates, known)
        return (named, "seen") if named else (candidates[0], "open")
    if found not in LEGACY:
        return found, "seen"
    named = _by_names(data, [found, *_candidates(data)], known)
    return (named, "seen") if named else (found, "likely")


def _is_damaged(data: bytes) -> bool:
    """Tell UTF-8 with a few damaged bytes, and files joined of two encodings: no third one is meant."""
    return bool(SURELY_UTF8.search(data)) or _is_damaged_utf8(data)


def _candidates(data: bytes) -> list[str]:
    """Return what the library takes the bytes for, the likeliest first, as far as all of them can be read."""
    part = data[: data.rfind(b"\n", 0, LOOKED_AT) + 1] or data[:LOOKED_AT]
    matches = from_bytes(part, cp_isolation=list(LEGACY))
    return [match.encoding for match in matches if _reads(data, match.encoding)]


def _reads(data: bytes, encoding: str) -> bool:
    try:
        _try_encoding(data, encoding)
    except UnicodeDecodeError:
        return False
    return True


def _by_names(data: bytes, encodings: Collection[str], known: Container[str]) -> str:
    """Return the encoding in which the text holds most of the names; '' where none or two do."""
    if not known:
        return ""
    counts = {
        encoding: sum(word.casefold() in known for word in _foreign_cells(data, encoding))
        for encoding in dict.fromkeys(encodings)
    }
    most = max(counts.values())
    best = [encoding for encoding, count in counts.items() if count == most]
    return best[0] if most and len(best) == 1 else ""


def _foreign_cells(data: bytes, encoding: str) -> set[str]:
    text = data[:LOOKED_AT].decode(encoding, "ignore")
    return {cell.strip() for cell in BETWEEN_CELLS.split(text) if not cell.isascii()}


def _words(data: bytes, encoding: str) -> list[str]:
    """Return words that would look wrong in another encoding."""
    text = data[:LOOKED_AT].decode(encoding, "ignore").lstrip("\ufeff")
    return [cell.strip() for cell in BETWEEN_CELLS.split(text) if not cell.isascii()][:3]


def decode(data: bytes) -> str:
    """Return the text of a file; see `encoding_of`."""
    return data.decode(encoding_of(data))


def encoding_of(data: bytes) -> str:
    """Return the encoding of a file: UTF-8 (with or without a BOM), UTF-16 with one, GB18030, or cp1252.

    GB18030 takes nearly any bytes, and cp1252 nearly all, so each is believed only where what it
    gives is plausible: common Chinese characters, or single accented letters in Latin words.

    Raises
    ------
    UnicodeDecodeError
        For anything else; for UTF-8 with a few damaged bytes, which GB18030 would turn into
        other characters without a word; and for files joined of both encodings.
    """
    if data.startswith(BOMS):
        _try_encoding(data, "utf-16")
        return "utf-16"
    if encoding := _utf16_without_mark(data):
        return encoding
    try:
        _try_encoding(data, "utf-8-sig")
        return "utf-8-sig"
    except UnicodeDecodeError as error:
        if _is_damaged_utf8(data):
            raise error
        unreadable = error
    try:
        _try_encoding(data, "gb18030")
    except UnicodeDecodeError as error:
        unreadable = error
    else:
        if _is_chinese(data):
            _refuse_mixture(data)
            return "gb18030"
    if not _is_western(data):
        raise unreadable
    return "cp1252"


def _utf16_without_mark(data: bytes) -> str:
    """Tell UTF-16 by the zeros that it puts beside every plain letter: at odd places or at even ones."""
    part = data[: LOOKED_AT // 16]
    even, odd = part[::2], part[1::2]
    for encoding, zeros, letters in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        is_so = zeros.count(0) > len(zeros) / 2 and not letters.count(0)
        if is_so and len(data) % 2 == 0 and _reads(data, encoding):
            return encoding
    return ""


def _try_encoding(data: bytes, encoding: str) -> None:
    """Decode in parts; an error names its place in the whole."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), PART):
        before = start - len(decoder.getstate()[0])
        end = start + PART
        try:
            decoder.decode(data[start:end], final=end >= len(data))
        except UnicodeDecodeError as error:
            place = min(max(before, 0) + error.start, len(data) - 1)
            raise UnicodeDecodeError(encoding, data, place, place + 1, error.reason) from error
        except UnicodeError as error:
            # Text without the mark that UTF-16 begins with.
            raise UnicodeDecodeError(encoding, data, 0, 1, str(error)) from error


def _is_damaged_utf8(data: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    foreign = unreadable = 0
    for start in range(0, len(data), PART):
        text = decoder.decode(data[start : start + PART])
        foreign += len(text) - len(text.encode("ascii", "ignore"))
        unreadable += text.count("\N{REPLACEMENT CHARACTER}")
    return unreadable < DAMAGED_SHARE * foreign


def _is_chinese(data: bytes) -> bool:
    """Tell whether bytes that GB18030 can read give Chinese as people write it."""
    counts: Counter[str] = Counter()
    decoder = codecs.getincrementaldecoder("gb18030")()
    for start in range(0, len(data), PART):
        counts.update(char for char in decoder.decode(data[start : start + PART]) if char > "\x7f")
        if counts.total() > ENOUGH:
            break
    leads = Counter[int]()
    for char, count in counts.items():
        code = char.encode("gb2312", "ignore")
        leads[code[0] if code else 0] += count
    known = counts.total() - leads[0]
    common = sum(count for lead, count in leads.items() if lead in COMMON or lead in MARKS)
    return known >= CHINESE_SHARE * counts.total() and common >= COMMON_SHARE * counts.total()


def _is_western(data: bytes) -> bool:
    """Tell whether bytes that are neither UTF-8 nor Chinese are words with accented letters of cp1252."""
    try:
        _try_encoding(data, "cp1252")
    except UnicodeDecodeError:
        return False
    total = alone = letters = 0
    for found in HIGH.finditer(data):
        run = found.group()
        total += len(run)
        alone += len(run) if len(run) <= 2 else 0
        letters += sum(char.isalpha() or char in WESTERN_MARKS for char in run.decode("cp1252"))
        if total > ENOUGH:
            break
    return min(alone, letters) >= CHINESE_SHARE * total


def _refuse_mixture(data: bytes) -> None:
    """Raise for a line of UTF-8 in a file that is GB18030 elsewhere."""
    for found in islice(SURELY_UTF8.finditer(data), MAX_LOOKS):
        start = data.rfind(b"\n", 0, found.start()) + 1
        end = data.find(b"\n", found.end())
        try:
            data[start : end if end >= 0 else len(data)].decode("utf-8")
        except UnicodeDecodeError:
            continue
        raise UnicodeDecodeError("gb18030", data, found.start(), found.end(), "a line of UTF-8")
