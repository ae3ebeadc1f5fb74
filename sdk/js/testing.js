// Native tests of a plugin, without WebAssembly: `node --test`. A plugin's own export is called as the host calls it,
// with views made of plain data, and what it answers comes back as plain data.
import { setFake } from "./src/fake.js";

/** @typedef {import("./src/fake.js").FakeHost} FakeHost */

/**
 * Puts something in the host's place for the calls that follow. Returns it, to look at afterwards.
 * @template {FakeHost} T
 * @param {T} [host]
 * @returns {T}
 */
export function host(host = /** @type {T} */ ({})) {
  setFake(host);
  return host;
}

/**
 * What came of a call.
 * @typedef {object} Result
 * @property {Record<string, any>} answer what was set (the last word) and added (a list): `category`, `tags`, `evidence` …
 * @property {{ kind: "temporary" | "permanent", message: string } | null} failure why it gave up
 */

/**
 * Configures an exported plugin and calls it once.
 * @param {import("./src/worlds.js").Exported} plugin what the module exports: `classify`, `route` …
 * @param {any} view the message, ticket, notification or outgoing mail as plain data; what is missing has a default
 * @param {object} [given]
 * @param {any} [given.settings] `{}` when not given
 * @param {any} [given.call] `now`, `seed`, `tenantName`, `agentLanguage`
 * @returns {Result}
 * @throws {Error} when `configure` refuses the settings, with its words
 */
export function run(plugin, view, { settings = {}, call = {} } = {}) {
  try {
    plugin.configure(JSON.stringify(settings));
  } catch (refusal) {
    throw new Error(String(refusal));
  }
  /** @type {Record<string, any>} */
  const answer = {};
  try {
    plugin.run(rawCall(call), raw(view), recorder(answer));
    return { answer, failure: null };
  } catch (/** @type {any} */ thrown) {
    if (typeof thrown?.tag !== "string") throw thrown;
    return { answer, failure: { kind: thrown.tag, message: thrown.val } };
  }
}

/**
 * A message with everything that was not given.
 * @param {object} [given] properties of `Message`; `headers` is an object of lists
 */
export function message(given = {}) {
  return {
    subject: "Where is my order?",
    body: "Where is my order 1042-88?",
    fullText: "Where is my order 1042-88?",
    from: { name: "Ann", address: "ann@example.com" },
    replyTo: null,
    to: [{ name: null, address: "shop@example.com" }],
    cc: [],
    sentAt: 1_774_745_000,
    isIncoming: true,
    language: "en",
    headers: {},
    attachments: [],
    ...given,
  };
}

/**
 * A ticket with everything that was not given.
 * @param {object} [given] properties of `Ticket`; `recent` is the list of messages, newest first
 */
export function ticket(given = {}) {
  return {
    number: 1042,
    subject: "Where is my order?",
    status: "new",
    createdAt: 1_774_745_000,
    customer: { name: "Ann", address: "ann@example.com" },
    category: null,
    urgency: null,
    sentiment: null,
    language: "en",
    entities: [],
    tags: [],
    queue: null,
    deadline: null,
    missing: [],
    risks: [],
    facts: [],
    orders: [],
    messageCount: 1,
    latest: message(),
    recent: [message()],
    ...given,
  };
}

/**
 * A notification with everything that was not given.
 * @param {object} [given] properties of `Notification`
 */
export function notification(given = {}) {
  return {
    id: "n-1",
    kind: "ticket",
    language: "en",
    title: "A new ticket",
    lines: ["Where is my order?"],
    fields: [{ label: "Customer", value: "Ann" }],
    link: { label: "Open", url: "https://desk.example.com/" },
    urgency: null,
    deadline: null,
    ticket: null,
    ...given,
  };
}

/**
 * A reply with everything that was not given.
 * @param {object} [given] properties of `Outgoing`
 */
export function outgoing(given = {}) {
  return {
    subject: "Re: Where is my order?",
    body: "It is on its way.",
    to: [{ name: "Ann", address: "ann@example.com" }],
    cc: [],
    language: "en",
    attachmentNames: [],
    isAutomatic: false,
    ticket: ticket(),
    ...given,
  };
}

const DEFAULTS = {
  entity: { kind: "order-number", value: "", finding: { confidence: 1, span: null }, carrier: null, money: null, date: null },
  order: { number: "", status: null, placedOn: null, total: null, country: null, trackingNumber: null, carrier: null },
  attachment: { name: null, mediaType: "application/octet-stream", size: 0, isInline: false },
};
/** Lists and objects that the host gives as objects of its own. */
const NESTED = new Set(["ticket", "latest"]);
const LISTS = new Map(/** @type {[string, object][]} */ ([
  ["entities", DEFAULTS.entity],
  ["orders", DEFAULTS.order],
  ["attachments", DEFAULTS.attachment],
]));

/**
 * Plain data as an object with functions, as the host gives it.
 * @param {any} data
 * @returns {any}
 */
function raw(data) {
  return new Proxy(data, {
    get(_, name) {
      const value = data[name];
      if (name === "header") return (/** @type {string} */ wanted) => headersOf(data, wanted);
      if (name === "recent") return (/** @type {number} */ limit) => value.slice(0, Math.min(limit, 20)).map(raw);
      if (NESTED.has(String(name))) return () => (value ? raw(value) : undefined);
      const defaults = LISTS.get(String(name));
      if (defaults) return () => value.map((/** @type {any} */ item) => raw({ ...defaults, ...item }));
      if (value === undefined) return undefined;
      return () => (value === null ? undefined : value);
    },
  });
}

/**
 * @param {any} data
 * @param {string} wanted
 */
function headersOf(data, wanted) {
  const found = Object.entries(data.headers ?? {}).find(([name]) => name.toLowerCase() === wanted.toLowerCase());
  return found ? [found[1]].flat() : [];
}

/** @param {any} given */
function rawCall({ now = 1_774_745_999, seed = 42, tenantName = "Acme", agentLanguage = "en" }) {
  return {
    now: () => now,
    seed: () => seed,
    tenantName: () => tenantName,
    agentLanguage: () => agentLanguage,
    localTime: localTime,
  };
}

/**
 * @param {number} at
 * @param {string} timeZone
 */
function localTime(at, timeZone) {
  try {
    const options = { timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
    const parts = new Intl.DateTimeFormat("en-US", /** @type {any} */ (options)).formatToParts(at * 1000);
    const part = (/** @type {string} */ type) => Number(parts.find((p) => p.type === type)?.value);
    const date = { year: part("year"), month: part("month"), day: part("day") };
    const clock = { hour: part("hour"), minute: part("minute"), second: part("second") };
    const shown = Date.UTC(date.year, date.month - 1, date.day, clock.hour, clock.minute, clock.second);
    return { date, ...clock, weekday: new Date(shown).getUTCDay() || 7, offsetSeconds: shown / 1000 - at };
  } catch {
    return undefined;
  }
}

/** What the functions that add more than one value call them, and in which list they end up. */
/** @type {Record<string, [string, ...string[]]>} */
const ADDED = {
  addOrderNumber: ["orderNumbers", "value", "finding"],
  addTrackingNumber: ["trackingNumbers", "value", "carrier", "finding"],
  addSku: ["skus", "value", "finding"],
  addAmount: ["amounts", "value", "finding"],
  addDate: ["dates", "value", "finding"],
  addMatch: ["matches", "rule", "words", "span"],
  addRisk: ["risks", "kind", "reason", "span"],
  addFact: ["facts", "key", "label", "value"],
  addFilled: ["filled", "variable", "value"],
  addQuestion: ["questions", "key", "question"],
  addCitation: ["citations", "article", "title"],
  block: ["blocks", "code", "reason", "span"],
  warn: ["warnings", "code", "reason", "span"],
  addEvidence: ["evidence"],
  addTag: ["tags"],
  addMissing: ["missing"],
  addNotifier: ["notifiers"],
  addUnfilled: ["unfilled"],
};

/**
 * Takes answers into an object.
 * @param {Record<string, any>} answer
 * @returns {any}
 */
function recorder(answer) {
  return new Proxy({}, {
    get(_, property) {
      const name = String(property);
      return (/** @type {any[]} */ ...given) => {
        if (name === "add") return recorder(added(answer, "drafts", { body: given[0] }, 3));
        if (name === "addOrder") return recorder(added(answer, "orders", { number: given[0] }, 32));
        if (name === "setModelWritten") answer.modelWritten = true;
        else if (name === "markSpam") answer.spam = given[0];
        else if (name === "setTracking") Object.assign(answer, { trackingNumber: given[0], carrier: given[1] ?? null });
        else if (name.startsWith("set")) {
          const key = name[3].toLowerCase() + name.slice(4);
          answer[key] = given[0];
          if (given.length > 1) (answer.confidence ??= {})[key] = given[1];
        } else if (ADDED[name]) {
          const [list, ...keys] = ADDED[name];
          const entry = keys.length === 0 ? given[0] : Object.fromEntries(keys.map((key, n) => [key, given[n] ?? null]));
          (answer[list] ??= []).push(entry);
        } else throw new TypeError(`no such function: ${name}`);
      };
    },
  });
}

/**
 * @param {Record<string, any>} answer
 * @param {string} list
 * @param {Record<string, any>} entry
 * @param {number} most
 */
function added(answer, list, entry, most) {
  const all = (answer[list] ??= []);
  if (all.length >= most) throw `at most ${most} ${list}`;
  if (Object.values(entry)[0].trim() === "") throw "empty";
  all.push(entry);
  return entry;
}
