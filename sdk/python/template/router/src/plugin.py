from posthouse_sdk import Router, Urgency


class Plugin(Router):
    def configure(self, settings):
        """Once, when the plugin is activated. What is raised here refuses the settings."""
        hours = settings.get("hours", 24)
        if not hours > 0:
            raise ValueError("`hours` must be more than 0")
        self.seconds = hours * 3600
        self.queues = settings.get("queues", {})

    def route(self, ticket, out, call):
        """For every ticket."""
        queue = self.queues.get(ticket.category)
        if queue:
            out.set_queue(queue)
            out.add_match("category", ticket.category)
        urgent = ticket.urgency == Urgency.URGENT
        out.set_priority(90 if urgent else 50)
        out.set_deadline(call.now + self.seconds // (4 if urgent else 1))
