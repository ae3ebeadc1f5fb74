//! The knowledge base: read by everybody, written by leads and admins. What is written here is in force within seconds, and
//! `posthouse tenant export` brings it into the team's folder.

use crate::load;
use crate::load::frame::Done;
use crate::page::frame::{Note, Place};
use crate::page::knowledge::{ArticlePage, Meanwhile};
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use posthouse_model::config::{ANY_LANGUAGE, ArticleFront, article_language, article_title};
use posthouse_store::{Article, ArticleSaved, StoreError};
use std::collections::HashMap;

/// Longest name of an article, in bytes.
const NAME_BYTES_MAX: usize = 100;
/// Longest text looked for, in characters.
const FIND_CHARS_MAX: usize = 200;

pub(super) fn query(seat: &Seat) -> HashMap<String, String> {
    url::form_urlencoded::parse(seat.query().as_bytes()).into_owned().collect()
}

pub(super) async fn list(seat: Seat) -> Result<Response, Refusal> {
    let text: String =
        query(&seat).get("q").map(|q| q.trim().chars().take(FIND_CHARS_MAX).collect()).unwrap_or_default();
    let (frame, page) =
        tokio::try_join!(load::frame::frame(&seat, Place::Knowledge, None), load::knowledge::list(&seat, &text))?;
    Ok(page.draw(&frame).into_response())
}

pub(super) async fn article(seat: Seat) -> Result<Response, Refusal> {
    let query = query(&seat);
    let (id, language) = named(&query).ok_or(Refusal::NotFound)?;
    let version = query.get("version").and_then(|version| version.parse().ok());
    let page = load::knowledge::article(&seat, &id, &language, version).await?;
    draw(&seat, &page, None, StatusCode::OK).await
}

/// The form for an article that is not there yet; the one that is, if it is.
pub(super) async fn new(seat: Seat) -> Result<Response, Refusal> {
    let query = query(&seat);
    let (name, language) =
        (query.get("name").map_or("", |name| name.trim()), query.get("language").map_or("", |tag| tag.trim()));
    let id = if language.is_empty() { name.to_owned() } else { format!("{name}.{language}") };
    let t = seat.lang();
    // An ending that looks like a language would be one, as it is in the folder.
    if !is_name(name) || article_language(&id).as_deref().unwrap_or_default() != language {
        let note = Note { refused: true, text: t.article_name_refused().to_owned() };
        let (frame, page) = tokio::try_join!(
            load::frame::frame(&seat, Place::Knowledge, Some(note)),
            load::knowledge::list(&seat, "")
        )?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page.draw(&frame)).into_response());
    }
    let language = if language.is_empty() { ANY_LANGUAGE } else { language };
    let gap = match query.get("gap").and_then(|gap| gap.parse().ok()) {
        Some(gap) => Some(seat.scope.gap(gap).await?),
        None => None,
    };
    let mut page = match load::knowledge::article(&seat, &id, language, None).await {
        Ok(page) => page,
        Err(Refusal::NotFound) => {
            let last = name.rsplit('/').next().unwrap_or(name);
            let proposed = gap.as_ref().and_then(|gap| gap.proposed.clone()).map(|proposed| proposed.body);
            let body = proposed.unwrap_or_else(|| format!("# {last}\n\n"));
            load::knowledge::written(&seat, &id, language, &body).await?
        }
        Err(other) => return Err(other),
    };
    page.gap = gap.map(|gap| (gap.id, gap.number));
    draw(&seat, &page, None, StatusCode::OK).await
}

pub(super) async fn save(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let (id, language) = of(&fields)?;
    let mut body = fields.text("body");
    body.push('\n');
    let base = fields.number("version").unwrap_or(0);
    write(&seat, id, language, base, body, fields.number("gap")).await
}

/// A question that needs no article.
pub(super) async fn gap(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let gap = seat.scope.gap(fields.number("gap").ok_or(Refusal::NotFound)?).await?;
    let mut tx = seat.scope.begin().await?;
    tx.settle_gap(gap.id, None, &seat.actor()).await?;
    tx.commit().await?;
    Ok(done(&seat, "/knowledge", Done::GapSettled))
}

/// An earlier text becomes a new version: what came after it stays in the history.
pub(super) async fn restore(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let (id, language) = of(&fields)?;
    let earlier = fields.number("earlier").ok_or(Refusal::NotFound)?;
    let versions = seat.scope.article_versions(&id, &language).await?;
    let body = versions.into_iter().find(|one| one.version == earlier).and_then(|one| one.body);
    write(&seat, id, language, fields.number("version").unwrap_or(0), body.ok_or(Refusal::NotFound)?, None).await
}

pub(super) async fn remove(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let (id, language) = of(&fields)?;
    let base = fields.number("version").unwrap_or(0);
    let mut tx = seat.scope.begin().await?;
    match tx.remove_article(&id, &language, base, &seat.actor()).await? {
        ArticleSaved::As(_) => {
            tx.commit().await?;
            Ok(done(&seat, "/knowledge", Done::ArticleRemoved))
        }
        ArticleSaved::Changed(theirs) => {
            let page = load::knowledge::article(&seat, &id, &language, None).await?;
            let mine = page.body.clone();
            refused(&seat, page, mine, theirs.map(|row| *row)).await
        }
    }
}

async fn write(
    seat: &Seat,
    id: String,
    language: String,
    base: i64,
    body: String,
    gap: Option<i64>,
) -> Result<Response, Refusal> {
    let gap = match gap {
        // One that somebody else settled meanwhile does not keep the text from being saved.
        Some(gap) => seat.scope.gap(gap).await.ok(),
        None => None,
    };
    let article = Article { title: article_title(&id, &body), id, language, body };
    if let Err(what) = ArticleFront::read(&article.body) {
        let mut page = page(seat, &article).await?;
        page.body = article.body;
        page.gap = gap.map(|gap| (gap.id, gap.number));
        let note = Note { refused: true, text: seat.lang().article_front_refused(&what) };
        return draw(seat, &page, Some(note), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let mut tx = seat.scope.begin().await?;
    match tx.save_article(&article, base, &seat.actor()).await {
        Ok(ArticleSaved::As(_)) => {
            if let Some(gap) = &gap {
                tx.settle_gap(gap.id, Some(&article.id), &seat.actor()).await?;
            }
            tx.commit().await?;
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("id", &article.id).append_pair("language", &article.language);
            Ok(done(seat, &format!("/knowledge/article?{}", query.finish()), Done::ArticleSaved))
        }
        Ok(ArticleSaved::Changed(theirs)) => {
            drop(tx);
            let mut page = page(seat, &article).await?;
            page.gap = gap.map(|gap| (gap.id, gap.number));
            refused(seat, page, article.body, theirs.map(|row| *row)).await
        }
        Err(StoreError::Refused(text)) => {
            drop(tx);
            let mut page = page(seat, &article).await?;
            page.body = article.body;
            page.gap = gap.map(|gap| (gap.id, gap.number));
            draw(seat, &page, Some(Note { refused: true, text }), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(other) => Err(other.into()),
    }
}

/// The article as it is, or as it is being written where it is not there.
async fn page(seat: &Seat, article: &Article) -> Result<ArticlePage, Refusal> {
    match load::knowledge::article(seat, &article.id, &article.language, None).await {
        Err(Refusal::NotFound) => load::knowledge::written(seat, &article.id, &article.language, &article.body).await,
        other => other,
    }
}

/// What was typed stays in the editor, with what somebody else wrote above it; saving again is then meant.
async fn refused(
    seat: &Seat,
    mut page: ArticlePage,
    mine: String,
    theirs: Option<posthouse_store::ArticleRow>,
) -> Result<Response, Refusal> {
    page.meanwhile = Some(Meanwhile {
        by: theirs.as_ref().and_then(|row| load::knowledge::person(&row.changed_by)),
        body: theirs.map(|row| row.article.body),
    });
    page.body = mine;
    draw(seat, &page, None, StatusCode::CONFLICT).await
}

async fn draw(seat: &Seat, page: &ArticlePage, note: Option<Note>, status: StatusCode) -> Result<Response, Refusal> {
    let frame = load::frame::frame(seat, Place::Knowledge, note).await?;
    Ok((status, page.draw(&frame)).into_response())
}

/// On to a page that says what was done.
pub(super) fn done(seat: &Seat, path: &str, done: Done) -> Response {
    let and = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&seat.team().path(&format!("{path}{and}done={}", done.as_str()))).into_response()
}

fn of(fields: &Fields) -> Result<(String, String), Refusal> {
    let given = ["id", "language"].map(|name| (name.to_owned(), fields.line(name)));
    named(&HashMap::from(given)).ok_or(Refusal::NotFound)
}

/// An id that a file of the folder could have, and its language as the id says it.
fn named(fields: &HashMap<String, String>) -> Option<(String, String)> {
    let (id, language) = (fields.get("id")?, fields.get("language")?);
    let sound = !id.is_empty()
        && id.len() <= 4 * NAME_BYTES_MAX
        && !id.contains(['\\', '\0', ':'])
        && id.split('/').all(|piece| !piece.is_empty() && !piece.starts_with('.'))
        && article_language(id).unwrap_or_else(|| ANY_LANGUAGE.to_owned()) == *language;
    sound.then(|| (id.clone(), language.clone()))
}

/// What a new article may be called: pieces of small letters, digits, `-` and `_`, divided by `/`.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    name.len() <= NAME_BYTES_MAX
        && name.split('/').count() <= 8
        && name.split('/').all(|piece| !piece.is_empty() && piece.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files() {
        for good in ["returns", "returns/germany", "a-b_c/9"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "A", "a.de", "../a", "a b", "退货", &"a".repeat(101), "a/b/c/d/e/f/g/h/i"]
        {
            assert!(!is_name(bad), "{bad}");
        }
        let named = |id: &str, language: &str| {
            named(&HashMap::from([("id".to_owned(), id.to_owned()), ("language".to_owned(), language.to_owned())]))
        };
        assert!(named("returns/germany.de", "de").is_some());
        assert!(named("FAQ 2", "und").is_some(), "a file of the folder may be called so");
        for (id, language) in
            [("a.de", "und"), ("a", "de"), ("../a", "und"), ("a//b", "und"), (".a", "und"), ("", "und")]
        {
            assert!(named(id, language).is_none(), "{id} in {language}");
        }
    }
}
