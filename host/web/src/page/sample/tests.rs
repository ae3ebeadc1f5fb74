//! What holds for every page: one language, little weight, nothing in line, names for all that can be worked.

use super::super::list;
use super::*;

fn pages(lang: Lang) -> Vec<String> {
    let frame = |place| super::frame(lang, Theme::Auto, place);
    let tickets = frame(Place::Tickets);
    vec![
        list::page(&tickets, &super::list(None), None),
        list::page(&Frame { undo: Some(undo()), ..tickets.clone() }, &super::list(Some(1042)), Some(&ticket(lang))),
        list::page(&tickets, &super::list(Some(1042)), Some(&conflict(lang))),
        list::page(&Frame { bulk: Some(bulk()), ..tickets.clone() }, &super::list(None), None),
        views().draw(&tickets),
        view().draw(&tickets),
        status().draw(&frame(Place::Status)),
        messages().draw(&frame(Place::Messages)),
        autonomy().draw(&frame(Place::Autonomy)),
        plugins().draw(&frame(Place::Plugins)),
        plugin().draw(&frame(Place::Plugins)),
        setup_list().draw(&frame(Place::Settings)),
    ]
    .into_iter()
    .chain(setup(lang).into_iter().map(|(_, page)| page.draw(&frame(Place::Settings))))
    .map(maud::Markup::into_string)
    .collect()
}

#[test]
fn a_page_speaks_one_language() {
    // The switch names the other language in its own words.
    let telling =
        |word: &(&str, &str, &str)| !word.1.contains('{') && word.1 != word.2 && !word.0.starts_with("switch_language");
    for (en, zh) in pages(Lang::En).iter().zip(pages(Lang::Zh)) {
        for (name, english, chinese) in crate::words::all().filter(|word| telling(word)) {
            assert!(!zh.contains(&format!(">{english}<")), "{name} is English on a Chinese page");
            assert!(!en.contains(&format!(">{chinese}<")), "{name} is Chinese on an English page");
        }
    }
}

#[test]
fn pages_are_light() {
    for page in pages(Lang::Zh) {
        assert!(page.len() < 60_000, "{} bytes before compression", page.len());
    }
    let script = crate::assets::SCRIPT.content().len();
    // Uncompressed; over the wire it is about a third of that.
    assert!(script < 36_000, "the script has {script} bytes");
    let writing = crate::assets::WRITING.content().len();
    assert!(writing < 4_000, "what comes with a reply has {writing} bytes");
}

#[test]
fn no_style_and_no_script_stands_in_a_page() {
    for page in pages(Lang::En) {
        assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains(" onclick"));
        assert_eq!(page.matches("<script").count(), 1);
    }
}

#[test]
fn every_control_has_a_name_and_every_id_is_one() {
    for page in pages(Lang::En) {
        let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|p| p.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "an id twice");
        for button in page.split("<button").skip(1) {
            let (tag, rest) = button.split_once('>').unwrap_or((button, ""));
            let words = rest.split("</button>").next().unwrap_or("");
            let named = tag.contains("aria-label=")
                || words.split('<').any(|p| !p.split_once('>').map_or(p, |x| x.1).trim().is_empty());
            assert!(named, "a button without a name: {tag}");
        }
    }
}
