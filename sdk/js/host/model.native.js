// @ts-nocheck: stands in for the host in tests.
import { fake } from "../src/fake.js";

export class Prompt {
  #asked = { instructions: "", inputs: [], maxOutputTokens: null };

  setInstructions(text) {
    this.#asked.instructions = text;
  }

  addInput(text) {
    this.#asked.inputs.push(text);
  }

  setMaxOutputTokens(count) {
    this.#asked.maxOutputTokens = Math.min(count, 4096);
  }

  complete() {
    const answer = fake().model;
    if (!answer) throw { tag: "not-configured" };
    const text = answer(this.#asked);
    return { text: () => text, modelName: () => "fake" };
  }
}
