import { model } from "@posthouse/sdk";
import { line } from "./lines.js";

export function useModel() {
  try {
    const said = model.complete({ instructions: "Answer kindly.", input: ["one", "two"], maxOutputTokens: 100 });
    return [line("model", [said.text, said.model])];
  } catch (error) {
    return [line("model-error", error.kind)];
  }
}
