import json
import sys
import unittest
from pathlib import Path

from posthouse_sdk import testing

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from plugin import Plugin  # noqa: E402


class Tests(unittest.TestCase):
    def test_a_notification_becomes_one_request(self):
        sent = []
        testing.host(secrets={"hook": "s3cret"}, http=lambda request: sent.append(request) or {"status": 200})
        result = testing.run(Plugin, testing.notification(urgency="urgent"))
        self.assertIsNone(result.failure)
        self.assertEqual(result.answer["receipt"], "n-1")
        self.assertEqual(sent[0]["url"], "https://hooks.example.com/s3cret")
        self.assertTrue(json.loads(sent[0]["body"])["text"].startswith("🔴 A new ticket\nWhere is my order?"))

    def test_a_platform_that_is_busy_is_asked_again_later(self):
        busy = {"status": 429, "headers": {"Retry-After": "30"}}
        testing.host(secrets={"hook": "s3cret"}, http=lambda _: busy)
        result = testing.run(Plugin, testing.notification())
        self.assertEqual(result.failure[0], "temporary")
        self.assertEqual(result.answer["retry_after"], 30)


if __name__ == "__main__":
    unittest.main()
