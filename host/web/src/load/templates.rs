//! Templates of replies.

use super::compare::comparisons;
use super::knowledge::person;
use crate::page::knowledge::{Earlier, VersionLine};
use crate::page::templates::{TemplateLine, TemplatePage, TemplatesPage, TrialTicket, Tried, Written, path};
use crate::refusal::Refusal;
use crate::seat::Seat;
use crate::text::{bundled, lines, pieces};
use posthouse_model::template::{Template, TrialState, tidy};
use posthouse_store::{
    PluginRow, StoreError, TemplateTrialRow, TemplateUse, TemplateVersion, TicketQuery, TicketSort, takes_templates,
};
use posthouse_template::{KNOWN, KNOWN_BEGINNINGS};
use serde_json::Value;
use std::collections::BTreeSet;

/// Days that uses are counted over: short, and long.
pub(crate) const DAYS: [u32; 2] = [30, 90];
/// Tickets that a template can be tried on without knowing their number.
const TICKETS: u32 = 15;

/// A drafter that templates can be written for.
pub(crate) struct Drafter {
    row: PluginRow,
    /// It is one that comes with the host: its templates' language is known here.
    pub(crate) bundled: bool,
}

impl Drafter {
    /// The templates that come with it, where they are in use.
    fn templates(&self) -> Vec<Template> {
        let used = self.row.plugin.settings.get("use_default_templates") != Some(&Value::Bool(false));
        if self.bundled && used { bundled::templates(&self.row.plugin.name) } else { Vec::new() }
    }

    /// Variables of a template that nothing known fills, each once.
    fn unknown(&self, template: &Template) -> Vec<String> {
        if !self.bundled {
            return Vec::new();
        }
        let shop = self.row.plugin.settings.get("variables").and_then(Value::as_object);
        let needs = template.needs();
        let known = |name: &str| {
            KNOWN.contains(&name)
                || KNOWN_BEGINNINGS.iter().any(|begin| name.starts_with(begin))
                || shop.is_some_and(|shop| shop.contains_key(name))
                || needs.contains(&name)
        };
        let mut unknown = Vec::new();
        for text in [template.subject(), Some(template.body.as_str())].into_iter().flatten() {
            let Ok(read) = posthouse_template::Template::new(text) else { continue };
            for name in read.open_variables().into_iter().filter(|name| !known(name)) {
                if !unknown.iter().any(|other| other == name) {
                    unknown.push(name.to_owned());
                }
            }
        }
        unknown
    }
}

/// The drafters that templates can be written for, in the order in which they are asked.
pub(crate) async fn drafters(seat: &Seat) -> Result<Vec<Drafter>, Refusal> {
    let rows = seat.scope.plugins().await?.into_iter();
    let drafter = |row: PluginRow| {
        let config = seat.config.plugin(&row.plugin.name)?;
        takes_templates(&row, config).then(|| Drafter { bundled: config.is_bundled_drafter(), row })
    };
    Ok(rows.filter_map(drafter).collect())
}

/// All templates that drafts are made from: the team's own, and those that come with the host and that none of the team's replaces.
pub(crate) async fn in_use(seat: &Seat) -> Result<Vec<Template>, Refusal> {
    let rows = seat.scope.templates().await?;
    let drafters = drafters(seat).await?;
    let mut all: Vec<Template> = rows.into_iter().map(|row| row.template).collect();
    for one in drafters.iter().flat_map(Drafter::templates) {
        if !all.iter().any(|own| own.plugin == one.plugin && own.id == one.id) {
            all.push(one);
        }
    }
    Ok(all)
}

fn uses_of(all: &[TemplateUse], plugin: &str, id: &str) -> TemplateUse {
    all.iter().find(|uses| uses.plugin == plugin && uses.template == id).cloned().unwrap_or_default()
}

/// The templates for a category, language and country (empty: any), and what became of their drafts in so many days.
pub(crate) async fn list(seat: &Seat, narrowed: [String; 3], days: u32) -> Result<TemplatesPage, Refusal> {
    let (rows, uses) = tokio::try_join!(seat.scope.templates(), seat.scope.template_use(days))?;
    let drafters = drafters(seat).await?;
    let taken: BTreeSet<(&str, &str)> =
        rows.iter().map(|row| (row.template.plugin.as_str(), row.template.id.as_str())).collect();
    let bundled = drafters.iter().flat_map(Drafter::templates);
    let bundled: Vec<Template> =
        bundled.filter(|one| !taken.contains(&(one.plugin.as_str(), one.id.as_str()))).collect();
    let of = |one: &Template| {
        [one.category(), one.language().unwrap_or_default(), one.country().unwrap_or_default()].map(str::to_owned)
    };
    let mut choices: [BTreeSet<String>; 3] = Default::default();
    for one in rows.iter().map(|row| &row.template).chain(&bundled) {
        for (into, value) in choices.iter_mut().zip(of(one)).filter(|(_, value)| !value.is_empty()) {
            into.insert(value);
        }
    }
    let fits = |one: &Template| of(one).iter().zip(&narrowed).all(|(is, wanted)| wanted.is_empty() || is == wanted);
    let line = |one: &Template, changed| {
        let [category, language, country] = of(one);
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        TemplateLine {
            plugin: one.plugin.clone(),
            id: one.id.clone(),
            category,
            language: some(language),
            country: some(country),
            changed,
            uses: uses_of(&uses, &one.plugin, &one.id),
        }
    };
    let comparisons = comparisons(rows.iter().map(|row| &row.template).filter(|one| fits(one)), &uses);
    let own = rows.iter().filter(|row| fits(&row.template));
    Ok(TemplatesPage {
        own: own.map(|row| line(&row.template, Some((row.updated_at, person(&row.changed_by))))).collect(),
        bundled: bundled.iter().filter(|one| fits(one)).map(|one| line(one, None)).collect(),
        drafters: drafters.iter().map(|drafter| drafter.row.plugin.name.clone()).collect(),
        may_write: seat.agent.role.may_lead(),
        choices: choices.map(|values| values.into_iter().collect()),
        narrowed,
        categories: seat.config.categories.clone(),
        languages: crate::words::language_tags().collect(),
        days,
        comparisons,
    })
}

/// Fields and text as they stand in the editor.
pub(crate) fn written(template: &Template) -> Written {
    Written {
        category: template.category().to_owned(),
        language: template.language().unwrap_or_default().to_owned(),
        country: template.country().unwrap_or_default().to_owned(),
        subject: template.subject().unwrap_or_default().to_owned(),
        needs: template.needs().join(", "),
        body: template.body.clone(),
    }
}

/// What was written as a template: fields that the editor does not show stay as they are.
pub(crate) fn template(now: Template, text: &Written) -> Template {
    let mut template = now;
    template.body = tidy(&text.body);
    let needs: Vec<Value> =
        text.needs.split([',', '，', ' ']).map(str::trim).filter(|name| !name.is_empty()).map(Value::from).collect();
    let fields = [
        ("category", Value::from(text.category.trim())),
        ("language", Value::from(text.language.trim())),
        ("country", Value::from(text.country.trim().to_ascii_uppercase())),
        ("subject", Value::from(text.subject.trim())),
        ("needs", Value::Array(needs)),
    ];
    for (key, value) in fields {
        let is_empty = value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty);
        if is_empty {
            template.front.shift_remove(key);
        } else {
            template.front.insert(key.to_owned(), value);
        }
    }
    template
}

/// The template as it is, or as it would begin: what the team wrote, else what comes with the host, else nothing.
pub(crate) struct Found {
    pub(crate) drafter: Drafter,
    pub(crate) template: Template,
    /// 0: it is not the team's own.
    pub(crate) version: i64,
}

/// Finds one; none where its drafter takes none.
pub(crate) async fn found(seat: &Seat, plugin: &str, id: &str) -> Result<Found, Refusal> {
    let drafter = drafters(seat).await?.into_iter().find(|one| one.row.plugin.name == plugin);
    let drafter = drafter.ok_or(Refusal::NotFound)?;
    let rows = seat.scope.templates().await?;
    if let Some(row) = rows.into_iter().find(|row| row.template.plugin == plugin && row.template.id == id) {
        return Ok(Found { drafter, template: row.template, version: row.version });
    }
    let bundled = drafter.templates().into_iter().find(|one| one.id == id);
    let empty =
        || Template { plugin: plugin.to_owned(), id: id.to_owned(), front: Default::default(), body: String::new() };
    Ok(Found { template: bundled.unwrap_or_else(empty), drafter, version: 0 })
}

/// One template with its history, and a version of it beside what it says now.
pub(crate) async fn page(
    seat: &Seat,
    plugin: &str,
    id: &str,
    version: Option<i64>,
    may_be_new: bool,
) -> Result<TemplatePage, Refusal> {
    let found = found(seat, plugin, id).await?;
    let versions = seat.scope.template_versions(plugin, id).await?;
    let bundled = found.drafter.templates().iter().any(|one| one.id == id);
    if found.version == 0 && versions.is_empty() && !bundled && !may_be_new {
        return Err(Refusal::NotFound);
    }
    let newest = versions.first().filter(|_| found.version > 0);
    let (at, by) = match newest {
        Some(newest) => (Some(newest.changed_at), person(&newest.changed_by)),
        None => (None, None),
    };
    let mut uses = Vec::new();
    for days in DAYS {
        uses.push((days, uses_of(&seat.scope.template_use(days).await?, plugin, id)));
    }
    let now = &found.template;
    let mut page = TemplatePage {
        plugin: plugin.to_owned(),
        id: id.to_owned(),
        version: found.version,
        at,
        by,
        text: written(now),
        may_write: seat.agent.role.may_lead(),
        bundled,
        unknown: found.drafter.unknown(now),
        earlier: earlier(&versions, version, (found.version > 0).then_some(now)),
        versions: versions.iter().map(line).collect(),
        meanwhile: None,
        categories: seat.config.categories.clone(),
        languages: crate::words::language_tags().collect(),
        uses,
        pieces: pieces::changed(&now.body, &seat.scope.template_replies(plugin, id).await?),
        tickets: Vec::new(),
        tried: None,
    };
    offer(seat, &mut page).await?;
    Ok(page)
}

fn line(one: &TemplateVersion) -> VersionLine {
    VersionLine {
        number: one.version,
        at: one.changed_at,
        by: person(&one.changed_by),
        removed: one.template.is_none(),
    }
}

fn earlier(versions: &[TemplateVersion], wanted: Option<i64>, now: Option<&Template>) -> Option<Earlier> {
    let one = versions.iter().find(|one| Some(one.version) == wanted)?;
    let body = one.template.as_ref()?.lines();
    let changes = now.map(|now| lines::lines(&body, &now.lines())).unwrap_or_default();
    Some(Earlier { number: one.version, body, changes })
}

/// What the editor needs beside the text: its category among those offered, and tickets to try it on.
pub(crate) async fn offer(seat: &Seat, page: &mut TemplatePage) -> Result<(), Refusal> {
    let category = page.text.category.clone();
    if !category.is_empty() && category != "*" && !page.categories.contains(&category) {
        page.categories.push(category.clone());
    }
    if !page.may_write {
        return Ok(());
    }
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty() && text != "*");
    let near = TicketQuery {
        category: some(&category),
        language: some(&page.text.language),
        sort: TicketSort::Newest,
        limit: TICKETS,
        ..TicketQuery::default()
    };
    let any = TicketQuery { sort: TicketSort::Newest, limit: TICKETS, ..TicketQuery::default() };
    let (near, any) = tokio::try_join!(seat.scope.tickets(&near), seat.scope.tickets(&any))?;
    for row in near.rows.into_iter().chain(any.rows) {
        if page.tickets.len() < TICKETS as usize && page.tickets.iter().all(|known| known.number != row.number) {
            let who = seat.lang().person(&row.customer);
            page.tickets.push(TrialTicket { number: row.number, who, subject: row.subject.chars().take(60).collect() });
        }
    }
    Ok(())
}

/// What was tried stands in the editor again, with what came of it. `base` is the version that it was made from.
pub(crate) async fn tried(seat: &Seat, page: &mut TemplatePage, trial: i64, base: i64) -> Result<(), Refusal> {
    let row = match seat.scope.template_trial(trial, Some(seat.agent.id)).await {
        Ok(row) => row,
        Err(StoreError::NotFound { .. }) => return Ok(()),
        Err(other) => return Err(other.into()),
    };
    let TemplateTrialRow { template, ticket, state, result, .. } = row;
    if template.plugin != page.plugin || template.id != page.id {
        return Ok(());
    }
    // A ticket that she does not see any more is not shown by this way either.
    let ticket = match seat.scope.ticket(ticket).await {
        Ok(ticket) => ticket,
        Err(StoreError::NotFound { .. }) => return Ok(()),
        Err(other) => return Err(other.into()),
    };
    page.text = written(&template);
    page.version = base;
    page.unknown = found(seat, &page.plugin, &page.id).await?.drafter.unknown(&template);
    let here = seat.team().path(&format!("{}&base={base}#tried", path(&page.plugin, &page.id, Some(("trial", trial)))));
    page.tried = Some(Tried { number: ticket.number, result: (state == TrialState::Done).then_some(result), here });
    page.tickets.retain(|known| known.number != ticket.number);
    let who = seat.lang().person(&ticket.customer);
    let subject = ticket.subject.chars().take(60).collect();
    page.tickets.insert(0, TrialTicket { number: ticket.number, who, subject });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_the_editor_does_not_show_stay() {
        let before = serde_json::json!({"category": "a", "tone": "warm", "needs": ["x"], "country": "DE"});
        let Value::Object(front) = before else { return };
        let now = Template { plugin: "own".into(), id: "a".into(), front, body: "old".into() };
        assert_eq!(template(now.clone(), &written(&now)), now);
        let text = Written {
            category: " refund ".into(),
            language: "de".into(),
            country: "at".into(),
            needs: "order_status，x, ".into(),
            body: " new\r\nline \n".into(),
            ..Written::default()
        };
        let made = template(now, &text);
        assert_eq!(
            Value::Object(made.front),
            serde_json::json!({"category": "refund", "tone": "warm", "needs": ["order_status", "x"], "country": "AT", "language": "de"})
        );
        assert_eq!(made.body, "new\nline");
    }
}
