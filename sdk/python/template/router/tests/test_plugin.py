import sys
import unittest
from pathlib import Path

from posthouse_sdk import testing

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from plugin import Plugin  # noqa: E402


class Tests(unittest.TestCase):
    def test_the_category_names_the_queue_and_urgent_tickets_get_a_nearer_deadline(self):
        settings = {"queues": {"refund": "refunds"}, "hours": 8}
        ticket = testing.ticket(category="refund", urgency="urgent")
        answer = testing.run(Plugin, ticket, settings=settings, now=0).answer
        self.assertEqual(answer["queue"], "refunds")
        self.assertEqual(answer["deadline"], 2 * 3600)

    def test_settings_that_make_no_sense_are_refused(self):
        with self.assertRaisesRegex(ValueError, "more than 0"):
            testing.run(Plugin, testing.ticket(), settings={"hours": 0})


if __name__ == "__main__":
    unittest.main()
