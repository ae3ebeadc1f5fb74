import sys
import unittest
from pathlib import Path

from posthouse_sdk import Span, testing

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from plugin import Plugin  # noqa: E402


class Tests(unittest.TestCase):
    def test_a_word_names_the_category(self):
        answer = testing.run(Plugin, testing.message(body="Give me a Refund, please")).answer
        self.assertEqual(answer["category"], "refund")
        self.assertEqual(answer["matches"][0]["span"], Span("body", 10, 16))

    def test_mail_without_any_of_the_words_stays_unsorted(self):
        result = testing.run(Plugin, testing.message(body="Hello"))
        self.assertNotIn("category", result.answer)
        self.assertIsNone(result.failure)


if __name__ == "__main__":
    unittest.main()
