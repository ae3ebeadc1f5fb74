import json
import sys
import unittest
from pathlib import Path

from posthouse_sdk import MailboxAddress, Span, testing

HERE = Path(__file__).parents[1]
sys.path.insert(0, str(HERE / "src"))
from plugin import FINDINGS_MAX, Plugin  # noqa: E402

FORMAL = "Sehr geehrte Frau Achterfeld,\n\nIhr Gerät ist unterwegs. Haben Sie noch Fragen?\n\nMit freundlichen Grüßen\nFalkenau"


def warned(body, language="de", settings=None, agents="en", **outgoing):
    reply = testing.outgoing(body=body, language=language, **outgoing)
    result = testing.run(Plugin, reply, settings or {}, agent_language=agents)
    assert result.failure is None, result.failure
    assert "blocks" not in result.answer
    return result.answer.get("warnings", [])


def codes(*given, **named):
    return [warning["code"] for warning in warned(*given, **named)]


class Tests(unittest.TestCase):
    def test_a_formal_letter_passes(self):
        self.assertEqual(warned(FORMAL), [])
        self.assertEqual(warned(FORMAL.replace("Sehr geehrte Frau", "Guten Tag Frau")), [])

    def test_each_informal_word_is_shown_at_its_first_place(self):
        found = warned(FORMAL.replace("Haben Sie", "Hast du oder habt ihr für Dein Gerät noch, du,"))
        self.assertEqual([one["code"] for one in found], ["informal-german", "informal-german"])
        self.assertEqual([one["reason"].split("”")[0] for one in found], ["“du", "“Dein"])
        start = FORMAL.encode().index("Haben".encode()) + len("Hast ")
        self.assertEqual(found[0]["span"], Span("body", start, start + 2))

    def test_ihr_is_formal_unless_its_verb_says_otherwise(self):
        self.assertEqual(codes(FORMAL.replace("Haben Sie", "Wenn ihr habt, oder haben Sie")), ["informal-german"])
        self.assertEqual(codes(FORMAL.replace("Haben Sie", "Ihr Anliegen ist bei Ihrem Händler. Haben Sie")), [])

    def test_a_letter_among_friends_lacks_both_forms(self):
        found = codes("Hallo Sabine,\n\nist unterwegs.\n\nLiebe Grüße\nFalkenau")
        self.assertEqual(found, ["informal-greeting", "informal-greeting", "no-salutation", "no-closing"])
        self.assertEqual(codes(FORMAL.replace("Ihr Gerät", "Das liebe Gerät")), [])

    def test_other_languages_are_none_of_its_business(self):
        self.assertEqual(warned("Salut, du pain!", language="fr"), [])
        self.assertEqual(warned("Hi", language="en", ticket=testing.ticket(language="de")), [])
        found = codes("Ist unterwegs.", language=None, ticket=testing.ticket(language="de-AT"))
        self.assertEqual(found, ["no-salutation", "no-closing"], "the ticket's language counts where the draft has none")

    def test_what_the_customer_wrote_and_is_called_is_left_alone(self):
        self.assertEqual(warned(FORMAL + "\n\n> Hallo, kannst du mir helfen?"), [])
        to = [MailboxAddress("Jean du Pont", "j@example.com")]
        self.assertEqual(warned(FORMAL.replace("Frau Achterfeld", "Herr du Pont"), to=to), [])

    def test_settings_name_other_forms_and_further_words(self):
        settings = json.loads((HERE / "fixtures" / "settings.json").read_text(encoding="utf-8"))
        self.assertEqual(codes(FORMAL.replace("Haben", "Sorry. Haben"), settings=settings), ["informal-german"])
        self.assertEqual(codes(FORMAL, settings={"salutations": ["Grüezi"], "closings": []}), ["no-salutation"])

    def test_reasons_are_in_the_agents_language(self):
        self.assertIn("keine Anrede", warned("x\nMit freundlichen Grüßen", agents="de-CH")[0]["reason"])
        self.assertIn("没有称呼", warned("x\nMit freundlichen Grüßen", agents="zh")[0]["reason"])

    def test_findings_are_bounded(self):
        words = [f"wort{letter}" for letter in "abcdefghijklmnop"]
        settings = {"informal": words}
        found = codes(FORMAL.replace("Haben", " ".join(words) + " Haben"), settings=settings)
        self.assertEqual(len(found), FINDINGS_MAX)


if __name__ == "__main__":
    unittest.main()
