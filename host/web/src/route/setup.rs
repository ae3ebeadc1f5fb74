//! The team's settings: read by leads, changed by admins. A change is checked as a folder is, written as one transaction with an event
//! that says what it was before, and in force within seconds; `posthouse tenant export` brings it into the team's folder.

use super::visit;
use crate::load;
use crate::load::setup::{Around, Read};
use crate::page::frame::{Note, Place};
use crate::page::setup::{Part, SetupPage};
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use posthouse_model::config::{ConfigProblem, TenantConfig, is_secret_name};
use posthouse_model::role::Role;
use posthouse_model::trial::Subject;
use std::collections::BTreeSet;

/// Longest secret, in bytes: as `posthouse secret set` takes it.
const SECRET_BYTES_MAX: usize = 64 * 1024;
/// How often a page on which something is tried out is looked at again, in seconds.
const TRIAL_LOOK_SECONDS: u32 = 2;

pub(super) async fn list(seat: Seat) -> Result<Response, Refusal> {
    let (frame, page) =
        tokio::try_join!(load::frame::frame(&seat, Place::Settings, None), load::setup::overview(&seat))?;
    Ok(page.draw(&frame).into_response())
}

/// What was just done, as the address names it.
fn note_of(seat: &Seat) -> Option<Note> {
    let t = seat.lang();
    let text = match visit::value(seat.query(), "said")?.as_str() {
        "saved" => t.setup_said_saved(),
        "same" => t.setup_said_same(),
        "set" => t.setup_said_set(),
        "removed" => t.setup_said_removed(),
        "mailbox-removed" => t.setup_said_mailbox_removed(),
        _ => return None,
    };
    Some(Note { refused: false, text: text.to_owned() })
}

/// The page that an address means. What is under lock, only admins see the names of.
fn part_of(seat: &Seat, name: &str) -> Result<Part, Refusal> {
    let part = Part::from_name(name).ok_or(Refusal::NotFound)?;
    let hidden = part == Part::Secrets && seat.agent.role != Role::Admin;
    if hidden { Err(Refusal::NotFound) } else { Ok(part) }
}

pub(super) async fn show(seat: Seat, Path((_, name)): Path<(String, String)>) -> Result<Response, Refusal> {
    let part = part_of(&seat, &name)?;
    let mailbox = visit::value(seat.query(), "name").filter(|_| part == Part::Mailbox);
    if mailbox.as_ref().is_some_and(|name| seat.config.mailbox(name).is_none()) {
        return Err(Refusal::NotFound);
    }
    let mut config = seat.config.clone();
    config.complete();
    let around = Around::of(&seat, part, mailbox).await?;
    let page = load::setup::page(&seat, &around, &config).await?;
    draw(&seat, &page, note_of(&seat), StatusCode::OK).await
}

/// The page has a route of its own, since who may save differs.
pub(super) async fn show_macros(seat: Seat) -> Result<Response, Refusal> {
    show(seat, Path((String::new(), Part::Macros.as_str().to_owned()))).await
}

async fn draw(seat: &Seat, page: &SetupPage, note: Option<Note>, status: StatusCode) -> Result<Response, Refusal> {
    let frame = load::frame::frame(seat, Place::Settings, note).await?;
    let mut response = (status, page.draw(&frame)).into_response();
    // What is being tried out shows itself, without a script; a form that was refused stays as it is.
    if page.is_trying() && status == StatusCode::OK {
        visit::go_on(&mut response, TRIAL_LOOK_SECONDS, &path(seat, page.part, page.of_mailbox(), None));
    }
    Ok(response)
}

/// The address of a page.
fn path(seat: &Seat, part: Part, mailbox: Option<&str>, said: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("name", mailbox), ("said", said)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    let and = if query.is_empty() { "" } else { "?" };
    seat.team().path(&format!("/settings/{}{and}{query}", part.as_str()))
}

fn back(seat: &Seat, part: Part, mailbox: Option<&str>, said: &str) -> Response {
    Redirect::to(&path(seat, part, mailbox, Some(said))).into_response()
}

pub(super) async fn save(
    seat: Seat,
    Path((_, name)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let part = part_of(&seat, &name)?;
    save_part(seat, part, fields).await
}

/// Macros are the leads' own: they change nothing but what agents can do anyway.
pub(super) async fn save_macros(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    save_part(seat, Part::Macros, fields).await
}

async fn save_part(seat: Seat, part: Part, fields: Fields) -> Result<Response, Refusal> {
    if part == Part::Secrets {
        return set_secret(&seat, &fields).await;
    }
    let mailbox = Some(fields.get("mailbox").to_owned()).filter(|name| part == Part::Mailbox && !name.is_empty());
    let around = Around::of(&seat, part, mailbox).await?;
    let mut tx = seat.scope.begin().await?;
    let now = tx.set_up().await?;
    if around.mailbox.as_deref().is_some_and(|name| now.mailbox(name).is_none()) {
        return Err(Refusal::NotFound);
    }
    let mut next = now.clone();
    let mut read = load::setup::read(&fields, &mut next, &around);
    if load::setup::base(&now, &around) != fields.get("base") {
        drop(tx);
        return meanwhile(&seat, &around, &now, &fields).await;
    }
    let known = now.problems();
    let problems: Vec<_> = next.problems().into_iter().filter(|problem| !known.contains(problem)).collect();
    check_secrets(&seat, &now, &next, &mut read).await?;
    if !problems.is_empty() || !read.wrong.is_empty() {
        drop(tx);
        return refused(&seat, &around, (&now, &next), &fields, (read.wrong, &problems)).await;
    }
    let changed = tx.change_set_up(&now, &next, &seat.actor()).await?;
    for secret in &read.secrets {
        let sealed = seat.desk.deps.secrets.seal(seat.tenant.id, &secret.name, &secret.value, &secret.hosts);
        tx.put_secret(&secret.name, &sealed.map_err(Refusal::Refused)?, &seat.actor()).await?;
    }
    tx.commit().await?;
    let said = if changed.is_empty() && read.secrets.is_empty() { "same" } else { "saved" };
    let new = (part == Part::Mailbox).then(|| next.mailboxes.last().map(|mailbox| mailbox.name.clone())).flatten();
    Ok(back(&seat, part, around.mailbox.or(new).as_deref(), said))
}

/// A secret goes only where it may: what was set with other hosts is not sent on by a form.
async fn check_secrets(seat: &Seat, now: &TenantConfig, next: &TenantConfig, read: &mut Read) -> Result<(), Refusal> {
    let (t, slug, id) = (seat.lang(), &seat.tenant.tenant.slug, seat.tenant.id);
    let (before, after) = (now.secret_destinations(), next.secret_destinations());
    let mut names: BTreeSet<&str> =
        after.iter().filter(|used| !before.contains(used)).map(|used| used.secret.as_str()).collect();
    names.extend(read.secrets.iter().map(|secret| secret.name.as_str()));
    let mut wrong = Vec::new();
    for name in names {
        let typed = read.secrets.iter().find(|secret| secret.name == name);
        let field = read.beside.get(name).map_or("password", String::as_str);
        let look = seat.desk.deps.secrets.look(id, slug, name).await.map_err(Refusal::Refused)?;
        match (typed, look) {
            (Some(_), Some(look)) if look.elsewhere => wrong.push((field.to_owned(), t.secret_is_elsewhere(name))),
            (Some(typed), _) if typed.value.len() > SECRET_BYTES_MAX => {
                wrong.push((field.to_owned(), t.secret_too_long().to_owned()));
            }
            (None, None) if read.needed.iter().any(|needed| needed == name) => {
                wrong.push((field.to_owned(), t.webhook_secret_needed().to_owned()));
            }
            (None, Some(look)) => {
                if let Some(host) = next.secret_strangers(name, &look.hosts).into_iter().next() {
                    wrong.push((field.to_owned(), t.secret_stranger(name, host)));
                }
            }
            _ => {}
        }
    }
    read.wrong.extend(wrong);
    Ok(())
}

/// What was typed stays, with what is wrong beside it.
async fn refused(
    seat: &Seat,
    around: &Around,
    (now, next): (&TenantConfig, &TenantConfig),
    fields: &Fields,
    (wrong, problems): (Vec<(String, String)>, &[ConfigProblem]),
) -> Result<Response, Refusal> {
    let mut page = load::setup::page(seat, around, now).await?;
    page.groups = load::setup::typed(page.groups, fields);
    page.wrong = load::setup::place(&mut page.groups, wrong, problems, seat.lang(), (now, next));
    draw(seat, &page, None, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// Somebody else was faster: what was typed stays, with what she set beside it; saving again is then meant.
async fn meanwhile(seat: &Seat, around: &Around, now: &TenantConfig, fields: &Fields) -> Result<Response, Refusal> {
    let mut page = load::setup::page(seat, around, now).await?;
    let in_force = page.groups.clone();
    page.groups = load::setup::typed(page.groups, fields);
    load::setup::with_theirs(&mut page.groups, &in_force);
    let set = seat.scope.desk_settings().await?;
    let last = set.into_iter().filter(|set| load::setup::touches(around, &set.path)).max_by_key(|set| set.changed_at);
    let who = last.map(|set| set.changed_by.trim_start_matches("agent:").to_owned());
    page.meanwhile = Some(who.unwrap_or_else(|| seat.lang().from_folder().to_owned()));
    draw(seat, &page, None, StatusCode::CONFLICT).await
}

async fn set_secret(seat: &Seat, fields: &Fields) -> Result<Response, Refusal> {
    let (t, slug, id) = (seat.lang(), &seat.tenant.tenant.slug, seat.tenant.id);
    let (name, value) = (fields.line("name"), fields.get("value"));
    let typed = fields.line("hosts").to_lowercase();
    let hosts: Vec<String> =
        typed.split([',', '，', ' ']).map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned).collect();
    let mut wrong: Vec<(String, String)> = Vec::new();
    let mut say = |field: &str, words: String| wrong.push((field.to_owned(), words));
    if !is_secret_name(&name) {
        say("name", t.secret_no_name().to_owned());
    }
    if value.is_empty() {
        say("value", t.secret_empty().to_owned());
    } else if value.len() > SECRET_BYTES_MAX {
        say("value", t.secret_too_long().to_owned());
    }
    if let Some(host) = seat.config.secret_strangers(&name, &hosts).into_iter().next() {
        say("hosts", t.secret_sent_to(host));
    }
    if wrong.is_empty() {
        let look = seat.desk.deps.secrets.look(id, slug, &name).await;
        // One that cannot be opened any more is set anew.
        if look.is_ok_and(|look| look.is_some_and(|look| look.elsewhere)) {
            wrong.push(("name".to_owned(), t.secret_is_elsewhere(&name)));
        }
    }
    let around = Around::of(seat, Part::Secrets, None).await?;
    if !wrong.is_empty() {
        return refused(seat, &around, (&seat.config, &seat.config), fields, (wrong, &[])).await;
    }
    let sealed = seat.desk.deps.secrets.seal(id, &name, value, &hosts).map_err(Refusal::Refused)?;
    let mut tx = seat.scope.begin().await?;
    tx.put_secret(&name, &sealed, &seat.actor()).await?;
    tx.commit().await?;
    Ok(back(seat, Part::Secrets, None, "set"))
}

/// Takes a mailbox out of the set-up. Its row, mails, tickets and cursor stay: it is turned off, and one of the same name goes on there.
async fn remove_mailbox(seat: &Seat, fields: &Fields) -> Result<Response, Refusal> {
    let name = fields.get("mailbox");
    let mut tx = seat.scope.begin().await?;
    let now = tx.set_up().await?;
    if now.mailbox(name).is_none() {
        return Err(Refusal::NotFound);
    }
    if fields.get("sure").is_empty() {
        return Ok(Redirect::to(&path(seat, Part::Mailbox, Some(name), None)).into_response());
    }
    let mut next = now.clone();
    next.mailboxes.retain(|mailbox| mailbox.name != name);
    tx.change_set_up(&now, &next, &seat.actor()).await?;
    tx.commit().await?;
    Ok(back(seat, Part::Mailboxes, None, "mailbox-removed"))
}

/// Tries something out, by a job; forgets a secret; removes a mailbox.
pub(super) async fn act(
    seat: Seat,
    Path((_, name, verb)): Path<(String, String, String)>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let part = part_of(&seat, &name)?;
    match (part, verb.as_str()) {
        (Part::Secrets, "remove") => {
            let mut tx = seat.scope.begin().await?;
            if !tx.remove_secret(fields.get("name"), &seat.actor()).await? {
                return Err(Refusal::NotFound);
            }
            tx.commit().await?;
            Ok(back(&seat, part, None, "removed"))
        }
        (Part::Mailbox, "remove") => remove_mailbox(&seat, &fields).await,
        (Part::Mailboxes | Part::Mailbox | Part::Notices | Part::Model, "try") => {
            let subject: Subject = fields.get("subject").parse().map_err(|_| Refusal::NotFound)?;
            let there = match &subject {
                Subject::Mailbox(name) => seat.config.mailbox(name).is_some(),
                Subject::Notifier(name) => seat.config.plugin(name).is_some(),
                Subject::Model => seat.config.model.is_some(),
            };
            if !there {
                return Err(Refusal::NotFound);
            }
            let mut tx = seat.scope.begin().await?;
            tx.ask_trial(&subject.to_string(), &seat.actor()).await?;
            tx.commit().await?;
            let mailbox = Some(fields.get("mailbox")).filter(|name| part == Part::Mailbox && !name.is_empty());
            Ok(Redirect::to(&path(&seat, part, mailbox, None)).into_response())
        }
        _ => Err(Refusal::NotFound),
    }
}
