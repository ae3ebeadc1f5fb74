// Search in the tenant's articles.
import * as host from "#host/knowledge";
import { asking } from "./failures.js";

/** An article that was found. Its text is fetched when it is asked for. */
export class Article {
  #raw;

  /** @param {any} raw the host's object */
  constructor(raw) {
    this.#raw = raw;
  }

  /** What a draft's citation takes. @returns {string} */
  get id() {
    return this.#raw.id();
  }

  /** @returns {string} */
  get title() {
    return this.#raw.title();
  }

  /** BCP 47 @returns {string} */
  get language() {
    return this.#raw.language();
  }

  /** Markdown, at most 64 KiB. @returns {string} */
  get text() {
    return this.#raw.text();
  }

  /** How well it fits, 0 to 1: to compare within one search only. @returns {number} */
  get score() {
    return this.#raw.score();
  }
}

/**
 * Searches, the best first.
 * @param {string} text words in any language, or a customer's whole text; at most 8 KiB
 * @param {object} [options]
 * @param {string | null} [options.language] BCP 47: articles in this language come first
 * @param {number} [options.limit] at most 20; 5 when not given
 * @returns {Article[]} empty when nothing fits
 * @throws {import("./failures.js").HostError} `unavailable` or `invalid`
 */
export function search(text, { language, limit } = {}) {
  return asking("knowledge", () => {
    const query = new host.Query(text);
    if (language) query.setLanguage(language);
    if (limit !== undefined) query.setLimit(limit);
    return Array.from(query.search(), (/** @type {any} */ raw) => new Article(raw));
  });
}
