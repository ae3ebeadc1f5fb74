//! What one mail costs, natively: `cargo run --release -p posthouse-rules --example speed`.
#![allow(clippy::disallowed_methods, reason = "a program that measures, without tokio")]

use posthouse_rules::{Engine, Mail, Settings, bundled};
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

const TEXTS: &[(&str, &str)] = &[
    (
        "en",
        "Hello, I ordered a grey lamp (order #1042-88) on 3 March 2026 for $49.90 and it still has not arrived. The tracking number 1Z999AA10123456784 shows no movement since last week. Could you please tell me where it is? I am really disappointed, since it was meant as a birthday present. If it does not come by Friday I would like to cancel the order and get my money back. Kind regards, Ana\n\n",
    ),
    (
        "de",
        "Guten Tag, ich habe am 03.03.2026 eine Lampe für 49,90 € bestellt (Bestellnummer 1042-88), aber das Paket ist immer noch nicht angekommen. Die Sendungsverfolgung zeigt seit einer Woche keine Bewegung. Können Sie mir bitte sagen, wo es bleibt? Sonst möchte ich die Bestellung stornieren und mein Geld zurück. Mit freundlichen Grüßen\n\n",
    ),
    (
        "zh",
        "你好,我在2026年3月3日下了一个订单,订单号是1042-88,金额49.90元,到现在还没有收到货。物流信息已经一个星期没有更新了,请帮我查一下包裹在哪里。如果周五之前还不到,我就要取消订单并且退款。非常失望,这是送人的生日礼物。\n\n",
    ),
    (
        "ru",
        "Здравствуйте, 3 марта 2026 я заказала лампу за 4990 рублей, номер заказа 1042-88, но посылка до сих пор не пришла. Отслеживание не обновляется уже неделю. Подскажите, пожалуйста, где она? Если не придёт до пятницы, хочу отменить заказ и вернуть деньги.\n\n",
    ),
];

fn main() -> ExitCode {
    // Fewer rounds for a run under a profiler.
    let rounds: usize = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(2_000);
    let started = Instant::now();
    let engine = match Engine::new(Settings::default(), bundled()) {
        Ok(engine) => engine,
        Err(what) => {
            eprintln!("{what}");
            return ExitCode::FAILURE;
        }
    };
    println!("compiled in {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    let only = std::env::args().nth(2);
    for (language, paragraph) in
        TEXTS.iter().filter(|(language, _)| only.as_deref().is_none_or(|wanted| wanted == *language))
    {
        for bytes in [200usize, 2_048, 16_384] {
            let mut body = String::new();
            while body.len() < bytes {
                body.push_str(paragraph);
            }
            let mut end = bytes.min(body.len());
            while !body.is_char_boundary(end) {
                end -= 1;
            }
            let mail = Mail { subject: "Order 1042-88", body: &body[..end], sent_at: 1_772_700_000, ..Mail::default() };
            let mut times: Vec<f64> = (0..rounds.max(1))
                .map(|_| {
                    let start = Instant::now();
                    black_box(engine.read(black_box(&mail)));
                    start.elapsed().as_secs_f64() * 1e6
                })
                .collect();
            times.sort_by(f64::total_cmp);
            println!(
                "{language} {bytes:>6} bytes: least {:>7.1} µs, p50 {:>7.1} µs, p99 {:>7.1} µs",
                times[0],
                times[times.len() / 2],
                times[times.len() * 99 / 100]
            );
        }
    }
    ExitCode::SUCCESS
}
