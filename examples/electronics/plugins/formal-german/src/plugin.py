"""A German customer is a "Sie": warns of a reply that forgets it."""

from __future__ import annotations

import re
from typing import Iterator

from posthouse_sdk import Checker, span_of

SALUTATIONS = ("Sehr geehrte", "Guten Tag")
CLOSINGS = ("Mit freundlichen Grüßen", "Freundliche Grüße")
#: Findings of one kind in one reply: more of them tell nothing new.
FINDINGS_MAX = 10

# "Ihr" is also the formal possessive: only with a verb in the second person is it the informal one.
_DU = r"du|dich|dir|dein(?:e[mnrs]?)?|euch|euer|eure[mnrs]?|ihr (?:habt|seid|könnt|müsst|wollt|sollt|werdet|bekommt)"
# What a letter among friends begins and ends with. A line of its own, so that "liebe" in a sentence is none.
_BEGINNINGS = r"^(?:hallo|hi|hey|moin|servus|liebe[rs]?)\b"
_ENDINGS = r"^(?:liebe grüße|viele grüße|lg|vg|mfg|bis bald|tschüss|ciao)\b"

_WORDS = {
    "en": {
        "informal-german": "“{found}” is informal: German customers are addressed with “Sie”",
        "informal-greeting": "“{found}” is how friends write",
        "no-salutation": "no salutation: begin with “{wanted}”",
        "no-closing": "no closing: end with “{wanted}”",
    },
    "de": {
        "informal-german": "„{found}“ duzt: Kundinnen und Kunden werden gesiezt",
        "informal-greeting": "„{found}“ schreibt man Freunden",
        "no-salutation": "keine Anrede: mit „{wanted}“ beginnen",
        "no-closing": "keine Grußformel: mit „{wanted}“ schließen",
    },
    "zh": {
        "informal-german": "“{found}”是非正式称呼：对德国客户应使用“Sie”",
        "informal-greeting": "“{found}”是朋友之间的写法",
        "no-salutation": "没有称呼：请以“{wanted}”开头",
        "no-closing": "没有结束敬语：请以“{wanted}”结尾",
    },
}


class Plugin(Checker):
    def configure(self, settings):
        self.salutations = settings.get("salutations", SALUTATIONS)
        self.closings = settings.get("closings", CLOSINGS)
        further = "".join(f"|{_written(word)}" for word in settings.get("informal", ()))
        self.informal = re.compile(rf"(?<!\w)(?:{_DU}{further})(?!\w)", re.IGNORECASE)
        self.greetings = re.compile(f"{_BEGINNINGS}|{_ENDINGS}", re.IGNORECASE | re.MULTILINE)

    def check(self, outgoing, out, call):
        language = outgoing.language or outgoing.ticket.language or ""
        if language.split("-")[0].lower() != "de":
            return
        words = _WORDS.get(call.agent_language.split("-")[0].lower(), _WORDS["en"])
        # What the customer wrote is quoted: not ours to mend. Blanked out, so that places stay what they are.
        body = re.sub(r"^>.*$", lambda line: " " * len(line.group()), outgoing.body, flags=re.MULTILINE)
        names = {part.lower() for to in outgoing.to for part in (to.name or "").split()}

        for code, matches in (("informal-german", self.informal), ("informal-greeting", self.greetings)):
            for found in _once_each(matches, body, names):
                out.warn(code, words[code].format(found=found.group()), span_of("body", found))
        for code, wanted in (("no-salutation", self.salutations), ("no-closing", self.closings)):
            if wanted and not any(re.search(rf"^\s*{re.escape(one)}", body, re.IGNORECASE | re.MULTILINE) for one in wanted):
                out.warn(code, words[code].format(wanted=wanted[0]))


def _once_each(pattern: re.Pattern[str], body: str, names: set[str]) -> Iterator[re.Match[str]]:
    """Each word at its first place, but for words of the customer's own name: Monsieur du Pont is nobody's friend."""
    seen: set[str] = set()
    for found in pattern.finditer(body):
        word = found.group().lower()
        if word not in seen and word not in names and len(seen) < FINDINGS_MAX:
            seen.add(word)
            yield found


def _written(word: str) -> str:
    return re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "")
