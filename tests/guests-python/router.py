from lines import of_call, of_ticket
from posthouse_sdk import Router
from told import Told, fail_when_told
from use_store import use_store


class Guest(Told, Router):
    def route(self, ticket, out, call):
        fail_when_told(ticket.subject)
        for line in of_call(call) + of_ticket(ticket) + (use_store() if "store" in self.use else []):
            out.add_evidence(line)
        out.set_queue("refunds")
        out.set_priority(250)
        out.set_deadline(call.now + 3600)
        out.add_notifier("team")
        out.add_tag("vip")
        out.add_match("angry", "never again")
