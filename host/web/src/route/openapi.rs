//! The JSON API described in OpenAPI 3.1, built from the table of routes: a route that is in the table and not described here
//! fails a test, and so does an answer that is not as described.

use super::{Access, ROUTES, Route};
use crate::refusal::Refusal;
use crate::seat::Seat;
use axum::Json;
use posthouse_model::autonomy::Level;
use posthouse_model::role::Role;
use posthouse_model::ticket::{Outcome, TicketStatus};
use serde_json::{Map, Value, json};

/// What may be done with a ticket, and what each needs of the body.
pub(crate) const VERBS: [(&str, &str); 21] = [
    (
        "approve",
        "Approve a reply: it goes out once the undo window has passed. Fields: `draft`, `seen`, `to`, `cc`, `subject`, `body`.",
    ),
    ("draft", "Keep a changed draft. Fields: `draft`, `seen`, `subject`, `body`."),
    ("handled", "Close without a reply. Fields: `reason` (needed), `seen`."),
    ("spam", "It is spam. Field: `seen`."),
    ("not-spam", "It is no spam."),
    ("reopen", "Bring a closed one back."),
    ("category", "Set the category. Field: `category` (needed)."),
    ("assign", "Give it to an agent. Field: `agent`; none: nobody's."),
    ("undo", "Take an approved reply back within the undo window. Field: `outbox` (needed)."),
    ("resolve", "Say what became of a reply that nobody can know of. Fields: `outbox`, `state` (both needed)."),
    ("merge", "Merge it into another. Fields: `into` (needed), `seen`."),
    ("split", "Give one of its mails a ticket of its own. Field: `message` (needed)."),
    ("note", "Write a note for colleagues. Field: `body` (needed); `@name` speaks to somebody."),
    ("edit-note", "Change a note of one's own. Fields: `note`, `body` (both needed)."),
    ("delete-note", "Delete a note of one's own. Field: `note` (needed)."),
    ("priority", "Set the priority by hand. Field: `priority`, 0 to 100; none: as the router says."),
    ("tag", "Add a tag. Field: `tag` (needed)."),
    ("untag", "Take a tag away. Field: `tag` (needed)."),
    ("snooze", "Put it aside. Field: `until` (needed), as RFC 3339 writes a time."),
    ("wake", "Bring one back that was put aside."),
    ("misfit", "Say that a template did not fit. Fields: `draft`, `misfit` (both needed), `words`."),
];

/// One description: method, path, its name, what it does, its parameters, the schemas of body and answer.
struct Described {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    query: &'static [(&'static str, &'static str)],
    body: Option<&'static str>,
    answer: &'static str,
}

const LIST_QUERY: &[(&str, &str)] = &[
    (
        "view",
        "`waiting` (default), `new`, `mine`, `unassigned`, `urgent`, `sent`, `handled`, `snoozed`, `spam`, `automatic`, `all`",
    ),
    ("saved", "A saved view's id, instead of `view`"),
    ("q", "Words that must all occur in one mail; `\"in quotes\"` as they stand; `#1042` a ticket's number"),
    ("queue", "Exactly"),
    ("category", "Exactly"),
    ("urgency", "Exactly"),
    ("language", "BCP 47, exactly"),
    ("after", "`next` of the page before"),
];

#[rustfmt::skip]
const DESCRIBED: &[Described] = &[
    Described { method: "GET", path: "/t/{slug}/api/openapi.json", id: "describe", summary: "This description", query: &[], body: None, answer: "Description" },
    Described { method: "GET", path: "/t/{slug}/api/me", id: "me", summary: "As whom one acts", query: &[], body: None, answer: "Me" },
    Described { method: "GET", path: "/t/{slug}/api/tickets", id: "tickets", summary: "A page of 50 tickets", query: LIST_QUERY, body: None, answer: "Tickets" },
    Described { method: "GET", path: "/t/{slug}/api/tickets/{number}", id: "ticket", summary: "Everything about a ticket", query: &[], body: None, answer: "TicketDetail" },
    Described { method: "POST", path: "/t/{slug}/api/tickets/{number}/{verb}", id: "act", summary: "Do something with a ticket", query: &[], body: Some("Action"), answer: "Done" },
    Described { method: "GET", path: "/t/{slug}/api/counts", id: "counts", summary: "How many tickets stand where", query: &[], body: None, answer: "Counts" },
    Described { method: "GET", path: "/t/{slug}/api/mentions", id: "mentions", summary: "Notes that speak to the one who asks, the newest 100", query: &[], body: None, answer: "Mentions" },
    Described { method: "GET", path: "/t/{slug}/api/misfits", id: "misfits", summary: "How often which template did not fit, and why", query: &[], body: None, answer: "Misfits" },
    Described { method: "POST", path: "/t/{slug}/api/bulk", id: "actOnMany", summary: "Do one thing with up to 100 tickets", query: &[], body: Some("Bulk"), answer: "BulkDone" },
    Described { method: "POST", path: "/t/{slug}/api/bulk/{id}/undo", id: "undoMany", summary: "Take an act on many tickets back, within two minutes", query: &[], body: None, answer: "BulkDone" },
    Described { method: "GET", path: "/t/{slug}/api/views", id: "views", summary: "The saved views that one sees", query: &[], body: None, answer: "Views" },
    Described { method: "POST", path: "/t/{slug}/api/views", id: "makeView", summary: "Save a view", query: &[], body: Some("NewView"), answer: "ViewKept" },
    Described { method: "POST", path: "/t/{slug}/api/views/{id}", id: "changeView", summary: "Change a saved view, from the version that was read", query: &[], body: Some("NewView"), answer: "ViewKept" },
    Described { method: "POST", path: "/t/{slug}/api/views/{id}/{verb}", id: "moveView", summary: "Delete a saved view, or move it one place", query: &[], body: None, answer: "Views" },
    Described { method: "GET", path: "/t/{slug}/api/messages", id: "messages", summary: "Mail that became no ticket, the newest 200", query: &[("outcome", "`parked` (default), `skipped`, `spam`, `automatic`")], body: None, answer: "Messages" },
    Described { method: "POST", path: "/t/{slug}/api/messages/{id}/take-up", id: "takeUp", summary: "Make a ticket of mail that was left out", query: &[], body: None, answer: "Done" },
    Described { method: "GET", path: "/t/{slug}/api/autonomy", id: "autonomy", summary: "How far each category is answered by itself, and what was measured; leads and admins", query: &[], body: None, answer: "Autonomy" },
    Described { method: "POST", path: "/t/{slug}/api/autonomy/{verb}", id: "actOnAutonomy", summary: "Stop all automatic replies (`stop`), let them go again (`go`), take a category's level back (`demote`), say that one knows of a fall (`known`); a step up needs a person on the page", query: &[], body: Some("AutonomyAct"), answer: "Autonomy" },
    Described { method: "GET", path: "/t/{slug}/api/status", id: "status", summary: "What works and what does not", query: &[], body: None, answer: "Status" },
];

pub(super) async fn answer(seat: Seat) -> Result<Json<Value>, Refusal> {
    let server = seat.desk.deps.public_url.as_str().trim_end_matches('/').to_owned();
    Ok(Json(describe(&server, &seat.tenant.tenant.slug)))
}

/// A JSON route of the table.
fn json_routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.path.starts_with("/t/{slug}/api/"))
}

/// The description for one team.
fn describe(server: &str, slug: &str) -> Value {
    let mut paths = Map::new();
    for route in json_routes() {
        let Some(described) = DESCRIBED.iter().find(|one| one.method == route.method && one.path == route.path) else {
            continue;
        };
        let path = route.path.replace("/t/{slug}", "");
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[route.method.to_ascii_lowercase()] = operation(route, described);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Posthouse",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The review desk's JSON API: the same acts and the same refusals as its pages. 600 requests a minute per token.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": format!("{server}/t/{slug}") }],
        "security": [{ "token": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "An API token, made on “My account” or for a service." },
                "session": { "type": "apiKey", "in": "cookie", "name": "posthouse_session", "description": "A browser's session. What is posted needs `csrf` of `/api/me` as X-CSRF-Token." },
            },
            "schemas": schemas(),
            "responses": refusals(),
        },
    })
}

fn operation(route: &Route, described: &Described) -> Value {
    let mut parameters: Vec<Value> = route
        .path
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .filter(|name| *name != "slug")
        .map(|name| {
            let schema = match name {
                "verb" if described.id == "moveView" => json!({ "type": "string", "enum": ["delete", "up", "down"] }),
                "verb" if described.id == "actOnAutonomy" => {
                    json!({ "type": "string", "enum": ["stop", "go", "demote", "known"] })
                }
                "verb" => json!({ "type": "string", "enum": VERBS.map(|(verb, _)| verb) }),
                _ => json!({ "type": "integer", "format": "int64", "minimum": 1 }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    parameters.extend(described.query.iter().map(|(name, about)| {
        json!({ "name": name, "in": "query", "required": false, "description": about, "schema": { "type": "string" } })
    }));
    let needs = match route.access {
        Access::Public | Access::Reading | Access::Own | Access::Auditing => "read",
        Access::Acting | Access::Attaching | Access::Leading => "act",
        Access::Administering => "administer",
    };
    let content = |schema: &str| json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } });
    let refused = |name: &str| json!({ "$ref": format!("#/components/responses/{name}") });
    let mut operation = json!({
        "operationId": described.id,
        "summary": described.summary,
        "x-scope": needs,
        "parameters": parameters,
        "responses": {
            "200": { "description": "Done, or found", "content": content(described.answer) },
            "401": refused("SignIn"), "403": refused("Forbidden"), "404": refused("NotFound"), "429": refused("TooFast"), "503": refused("Away"),
        },
    });
    if described.id == "act" {
        let lines: Vec<String> = VERBS.iter().map(|(verb, about)| format!("- `{verb}`: {about}")).collect();
        operation["description"] = lines.join("\n").into();
    }
    if let Some(body) = described.body {
        operation["requestBody"] = json!({ "required": false, "content": content(body) });
    }
    if route.method == "POST" {
        for (status, name) in [("400", "Malformed"), ("409", "Conflict"), ("422", "Refused")] {
            operation["responses"][status] = refused(name);
        }
    }
    operation
}

fn refusals() -> Value {
    let refusal = |about: &str| json!({ "description": about, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Refusal" } } } });
    json!({
        "Malformed": refusal("The body makes no sense: what, and where"),
        "SignIn": refusal("No token or session that holds"),
        "Forbidden": refusal("The token's scope is too narrow, or the form token is missing"),
        "NotFound": refusal("Not there, or not for whom one acts as"),
        "Conflict": refusal("Things have changed: read again"),
        "Refused": refusal("Not in this state, or not with these values"),
        "TooFast": refusal("More requests than a token has; Retry-After says how many seconds to wait"),
        "Away": refusal("The database is busy or away; try again"),
    })
}

/// Objects have more fields than are named here where `additionalProperties` does not say otherwise; those named stay.
fn schemas() -> Value {
    let time = || json!({ "type": "string", "format": "date-time" });
    let or_null = |kind: &str| json!({ "type": [kind, "null"] });
    let list = |of: &str| json!({ "type": "array", "items": { "$ref": format!("#/components/schemas/{of}") } });
    let statuses: Vec<&str> = TicketStatus::ALL.iter().map(|status| status.as_str()).collect();
    let outcomes: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
    let levels: Vec<&str> = Level::ALL.iter().map(|level| level.as_str()).collect();
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let counted = || json!({ "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 } });
    json!({
        "Refusal": {
            "type": "object", "required": ["error", "message"],
            "properties": {
                "error": { "type": "string", "description": "For programs; never changes" },
                "message": { "type": "string", "description": "For people, in their language" },
                "sign_in": { "type": "string" },
            },
        },
        "Description": { "type": "object", "required": ["openapi", "info", "paths"] },
        "Address": { "type": "object", "required": ["address"], "properties": { "name": or_null("string"), "address": { "type": "string" } } },
        "Me": {
            "type": "object", "required": ["id", "email", "name", "role", "language", "team"],
            "properties": {
                "id": { "type": "integer" }, "email": { "type": "string" }, "name": { "type": "string" }, "role": { "enum": roles },
                "language": { "type": "string" }, "csrf": { "type": "string" }, "scope": { "enum": ["read", "act", "administer"] },
                "team": { "type": "object", "required": ["slug", "name"], "properties": { "slug": { "type": "string" }, "name": { "type": "string" } } },
            },
        },
        "Ticket": {
            "type": "object", "required": ["id", "number", "subject", "customer", "status"],
            "properties": {
                "id": { "type": "integer" }, "number": { "type": "integer" }, "subject": { "type": "string" },
                "customer": { "$ref": "#/components/schemas/Address" }, "status": { "enum": statuses }, "category": or_null("string"),
                "urgency": or_null("string"), "sentiment": or_null("string"), "language": or_null("string"), "queue": or_null("string"),
                "assignee": or_null("integer"),
            },
        },
        "Tickets": {
            "type": "object", "required": ["tickets", "next"],
            "properties": { "tickets": list("Ticket"), "next": or_null("string") },
        },
        "TicketDetail": {
            "type": "object", "required": ["ticket", "messages", "drafts", "decisions", "events", "outbox"],
            "properties": {
                "ticket": { "$ref": "#/components/schemas/Ticket" },
                "messages": { "type": "array", "items": { "type": "object", "required": ["id", "direction", "read"] } },
                "drafts": { "type": "array", "items": { "type": "object", "required": ["id", "proposal"] } },
                "decisions": { "type": "array", "items": { "type": "object" } },
                "events": { "type": "array", "items": { "type": "object", "required": ["seq", "at", "actor", "kind", "subject"] } },
                "outbox": { "type": "array", "items": { "type": "object", "required": ["id", "state", "subject", "body"] } },
            },
        },
        "Action": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "draft": { "type": "integer", "description": "The revision that the text was made from" },
                "seen": { "type": "integer", "description": "The newest mail that was read: a newer one refuses the act" },
                "to": { "type": "string", "description": "None: the customer" }, "cc": { "type": "string" },
                "subject": { "type": "string" }, "body": { "type": "string" }, "reason": { "type": "string" }, "category": { "type": "string" },
                "agent": { "type": "integer" }, "outbox": { "type": "integer" }, "into": { "type": "integer", "description": "A ticket's number" },
                "message": { "type": "integer" }, "state": { "enum": ["sent", "queued", "failed", "cancelled"] },
                "send_at": { "type": "string", "format": "date-time", "description": "When an approved reply goes out; none: at once" },
                "note": { "type": "integer" }, "priority": { "type": "integer", "minimum": 0, "maximum": 100 }, "tag": { "type": "string" },
                "until": { "type": "string", "format": "date-time" }, "misfit": { "type": "string" }, "words": { "type": "string" },
            },
        },
        "Done": {
            "type": "object", "required": ["done", "ticket"],
            "properties": { "done": { "type": "string" }, "ticket": { "$ref": "#/components/schemas/Ticket" } },
        },
        "Counts": {
            "type": "object", "required": ["views", "all"],
            "properties": {
                "views": counted(),
                "all": {
                    "type": "object", "required": ["by_status", "by_queue", "by_category", "mine", "unassigned", "overdue"],
                    "properties": { "by_status": counted(), "by_queue": counted(), "by_category": counted(), "mine": { "type": "integer" } },
                },
            },
        },
        "Mentions": { "type": "object", "required": ["mentions"], "properties": { "mentions": { "type": "array", "items": {
            "type": "object", "required": ["number", "subject", "note", "author", "snippet", "at", "read_at"],
            "properties": { "number": { "type": "integer" }, "subject": { "type": "string" }, "note": { "type": "integer" }, "author": { "type": "string" }, "snippet": { "type": "string" } },
        } } } },
        "Misfits": { "type": "object", "required": ["misfits"], "properties": { "misfits": { "type": "array", "items": {
            "type": "object", "required": ["template", "reason", "count"],
            "properties": { "template": { "type": "string" }, "reason": { "type": "string" }, "count": { "type": "integer" } },
        } } } },
        "Bulk": {
            "type": "object", "required": ["tickets", "act"], "additionalProperties": false,
            "properties": {
                "tickets": { "type": "array", "minItems": 1, "maxItems": posthouse_store::BULK_MAX, "items": { "type": "object", "required": ["number"], "properties": { "number": { "type": "integer" }, "version": { "type": "integer", "description": "As it was read: a ticket that has changed since is not closed" } } } },
                "act": { "description": "`\"spam\"`, or an object with one of `assign` (an agent's id or null), `handled` (the reason), `category`, `macro` (`{\"name\": …}`, as the team has set it up)" },
            },
        },
        "BulkDone": { "type": "object", "required": ["bulk"], "properties": { "bulk": {
            "type": "object", "required": ["id", "done", "left", "undone"],
            "properties": { "id": or_null("integer"), "done": { "type": "array", "items": { "type": "integer" } }, "left": { "type": "array", "description": "Pairs of a number and why it was left as it was" }, "undone": { "type": "boolean" } },
        } } },
        "View": {
            "type": "object", "required": ["id", "owner", "name", "shared", "filter", "sort", "version"],
            "properties": { "id": { "type": "integer" }, "owner": { "type": "integer" }, "name": { "type": "string" }, "shared": { "type": "boolean" }, "sort": { "enum": ["due", "newest", "oldest"] }, "version": { "type": "integer" } },
        },
        "Views": { "type": "object", "required": ["views"], "properties": { "views": list("View") } },
        "ViewKept": { "type": "object", "required": ["view"], "properties": { "view": { "$ref": "#/components/schemas/View" } } },
        "NewView": {
            "type": "object", "required": ["name", "filter", "sort"], "additionalProperties": false,
            "properties": {
                "name": { "type": "string", "maxLength": posthouse_model::view::NAME_CHARS_MAX }, "shared": { "type": "boolean" }, "sort": { "enum": ["due", "newest", "oldest"] },
                "version": { "type": "integer" },
                "filter": { "description": "A test such as `{\"status\": [\"waiting\"]}` or `\"overdue\"`, or a group of them: `{\"all\": [...]}`, `{\"any\": [...]}`, `{\"none\": [...]}`" },
            },
        },
        "Messages": {
            "type": "object", "required": ["messages"],
            "properties": { "messages": { "type": "array", "items": {
                "type": "object", "required": ["id", "subject", "outcome"],
                "properties": { "id": { "type": "integer" }, "subject": { "type": "string" }, "outcome": { "enum": outcomes } },
            } } },
        },
        "Stopped": {
            "type": ["object", "null"], "required": ["at", "by", "reason"],
            "properties": { "at": time(), "by": { "type": "string" }, "reason": { "type": "string" } },
        },
        "Autonomy": {
            "type": "object", "required": ["categories", "stopped", "house_stopped"],
            "properties": {
                "categories": { "type": "array", "items": {
                    "type": "object", "required": ["category", "level", "unchanged", "small_edits", "large_edits", "not_sent", "unchanged_at_least"],
                    "properties": {
                        "category": { "type": "string" }, "level": { "enum": levels }, "unchanged": { "type": "integer" },
                        "unchanged_at_least": { "type": "number", "description": "Lower bound of the share that was sent unchanged, 0 to 1" },
                    },
                } },
                "stopped": { "$ref": "#/components/schemas/Stopped" }, "house_stopped": { "$ref": "#/components/schemas/Stopped" },
            },
        },
        "AutonomyAct": {
            "type": "object", "additionalProperties": false,
            "properties": { "category": { "type": "string" }, "to": { "enum": levels }, "reason": { "type": "string" } },
        },
        "Status": {
            "type": "object", "required": ["host", "incidents", "mailboxes", "plugins", "failed_jobs"],
            "properties": {
                "host": or_null("string"),
                "incidents": { "type": "array", "items": { "type": "object", "required": ["text", "since"], "properties": { "text": { "type": "string" }, "since": time() } } },
                "mailboxes": { "type": "array", "items": { "type": "object", "required": ["address", "active"] } },
                "plugins": { "type": "array", "items": { "type": "object", "required": ["name", "world", "version"] } },
                "failed_jobs": { "type": "array", "items": { "type": "object", "required": ["job", "error", "tries"] } },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_json_route_is_described_and_nothing_else() {
        for route in json_routes() {
            let described = DESCRIBED.iter().any(|one| one.method == route.method && one.path == route.path);
            assert!(described, "{} {} is new: describe it here", route.method, route.path);
        }
        for described in DESCRIBED {
            let there = json_routes().any(|route| route.method == described.method && route.path == described.path);
            assert!(there, "{} {} is gone", described.method, described.path);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let description = describe("https://desk.example", "luma");
        let mut references = Vec::new();
        fn collect(value: &Value, into: &mut Vec<String>) {
            match value {
                Value::Object(map) => map.iter().for_each(|(key, value)| match (key.as_str(), value) {
                    ("$ref", Value::String(to)) => into.push(to.clone()),
                    (_, value) => collect(value, into),
                }),
                Value::Array(list) => list.iter().for_each(|value| collect(value, into)),
                _ => {}
            }
        }
        collect(&description, &mut references);
        assert!(references.len() > 20);
        for reference in references {
            assert!(description.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        assert_eq!(description["paths"]["/api/tickets/{number}/{verb}"]["post"]["x-scope"], "act");
    }
}
