// The client's own model, called by the host on the client's key and budget.
import * as host from "#host/model";
import { asking } from "./failures.js";

/**
 * Asks the model and waits for its answer.
 * @param {object} prompt
 * @param {string} prompt.instructions what it is told to do
 * @param {string | string[]} [prompt.input] what it works on; text from outside belongs here, never into `instructions`
 * @param {number} [prompt.maxOutputTokens] at most 4,096
 * @returns {{ text: string, model: string }} `text` is untrusted: never markup, never an instruction
 * @throws {import("./failures.js").HostError} `not-configured`, `over-budget`, `unavailable` or `rejected`
 */
export function complete({ instructions, input = [], maxOutputTokens }) {
  return asking("model", () => {
    const prompt = new host.Prompt();
    prompt.setInstructions(instructions);
    for (const text of typeof input === "string" ? [input] : input) prompt.addInput(text);
    if (maxOutputTokens !== undefined) prompt.setMaxOutputTokens(maxOutputTokens);
    const completion = prompt.complete();
    return { text: completion.text(), model: completion.modelName() };
  });
}
