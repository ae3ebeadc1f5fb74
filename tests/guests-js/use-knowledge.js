import { knowledge } from "@posthouse/sdk";
import { line } from "./lines.js";

export function useKnowledge() {
  const found = knowledge.search("returns", { language: "de", limit: 2 });
  return [line("knowledge", found.map((a) => [a.id, a.title, a.language, a.text, a.score]))];
}
