// Write Posthouse plugins in JavaScript. See README.md.
export { classifier, router, drafter, notifier, enricher, checker } from "./src/worlds.js";
export { Attachment, Call, Entity, Message, Notification, Order, Outgoing, Ticket } from "./src/views.js";
export { Delivery, Draft, Drafts, Enrichment, OrderEntry, Route, Triage, Verdict } from "./src/answers.js";
export { TemporaryFailure, PermanentFailure, HostError } from "./src/failures.js";
export { Text, text, url, json, secret, hmacSha256, base64, basicAuth } from "./src/text.js";
export { money, formatMoney, day, formatDay, spanIn, spanOf, clip } from "./src/values.js";
export { encodeUtf8, decodeUtf8, utf8Length } from "./src/utf8.js";
export { toneOf, expectDelivered } from "./src/notice.js";
export * as http from "./src/http.js";
export * as model from "./src/model.js";
export * as knowledge from "./src/knowledge.js";
export * as store from "./src/store.js";
export * as log from "./src/log.js";
