import re

from lines import of_call, of_message
from posthouse_sdk import Classifier, Date, Finding, Money, span_in, span_of
from told import Told, fail_when_told
from use_knowledge import use_knowledge
from use_log import use_log
from use_store import use_store

USES = {"log": use_log, "knowledge": use_knowledge, "store": use_store}


class Guest(Told, Classifier):
    def classify(self, message, out, call):
        fail_when_told(message.subject)
        for line in of_call(call) + of_message(message):
            out.add_evidence(line)
        for name in self.use:
            for line in USES[name]():
                out.add_evidence(line)
        span = span_of("body", re.search(r"\d+-\d+", message.body))
        out.set_category("shipping", 0.5)
        out.set_category("refund", 0.75)
        out.set_urgency("high", 0.5)
        out.set_sentiment("angry", 0.25)
        out.set_language("en")
        out.mark_spam(0.125)
        out.add_order_number("1042-88", Finding(0.5, span))
        out.add_tracking_number("1Z9", carrier="UPS")
        out.add_tracking_number("YT1")
        out.add_sku("LAMP-1")
        out.add_amount(Money.of("49.90", "EUR"))
        out.add_date(Date.of("2026-03-01"))
        out.add_match("greeting", "你好", span_in("subject", message.subject, 0, len(message.subject)))
        out.add_tag("vip")
        out.add_missing("photo")
        out.add_risk("safety", "burns", span)
