//! The routes: one table says what there is and who may ask; the router is built from it, the guard enforces
//! it, and the test of strangers walks it. A route that is not in the table does not exist.

mod account;
pub(crate) mod act;
mod api;
mod audit;
mod autonomy;
mod blocks;
mod bulk;
mod card;
mod code;
mod device;
mod forms;
mod knowledge;
mod live;
mod macros;
pub(crate) mod mail;
mod model_calls;
mod oidc;
mod openapi;
mod people;
mod plugins;
mod preview;
mod public;
mod settings;
mod setup;
pub(crate) mod sign_in;
mod templates;
mod tickets;
pub(crate) mod tokens;
mod translate;
mod typed;
mod views;
mod visit;
mod webhooks;
pub(crate) mod work;

use crate::deps::WebDeps;
use crate::desk::Desk;
use crate::{refusal, seat, security};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

/// Who may ask for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Everybody who is signed in to the team the path names. Others: to the sign-in; JSON: 401.
    Reading,
    /// As `Reading`, and concerns nothing but her own account: open, too, to who has yet to set up a second factor.
    Own,
    /// As `Reading`, and may act: auditors see 404.
    Acting,
    /// As acting, and files may come along.
    Attaching,
    /// As `Acting`, and decides for the team: agents see 404.
    Leading,
    /// As `Reading`, and looks through the record of the whole team: who may not, or does not see all queues, sees 404.
    Auditing,
    /// As `Reading`, and sets the team up: everybody but admins sees 404.
    Administering,
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Pattern of the path.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    handler: fn() -> MethodRouter<Desk>,
}

/// The path that browsers come back to from mailboxes' providers: [`visit::came_back`].
pub(crate) const CAME_BACK: &str = "/oauth/callback";

macro_rules! routes {
    ($($verb:ident $path:literal $access:ident $handler:expr;)*) => {
        /// All routes.
        pub const ROUTES: &[Route] = &[$(
            Route {
                method: if matches!(stringify!($verb).as_bytes(), b"get") { "GET" } else { "POST" },
                path: $path,
                access: Access::$access,
                handler: || $verb($handler),
            },
        )*];
    };
}

routes! {
    get "/" Public public::teams;
    get "/health" Public public::health;
    get "/metrics" Public public::metrics;
    get "/assets/{file}" Public public::asset;
    get "/oauth/callback" Public visit::came_back;
    get "/t/{slug}/sign-in" Public sign_in::page;
    post "/t/{slug}/sign-in" Public sign_in::enter;
    get "/oidc/callback" Public oidc::came_back;
    post "/t/{slug}/sign-in/oidc" Public oidc::begin;
    get "/t/{slug}/sign-in/oidc" Public oidc::go;
    get "/t/{slug}/sign-in/oidc/back" Public oidc::back;
    get "/t/{slug}/sign-in/code" Public code::page;
    post "/t/{slug}/sign-in/code" Public code::enter;
    get "/t/{slug}/r/{link}" Public card::open;
    get "/t/{slug}/welcome" Public people::welcome;
    post "/t/{slug}/welcome" Public people::enter;
    get "/t/{slug}" Reading tickets::home;
    post "/t/{slug}/sign-out" Own sign_in::leave;
    get "/t/{slug}/account" Own account::page;
    post "/t/{slug}/account" Own account::preferences;
    post "/t/{slug}/account/password" Own account::password;
    post "/t/{slug}/account/sessions" Own account::end_session;
    post "/t/{slug}/account/sessions/others" Own account::end_others;
    post "/t/{slug}/account/devices" Own device::forget;
    get "/t/{slug}/account/second-factor" Own account::factor_page;
    post "/t/{slug}/account/second-factor" Own account::begin_factor;
    post "/t/{slug}/account/second-factor/confirm" Own account::confirm_factor;
    post "/t/{slug}/account/second-factor/codes" Own account::renew_codes;
    post "/t/{slug}/account/second-factor/remove" Own account::remove_factor;
    get "/t/{slug}/tickets" Reading tickets::list;
    get "/t/{slug}/tickets/{number}" Reading tickets::ticket;
    post "/t/{slug}/tickets/{number}/approve" Acting forms::approve;
    post "/t/{slug}/tickets/{number}/draft" Acting forms::draft;
    post "/t/{slug}/tickets/{number}/attach" Attaching forms::attach;
    post "/t/{slug}/tickets/{number}/detach" Acting forms::detach;
    post "/t/{slug}/tickets/{number}/picture" Acting forms::picture;
    get "/t/{slug}/tickets/{number}/files/{id}" Reading mail::reply_file;
    post "/t/{slug}/tickets/{number}/handled" Acting forms::handled;
    post "/t/{slug}/tickets/{number}/spam" Acting forms::spam;
    post "/t/{slug}/tickets/{number}/not-spam" Acting forms::not_spam;
    post "/t/{slug}/tickets/{number}/reopen" Acting forms::reopen;
    post "/t/{slug}/tickets/{number}/category" Acting forms::category;
    post "/t/{slug}/tickets/{number}/assign" Acting forms::assign;
    post "/t/{slug}/tickets/{number}/undo" Acting forms::undo;
    post "/t/{slug}/tickets/{number}/resolve" Acting forms::resolve;
    post "/t/{slug}/tickets/{number}/merge" Acting forms::merge;
    post "/t/{slug}/tickets/{number}/split" Acting forms::split;
    post "/t/{slug}/tickets/{number}/note" Acting work::note;
    post "/t/{slug}/tickets/{number}/edit-note" Acting work::edit_note;
    post "/t/{slug}/tickets/{number}/delete-note" Acting work::delete_note;
    post "/t/{slug}/tickets/{number}/priority" Acting work::priority;
    post "/t/{slug}/tickets/{number}/tag" Acting work::tag;
    post "/t/{slug}/tickets/{number}/untag" Acting work::untag;
    post "/t/{slug}/tickets/{number}/snooze" Acting work::snooze;
    post "/t/{slug}/tickets/{number}/wake" Acting work::wake;
    post "/t/{slug}/tickets/{number}/misfit" Acting work::misfit;
    post "/t/{slug}/tickets/{number}/difference" Acting work::compare;
    post "/t/{slug}/tickets/{number}/macro" Acting macros::run;
    get "/t/{slug}/tickets/{number}/blocks" Acting blocks::list;
    post "/t/{slug}/tickets/{number}/translate" Acting translate::ask;
    post "/t/{slug}/tickets/{number}/pictures" Acting mail::pictures;
    post "/t/{slug}/tickets/{number}/preview" Acting preview::show;
    post "/t/{slug}/tickets/{number}/typed" Acting typed::keep;
    post "/t/{slug}/tickets/{number}/drop-typed" Acting typed::discard;
    get "/t/{slug}/tickets/{number}/writing" Acting typed::writing;
    post "/t/{slug}/tickets/{number}/take-over" Acting typed::take_over;
    get "/t/{slug}/mentions" Reading work::mentions;
    post "/t/{slug}/bulk" Acting bulk::act;
    post "/t/{slug}/bulk/{id}/undo" Acting bulk::undo;
    get "/t/{slug}/views" Reading views::list;
    get "/t/{slug}/views/new" Acting views::blank;
    post "/t/{slug}/views/new" Acting views::make;
    get "/t/{slug}/views/{id}" Acting views::view;
    post "/t/{slug}/views/{id}" Acting views::act;
    get "/t/{slug}/messages" Reading settings::messages;
    get "/t/{slug}/messages/{id}/html" Reading mail::html;
    get "/t/{slug}/messages/{id}/raw" Reading mail::raw;
    get "/t/{slug}/messages/{id}/attachments/{part}" Reading mail::attachment;
    get "/t/{slug}/messages/{id}/attachments/{part}/preview" Reading mail::look_at;
    post "/t/{slug}/messages/repair" Acting settings::repair;
    post "/t/{slug}/messages/{id}/take-up" Acting mail::take_up;
    get "/t/{slug}/status" Reading settings::status;
    post "/t/{slug}/status/sign-in" Administering settings::mailbox_sign_in;
    post "/t/{slug}/status/sign-in/browser" Administering visit::leave;
    get "/t/{slug}/sign-in/mailbox" Administering visit::back;
    get "/t/{slug}/knowledge" Reading knowledge::list;
    get "/t/{slug}/knowledge/article" Reading knowledge::article;
    get "/t/{slug}/knowledge/new" Leading knowledge::new;
    post "/t/{slug}/knowledge/save" Leading knowledge::save;
    post "/t/{slug}/knowledge/restore" Leading knowledge::restore;
    post "/t/{slug}/knowledge/remove" Leading knowledge::remove;
    post "/t/{slug}/knowledge/gap" Leading knowledge::gap;
    get "/t/{slug}/templates" Reading templates::list;
    get "/t/{slug}/templates/template" Reading templates::template;
    get "/t/{slug}/templates/new" Leading templates::new;
    post "/t/{slug}/templates/save" Leading templates::save;
    post "/t/{slug}/templates/restore" Leading templates::restore;
    post "/t/{slug}/templates/remove" Leading templates::remove;
    post "/t/{slug}/templates/try" Leading templates::attempt;
    get "/t/{slug}/plugins" Administering plugins::list;
    post "/t/{slug}/plugins" Administering plugins::hand_in;
    get "/t/{slug}/plugins/{name}" Administering plugins::plugin;
    post "/t/{slug}/plugins/{name}/{verb}" Administering plugins::act;
    get "/t/{slug}/people" Administering people::list;
    post "/t/{slug}/people" Administering people::invite;
    get "/t/{slug}/people/{id}" Administering people::person;
    post "/t/{slug}/people/{id}" Administering people::change;
    post "/t/{slug}/people/{id}/{verb}" Administering people::act;
    get "/t/{slug}/webhooks" Administering webhooks::page;
    post "/t/{slug}/webhooks" Administering webhooks::act;
    get "/t/{slug}/settings" Leading setup::list;
    get "/t/{slug}/settings/{page}" Leading setup::show;
    get "/t/{slug}/settings/macros" Leading setup::show_macros;
    post "/t/{slug}/settings/macros" Leading setup::save_macros;
    post "/t/{slug}/settings/{page}" Administering setup::save;
    post "/t/{slug}/settings/{page}/{verb}" Administering setup::act;
    get "/t/{slug}/audit" Auditing audit::page;
    get "/t/{slug}/autonomy" Leading autonomy::page;
    post "/t/{slug}/autonomy" Leading autonomy::act;
    get "/t/{slug}/model" Auditing model_calls::list;
    get "/t/{slug}/model/{id}" Auditing model_calls::one;
    get "/t/{slug}/live" Reading live::stream;
    post "/t/{slug}/me/language" Own settings::language;
    post "/t/{slug}/me/theme" Own settings::theme;
    post "/t/{slug}/account/tokens" Reading tokens::make;
    post "/t/{slug}/account/tokens/revoke" Reading tokens::revoke;
    get "/t/{slug}/api/openapi.json" Reading openapi::answer;
    get "/t/{slug}/api/me" Reading api::me;
    get "/t/{slug}/api/tickets" Reading api::tickets;
    get "/t/{slug}/api/tickets/{number}" Reading api::ticket;
    get "/t/{slug}/api/counts" Reading api::counts;
    get "/t/{slug}/api/mentions" Reading api::mentions;
    get "/t/{slug}/api/misfits" Reading api::misfits;
    post "/t/{slug}/api/bulk" Acting bulk::api_act;
    post "/t/{slug}/api/bulk/{id}/undo" Acting bulk::api_undo;
    get "/t/{slug}/api/views" Reading views::api_list;
    post "/t/{slug}/api/views" Acting views::api_make;
    post "/t/{slug}/api/views/{id}" Acting views::api_change;
    post "/t/{slug}/api/views/{id}/{verb}" Acting views::api_act;
    get "/t/{slug}/api/messages" Reading api::messages;
    post "/t/{slug}/api/messages/{id}/take-up" Acting api::take_up;
    get "/t/{slug}/api/status" Reading api::status;
    get "/t/{slug}/api/autonomy" Auditing autonomy::api_show;
    post "/t/{slug}/api/autonomy/{verb}" Leading autonomy::api_act;
    post "/t/{slug}/api/tickets/{number}/{verb}" Acting api::act;
}

/// The desk as a service. Serve it with connect info (`into_make_service_with_connect_info::<SocketAddr>`), so
/// that sign-ins are limited per address too.
pub fn router(deps: WebDeps) -> Router {
    let desk = Desk::new(deps);
    let mut router = Router::new();
    for route in ROUTES {
        let mut handler = (route.handler)();
        if route.access != Access::Public {
            handler = handler.route_layer(from_fn_with_state((desk.clone(), route.access), seat::guard));
        }
        match route.access {
            Access::Administering => handler = handler.layer(DefaultBodyLimit::max(seat::UPLOAD_BYTES_MAX)),
            Access::Attaching => handler = handler.layer(DefaultBodyLimit::max(seat::FILES_BYTES_MAX)),
            Access::Public | Access::Reading | Access::Own | Access::Auditing | Access::Acting | Access::Leading => {}
        }
        router = router.route(route.path, handler);
    }
    // Streams must not wait in a compressor; pictures and archives are compressed already.
    let compressible = DefaultPredicate::new()
        .and(NotForContentType::const_new("text/event-stream"))
        .and(NotForContentType::const_new("application/octet-stream"));
    router
        .layer(DefaultBodyLimit::max(seat::BODY_BYTES_MAX))
        .layer(from_fn_with_state(desk.clone(), refusal::draw))
        .layer(from_fn_with_state(desk.clone(), security::headers))
        .layer(CompressionLayer::new().compress_when(compressible))
        .layer(from_fn(trace))
        .with_state(desk)
}

/// One line per request: route and time, never an address of a customer or a query.
async fn trace(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let begun = tokio::time::Instant::now();
    let response = next.run(request).await;
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(%method, path, status = response.status().as_u16(), duration_ms, "answered");
    response
}
