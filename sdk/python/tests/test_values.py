import filecmp
import json
import unittest
from pathlib import Path

import posthouse_sdk as sdk
from posthouse_sdk import build

RELEASED = Path(__file__).parents[3] / "wit" / "1.0"
OWN = Path(sdk.__file__).parent / "wit"


class Values(unittest.TestCase):
    def test_amounts_and_days(self):
        self.assertEqual(sdk.Money.of("-0.05", "EUR"), sdk.Money(-5, 2, "EUR"))
        self.assertEqual(str(sdk.Money(4990, 2, "EUR")), "49.90 EUR")
        self.assertEqual(str(sdk.Money(7, 0, "EUR")), "7 EUR")
        for bad in ["1,5", "NaN", "1e3", "0.0000001"]:
            with self.assertRaises(ValueError):
                sdk.Money.of(bad, "EUR")
        self.assertEqual(str(sdk.Date.of("2026-03-01")), "2026-03-01")

    def test_spans_count_bytes_and_clips_keep_characters_whole(self):
        self.assertEqual(sdk.span_in("subject", "你好😀x", 2, 3), sdk.Span("subject", 6, 10))
        self.assertIsNone(sdk.span_in("body", "abc", 2, 2))
        self.assertIsNone(sdk.span_in("body", "abc", 2, 9))
        self.assertEqual((sdk.clip("你好世界", 9), sdk.clip("short", 9)), ("你好…", "short"))

    def test_texts_keep_secrets_apart_and_write_json_as_json_does(self):
        self.assertEqual(str(sdk.text("a {} b", sdk.secret("token"))), "a {secret} b")
        with self.assertRaisesRegex(TypeError, "f-string"):
            f"{sdk.secret('token')}"
        value = {"a": [1, None, True, {}, []], "c": 'x"y', "f": 1.5}
        self.assertEqual(str(sdk.json_text(value)), json.dumps(value, separators=(",", ":")))
        with self.assertRaises(ValueError):
            sdk.text("{} {}", "only one")


class Building(unittest.TestCase):
    @unittest.skipUnless(RELEASED.exists(), "outside the repository")
    def test_the_wit_in_this_package_is_the_released_one(self):
        names = sorted(file.name for file in RELEASED.glob("*.wit"))
        self.assertEqual(sorted(file.name for file in OWN.glob("*.wit")), names)
        self.assertEqual(filecmp.cmpfiles(RELEASED, OWN, names, shallow=False)[0], names)

    def test_capabilities_are_read_from_the_imports(self):
        guests = Path(__file__).parents[3] / "tests" / "guests-python"
        self.assertEqual(build.used(str(guests), "classifier"), ["log", "knowledge", "store"])
        self.assertEqual(build.used(str(guests), "checker"), [])

    def test_mistakes_are_named(self):
        with self.assertRaisesRegex(ValueError, "unknown world `ruter`"):
            build.build("ruter", "plugin:X", "x.wasm")
        with self.assertRaisesRegex(ValueError, "--app must name a module and a class"):
            build.build("router", "plugin", "x.wasm")


if __name__ == "__main__":
    unittest.main()
