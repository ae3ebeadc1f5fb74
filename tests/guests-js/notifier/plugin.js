import { log, notifier } from "@posthouse/sdk";
import { ofCall, ofNotification } from "../lines.js";
import { configure, failWhenTold } from "../settings.js";
import { useHttp } from "../use-http.js";
import { useLog } from "../use-log.js";

export const notify = notifier({
  configure,
  run({ notification, call, state }, out) {
    if (notification.title === "fail: temporary") out.setRetryAfter(99999);
    failWhenTold(notification.title);
    for (const line of [...ofCall(call), ...ofNotification(notification)]) log.info(line);
    if (state.use.includes("log")) useLog();
    if (state.use.includes("http")) for (const line of useHttp(state.url, state.head)) log.info(line);
    out.setReceipt(`told ${notification.id}`);
  },
});
