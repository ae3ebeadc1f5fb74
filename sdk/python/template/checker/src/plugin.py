from posthouse_sdk import Checker, span_in


class Plugin(Checker):
    def configure(self, settings):
        """Once, when the plugin is activated. What is raised here refuses the settings."""
        self.never = [word.lower() for word in settings.get("never", ["guarantee"])]

    def check(self, outgoing, out, call):
        """For every reply about to go out."""
        body = outgoing.body.lower()
        for word in self.never:
            start = body.find(word)
            if start >= 0:
                span = span_in("body", outgoing.body, start, start + len(word))
                out.block("forbidden-word", f'"{word}" must not be in a reply', span)
        if outgoing.is_automatic and outgoing.ticket.risks:
            out.warn("risk", f"the ticket has risks: {', '.join(outgoing.ticket.risks)}")
