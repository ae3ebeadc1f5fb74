"""When the customer bought it: a day, or a span of days where the mail is less exact."""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass
from typing import Iterable, Iterator, Optional

Day = datetime.date

#: How far a date may stand from a word of buying, in characters.
NEAR_MAX = 60
#: How many characters the end of a sentence between the two counts for.
_SENTENCE = 30
_SENTENCE_END = re.compile(r"[.!?]\s+[A-ZÄÖÜ]")

_MONTH_NAMES = {
    1: "january januar janvier enero gennaio januari janeiro jan",
    2: "february februar février febrero febbraio februari fevereiro feb",
    3: "march märz mars marzo maart março mar",
    4: "april avril abril aprile apr",
    5: "may mai mayo maggio mei maio",
    6: "june juni juin junio giugno junho jun",
    7: "july juli juillet julio luglio julho jul",
    8: "august août agosto augustus aug",
    9: "september septembre septiembre settembre setembro sep sept",
    10: "october oktober octobre octubre ottobre outubro oct okt",
    11: "november novembre noviembre novembro nov",
    12: "december dezember décembre diciembre dicembre dezembro dec dez",
}
_MONTHS = {name: number for number, names in _MONTH_NAMES.items() for name in names.split()}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_AGO_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "einem": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5}
_AGO = "|".join(_AGO_NUMBERS)

_ISO = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
_NUMBERS = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./]((?:20)?\d\d)\b")
_DAY_NAME = re.compile(rf"\b(\d{{1,2}})(?:\.|st|nd|rd|th|º|er)?\s+(?:de\s+)?({_MONTH})\.?(?:,?\s+(?:de\s+)?(20\d\d))?\b", re.I)
_NAME_DAY = re.compile(rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(20\d\d)\b", re.I)
_MONTH_ONLY = re.compile(rf"\b(?:in|im|since|seit|en|em|a|ad|di|de)\s+({_MONTH})(?:\s+(?:de\s+)?(20\d\d))?\b", re.I)
_YEARS_AGO = re.compile(rf"\b(?:vor\s+(\d|{_AGO})\s+jahre?n?|(\d|{_AGO})\s+years?\s+ago)\b", re.I)


@dataclass(frozen=True)
class Bought:
    """Not before ``first`` and not after ``last``."""

    first: Day
    last: Day

    @property
    def is_exact(self) -> bool:
        """A day."""
        return self.first == self.last

    def __str__(self) -> str:
        return str(self.first) if self.is_exact else f"{self.first} – {self.last}"


def find(text: str, buying: re.Pattern[str], today: Day) -> Optional[Bought]:
    """The date that stands nearest to a word of buying; what lies after ``today`` is no purchase."""
    words = [match.span() for match in buying.finditer(text)]
    best: Optional[tuple[int, Bought]] = None
    for start, end, bought in _dates(text, today):
        if bought.first > today:
            continue
        distance = min((_apart(text, start, end, *word) for word in words), default=NEAR_MAX + 1)
        if distance <= NEAR_MAX and (best is None or distance < best[0]):
            best = distance, bought
    return best[1] if best else None


def _apart(text: str, start: int, end: int, word_start: int, word_end: int) -> int:
    between = text[word_end:start] if word_end <= start else text[end:word_start]
    return len(between) + (_SENTENCE if _SENTENCE_END.search(between) else 0)


def _dates(text: str, today: Day) -> Iterator[tuple[int, int, Bought]]:
    for match in _ISO.finditer(text):
        yield from _exact(match, *map(int, match.groups()))
    for match in _NUMBERS.finditer(text):
        # Day first: the brand sells in Europe. 04/25/2025 can only be meant the other way round.
        day, month, year = int(match[1]), int(match[2]), int(match[3]) % 100 + 2000
        yield from _exact(match, year, *((day, month) if month > 12 else (month, day)))
    for match in _DAY_NAME.finditer(text):
        month = _MONTHS[match[2].lower()]
        yield from _exact(match, _year(match[3], month, today), month, int(match[1]))
    for match in _NAME_DAY.finditer(text):
        yield from _exact(match, int(match[3]), _MONTHS[match[1].lower()], int(match[2]))
    for match in _MONTH_ONLY.finditer(text):
        month = _MONTHS[match[1].lower()]
        year = _year(match[2], month, today)
        last = Day(year, month, calendar.monthrange(year, month)[1])
        yield match.start(), match.end(), Bought(Day(year, month, 1), min(last, max(today, Day(year, month, 1))))
    for match in _YEARS_AGO.finditer(text):
        number = (match[1] or match[2]).lower()
        months = 12 * (_AGO_NUMBERS.get(number) or int(number))
        # People round: three years are two and a half to three and a half.
        yield match.start(), match.end(), Bought(add_months(today, -months - 6), add_months(today, -months + 6))


def _exact(match: re.Match[str], year: int, month: int, day: int) -> Iterable[tuple[int, int, Bought]]:
    try:
        on = Day(year, month, day)
    except ValueError:
        return ()
    return ((match.start(), match.end(), Bought(on, on)),)


def _year(written: Optional[str], month: int, today: Day) -> int:
    """Without a year the latest such month is meant."""
    return int(written) if written else today.year - (month > today.month)


def add_months(day: Day, months: int) -> Day:
    """The same day so many months later; the month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return Day(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
