// @ts-nocheck: stands in for the host in tests.
import { fake } from "../src/fake.js";

export function write(level, text) {
  fake().log?.push({ level, text });
}
