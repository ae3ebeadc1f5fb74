from lines import line
from posthouse_sdk import HostError, store


def use_store():
    lines = [line("store-before", store.get("a"))]
    store.set("a", "你好")
    store.set_json("b", [1])
    store.set("c", bytes([0, 255]))
    lines.append(line("store-text", store.get("a")))
    lines.append(line("store-json", store.get_json("b")))
    lines.append(line("store-bytes", list(store.get_bytes("c"))))
    lines.append(line("store-keys", [store.keys(), store.keys(prefix="", after="a", limit=1)]))
    store.delete("a")
    lines.append(line("store-after", store.keys()))
    try:
        store.get("")
    except HostError as error:
        lines.append(line("store-error", error.kind))
    return lines
