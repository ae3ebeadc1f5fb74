//! A classifier that does what its settings say, most of it bad.

wit_bindgen::generate!({ path: "../../../wit/1.0", world: "classifier" });

use exports::posthouse::plugin::classify::Guest;
use posthouse::plugin::desk::{Call, Message};
use posthouse::plugin::triaging::Triage;
use posthouse::plugin::types::{Date, Failure, Finding, Money, Span, TextPart, Urgency};
use std::cell::RefCell;
use std::hint::black_box;

thread_local! {
    static MODE: RefCell<String> = const { RefCell::new(String::new()) };
    static LEDGER: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

struct Hostile;

impl Guest for Hostile {
    fn configure(settings: String) -> Result<(), String> {
        match settings.as_str() {
            "configure-refuse" => return Err("rule 3: `refnd` is not a category".to_owned()),
            "configure-loop" => endless(),
            "configure-trap" => panic!("bad settings"),
            "configure-bomb" => bomb(),
            "prepared" => LEDGER.set((0..10_000).map(|n| n * n).collect()),
            _ => {}
        }
        MODE.set(settings);
        Ok(())
    }

    fn run(call: &Call, message: &Message, out: &Triage) -> Result<(), Failure> {
        match MODE.with_borrow(String::clone).as_str() {
            "loop" => endless(),
            "bomb" => bomb(),
            "trap" => panic!("out of luck"),
            "recurse" => {
                black_box(recurse(black_box(1)));
            }
            "huge-answer" => {
                let text = "x".repeat(1_900);
                for _ in 0..2_000 {
                    out.add_evidence(&text);
                }
            }
            "huge-text" => out.add_evidence(&"x".repeat(20 << 20)),
            "many-answers" => {
                for n in 0..10_000 {
                    out.add_sku(&n.to_string(), finding(0.5, None));
                }
            }
            "many-handles" => loop {
                std::mem::forget(message.attachments());
            },
            "many-tags" => (0..10_000).for_each(|n| out.add_tag(&format!("tag-{n}"))),
            // A clock would let it measure what others do.
            "clock" => {
                let begun = call.now();
                let moved = (0..100_000).any(|_| call.now() != begun);
                out.add_evidence(&format!("the clock moved: {moved}"));
            }
            "numbers" => numbers(out),
            "spans" => spans(message, out),
            "names" => names(out),
            "give-up" => return Err(Failure::Temporary("x".repeat(10_000))),
            "give-up-for-good" => return Err(Failure::Permanent("no such shop\0".to_owned())),
            // Would find its own mark if a call could see what an earlier one did.
            "remember" => LEDGER.with_borrow_mut(|ledger| {
                out.add_evidence(&format!("calls before: {}", ledger.len()));
                ledger.push(call.seed());
            }),
            "prepared" => out.add_evidence(&format!("sum {}", LEDGER.with_borrow(|l| l.iter().sum::<u64>()))),
            "answer-then-trap" => {
                out.set_category("refund", 0.9);
                unreachable!("after answering");
            }
            _ => {}
        }
        Ok(())
    }
}

fn endless() {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

fn bomb() {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
}

#[inline(never)]
#[expect(unconditional_recursion, reason = "what it is for")]
fn recurse(n: u64) -> u64 {
    let here = black_box([n; 8]);
    black_box(recurse(here[0] + 1)) + here[7]
}

fn finding(confidence: f32, span: Option<Span>) -> Finding {
    Finding { confidence, span }
}

fn numbers(out: &Triage) {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.1, 1.5] {
        out.set_category("refund", bad);
        out.set_urgency(Urgency::Urgent, bad);
        out.mark_spam(bad);
        out.add_sku("A-1", finding(bad, None));
    }
    let money = |scale, currency: &str| Money { units: 1, scale, currency: currency.to_owned() };
    out.add_amount(&money(9, "EUR"), finding(0.5, None));
    out.add_amount(&money(2, "eur"), finding(0.5, None));
    out.add_amount(&money(2, "EUR"), finding(0.5, None));
    out.add_date(Date { year: 2023, month: 2, day: 29 }, finding(0.5, None));
    out.add_date(Date { year: 2024, month: 2, day: 29 }, finding(0.5, None));
}

fn spans(message: &Message, out: &Triage) {
    let end = message.body().len() as u32;
    let span = |part, start, end| Some(Span { part, start, end });
    out.add_sku("whole", finding(0.5, span(TextPart::Body, 0, end)));
    out.add_sku("beyond", finding(0.5, span(TextPart::Body, 0, end + 1)));
    out.add_sku("backward", finding(0.5, span(TextPart::Body, 2, 1)));
    out.add_sku("empty", finding(0.5, span(TextPart::Body, 1, 1)));
    out.add_sku("cut", finding(0.5, span(TextPart::Subject, 0, 1)));
    out.add_sku("far", finding(0.5, span(TextPart::Subject, u32::MAX - 1, u32::MAX)));
    out.add_risk("safety", "it burns", span(TextPart::Body, 0, end + 1));
}

fn names(out: &Triage) {
    for bad in ["", "Refund", "a b", "a\nb", "<script>", "\u{202e}", &"x".repeat(65)] {
        out.set_category(bad, 0.5);
        out.add_tag(bad);
        out.add_missing(bad);
        out.add_risk(bad, "reason", None);
    }
    out.set_language("not a language", 0.5);
    out.add_order_number("12\n34", finding(0.5, None));
    for n in 0..100 {
        out.add_tag(&format!("tag-{n}"));
        out.add_tag("tag-1");
    }
    out.add_evidence("nul \0 inside");
    out.set_category("退款", 0.5);
}

export!(Hostile);
