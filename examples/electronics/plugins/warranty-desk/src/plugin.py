"""What the warranty desk wants to know of a mail: which device, bought when and where, in warranty or not, what lacks."""

from __future__ import annotations

import datetime
import re
from typing import Optional

from posthouse_sdk import Classifier, Finding, span_in

import purchase
from countries import Countries
from purchase import Bought
from serials import Pattern, Serial
from terms import decide
from words import say

#: Serial numbers that are looked at in one mail.
SERIALS_MAX = 10
#: A photo of a plate is larger than the logo in a signature: bytes.
PHOTO_BYTES_MIN = 20_000
_TAGS = {"in": "in-warranty", "out": "out-of-warranty", "unclear": "warranty-unclear"}


class Plugin(Classifier):
    def configure(self, settings):
        self.serials = Pattern(settings["serial"]["pattern"])
        self.time_zone = settings.get("time_zone", "UTC")
        self.claim = _any_of(settings["words"]["claim"])
        self.buying = _any_of(settings["words"]["buying"])
        self.leave_alone = _any_of(settings["words"].get("leave_alone", []))
        self.countries = Countries(settings.get("countries", {}))
        self.otherwise = settings["terms"]["otherwise_months"]
        self.terms = {code: of["months"] for of in settings["terms"].get("by_country", []) for code in of["countries"]}
        self.photo_bytes_min = settings.get("photo_bytes_min", PHOTO_BYTES_MIN)

    def classify(self, message, out, call):
        new = f"{message.subject}\n{message.body}"
        if self.leave_alone.search(new):
            # A battery that smokes is no question of months.
            return
        serials = list(self.serials.find(message.body))[:SERIALS_MAX]
        if not serials and not self.claim.search(new):
            return
        # What is not in the new text may stand in what is quoted below it.
        whole = f"{message.subject}\n{message.full_text}"
        known = next((one for one in serials if one.is_valid), None) or self._quoted(whole)
        self._report(serials, message.body, out, call.agent_language)

        today = self._today(message, call)
        bought = purchase.find(new, self.buying, today) or purchase.find(whole, self.buying, today)
        address = message.sender.address if message.sender else None
        self._judge(bought, known, self.countries.find(new, address)[0], today, out, call.agent_language)
        if known is None:
            out.add_missing("serial-number")
        if bought is None:
            out.add_missing("purchase-date")
        if not any(_is_photo(file, self.photo_bytes_min) for file in message.attachments):
            out.add_missing("plate-photo")

    def _quoted(self, text: str) -> Optional[Serial]:
        return next((one for one in self.serials.find(text) if one.is_valid), None)

    def _report(self, serials, body, out, language):
        for serial in serials:
            span = span_in("body", body, serial.start, serial.end)
            if serial.is_valid:
                out.add_sku(serial.value, Finding(0.98, span))
                out.add_match("serial-number", serial.value, span)
            else:
                out.add_tag("serial-mistyped")
                out.add_match("serial-mistyped", serial.value, span)
                out.add_evidence(say(language, "mistyped", value=serial.value))

    def _judge(self, bought: Optional[Bought], known: Optional[Serial], codes, today, out, language):
        made = known.made if known else None
        months = {self.terms.get(code, self.otherwise) for code in codes} or {*self.terms.values(), self.otherwise}
        decision = decide(bought, made, months, today)
        out.add_tag(_TAGS[decision.verdict])
        made_in = f"{made[0]}-{made[1]:02}" if made else ""
        if decision.is_impossible:
            out.add_tag("warranty-contradiction")
            why = say(language, "impossible", bought=bought, made=made_in)
        else:
            why = ", ".join((_when(bought, made_in, language), _term(months, codes, language)))
        first, last = decision.ends
        ends = str(first) if first == last else f"{first} – {last}"
        out.add_evidence(say(language, decision.verdict, why=why, ends=ends))
        if decision.verdict == "unclear" and len(months) > 1:
            out.add_missing("country")

    def _today(self, message, call) -> datetime.date:
        """The day on which the customer wrote; a date in the future counts as now."""
        local = call.local_time(self.time_zone, min(message.sent_at, call.now)) or call.local_time("UTC")
        return datetime.date(local.date.year, local.date.month, local.date.day)


def _when(bought: Optional[Bought], made: str, language: str) -> str:
    if bought:
        return say(language, "bought", bought=bought)
    return say(language, "made", made=made) if made else say(language, "undated")


def _term(months, codes, language: str) -> str:
    number = "/".join(str(one) for one in sorted(months, reverse=True))
    if codes and len(months) == 1:
        return say(language, "country", months=number, countries=", ".join(codes))
    return say(language, "term" if len(months) == 1 else "terms", months=number)


def _is_photo(file, bytes_min: int) -> bool:
    return file.media_type.startswith("image/") and file.size >= bytes_min


def _any_of(words) -> re.Pattern[str]:
    """A pattern for any of the words; ``*`` at the end of one stands for any ending. No words: a pattern that never fits."""
    some = (re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "") for word in words)
    return re.compile(rf"(?<!\w)(?:{'|'.join(some)})(?!\w)" if words else r"(?!)", re.IGNORECASE)
