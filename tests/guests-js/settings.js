// What all guests do with their settings: fail when told to.
import { PermanentFailure, TemporaryFailure } from "@posthouse/sdk";

export function configure(settings) {
  if (settings.fail === "settings") throw new Error("refused: settings");
  return { use: [], ...settings };
}

export function failWhenTold({ fail }) {
  if (fail === "temporary") throw new TemporaryFailure("later");
  if (fail === "permanent") throw new PermanentFailure("never");
  if (fail === "throw") throw new Error("boom");
  if (fail === "endless") for (;;);
}
