// @ts-nocheck: stands in for the host in tests.
import { fake } from "../src/fake.js";
import { encodeUtf8 } from "../src/utf8.js";

const space = () => (fake().store ??= new Map());

function checked(key, value) {
  const length = encodeUtf8(key).length;
  if (length < 1 || length > 256) throw { tag: "invalid", val: "a key must have 1 to 256 bytes" };
  if (value && value.length > 65536) throw { tag: "invalid", val: "a value has at most 64 KiB" };
}

export function get(key) {
  checked(key);
  return space().get(key);
}

export function set(key, value) {
  checked(key, value);
  space().set(key, Uint8Array.from(value));
}

export function remove(key) {
  checked(key);
  space().delete(key);
}

export function keys(prefix, after, limit) {
  const all = [...space().keys()].filter((key) => key.startsWith(prefix) && (after === undefined || before(after, key)));
  return all.sort((a, b) => (before(a, b) ? -1 : 1)).slice(0, Math.min(limit, 1000));
}

/** By their bytes. */
function before(one, other) {
  const [a, b] = [encodeUtf8(one), encodeUtf8(other)];
  const at = a.findIndex((byte, n) => byte !== b[n]);
  return at === -1 ? a.length < b.length : b[at] === undefined ? false : a[at] < b[at];
}
