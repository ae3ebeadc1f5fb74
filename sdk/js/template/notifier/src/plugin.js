import { expectDelivered, http, notifier, secret, text, toneOf } from "@posthouse/sdk";

const MARKS = { alarm: "🔴 ", caution: "🟠 ", good: "🟢 ", calm: "" };

export const notify = notifier({
  // Once, when the plugin is activated. What is thrown here refuses the settings.
  configure: ({ base = "https://hooks.example.com" }) => ({ base }),

  // For every notification.
  run({ notification, state }, out) {
    const lines = [MARKS[toneOf(notification)] + notification.title, ...notification.lines];
    for (const { label, value } of notification.fields) lines.push(`${label}: ${value}`);
    if (notification.link) lines.push(`${notification.link.label}: ${notification.link.url}`);
    const answer = http.request({
      method: "POST",
      // The host fills the secret in; the plugin never sees it.
      url: text`${state.base}/${secret("hook", "percent")}`,
      json: { text: lines.join("\n"), id: notification.id },
    });
    // Fails in the way that fits the status: try again later, or never.
    expectDelivered(answer, out);
    out.setReceipt(notification.id);
  },
});
