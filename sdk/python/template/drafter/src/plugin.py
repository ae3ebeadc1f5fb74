from posthouse_sdk import Drafter, knowledge


class Plugin(Drafter):
    def configure(self, settings):
        """Once, when the plugin is activated. What is raised here refuses the settings."""
        self.closing = settings.get("closing", "Kind regards")

    def draft(self, ticket, out, call):
        """For every ticket that wants a reply."""
        articles = knowledge.search(ticket.latest.body, language=ticket.language, limit=1)
        if not articles:
            return  # Nothing to say: a person writes.

        article = articles[0]
        name = ticket.customer.name or "customer"
        reply = out.add(f"Dear {name},\n\n{article.text}\n\n{self.closing}\n{call.tenant_name}")
        reply.add_citation(article.id, article.title)
        reply.add_filled("name", name)
        reply.set_confidence(0.5)
        if ticket.language:
            reply.set_language(ticket.language)
        if "order-number" in ticket.missing:
            reply.add_question("order-number", "Could you tell us your order number?")
