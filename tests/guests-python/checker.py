import re

from lines import of_call, of_outgoing
from posthouse_sdk import Checker, span_of
from told import Told, fail_when_told


class Guest(Told, Checker):
    def check(self, outgoing, out, call):
        fail_when_told(outgoing.subject)
        for line in of_call(call) + of_outgoing(outgoing):
            out.warn("read", line)
        refund = span_of("body", re.search("refund", outgoing.body, re.IGNORECASE))
        if refund:
            out.block("promised-refund", "promises a refund", refund)
