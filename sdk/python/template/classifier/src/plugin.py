from posthouse_sdk import Classifier, log, span_in

DEFAULT_WORDS = {"refund": ["refund", "money back"]}


class Plugin(Classifier):
    def configure(self, settings):
        """Once, when the plugin is activated. What is raised here refuses the settings."""
        words = settings.get("words", DEFAULT_WORDS)
        self.words = {category: [word.lower() for word in some] for category, some in words.items()}

    def classify(self, message, out, call):
        """For every mail."""
        body = message.body.lower()
        for category, words in self.words.items():
            word = next((one for one in words if one in body), None)
            if word is None:
                continue
            start = body.index(word)
            # The agent sees which words spoke, and where they stand.
            out.add_match(category, word, span_in("body", message.body, start, start + len(word)))
            out.set_category(category, 0.9)
            return
        log.debug("no word found")
