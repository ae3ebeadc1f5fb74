//! Saved views: the list of them, and putting one together. Nothing is kept before "keep": every other button sends the whole form and
//! gets it back changed.

use crate::load;
use crate::load::list::{agent_name, queue_title};
use crate::page::frame::{Note, Place};
use crate::page::views::{Joint, Node, PARTS_MAX, Subject, Unit, ViewLine, ViewPage, ViewsPage};
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use http::StatusCode;
use posthouse_model::role::Role;
use posthouse_model::view::{DEPTH_MAX, Filter, NAME_CHARS_MAX, SHARED_VIEWS_MAX, VIEWS_PER_AGENT_MAX, ViewSort};
use posthouse_store::{NewView, SavedView, StoreError};
use serde::Deserialize;
use serde_json::{Value, json};

/// Whether somebody may change a view that she sees: her own, and as a lead the shared ones.
fn may_change(seat: &Seat, view: &SavedView) -> bool {
    seat.agent.role.may_act() && if view.shared { may_share(seat) } else { view.owner == seat.agent.id }
}

fn may_share(seat: &Seat) -> bool {
    seat.agent.role >= Role::Lead && seat.agent.role.may_act()
}

async fn changeable(seat: &Seat, id: &str) -> Result<SavedView, Refusal> {
    let id = id.parse().map_err(|_| Refusal::NotFound)?;
    let view = seat.scope.view(seat.agent.id, id).await?;
    if may_change(seat, &view) { Ok(view) } else { Err(Refusal::NotFound) }
}

pub(super) async fn list(seat: Seat) -> Result<Response, Refusal> {
    let (frame, views) = tokio::try_join!(load::frame::frame(&seat, Place::Tickets, None), async {
        Ok::<_, Refusal>(seat.scope.views(seat.agent.id).await?)
    })?;
    let views = views
        .into_iter()
        .map(|view| ViewLine { id: view.id, editable: may_change(&seat, &view), name: view.name, shared: view.shared })
        .collect();
    Ok(ViewsPage { views, acts: seat.agent.role.may_act() }.draw(&frame).into_response())
}

pub(super) async fn blank(seat: Seat) -> Result<Response, Refusal> {
    let form = Form { filter: Node::Group(Joint::All, vec![waiting()]), ..Form::default() };
    form.draw(&seat, None, StatusCode::OK).await
}

/// What a new view begins with.
fn waiting() -> Node {
    Node::of(&Filter::Status(vec![posthouse_model::ticket::TicketStatus::Waiting]))
}

pub(super) async fn view(seat: Seat, Path((_, id)): Path<(String, String)>) -> Result<Response, Refusal> {
    let view = changeable(&seat, &id).await?;
    let form = Form {
        id: Some(view.id),
        version: view.version,
        name: view.name,
        shared: view.shared,
        sort: view.sort,
        filter: match Node::of(&view.filter) {
            group @ Node::Group(..) => group,
            // A filter that is one test stands in a group of one.
            test => Node::Group(Joint::All, vec![test]),
        },
        ..Form::default()
    };
    form.draw(&seat, None, StatusCode::OK).await
}

pub(super) async fn make(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    Form::read(None, &fields).answer(&seat, &fields).await
}

pub(super) async fn act(
    seat: Seat,
    Path((_, id)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let view = changeable(&seat, &id).await?;
    let (me, actor) = (seat.agent.id, seat.actor());
    let step = fields.get("do");
    if !matches!(step, "up" | "down" | "delete") {
        return Form::read(Some(view.id), &fields).answer(&seat, &fields).await;
    }
    let mut tx = seat.scope.begin().await?;
    match step {
        "delete" => tx.remove_view(me, view.id, &actor).await?,
        up_or_down => tx.move_view(me, view.id, up_or_down == "up", &actor).await?,
    }
    tx.commit().await?;
    Ok(to_list(&seat))
}

fn to_list(seat: &Seat) -> Response {
    Redirect::to(&seat.team().path("/views")).into_response()
}

/// The form as it was sent.
#[derive(Clone, Debug)]
struct Form {
    id: Option<i64>,
    version: i64,
    name: String,
    shared: bool,
    sort: ViewSort,
    filter: Node,
    fault: Option<(Vec<usize>, posthouse_model::view::FilterFault)>,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            id: None,
            version: 0,
            name: String::new(),
            shared: false,
            sort: ViewSort::Due,
            filter: Node::Group(Joint::All, Vec::new()),
            fault: None,
        }
    }
}

impl Form {
    fn read(id: Option<i64>, fields: &Fields) -> Self {
        let mut left = PARTS_MAX;
        Self {
            id,
            version: fields.number("version").unwrap_or(0),
            name: fields.line("name"),
            shared: !fields.get("shared").is_empty(),
            sort: fields.get("sort").parse().unwrap_or(ViewSort::Due),
            filter: node(fields, "", 0, &mut left).unwrap_or(Node::Group(Joint::All, Vec::new())),
            fault: None,
        }
    }

    /// Does what its button says.
    async fn answer(mut self, seat: &Seat, fields: &Fields) -> Result<Response, Refusal> {
        let step = fields.get("do");
        let (verb, path) = step.split_once('.').map_or((step, ""), |(verb, path)| (verb, path));
        let at: Option<Vec<usize>> =
            if path.is_empty() { Some(Vec::new()) } else { path.split('.').map(|n| n.parse().ok()).collect() };
        let Some(at) = at.filter(|at| at.len() <= DEPTH_MAX) else { return Err(Refusal::NotFound) };
        match verb {
            "save" => return self.save(seat).await,
            "add" | "group" => {
                let new = if verb == "group" {
                    Node::Group(Joint::Any, vec![waiting()])
                } else {
                    Node::blank(
                        subject_of(fields.get(&format!("n{}", step.trim_start_matches("add"))))
                            .unwrap_or(Subject::Status),
                    )
                };
                if self.filter.size() < PARTS_MAX
                    && let Some(Node::Group(_, parts)) = self.filter.at_mut(&at)
                {
                    parts.push(new);
                }
            }
            "drop" => {
                if let Some((last, group)) = at.split_last()
                    && let Some(Node::Group(_, parts)) = self.filter.at_mut(group)
                    && *last < parts.len()
                {
                    parts.remove(*last);
                }
            }
            _ => {}
        }
        self.draw(seat, None, StatusCode::OK).await
    }

    fn new_view(&self) -> NewView {
        NewView { name: self.name.clone(), shared: self.shared, filter: self.filter.filter(), sort: self.sort }
    }

    async fn save(mut self, seat: &Seat) -> Result<Response, Refusal> {
        let t = seat.lang();
        if let Err(fault) = self.filter.filter().check() {
            self.fault = Some(fault);
            return self.refuse(seat, t.refused_view_filter().to_owned(), StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        match keep(seat, self.id, self.version, &self.new_view()).await {
            Ok(id) => Ok(Redirect::to(&seat.team().path(&format!("/tickets?saved={id}"))).into_response()),
            Err(Trouble::Refused(words)) => self.refuse(seat, words, StatusCode::UNPROCESSABLE_ENTITY).await,
            Err(Trouble::Changed) => {
                // Kept once more it goes over the other's: that was said.
                let id = self.id.unwrap_or_default();
                self.version = seat.scope.view(seat.agent.id, id).await?.version;
                self.refuse(seat, t.refused_view_changed().to_owned(), StatusCode::CONFLICT).await
            }
            Err(Trouble::Other(refusal)) => Err(refusal),
        }
    }

    async fn refuse(self, seat: &Seat, text: String, status: StatusCode) -> Result<Response, Refusal> {
        self.draw(seat, Some(Note { refused: true, text }), status).await
    }

    async fn draw(self, seat: &Seat, note: Option<Note>, status: StatusCode) -> Result<Response, Refusal> {
        let (frame, agents, counts) = tokio::try_join!(
            load::frame::frame(seat, Place::Tickets, note),
            async { Ok::<_, Refusal>(seat.scope.agents().await?) },
            async { Ok::<_, Refusal>(seat.scope.counts(None).await?) }
        )?;
        let t = seat.lang();
        let mut categories = seat.config.categories.clone();
        categories.extend(counts.by_category.keys().filter(|c| !seat.config.categories.contains(c)).cloned());
        let mut queues: Vec<String> = seat.config.queues.iter().map(|q| q.name.clone()).collect();
        queues.extend(counts.by_queue.keys().filter(|name| seat.config.queue(name).is_none()).cloned());
        let page = ViewPage {
            id: self.id,
            version: self.version,
            name: self.name,
            shared: self.shared,
            may_share: may_share(seat),
            sort: self.sort,
            filter: self.filter,
            fault: self.fault,
            queues: queues.into_iter().map(|q| (q.clone(), queue_title(&seat.config, &q, t))).collect(),
            categories,
            agents: agents
                .iter()
                .filter(|agent| agent.active && agent.role.may_act())
                .map(|agent| (agent.id.to_string(), agent_name(&agents, agent.id).unwrap_or_default()))
                .collect(),
        };
        Ok((status, page.draw(&frame)).into_response())
    }
}

fn subject_of(name: &str) -> Option<Subject> {
    Subject::ALL.into_iter().find(|subject| subject.as_str() == name)
}

/// The part of the form at a path (`.0.2`); none when there is none, or when there are too many.
fn node(fields: &Fields, path: &str, depth: usize, left: &mut usize) -> Option<Node> {
    *left = left.checked_sub(1)?;
    let joint = fields.get(&format!("g{path}"));
    if let Some(joint) = Joint::ALL.into_iter().find(|one| one.as_str() == joint) {
        let mut parts = Vec::new();
        // One deeper than is kept, so that what is too deep is said and not lost.
        while depth <= DEPTH_MAX
            && let Some(part) = node(fields, &format!("{path}.{}", parts.len()), depth + 1, left)
        {
            parts.push(part);
        }
        return Some(Node::Group(joint, parts));
    }
    let subject = subject_of(fields.get(&format!("k{path}")))?;
    let unit = fields.get(&format!("u{path}"));
    let mut values: Vec<String> = fields.names_after(&format!("c{path}/")).map(str::to_owned).collect();
    values.sort_unstable();
    Some(Node::Test {
        subject,
        values,
        text: fields.line(&format!("v{path}")),
        unit: Unit::ALL.into_iter().find(|one| one.as_str() == unit).unwrap_or_default(),
    })
}

enum Trouble {
    /// In the reader's language.
    Refused(String),
    /// Somebody else was quicker.
    Changed,
    Other(Refusal),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } => Self::Changed,
            StoreError::Refused(words) => Self::Refused(words),
            other => Self::Other(other.into()),
        }
    }
}

/// Keeps a view, new or changed; its id. What the store would refuse is said in the reader's language first.
async fn keep(seat: &Seat, id: Option<i64>, version: i64, new: &NewView) -> Result<i64, Trouble> {
    let t = seat.lang();
    let refuse = |words: String| Err(Trouble::Refused(words));
    if new.shared && !may_share(seat) {
        return refuse(t.refused_view_share().to_owned());
    }
    let length = new.name.trim().chars().count();
    if !(1..=NAME_CHARS_MAX).contains(&length) {
        return refuse(t.refused_view_name(NAME_CHARS_MAX));
    }
    let views = seat.scope.views(seat.agent.id).await?;
    let mut kind = views.iter().filter(|view| view.shared == new.shared && Some(view.id) != id);
    if kind.clone().any(|view| view.name == new.name.trim()) {
        return refuse(t.refused_view_name_taken(new.name.trim()));
    }
    let max = if new.shared { SHARED_VIEWS_MAX } else { VIEWS_PER_AGENT_MAX };
    if kind.nth(max - 1).is_some() {
        return refuse(t.refused_view_count(max));
    }
    let (me, actor) = (seat.agent.id, seat.actor());
    let mut tx = seat.scope.begin().await?;
    let id = match id {
        None => tx.add_view(me, new, &actor).await?,
        Some(id) => {
            tx.change_view(me, id, version, new, &actor).await?;
            id
        }
    };
    tx.commit().await?;
    Ok(id)
}

type Answer = Result<Json<Value>, Refusal>;

/// All views that the reader sees.
pub(super) async fn api_list(seat: Seat) -> Answer {
    Ok(Json(json!({ "views": seat.scope.views(seat.agent.id).await? })))
}

/// A view as a program sends it; unknown fields are errors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: String,
    #[serde(default)]
    shared: bool,
    filter: Filter,
    sort: ViewSort,
    /// The version it was made from, for a change.
    #[serde(default)]
    version: i64,
}

async fn api_keep(seat: &Seat, id: Option<i64>, bytes: &[u8]) -> Answer {
    let body: Body = serde_json::from_slice(bytes).map_err(|error| Refusal::Malformed(error.to_string()))?;
    if let Err((at, fault)) = body.filter.check() {
        return Err(Refusal::Refused(format!("{} {at:?}", seat.lang().filter_fault(fault))));
    }
    let new = NewView { name: body.name, shared: body.shared, filter: body.filter, sort: body.sort };
    match keep(seat, id, body.version, &new).await {
        Ok(id) => Ok(Json(json!({ "view": seat.scope.view(seat.agent.id, id).await? }))),
        Err(Trouble::Refused(words)) => Err(Refusal::Refused(words)),
        Err(Trouble::Changed) => Err(Refusal::Conflict(seat.lang().refused_view_changed().to_owned())),
        Err(Trouble::Other(refusal)) => Err(refusal),
    }
}

/// A new one.
pub(super) async fn api_make(seat: Seat, bytes: Bytes) -> Answer {
    api_keep(&seat, None, &bytes).await
}

/// A changed one.
pub(super) async fn api_change(seat: Seat, Path((_, id)): Path<(String, String)>, bytes: Bytes) -> Answer {
    let view = changeable(&seat, &id).await?;
    api_keep(&seat, Some(view.id), &bytes).await
}

/// `delete`, `up`, `down`.
pub(super) async fn api_act(seat: Seat, Path((_, id, verb)): Path<(String, String, String)>) -> Answer {
    let view = changeable(&seat, &id).await?;
    let (me, actor) = (seat.agent.id, seat.actor());
    let mut tx = seat.scope.begin().await?;
    match verb.as_str() {
        "delete" => tx.remove_view(me, view.id, &actor).await?,
        "up" | "down" => tx.move_view(me, view.id, verb == "up", &actor).await?,
        _ => return Err(Refusal::NotFound),
    }
    tx.commit().await?;
    Ok(Json(json!({ "done": verb, "views": seat.scope.views(me).await? })))
}
