import re

from lines import of_call, of_outgoing
from posthouse_sdk import Checker, span_of
from told import Told


class Guest(Told, Checker):
    def check(self, outgoing, out, call):
        self.fail_when_told()
        for line in of_call(call) + of_outgoing(outgoing):
            out.warn("read", line)
        refund = span_of("body", re.search("refund", outgoing.body, re.IGNORECASE))
        if refund:
            out.block("promised-refund", "promises a refund", refund)
