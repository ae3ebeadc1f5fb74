from posthouse_sdk import Notifier, http, secret, text
from posthouse_sdk.notice import expect_delivered, tone_of

MARKS = {"alarm": "🔴 ", "caution": "🟠 ", "good": "🟢 ", "calm": ""}


class Plugin(Notifier):
    def configure(self, settings):
        """Once, when the plugin is activated. What is raised here refuses the settings."""
        self.base = settings.get("base", "https://hooks.example.com")

    def notify(self, notification, out, call):
        """For every notification."""
        lines = [MARKS[tone_of(notification)] + notification.title, *notification.lines]
        lines += [f"{field.label}: {field.value}" for field in notification.fields]
        if notification.link:
            lines.append(f"{notification.link.label}: {notification.link.url}")
        # The host fills the secret in; the plugin never sees it.
        answer = http.post(
            text("{}/{}", self.base, secret("hook", "percent")),
            json={"text": "\n".join(lines), "id": notification.id},
        )
        # Fails in the way that fits the status: try again later, or never.
        expect_delivered(answer, out)
        out.set_receipt(notification.id)
