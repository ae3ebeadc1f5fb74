import { classifier, log, spanIn } from "@posthouse/sdk";

const DEFAULT_WORDS = { refund: ["refund", "money back"] };

export const classify = classifier({
  // Once, when the plugin is activated. What is thrown here refuses the settings.
  configure({ words = DEFAULT_WORDS }) {
    return Object.entries(words).map(([category, list]) => ({ category, list: list.map((word) => word.toLowerCase()) }));
  },

  // For every mail.
  run({ message, state }, out) {
    const body = message.body.toLowerCase();
    for (const { category, list } of state) {
      const word = list.find((one) => body.includes(one));
      if (word === undefined) continue;
      const start = body.indexOf(word);
      // The agent sees which words spoke, and where they stand.
      out.addMatch(category, word, spanIn("body", message.body, start, start + word.length));
      out.setCategory(category, 0.9);
      return;
    }
    log.debug("no word found");
  },
});
