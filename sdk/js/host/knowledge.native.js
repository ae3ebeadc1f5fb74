// @ts-nocheck: stands in for the host in tests.
import { fake } from "../src/fake.js";

export class Query {
  #language = null;
  #limit = 5;

  constructor(text) {
    this.text = text;
  }

  setLanguage(tag) {
    this.#language = tag;
  }

  setLimit(count) {
    this.#limit = Math.min(count, 20);
  }

  search() {
    const all = fake().articles ?? [];
    const own = all.filter((article) => this.#language === null || (article.language ?? "en") === this.#language);
    return (own.length > 0 ? own : all).slice(0, this.#limit).map((article) => ({
      id: () => article.id,
      title: () => article.title,
      language: () => article.language ?? "en",
      text: () => article.text,
      score: () => article.score ?? 1,
    }));
  }
}
