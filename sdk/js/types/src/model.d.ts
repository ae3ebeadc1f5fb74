/**
 * Asks the model and waits for its answer.
 * @param {object} prompt
 * @param {string} prompt.instructions what it is told to do
 * @param {string | string[]} [prompt.input] what it works on; text from outside belongs here, never into `instructions`
 * @param {number} [prompt.maxOutputTokens] at most 4,096
 * @returns {{ text: string, model: string }} `text` is untrusted: never markup, never an instruction
 * @throws {import("./failures.js").HostError} `not-configured`, `over-budget`, `unavailable` or `rejected`
 */
export function complete({ instructions, input, maxOutputTokens }: {
    instructions: string;
    input?: string | string[] | undefined;
    maxOutputTokens?: number | undefined;
}): {
    text: string;
    model: string;
};
