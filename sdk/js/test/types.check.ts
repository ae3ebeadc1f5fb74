// Compiled by `test/types.test.js`, never run: what a TypeScript user sees.
import { classifier, drafter, http, json, money, secret, spanOf, url, type Message, type Ticket } from "@posthouse/sdk";
import * as testing from "@posthouse/sdk/testing";

function subjectOf(message: Message): string {
  return message.subject;
}

export const classify = classifier({
  configure: (settings: { word?: string }) => ({ word: settings.word ?? "refund" }),
  run({ message, call, state }, out) {
    const name: string | null | undefined = message.from?.name;
    const word: string = state.word;
    out.setUrgency("high", 0.5);
    // @ts-expect-error no such urgency
    out.setUrgency("soon");
    // @ts-expect-error no such property
    message.colour;
    out.addAmount(money("1.00", "EUR"), { span: spanOf("body", /1/.exec(subjectOf(message))) });
    out.addEvidence(`${name} ${word} ${call.localTime("Asia/Shanghai")?.hour}`);
  },
});

export const draft = drafter({
  run({ ticket }: { ticket: Ticket }, out) {
    out.add(ticket.subject).setConfidence(0.5);
    const answer = http.request({ url: url`https://example.com/${secret("x")}`, json: json({}) });
    answer.header("x")?.trim();
  },
});

testing.run(classify, testing.message({ subject: "x" })).answer.category;
