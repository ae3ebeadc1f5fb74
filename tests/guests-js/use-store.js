import { store } from "@posthouse/sdk";
import { line } from "./lines.js";

export function useStore() {
  const lines = [line("store-before", store.get("a"))];
  store.set("a", "你好");
  store.setJson("b", [1]);
  store.set("c", Uint8Array.from([0, 255]));
  lines.push(line("store-text", store.get("a")));
  lines.push(line("store-json", store.getJson("b")));
  lines.push(line("store-bytes", Array.from(store.getBytes("c"))));
  lines.push(line("store-keys", [store.keys(), store.keys({ prefix: "", after: "a", limit: 1 })]));
  store.delete("a");
  lines.push(line("store-after", store.keys()));
  try {
    store.get("");
  } catch (error) {
    lines.push(line("store-error", error.kind));
  }
  return lines;
}
