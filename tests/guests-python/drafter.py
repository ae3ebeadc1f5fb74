from lines import of_call, of_ticket
from posthouse_sdk import Drafter
from told import Told, fail_when_told
from use_knowledge import use_knowledge
from use_model import use_model

USES = {"model": use_model, "knowledge": use_knowledge}


class Guest(Told, Drafter):
    def draft(self, ticket, out, call):
        fail_when_told(ticket.subject)
        first = out.add("Dear Ann,\n\nhello.")
        for line in of_call(call) + of_ticket(ticket):
            first.add_evidence(line)
        for name in self.use:
            for line in USES[name]():
                first.add_evidence(line)
        first.set_subject("Re: your order")
        first.set_language("en")
        first.set_template("shipping-en")
        first.set_confidence(0.75)
        first.set_model_written()
        first.add_filled("order_number", "1042-88")
        first.add_unfilled("tracking_number")
        first.add_question("photo", "Could you send a photo?")
        first.add_citation("returns", "Returns")
        out.add("second")
        third = out.add("third")
        try:
            out.add("fourth")
        except ValueError:
            third.add_evidence("a fourth is refused")
