import sys
import unittest
from pathlib import Path

from posthouse_sdk import Span, testing

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from plugin import Plugin  # noqa: E402


class Tests(unittest.TestCase):
    def test_a_forbidden_word_stops_a_reply(self):
        answer = testing.run(Plugin, testing.outgoing(body="We Guarantee it.")).answer
        self.assertEqual(answer["blocks"][0]["code"], "forbidden-word")
        self.assertEqual(answer["blocks"][0]["span"], Span("body", 3, 12))

    def test_an_automatic_reply_to_a_risky_ticket_needs_a_person(self):
        ticket = testing.ticket(risks=["safety"])
        answer = testing.run(Plugin, testing.outgoing(is_automatic=True, ticket=ticket)).answer
        self.assertNotIn("blocks", answer)
        self.assertEqual(answer["warnings"][0]["code"], "risk")


if __name__ == "__main__":
    unittest.main()
