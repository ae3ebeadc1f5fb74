import { router } from "@posthouse/sdk";

export const route = router({
  // Once, when the plugin is activated. What is thrown here refuses the settings.
  configure({ queues = {}, hours = 24 }) {
    if (!(hours > 0)) throw new Error("`hours` must be more than 0");
    return { queues, seconds: hours * 3600 };
  },

  // For every ticket.
  run({ ticket, call, state }, out) {
    const queue = state.queues[ticket.category];
    if (queue) {
      out.setQueue(queue);
      out.addMatch("category", ticket.category);
    }
    const urgent = ticket.urgency === "urgent";
    out.setPriority(urgent ? 90 : 50);
    out.setDeadline(call.now + state.seconds / (urgent ? 4 : 1));
  },
});
