import datetime
import json
import re
import sys
import unittest
from pathlib import Path

from posthouse_sdk import MailboxAddress, Span, testing

HERE = Path(__file__).parents[1]
sys.path.insert(0, str(HERE / "src"))
import purchase  # noqa: E402
from countries import Countries  # noqa: E402
from plugin import Plugin  # noqa: E402
from serials import Pattern, check_character  # noqa: E402
from terms import decide  # noqa: E402

SETTINGS = json.loads((HERE / "fixtures" / "settings.json").read_text(encoding="utf-8"))
#: 17 November 2026, 12:00 in Berlin.
NOW = 1_794_913_200
Day = datetime.date


def answered(body, subject="A question", sender="a@example.com", settings=SETTINGS, language="en", **message):
    view = testing.message(
        subject=subject, body=body, sent_at=NOW - 3600, sender=MailboxAddress("Ann", sender),
        **{"full_text": body, **message},
    )  # fmt: skip
    result = testing.run(Plugin, view, settings, now=NOW, agent_language=language)
    assert result.failure is None, result.failure
    return result.answer


class Serials(unittest.TestCase):
    def test_the_check_character_is_that_of_the_standard(self):
        # The example of the Global Release Identifier, which uses MOD 37,36.
        self.assertEqual(check_character("A12425GABC1234002"), "M")
        self.assertEqual(check_character("SN26B004193"), "6")

    def test_blanks_hyphens_and_small_letters_are_people(self):
        (found,) = Pattern("SN{yy}{m}#{6}!").find("Nr. sn 26-b 004193 6.")
        self.assertEqual((found.value, found.is_valid, found.made), ("SN26B0041936", True, (2026, 2)))

    def test_every_single_typing_error_is_noticed(self):
        pattern = Pattern("SN{yy}{m}#{6}!")
        right = "SN26B0041936"
        for at in range(2, len(right)):
            for other in "0123456789ABCDEFGHIJKL":
                for found in pattern.find(right[:at] + other + right[at + 1 :]):
                    self.assertEqual(found.is_valid, found.value == right, found)

    def test_a_number_inside_a_longer_one_is_none(self):
        pattern = Pattern("SN{yy}{m}#{6}!")
        self.assertEqual(list(pattern.find("XSN26B0041936 and SN26B00419361")), [])
        self.assertEqual([one.value for one in pattern.find("SN26B0041936, SN26B0041936")], ["SN26B0041936"])

    def test_a_pattern_that_cannot_be_meant_is_refused(self):
        for bad in ["", "{6}", "#{0}", "#{5,2}", "a!b", "#{99}"]:
            with self.subTest(bad), self.assertRaisesRegex(ValueError, "serial.pattern"):
                Pattern(bad)


class Purchases(unittest.TestCase):
    TODAY = Day(2026, 11, 17)
    BUYING = re.compile("bought|gekauft|invoice|acquistata", re.IGNORECASE)

    def found(self, text):
        return purchase.find(text, self.BUYING, self.TODAY)

    def test_days_are_read_as_people_write_them(self):
        for text, day in {
            "bought on 2026-04-14": Day(2026, 4, 14),
            "am 14.4.2026 gekauft": Day(2026, 4, 14),
            "bought 04/25/2026": Day(2026, 4, 25),
            "the invoice is dated 14 April 2026": Day(2026, 4, 14),
            "bought on April 14th, 2026": Day(2026, 4, 14),
            "gekauft am 3. Dezember": Day(2025, 12, 3),
            "acquistata il 2 settembre 2026": Day(2026, 9, 2),
        }.items():
            with self.subTest(text):
                self.assertEqual(self.found(text), purchase.Bought(day, day))

    def test_what_is_less_exact_is_a_span(self):
        self.assertEqual(self.found("I bought it in April"), purchase.Bought(Day(2026, 4, 1), Day(2026, 4, 30)))
        self.assertEqual(self.found("im Dezember gekauft"), purchase.Bought(Day(2025, 12, 1), Day(2025, 12, 31)))
        self.assertEqual(self.found("vor drei Jahren gekauft"), purchase.Bought(Day(2023, 5, 17), Day(2024, 5, 17)))
        self.assertEqual(self.found("bought it in November").last, self.TODAY, "not after today")

    def test_a_date_that_has_nothing_to_do_with_buying_is_none(self):
        self.assertIsNone(self.found("It broke on 14 April 2026."))
        self.assertIsNone(self.found("I bought it. " + "x" * 60 + " It broke on 14 April 2026."))
        self.assertIsNone(self.found("bought 2026-11-18"), "in the future")
        self.assertIsNone(self.found("bought 31.02.2026"), "there is no such day")
        near = self.found("It broke on 1 May 2026. The invoice is from 14 April 2026.")
        self.assertEqual(near.first, Day(2026, 4, 14))

    def test_months_end_where_they_end(self):
        self.assertEqual(purchase.add_months(Day(2024, 2, 29), 12), Day(2025, 2, 28))
        self.assertEqual(purchase.add_months(Day(2026, 11, 30), 3), Day(2027, 2, 28))


class Terms(unittest.TestCase):
    def test_the_last_day_still_counts(self):
        bought = purchase.Bought(Day(2024, 11, 17), Day(2024, 11, 17))
        self.assertEqual(decide(bought, None, [24], Day(2026, 11, 17)).verdict, "in")
        self.assertEqual(decide(bought, None, [24], Day(2026, 11, 18)).verdict, "out")

    def test_a_young_device_is_in_warranty_whatever_the_invoice_says(self):
        today = Day(2026, 11, 17)
        self.assertEqual(decide(None, (2026, 2), [12, 24], today).verdict, "in")
        self.assertEqual(decide(None, (2025, 2), [12, 24], today).verdict, "unclear")
        self.assertEqual(decide(None, None, [24], today).verdict, "unclear")

    def test_bought_before_it_was_made_cannot_be(self):
        bought = purchase.Bought(Day(2026, 1, 31), Day(2026, 1, 31))
        decision = decide(bought, (2026, 2), [24], Day(2026, 11, 17))
        self.assertTrue(decision.is_impossible)
        self.assertEqual(decision.verdict, "unclear")


class Country(unittest.TestCase):
    def test_a_name_is_stronger_than_a_number_and_that_than_a_domain(self):
        countries = Countries(SETTINGS["countries"])
        self.assertEqual(countries.find("I live in France, +49 431 9999 120", "a@b.us"), (["FR"], "name"))
        self.assertEqual(countries.find("Tel. 0049 431 9999 120", "a@b.us"), (["DE"], "telephone"))
        self.assertEqual(countries.find("Tel. 0431 9999", "a@b.us"), (["US"], "domain"))
        self.assertEqual(countries.find("", None), ([], ""))
        self.assertEqual(countries.find("from Germany to France", None)[0], ["DE", "FR"])


class Mails(unittest.TestCase):
    def test_a_claim_in_germany_within_two_years(self):
        body = "Garantie: SN26B0041936, gekauft am 14.04.2026. Tel. +49 431 9999 120"
        answer = answered(body, attachments=[testing.attachment(media_type="image/jpeg", size=20_000)])
        self.assertEqual(answer["tags"], ["in-warranty"])
        self.assertEqual(answer["skus"][0]["value"], "SN26B0041936")
        self.assertEqual(answer["skus"][0]["finding"].span, Span("body", 10, 22))
        self.assertEqual(answer["evidence"], ["in warranty: bought 2026-04-14, 24 months in DE, ends 2028-04-14"])
        self.assertNotIn("missing", answer)

    def test_the_same_device_bought_long_ago_in_america_is_out(self):
        body = "Warranty? Serial SN25A000002J, bought on 2025-09-30, USA."
        answer = answered(body)
        self.assertEqual(answer["tags"], ["out-of-warranty"])
        self.assertEqual(answer["evidence"], ["out of warranty: bought 2025-09-30, 12 months in US, ended 2026-09-30"])
        self.assertEqual(answer["missing"], ["plate-photo"])

    def test_without_a_country_what_it_depends_on_is_asked(self):
        answer = answered("Warranty for SN25A000002J, bought on 2025-09-30?")
        self.assertEqual(answer["tags"], ["warranty-unclear"])
        self.assertEqual(answer["missing"], ["country", "plate-photo"])
        self.assertIn("24/12 months, depending on the country", answer["evidence"][0])

    def test_what_a_claim_lacks_is_asked(self):
        answer = answered("Is this a warranty case?")
        self.assertEqual(answer["missing"], ["country", "serial-number", "purchase-date", "plate-photo"])
        answer = answered("Garantie, Deutschland", attachments=[testing.attachment(media_type="image/png", size=19_999)])
        self.assertEqual(answer["missing"], ["serial-number", "purchase-date", "plate-photo"], "a logo is no photo")

    def test_a_mistyped_number_is_asked_for_again_and_told_in_the_agents_language(self):
        answer = answered("Seriennummer SN26B0041937", language="zh")
        self.assertEqual(answer["tags"], ["serial-mistyped", "warranty-unclear"])
        self.assertIn("校验位不符", answer["evidence"][0])
        self.assertIn("serial-number", answer["missing"])
        self.assertNotIn("skus", answer)

    def test_a_follow_up_knows_what_is_quoted(self):
        quoted = "Any news?\n> Serial number SN26B0041936, bought 14 April 2026 in Germany"
        answer = answered("Any news on the warranty?", full_text=quoted)
        self.assertEqual(answer["tags"], ["in-warranty"])
        self.assertNotIn("skus", answer, "it stands in no new text")

    def test_other_mail_and_a_smoking_battery_are_left_alone(self):
        self.assertEqual(answered("Where is my parcel?"), {})
        self.assertEqual(answered("SN26B0041936 gives off smoke! Warranty?"), {})

    def test_a_date_in_the_future_is_now(self):
        view = testing.message(body="warranty SN26B0041936", full_text="", sent_at=NOW + 10 * 365 * 86400)
        answer = testing.run(Plugin, view, SETTINGS, now=NOW).answer
        self.assertEqual(answer["tags"], ["in-warranty"])

    def test_settings_that_cannot_be_meant_are_refused(self):
        wrong = {**SETTINGS, "countries": {"Germany": {}}}
        with self.assertRaisesRegex(ValueError, "`Germany` is not a country code"):
            testing.run(Plugin, testing.message(), wrong)

    def test_the_shops_own_settings_are_taken(self):
        settings = json.loads((HERE.parents[1] / "warranty.json").read_text(encoding="utf-8"))
        answer = answered("Garantie SN26B0041936, gekauft im April. Österreich", settings=settings)
        self.assertEqual(answer["tags"], ["in-warranty"])


if __name__ == "__main__":
    unittest.main()
