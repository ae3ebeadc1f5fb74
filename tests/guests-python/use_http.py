from lines import line
from posthouse_sdk import HostError, base64, basic_auth, hmac_sha256, http, secret, text


def use_http(base, head):
    def sign(encoding):
        return hmac_sha256(key=secret("sign"), message=text("1.{}", secret("token")), encoding=encoding)

    answer = http.request(
        "POST",
        text("{}/hook/{}", base, secret("token", "percent")),
        headers={"Authorization": basic_auth("me", secret("token")), "X-Sign": sign("base64-url")},
        json={"text": '你好 "x"', "sign": sign("base64"), "hex": [sign("hex")], "token": secret("token"), "b": base64("b")},
    )
    said = [answer.status, answer.ok, answer.header("CONTENT-TYPE"), len(answer.body), answer.text]
    lines = [line("http", said)]
    put = http.request("PUT", f"{base}/bytes", body=bytes([1, 2]), media_type="image/x")
    lines.append(line("http-put", put.json()))
    if head:
        got = http.request("HEAD", f"{base}/head")
        lines.append(line("http-head", [got.status, got.header("x-nothing"), got.text]))
    for url, headers in [(base, {"Host": "x"}), ("https://elsewhere.example/", {})]:
        try:
            http.request("GET", url, headers=headers)
        except HostError as error:
            lines.append(line("http-error", error.kind))
    return lines
