//! An enricher that does to its store and the articles what its settings say, one order a line, and reports what came of
//! each.

wit_bindgen::generate!({ path: "../../../wit/1.0", world: "enricher" });

use exports::posthouse::plugin::enrich::Guest;
use posthouse::plugin::desk::{Call, Ticket};
use posthouse::plugin::enriching::Enrichment;
use posthouse::plugin::knowledge::Query;
use posthouse::plugin::store;
use posthouse::plugin::types::Failure;
use std::cell::RefCell;

thread_local! {
    static ORDERS: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Keeper;

impl Guest for Keeper {
    fn configure(settings: String) -> Result<(), String> {
        // Bare, or the one member of an object.
        let orders = settings.strip_prefix(r#"{"orders":""#).and_then(|rest| rest.strip_suffix(r#""}"#));
        ORDERS.set(orders.map_or(settings.clone(), |orders| orders.replace("\\n", "\n")));
        Ok(())
    }

    fn run(_: &Call, _: &Ticket, out: &Enrichment) -> Result<(), Failure> {
        let orders = ORDERS.take();
        for order in orders.lines() {
            let words: Vec<&str> = order.split(' ').collect();
            out.add_evidence(&obey(&words)?);
        }
        Ok(())
    }
}

fn obey(words: &[&str]) -> Result<String, Failure> {
    let said = match words {
        ["get", key] => match store::get(key) {
            Ok(None) => "none".to_owned(),
            Ok(Some(value)) => {
                format!("{} bytes: {}", value.len(), &String::from_utf8_lossy(&value[..value.len().min(20)]))
            }
            Err(error) => format!("{error:?}"),
        },
        ["set", key, value] => format!("{:?}", store::set(key, value.as_bytes())),
        ["fill", key, bytes] => format!("{:?}", store::set(key, &vec![b'x'; bytes.parse().unwrap_or(0)])),
        ["delete", key] => format!("{:?}", store::delete(key)),
        ["long-key", bytes] => format!("{:?}", store::set(&"k".repeat(bytes.parse().unwrap_or(0)), b"v")),
        ["keys", prefix, after, limit] => {
            let after = Some(*after).filter(|after| *after != "-");
            let prefix = if *prefix == "-" { "" } else { prefix };
            format!("{:?}", store::keys(prefix, after, limit.parse().unwrap_or(0)))
        }
        ["add", key] => {
            let before = store::get(key).ok().flatten().unwrap_or_default();
            let count: u64 = String::from_utf8_lossy(&before).parse().unwrap_or(0);
            format!("{:?}", store::set(key, (count + 1).to_string().as_bytes()))
        }
        ["flood"] => loop {
            let _ = store::get("key");
        },
        ["fail"] => return Err(Failure::Permanent("told to fail".to_owned())),
        ["search", language, limit, text @ ..] => {
            let query = Query::new(&text.join(" "));
            query.set_language(language);
            query.set_limit(limit.parse().unwrap_or(0));
            match query.search() {
                Ok(found) => found
                    .iter()
                    .map(|a| format!("{}|{}|{}|{}|{:.1}", a.id(), a.title(), a.language(), a.text(), a.score()))
                    .collect::<Vec<_>>()
                    .join("; "),
                Err(error) => format!("{error:?}"),
            }
        }
        _ => format!("what is {words:?}?"),
    };
    Ok(said)
}

export!(Keeper);
