//! The link on a card in the team's chat group: it leads to a ticket, and by itself lets nobody in.

use crate::desk::Desk;
use crate::page::frame::Team;
use crate::page::gate::ExpiredPage;
use crate::refusal::Refusal;
use crate::request::Device;
use crate::seat::tenant_of;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, Uri};

/// On to the ticket, whose page asks who is not signed in to do so. A link of another team's, or one that was changed, does not exist;
/// one whose time is over says so.
pub(super) async fn open(
    State(desk): State<Desk>,
    Path((_, link)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let tenant = tenant_of(&desk, uri.path()).await?;
    let slug = &tenant.tenant.slug;
    let (ticket, until) = (desk.deps.card_link)(slug, &link).ok_or(Refusal::NotFound)?;
    let team = Team { slug: slug.clone(), name: tenant.tenant.name.clone() };
    if desk.now() > until {
        let device = Device::of(&headers);
        let page = ExpiredPage { lang: device.lang, theme: device.theme, team };
        return Ok((StatusCode::GONE, page.draw()).into_response());
    }
    Ok(Redirect::to(&team.path(&format!("/tickets/{ticket}"))).into_response())
}
