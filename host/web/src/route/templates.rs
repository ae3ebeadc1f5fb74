//! Templates of replies: read by everybody, written by leads and admins. What is written here is in force within seconds, and
//! `posthouse tenant export` brings it into the team's folder. Trying one is a job: no plugin is called here.

use super::knowledge::{done, query};
use crate::load::frame::Done;
use crate::load::templates::{DAYS, found};
use crate::load::{self};
use crate::page::frame::{Note, Place};
use crate::page::knowledge::Meanwhile;
use crate::page::templates::{TemplatePage, Written, path};
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use posthouse_model::template::{Template, TrialState, is_template_name};
use posthouse_store::{StoreError, TemplateRow, TemplateSaved};
use std::time::Duration;

/// How long a request waits for a worker's answer; then the page says that it is not there yet.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// Longest category, in characters.
const CATEGORY_CHARS_MAX: usize = 64;

pub(super) async fn list(seat: Seat) -> Result<Response, Refusal> {
    let query = query(&seat);
    let narrowed = ["category", "language", "country"].map(|name| query.get(name).cloned().unwrap_or_default());
    let days = query.get("days").and_then(|days| days.parse().ok()).filter(|days| DAYS.contains(days));
    let (frame, page) = tokio::try_join!(
        load::frame::frame(&seat, Place::Knowledge, None),
        load::templates::list(&seat, narrowed, days.unwrap_or(DAYS[0]))
    )?;
    Ok(page.draw(&frame).into_response())
}

pub(super) async fn template(seat: Seat) -> Result<Response, Refusal> {
    let query = query(&seat);
    let get = |name: &str| query.get(name).map_or("", String::as_str);
    let number = |name: &str| get(name).parse::<i64>().ok();
    let trial = number("trial").filter(|_| seat.agent.role.may_lead());
    let mut page = load::templates::page(&seat, get("plugin"), get("id"), number("version"), trial.is_some()).await?;
    if let Some(trial) = trial {
        let base = number("base").unwrap_or(page.version);
        load::templates::tried(&seat, &mut page, trial, base).await?;
        if page.version == 0 && page.tried.is_none() && page.text.body.is_empty() && page.versions.is_empty() {
            return Err(Refusal::NotFound);
        }
    }
    draw(&seat, &page, None, StatusCode::OK).await
}

/// The form for a template that is not there yet; the one that is, if it is.
pub(super) async fn new(seat: Seat) -> Result<Response, Refusal> {
    let query = query(&seat);
    let get = |name: &str| query.get(name).map_or("", |value| value.trim());
    if !super::knowledge::is_name(get("name")) {
        let note = Note { refused: true, text: seat.lang().template_name_refused().to_owned() };
        let (frame, page) = tokio::try_join!(
            load::frame::frame(&seat, Place::Knowledge, Some(note)),
            load::templates::list(&seat, Default::default(), DAYS[0])
        )?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page.draw(&frame)).into_response());
    }
    let mut page = load::templates::page(&seat, get("plugin"), get("name"), None, true).await?;
    if page.version == 0 && page.text.body.is_empty() {
        page.text.category = get("category").chars().take(CATEGORY_CHARS_MAX).collect();
        page.text.language = get("language").chars().take(CATEGORY_CHARS_MAX).collect();
        "{{greeting}}\n\n\n\n{{signoff}}".clone_into(&mut page.text.body);
        page.tickets.clear();
        load::templates::offer(&seat, &mut page).await?;
    }
    draw(&seat, &page, None, StatusCode::OK).await
}

pub(super) async fn save(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let form = Form::read(&seat, &fields).await?;
    if let Some(words) = form.wrong(&seat) {
        return form.refused(&seat, words).await;
    }
    write(&seat, &form.template, form.base, &form.text).await
}

/// An earlier text becomes a new version: what came after it stays in the history.
pub(super) async fn restore(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let (plugin, id) = of(&fields)?;
    let earlier = fields.number("earlier").ok_or(Refusal::NotFound)?;
    found(&seat, &plugin, &id).await?;
    let versions = seat.scope.template_versions(&plugin, &id).await?;
    let template = versions.into_iter().find(|one| one.version == earlier).and_then(|one| one.template);
    let template = template.ok_or(Refusal::NotFound)?;
    let text = load::templates::written(&template);
    write(&seat, &template, fields.number("version").unwrap_or(0), &text).await
}

pub(super) async fn remove(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let (plugin, id) = of(&fields)?;
    found(&seat, &plugin, &id).await?;
    let base = fields.number("version").unwrap_or(0);
    let mut tx = seat.scope.begin().await?;
    match tx.remove_template(&plugin, &id, base, &seat.actor()).await? {
        TemplateSaved::As(_) => {
            tx.commit().await?;
            Ok(done(&seat, "/templates", Done::TemplateRemoved))
        }
        TemplateSaved::Changed(theirs) => {
            drop(tx);
            let page = load::templates::page(&seat, &plugin, &id, None, true).await?;
            let mine = page.text.clone();
            conflict(&seat, page, mine, theirs.map(|row| *row)).await
        }
    }
}

/// Asks a worker what the text would say on a ticket, and waits for the answer for a while. Nothing of the template changes.
pub(super) async fn attempt(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let form = Form::read(&seat, &fields).await?;
    if let Some(words) = form.wrong(&seat) {
        return form.refused(&seat, words).await;
    }
    let typed = fields.line("number");
    let typed = typed.trim_start_matches('#');
    let number = if typed.is_empty() { fields.number("ticket") } else { typed.parse().ok() };
    let ticket = match number {
        Some(number) => match seat.scope.ticket_by_number(number).await {
            Ok(ticket) => Some(ticket),
            Err(StoreError::NotFound { .. }) => None,
            Err(other) => return Err(other.into()),
        },
        None => None,
    };
    let Some(ticket) = ticket else {
        let words = seat.lang().template_try_no_ticket().to_owned();
        return form.refused(&seat, words).await;
    };
    let mut answers = seat.scope.changes();
    let mut tx = seat.scope.begin().await?;
    let trial = tx.try_template(seat.agent.id, ticket.id, &form.template).await?;
    tx.commit().await?;
    let answer = async {
        loop {
            answers.mark_unchanged();
            match seat.scope.template_trial(trial, Some(seat.agent.id)).await {
                Ok(row) if row.state == TrialState::Waiting => {}
                _ => return,
            }
            if answers.changed().await.is_err() {
                return;
            }
        }
    };
    // Late is no error: the page says so.
    let _ = tokio::time::timeout(ANSWER_MAX, answer).await;
    let path = path(&form.template.plugin, &form.template.id, Some(("trial", trial)));
    Ok(Redirect::to(&seat.team().path(&format!("{path}&base={}#tried", form.base))).into_response())
}

/// What was posted from the editor.
struct Form {
    template: Template,
    text: Written,
    base: i64,
    checked: bool,
}

impl Form {
    async fn read(seat: &Seat, fields: &Fields) -> Result<Self, Refusal> {
        let (plugin, id) = of(fields)?;
        let found = found(seat, &plugin, &id).await?;
        let text = Written {
            category: fields.line("category"),
            language: fields.line("language"),
            country: fields.line("country"),
            subject: fields.line("subject"),
            needs: fields.line("needs"),
            body: fields.text("body"),
        };
        Ok(Self {
            template: load::templates::template(found.template, &text),
            text,
            base: fields.number("version").unwrap_or(0),
            checked: found.drafter.bundled,
        })
    }

    /// Why it may not be saved, with its place and what to do.
    fn wrong(&self, seat: &Seat) -> Option<String> {
        let t = seat.lang();
        let category = self.template.category();
        if category.is_empty() || category.chars().count() > CATEGORY_CHARS_MAX {
            return Some(t.template_category_refused().to_owned());
        }
        let is_country = |country: &str| country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        if self.template.country().is_some_and(|country| !is_country(country)) {
            return Some(t.template_country_refused().to_owned());
        }
        if !self.checked {
            return None;
        }
        let fault =
            |text: &str| posthouse_template::Template::new(text).err().map(|fault| t.template_fault(text, &fault));
        let subject =
            self.template.subject().and_then(fault).map(|words| format!("{} · {words}", t.template_subject()));
        subject.or_else(|| fault(&self.template.body))
    }

    /// What was typed stays in the editor, and the page says why it was not saved.
    async fn refused(self, seat: &Seat, words: String) -> Result<Response, Refusal> {
        let mut page = load::templates::page(seat, &self.template.plugin, &self.template.id, None, true).await?;
        page.text = self.text;
        page.version = self.base;
        page.unknown.clear();
        load::templates::offer(seat, &mut page).await?;
        draw(seat, &page, Some(Note { refused: true, text: words }), StatusCode::UNPROCESSABLE_ENTITY).await
    }
}

async fn write(seat: &Seat, template: &Template, base: i64, text: &Written) -> Result<Response, Refusal> {
    let mut tx = seat.scope.begin().await?;
    match tx.save_template(template, base, &seat.actor()).await {
        Ok(TemplateSaved::As(_)) => {
            tx.commit().await?;
            Ok(done(seat, &path(&template.plugin, &template.id, None), Done::TemplateSaved))
        }
        Ok(TemplateSaved::Changed(theirs)) => {
            drop(tx);
            let page = load::templates::page(seat, &template.plugin, &template.id, None, true).await?;
            conflict(seat, page, text.clone(), theirs.map(|row| *row)).await
        }
        Err(StoreError::Refused(words)) => {
            drop(tx);
            let form = Form { template: template.clone(), text: text.clone(), base, checked: false };
            form.refused(seat, words).await
        }
        Err(other) => Err(other.into()),
    }
}

/// What was typed stays in the editor, with what somebody else wrote above it; saving again is then meant.
async fn conflict(
    seat: &Seat,
    mut page: TemplatePage,
    mine: Written,
    theirs: Option<TemplateRow>,
) -> Result<Response, Refusal> {
    page.meanwhile = Some(Meanwhile {
        by: theirs.as_ref().and_then(|row| load::knowledge::person(&row.changed_by)),
        body: theirs.map(|row| row.template.lines()),
    });
    page.text = mine;
    draw(seat, &page, None, StatusCode::CONFLICT).await
}

async fn draw(seat: &Seat, page: &TemplatePage, note: Option<Note>, status: StatusCode) -> Result<Response, Refusal> {
    let frame = load::frame::frame(seat, Place::Knowledge, note).await?;
    Ok((status, page.draw(&frame)).into_response())
}

fn of(fields: &Fields) -> Result<(String, String), Refusal> {
    let (plugin, id) = (fields.line("plugin"), fields.line("id"));
    if is_template_name(&id) { Ok((plugin, id)) } else { Err(Refusal::NotFound) }
}
