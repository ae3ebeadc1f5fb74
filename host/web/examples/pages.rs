//! Draws every page from sample data into a folder, to be looked at in a browser:
//! `cargo run -p posthouse-web --example pages -- FOLDER`, then serve the folder.

use posthouse_web::assets;
use posthouse_web::page::frame::{Frame, Place, Theme};
use posthouse_web::page::gate::{SignInPage, TeamPage};
use posthouse_web::page::{list, note, sample};
use posthouse_web::words::Lang;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "pages".to_owned());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder.join("assets"))?;
    for asset in [&*assets::STYLE, &*assets::SCRIPT, &*assets::ICON] {
        std::fs::write(folder.join(asset.path().trim_start_matches('/')), asset.content())?;
    }
    for lang in Lang::ALL {
        for theme in [Theme::Light, Theme::Dark] {
            let write = |name: &str, page: maud::Markup| {
                std::fs::write(
                    folder.join(format!("{name}-{}-{}.html", lang.code(), theme.as_str())),
                    page.into_string(),
                )
            };
            let frame = |place| sample::frame(lang, theme, place);
            let team = frame(Place::Tickets).team;
            write("list", list::page(&frame(Place::Tickets), &sample::list(None), None))?;
            write(
                "ticket",
                list::page(&frame(Place::Tickets), &sample::list(Some(1042)), Some(&sample::ticket(lang))),
            )?;
            let undo = Frame { undo: Some(sample::undo()), ..frame(Place::Tickets) };
            write("undo", list::page(&undo, &sample::list(Some(1042)), Some(&sample::ticket(lang))))?;
            write(
                "conflict",
                list::page(&frame(Place::Tickets), &sample::list(Some(1042)), Some(&sample::conflict(lang))),
            )?;
            write(
                "working",
                list::page(&frame(Place::Tickets), &sample::list(Some(1042)), Some(&sample::working(lang))),
            )?;
            write("mentions", note::mentions(&frame(Place::Mentions), &sample::mentions()))?;
            let bulk = Frame { bulk: Some(sample::bulk()), ..frame(Place::Tickets) };
            write("bulk", list::page(&bulk, &sample::list(None), None))?;
            write("views", sample::views().draw(&frame(Place::Tickets)))?;
            write("view", sample::view().draw(&frame(Place::Tickets)))?;
            write("status", sample::status().draw(&frame(Place::Status)))?;
            let admin = |place| {
                let mut frame = frame(place);
                frame.me.role = posthouse_model::role::Role::Admin;
                frame
            };
            write("autonomy", sample::autonomy().draw(&frame(Place::Autonomy)))?;
            write("plugins", sample::plugins().draw(&admin(Place::Plugins)))?;
            write("plugin", sample::plugin().draw(&admin(Place::Plugins)))?;
            write("setup-list", sample::setup_list().draw(&admin(Place::Settings)))?;
            for (name, page) in sample::setup(lang) {
                write(&format!("setup-{name}"), page.draw(&admin(Place::Settings)))?;
            }
            write("messages", sample::messages().draw(&frame(Place::Messages)))?;
            let sign_in = SignInPage {
                lang,
                theme,
                team: team.clone(),
                next: Some("/t/luma/tickets/1042".into()),
                email: String::new(),
                token: "sample".into(),
                notice: None,
                typed: None,
                provider: None,
                code: false,
                remember: false,
            };
            write("sign-in", sign_in.draw())?;
            write("team", TeamPage { lang, theme, teams: vec![team], unknown: false }.draw())?;
        }
    }
    Ok(())
}
