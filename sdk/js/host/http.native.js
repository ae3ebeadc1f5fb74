// @ts-nocheck: stands in for the host in tests.
// Completes templates as the host does, and hands requests to the test.
import { createHmac } from "node:crypto";
import { fake } from "../src/fake.js";
import { percentEncoded } from "../src/text.js";

const ESCAPES = {
  none: (value) => value,
  percent: percentEncoded,
  json: (value) => JSON.stringify(value).slice(1, -1),
};

export class Template {
  value = "";

  literal(text) {
    this.value += text;
  }

  secret(name, escape) {
    const found = fake().secrets?.[name];
    if (found === undefined) throw { tag: "denied", val: `no secret \`${name}\` was given to the test` };
    this.value += ESCAPES[escape](found);
  }

  hmacSha256(key, message, encoding, escape) {
    const digest = createHmac("sha256", key.value).update(message.value).digest(encoding.replace("-", ""));
    this.value += ESCAPES[escape](digest);
  }

  base64(of) {
    this.value += Buffer.from(of.value).toString("base64");
  }
}

export class Request {
  #sent;

  constructor(method, url) {
    this.#sent = { method: method.toUpperCase(), url: url.value, headers: {}, mediaType: null, body: null, bytes: null };
  }

  setHeader(name, value) {
    if (["host", "content-length"].includes(name.toLowerCase())) throw { tag: "invalid", val: `${name} belongs to the host` };
    this.#sent.headers[name.toLowerCase()] = value.value;
  }

  setBody(mediaType, body) {
    Object.assign(this.#sent, { mediaType, body: body.value, bytes: null });
  }

  setBodyBytes(mediaType, bytes) {
    Object.assign(this.#sent, { mediaType, body: null, bytes });
  }

  send() {
    const answer = fake().http?.(this.#sent) ?? { error: "denied" };
    if (answer.error) throw { tag: answer.error, val: `the test says: ${answer.error}` };
    const body = answer.json === undefined ? (answer.body ?? "") : JSON.stringify(answer.json);
    const headers = Object.entries(answer.headers ?? {});
    return {
      status: () => answer.status ?? 200,
      header: (name) => headers.find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1],
      text: () => body,
      body: () => Uint8Array.from(Buffer.from(body)),
    };
  }
}
