"""Where the customer lives, by what the mail says: a country's name, a telephone number, the address's own domain."""

from __future__ import annotations

import re
from typing import Optional


class Countries:
    """The tenant's table, made ready: code → names, dialling code, domain."""

    def __init__(self, table: dict) -> None:
        """``table``: ``{"DE": {"names": ["Germany"], "dial": "+49", "domain": "de"}}``."""
        self._names: list[tuple[str, re.Pattern[str]]] = []
        self._dials: dict[str, str] = {}
        self._domains: dict[str, str] = {}
        for code, known in table.items():
            if not re.fullmatch("[A-Z]{2}", code):
                raise ValueError(f"countries: `{code}` is not a country code of two capitals")
            if names := known.get("names"):
                some = "|".join(re.escape(name) for name in names)
                self._names.append((code, re.compile(rf"(?<!\w)(?:{some})(?!\w)", re.IGNORECASE)))
            if dial := known.get("dial"):
                self._dials[dial.removeprefix("+")] = code
            if domain := known.get("domain"):
                self._domains[domain] = code

    def find(self, text: str, address: Optional[str]) -> tuple[list[str], str]:
        """All countries that the strongest sign names, sorted, and what the sign is; none and "" without any sign.

        A name that stands in the mail is stronger than a telephone number, which is stronger than the sender's domain. Two
        names are two possibilities: nothing is guessed between them.
        """
        named = sorted(code for code, names in self._names if names.search(text))
        if named:
            return named, "name"
        for number in re.finditer(r"(?:\+|\b00)(\d[\d ()/-]{5,})", text):
            digits = re.sub(r"\D", "", number[1])
            for length in (3, 2, 1):
                if code := self._dials.get(digits[:length]):
                    return [code], "telephone"
        ending = (address or "").rpartition("@")[2].rpartition(".")[2].lower()
        return ([self._domains[ending]], "domain") if ending in self._domains else ([], "")
