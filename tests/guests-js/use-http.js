import { base64, basicAuth, hmacSha256, http, secret, text } from "@posthouse/sdk";
import { line } from "./lines.js";

/** @param {string} base where the server is @param {boolean} head whether HEAD requests are allowed there */
export function useHttp(base, head) {
  const sign = (encoding) => hmacSha256({ key: secret("sign"), message: text`1.${secret("token")}`, encoding });
  const answer = http.request({
    method: "POST",
    url: text`${base}/hook/${secret("token", "percent")}`,
    headers: { Authorization: basicAuth("me", secret("token")), "X-Sign": sign("base64-url") },
    json: { text: "你好 \"x\"", sign: sign("base64"), hex: [sign("hex")], token: secret("token"), b: base64("b") },
  });
  const lines = [line("http", [answer.status, answer.ok, answer.header("CONTENT-TYPE"), answer.bytes().length, answer.text()])];
  const put = http.request({ method: "PUT", url: `${base}/bytes`, bytes: Uint8Array.from([1, 2]), mediaType: "image/x" });
  lines.push(line("http-put", put.json()));
  if (head) {
    const got = http.request({ method: "HEAD", url: `${base}/head` });
    lines.push(line("http-head", [got.status, got.header("x-nothing"), got.text()]));
  }
  for (const request of [{ url: base, headers: { Host: "x" } }, { url: "https://elsewhere.example/" }]) {
    try {
      http.request(request);
    } catch (error) {
      lines.push(line("http-error", error.kind));
    }
  }
  return lines;
}
