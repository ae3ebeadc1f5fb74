from posthouse_sdk import Enricher, Money, TemporaryFailure, http, secret, text, url


class Plugin(Enricher):
    def configure(self, settings):
        """Once, when the plugin is activated. What is raised here refuses the settings."""
        self.base = settings.get("base", "https://shop.example.com")

    def enrich(self, ticket, out, call):
        """For every ticket."""
        answer = http.get(
            self.base + url("/api/orders?email={}", ticket.customer.address),
            # The host fills the secret in; the plugin never sees it.
            headers={"Authorization": text("Bearer {}", secret("token"))},
        )
        if not answer.ok:
            raise TemporaryFailure(f"the shop answered HTTP {answer.status}")
        orders = answer.json()
        out.add_fact("orders", "Orders", str(len(orders)))
        for order in orders[:32]:
            entry = out.add_order(order["number"])
            entry.set_status(order["status"])
            entry.set_total(Money.of(order["total"], order["currency"]))
