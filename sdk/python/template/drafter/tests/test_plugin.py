import sys
import unittest
from pathlib import Path

from posthouse_sdk import testing

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from plugin import Plugin  # noqa: E402


class Tests(unittest.TestCase):
    def test_the_best_article_becomes_a_reply(self):
        testing.host(articles=[{"id": "returns", "title": "Returns", "text": "You have 30 days."}])
        reply = testing.run(Plugin, testing.ticket(missing=["order-number"])).answer["drafts"][0]
        self.assertEqual(reply["body"], "Dear Ann,\n\nYou have 30 days.\n\nKind regards\nAcme")
        self.assertEqual(reply["citations"], [{"article": "returns", "title": "Returns"}])
        self.assertEqual(reply["questions"][0]["key"], "order-number")

    def test_without_an_article_there_is_no_draft(self):
        testing.host()
        self.assertNotIn("drafts", testing.run(Plugin, testing.ticket()).answer)


if __name__ == "__main__":
    unittest.main()
