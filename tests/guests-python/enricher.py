from lines import of_call, of_ticket
from posthouse_sdk import Date, Enricher, Money
from told import Told, fail_when_told
from use_http import use_http
from use_store import use_store


class Guest(Told, Enricher):
    def enrich(self, ticket, out, call):
        fail_when_told(ticket.subject)
        lines = of_call(call) + of_ticket(ticket)
        if "store" in self.use:
            lines += use_store()
        if "http" in self.use:
            lines += use_http(self.url, self.head)
        for line in lines:
            out.add_evidence(line)
        out.set_customer_name("Ann")
        out.add_tag("vip")
        out.add_fact("spent", "Spent so far", "149.70 EUR")
        first = out.add_order("10-0")
        first.set_status("shipped")
        first.set_placed_on(Date.of("2026-03-01"))
        first.set_total(Money.of("49.90", "EUR"))
        first.set_country("DE")
        first.set_tracking("1Z999", "UPS")
        out.add_order("10-1").set_tracking("YT1")
        try:
            for n in range(2, 33):
                out.add_order(f"10-{n}")
        except ValueError:
            out.add_evidence("a 33rd order is refused")
