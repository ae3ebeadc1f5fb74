from lines import of_call, of_notification
from posthouse_sdk import Notifier, log
from told import Told, fail_when_told
from use_http import use_http
from use_log import use_log


class Guest(Told, Notifier):
    def notify(self, notification, out, call):
        if notification.title == "fail: temporary":
            out.set_retry_after(99999)
        fail_when_told(notification.title)
        for line in of_call(call) + of_notification(notification):
            log.info(line)
        if "log" in self.use:
            use_log()
        if "http" in self.use:
            for line in use_http(self.url, self.head):
                log.info(line)
        out.set_receipt(f"told {notification.id}")
