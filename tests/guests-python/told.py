"""What all guests do with their settings: fail when told to."""

from posthouse_sdk import PermanentFailure, TemporaryFailure


class Told:
    def configure(self, settings):
        if settings.get("fail") == "settings":
            raise Exception("refused: settings")
        self.fail = settings.get("fail")
        self.use = settings.get("use", [])
        self.url = settings.get("url")
        self.head = settings.get("head", False)

    def fail_when_told(self):
        if self.fail == "temporary":
            raise TemporaryFailure("later")
        if self.fail == "permanent":
            raise PermanentFailure("never")
        if self.fail == "throw":
            raise Exception("boom")
        while self.fail == "endless":
            pass
