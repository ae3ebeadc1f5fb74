import re
import unittest

import posthouse_sdk as sdk
from posthouse_sdk import http, knowledge, log, model, notice, store, testing


class Words(sdk.Classifier):
    def configure(self, settings):
        self.word = settings.get("word", "refund")
        if not self.word:
            raise ValueError("`word` is empty")

    def classify(self, message, out, call):
        span = sdk.span_of("body", re.search(self.word, message.body))
        if span:
            out.set_category("refund", 0.9)
        out.add_risk("money", f"{message.sender.address} {message.header('X-A')} {call.now}", span)
        out.add_evidence(f"{message.attachments[0].size} {message.reply_to} {call.local_time('Asia/Shanghai').hour}")


class Plugins(unittest.TestCase):
    def test_a_classifier_reads_a_message_and_answers(self):
        message = testing.message(body="Où refund", headers={"x-a": ["1"]}, attachments=[testing.attachment(size=7)])
        result = testing.run(Words, message)
        self.assertIsNone(result.failure)
        self.assertEqual(result.answer, {
            "category": "refund",
            "confidence": {"category": 0.9},
            "risks": [
                {"kind": "money", "reason": "ann@example.com ['1'] 1774745999", "span": sdk.Span("body", 4, 10)}
            ],
            "evidence": ["7 None 8"],
        })  # fmt: skip
        with self.assertRaisesRegex(ValueError, "`word` is empty"):
            testing.run(Words, message, settings={"word": ""})

    def test_what_is_raised_becomes_a_failure(self):
        def raised(error):
            class Raising(sdk.Router):
                def route(self, ticket, out, call):
                    raise error

            return testing.run(Raising, testing.ticket()).failure

        self.assertEqual(raised(sdk.TemporaryFailure("later")), ("temporary", "later"))
        self.assertEqual(raised(sdk.PermanentFailure("never")), ("permanent", "never"))
        self.assertEqual(raised(KeyError("x")), ("permanent", "KeyError: 'x'"))
        self.assertEqual(raised(sdk.HostError("http", "unreachable"))[0], "temporary")

    def test_drafts_are_made_one_by_one_and_refused_beyond_the_limit(self):
        test = self

        class Writer(sdk.Drafter):
            def draft(self, ticket, out, call):
                first = out.add(f"#{ticket.number} {ticket.latest.subject} {len(ticket.recent(5))}")
                first.set_model_written()
                first.add_question("photo", "?")
                out.add("b")
                out.add("c")
                with test.assertRaises(ValueError):
                    out.add("d")

        drafts = testing.run(Writer, testing.ticket()).answer["drafts"]
        question = {"key": "photo", "question": "?"}
        self.assertEqual(
            drafts[0], {"body": "#1042 Where is my order? 1", "model_written": True, "questions": [question]}
        )
        self.assertEqual(len(drafts), 3)

    def test_a_request_reaches_the_test_with_secrets_and_signatures_filled_in(self):
        sent = []

        def answer(request):
            sent.append(request)
            return {"status": 429, "headers": {"Retry-After": "30"}, "body": "slow down"}

        class Pager(sdk.Notifier):
            def notify(self, notification, out, call):
                answer = http.post(
                    sdk.url("https://api.example.com/{}/send?q={}", sdk.secret("token"), "a b"),
                    headers={"Authorization": sdk.text("Bearer {}", sdk.secret("token"))},
                    json={
                        "title": notification.title,
                        "sign": sdk.hmac_sha256(key=sdk.secret("sign"), message="what do ya want for nothing?"),
                    },
                )
                log.info("status", answer.status)
                notice.expect_delivered(answer, out)

        fake = testing.host(http=answer, secrets={"token": "a/b", "sign": "Jefe"})
        result = testing.run(Pager, testing.notification(title='"A"'))
        self.assertEqual(result.failure, ("temporary", "HTTP 429: slow down"))
        self.assertEqual(result.answer, {"retry_after": 30})
        self.assertEqual(sent[0]["url"], "https://api.example.com/a%2Fb/send?q=a%20b")
        self.assertEqual(sent[0]["headers"], {"authorization": "Bearer a/b"})
        # RFC 4231, test case 2
        digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        self.assertEqual(sent[0]["body"], f'{{"title":"\\"A\\"","sign":"{digest}"}}')
        self.assertEqual(fake.log, [("info", "status 429")])

    def test_store_knowledge_and_model(self):
        class Keeper(sdk.Enricher):
            def enrich(self, ticket, out, call):
                store.set_json("seen/1", {"n": 1})
                store.set("other", "x")
                out.add_evidence(str([store.get_json("seen/1"), store.keys(prefix="seen/"), store.get("no")]))
                out.add_evidence(knowledge.search("return")[0].title)
                out.add_order("7").set_total(sdk.Money.of("49.90", "EUR"))
                model.complete("x")

        fake = testing.host(articles=[{"id": "a", "title": "Returns", "text": "…"}])
        result = testing.run(Keeper, testing.ticket())
        self.assertEqual(result.answer["evidence"], ["[{'n': 1}, ['seen/1'], None]", "Returns"])
        self.assertEqual(result.answer["orders"], [{"number": "7", "total": sdk.Money(4990, 2, "EUR")}])
        self.assertEqual(result.failure, ("permanent", "model: not-configured"))
        self.assertEqual(sorted(fake.store), ["other", "seen/1"])


if __name__ == "__main__":
    unittest.main()
