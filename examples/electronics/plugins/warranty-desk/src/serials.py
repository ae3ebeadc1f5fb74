"""Serial numbers: a tenant's pattern, and the check character that tells a mistyped one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, Optional

#: ISO 7064, MOD 37,36: digits and letters, and one of them as check character.
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Longest number that a pattern may describe.
LENGTH_MAX = 64
_PLACE = {"#": "[0-9]", "@": "[A-Za-z]", "?": "[0-9A-Za-z]"}
_MONTHS = "ABCDEFGHIJKL"
_TOKEN = re.compile(r"\{(?:(?P<named>yy|m)|(?P<low>\d{1,2})(?:,(?P<high>\d{1,2}))?)\}|(?P<one>.)", re.DOTALL)


@dataclass(frozen=True)
class Serial:
    """A number that was read, in capitals and without blanks."""

    value: str
    #: Where it stood, as indexes into the text.
    start: int
    end: int
    #: The check character fits, or the pattern has none.
    is_valid: bool
    #: Year and month in which the device was made, where the pattern tells.
    made: Optional[tuple[int, int]]


class Pattern:
    """A pattern as a person writes it, made ready.

    ``#`` a digit, ``@`` a letter, ``?`` either, ``{6}`` or ``{2,5}`` repeats the one before, ``{yy}`` the year, ``{m}`` the
    month as a letter (A is January), ``!`` at the end the check character. Anything else stands for itself. Between its
    parts people may put a blank or a hyphen.
    """

    def __init__(self, text: str) -> None:
        """Raises ValueError that says what is wrong with the pattern."""
        parts: list[str] = []
        length = 0
        self.has_check = text.endswith("!")
        for token in _TOKEN.finditer(text.removesuffix("!")):
            low, high = token["low"], token["high"] or token["low"]
            if low is not None:
                if not parts or int(low) > int(high) or int(high) == 0:
                    raise ValueError(f"serial.pattern: `{token.group()}` repeats nothing, or no number of times: {text}")
                # Between the repeated ones stands no blank.
                parts[-1] = f"{parts[-1]}{{{low},{high}}}"
                length += int(high) - 1
                continue
            length += 2 if token["named"] == "yy" else 1
            if token["named"] == "yy":
                parts.append("(?P<yy>[0-9]{2})")
            elif token["named"] == "m":
                parts.append(f"(?P<m>[{_MONTHS}{_MONTHS.lower()}])")
            elif token["one"] in "{}!":
                raise ValueError(f"serial.pattern: `{token['one']}` cannot stand there: {text}")
            else:
                parts.append(_PLACE.get(token["one"], re.escape(token["one"])))
        if self.has_check:
            parts.append("[0-9A-Za-z]")
            length += 1
        if not parts or length > LENGTH_MAX:
            raise ValueError(f"serial.pattern: 1 to {LENGTH_MAX} characters, this has {length}: {text}")
        try:
            body = "[ -]?".join(parts)
            self._expression = re.compile(rf"(?<![0-9A-Za-z]){body}(?![0-9A-Za-z])", re.IGNORECASE)
        except re.error as error:
            raise ValueError(f"serial.pattern: {error}: {text}") from None

    def find(self, text: str) -> Iterator[Serial]:
        """Each number once, in the order in which they stand."""
        seen: set[str] = set()
        for match in self._expression.finditer(text):
            value = re.sub("[ -]", "", match.group()).upper()
            if value not in seen:
                seen.add(value)
                is_valid = not self.has_check or check_character(value[:-1]) == value[-1]
                yield Serial(value, match.start(), match.end(), is_valid, _made(match))


def _made(match: re.Match[str]) -> Optional[tuple[int, int]]:
    groups = match.groupdict()
    if not groups.get("yy"):
        return None
    month = groups.get("m")
    return 2000 + int(groups["yy"]), _MONTHS.index(month.upper()) + 1 if month else 1


def check_character(text: str) -> str:
    """The check character of ISO 7064, MOD 37,36. Characters that are neither digit nor letter do not count."""
    product = 36
    for character in text.upper():
        at = _ALPHABET.find(character)
        if at >= 0:
            product = ((product + at) % 36 or 36) * 2 % 37
    return _ALPHABET[(37 - product) % 36]
