import { log } from "@posthouse/sdk";

export function useLog() {
  log.debug("d");
  log.info("i", 1);
  log.warn("w");
  log.error("e");
  return [];
}
