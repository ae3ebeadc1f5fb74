// What all guests do when told to: refuse their settings, give up.
import { PermanentFailure, TemporaryFailure } from "@posthouse/sdk";

export function configure(settings) {
  if (settings.refuse) throw new Error("refused: settings");
  return { use: [], ...settings };
}

/** @param {string} subject "fail: …" says how to fail */
export function failWhenTold(subject) {
  if (subject === "fail: temporary") throw new TemporaryFailure("later");
  if (subject === "fail: permanent") throw new PermanentFailure("never");
  if (subject === "fail: throw") throw new Error("boom");
  if (subject === "fail: type") undefined.nothing;
  if (subject === "fail: deep") failWhenTold.deeper(0);
  if (subject === "fail: endless") for (;;);
}

failWhenTold.deeper = (depth) => failWhenTold.deeper(depth + 1) + 1;
