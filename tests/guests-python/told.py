"""What all guests do when told to: refuse their settings, give up."""

from posthouse_sdk import PermanentFailure, TemporaryFailure


class Told:
    def configure(self, settings):
        if settings.get("refuse"):
            raise Exception("refused: settings")
        self.use = settings.get("use", [])
        self.url = settings.get("url")
        self.head = settings.get("head", False)


def fail_when_told(subject):
    """``subject``: "fail: …" says how to fail."""
    if subject == "fail: temporary":
        raise TemporaryFailure("later")
    if subject == "fail: permanent":
        raise PermanentFailure("never")
    if subject == "fail: throw":
        raise Exception("boom")
    if subject == "fail: type":
        None.nothing
    if subject == "fail: deep":
        deeper(0)
    while subject == "fail: endless":
        pass


def deeper(depth):
    return deeper(depth + 1) + 1
