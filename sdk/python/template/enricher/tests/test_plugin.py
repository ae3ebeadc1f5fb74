import sys
import unittest
from pathlib import Path

from posthouse_sdk import Money, testing

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from plugin import Plugin  # noqa: E402


class Tests(unittest.TestCase):
    def test_orders_of_the_customer_are_reported(self):
        orders = [{"number": "1042-88", "status": "shipped", "total": "49.90", "currency": "EUR"}]
        sent = []
        testing.host(secrets={"token": "t"}, http=lambda request: sent.append(request) or {"json": orders})
        answer = testing.run(Plugin, testing.ticket()).answer
        self.assertEqual(sent[0]["url"], "https://shop.example.com/api/orders?email=ann%40example.com")
        self.assertEqual(sent[0]["headers"]["authorization"], "Bearer t")
        total = Money(4990, 2, "EUR")
        self.assertEqual(answer["orders"], [{"number": "1042-88", "status": "shipped", "total": total}])

    def test_a_shop_that_is_down_is_asked_again_later(self):
        testing.host(secrets={"token": "t"}, http=lambda _: {"status": 503})
        self.assertEqual(testing.run(Plugin, testing.ticket()).failure[0], "temporary")


if __name__ == "__main__":
    unittest.main()
