//! What a person does with her own account. Whatever could be used by somebody who found her desk open asks for the password or a
//! code first; wrong ones are counted.

use super::public::YEAR;
use super::sign_in::{fits, hashed};
use super::tokens;
use crate::factor;
use crate::load;
use crate::page::account::{AccountPage, CodesPage, EnrolPage, FactorStands, SessionLine, wait_words};
use crate::page::frame::{Note, Place};
use crate::refusal::Refusal;
use crate::request::{Fields, LANGUAGE, set_cookie};
use crate::seat::Seat;
use crate::words::Lang;
use axum::response::{IntoResponse, Redirect, Response};
use http::header;
use jiff::tz::TimeZone;
use posthouse_model::Timestamp;
use posthouse_store::{FactorRow, GivenCode, TriedCode, hash_token};

/// Wrong passwords of one account, on its own page, within a quarter of an hour.
const TRIES: u32 = 5;

/// What was just done or refused, as the address of the page names it: only sentences of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Saved,
    Zone,
    Password,
    Wrong,
    Differ,
    Unfit,
    Ended,
    EndedAll,
    On,
    Off,
    Code,
    Token,
    Revoked,
    Forgotten,
}

impl Said {
    const ALL: [(Self, &'static str); 14] = [
        (Self::Saved, "saved"),
        (Self::Zone, "zone"),
        (Self::Password, "password"),
        (Self::Wrong, "wrong"),
        (Self::Differ, "differ"),
        (Self::Unfit, "unfit"),
        (Self::Ended, "ended"),
        (Self::EndedAll, "ended-all"),
        (Self::On, "on"),
        (Self::Off, "off"),
        (Self::Code, "code"),
        (Self::Token, "token"),
        (Self::Revoked, "revoked"),
        (Self::Forgotten, "forgotten"),
    ];

    fn note(self, t: Lang) -> Note {
        let (refused, text) = match self {
            Self::Saved => (false, t.account_saved()),
            Self::Zone => (true, t.account_zone_unknown()),
            Self::Password => (false, t.password_done()),
            Self::Wrong => (true, t.password_wrong()),
            Self::Differ => (true, t.password_differ()),
            Self::Unfit => (true, t.password_unfit()),
            Self::Ended => (false, t.session_ended()),
            Self::EndedAll => (false, t.sessions_ended()),
            Self::On => (false, t.factor_confirmed()),
            Self::Off => (false, t.factor_removed()),
            Self::Code => (true, t.factor_wrong()),
            Self::Token => (true, t.token_said_name()),
            Self::Revoked => (false, t.token_said_revoked()),
            Self::Forgotten => (false, t.device_forgotten()),
        };
        Note { refused, text: text.to_owned() }
    }
}

pub(super) fn back(seat: &Seat, said: Said) -> Response {
    let name = Said::ALL.iter().find(|(one, _)| *one == said).map_or("", |(_, name)| name);
    Redirect::to(&format!("{}?said={name}", seat.team().path("/account"))).into_response()
}

fn note_of(seat: &Seat) -> Option<Note> {
    let (_, said) = url::form_urlencoded::parse(seat.query().as_bytes()).find(|(name, _)| name == "said")?;
    Said::ALL.iter().find(|(_, name)| *name == said).map(|(said, _)| said.note(seat.lang()))
}

pub(super) async fn page(seat: Seat) -> Result<Response, Refusal> {
    draw(&seat, note_of(&seat), None).await
}

/// The page; `made`: a token that was just made, shown once.
pub(super) async fn draw(seat: &Seat, note: Option<Note>, made: Option<String>) -> Result<Response, Refusal> {
    let (frame, sessions, devices, row) = tokio::try_join!(
        load::frame::frame(seat, Place::Account, note),
        async { Ok(seat.scope.sessions(seat.agent.id).await?) },
        async { Ok(seat.scope.devices(seat.agent.id).await?) },
        async { Ok(seat.scope.second_factor(seat.agent.id).await?) },
    )?;
    let here = hash_token(&seat.token);
    let factor = match row {
        Some(FactorRow { confirmed_at: Some(since), codes_left, .. }) => FactorStands::On { since, codes_left },
        _ => FactorStands::Off,
    };
    let page = AccountPage {
        tokens: tokens::part(seat, &seat.agent, made).await?,
        zone: seat.agent.time_zone.clone().unwrap_or_default(),
        team_zone: seat.tenant.tenant.time_zone.clone(),
        sessions: sessions
            .into_iter()
            .map(|s| SessionLine {
                here: s.key == here,
                key: s.key,
                user_agent: s.from.user_agent,
                address: s.from.address,
                begun: s.created_at,
                used: s.used_at,
            })
            .collect(),
        devices,
        must_set_up: seat.must_set_up_factor(),
        factor,
    };
    Ok(page.draw(&frame).into_response())
}

/// The page again with what is wrong and how long to wait.
async fn wait(seat: &Seat, until: Timestamp) -> Result<Response, Refusal> {
    let note = Note { refused: true, text: wait_words(&seat.lens(), until) };
    draw(seat, Some(note), None).await
}

pub(super) async fn preferences(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let zone = fields.line("time_zone");
    if !zone.is_empty() && (zone.len() > 64 || TimeZone::get(&zone).is_err()) {
        return Ok(back(&seat, Said::Zone));
    }
    let lang = Lang::from_tag(fields.get("language"));
    let mut tx = seat.scope.begin().await?;
    let zone = Some(zone.as_str()).filter(|zone| !zone.is_empty());
    tx.set_preferences(seat.agent.id, lang.code(), zone, &seat.actor()).await?;
    tx.commit().await?;
    let mut response = back(&seat, Said::Saved);
    let cookie = set_cookie(LANGUAGE, lang.code(), "/", YEAR, seat.desk.is_secure());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// What became of a password that was asked for once more.
pub(super) enum Asked {
    Right,
    Wrong,
    Wait(Timestamp),
}

pub(super) async fn ask_password(seat: &Seat, given: &str) -> Result<Asked, Refusal> {
    if seat.agent.password_hash.is_empty() {
        // Who signs in at her provider has none here.
        return Ok(Asked::Right);
    }
    let (key, now) = (format!("own\n{}\n{}", seat.tenant.id, seat.agent.id), seat.desk.now());
    if let Some(wait) = seat.desk.limiter.wait(&key, TRIES, now) {
        return Ok(Asked::Wait(now.plus(wait)));
    }
    if !fits(&seat.desk, Some(seat.agent.password_hash.clone()), given.to_owned()).await? {
        seat.desk.limiter.failed(&key, now);
        return Ok(Asked::Wrong);
    }
    seat.desk.limiter.forget(&key);
    Ok(Asked::Right)
}

pub(super) async fn password(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let new = fields.get("new");
    if new != fields.get("again") {
        return Ok(back(&seat, Said::Differ));
    }
    match ask_password(&seat, fields.get("password")).await? {
        Asked::Right => {}
        Asked::Wrong => return Ok(back(&seat, Said::Wrong)),
        Asked::Wait(until) => return wait(&seat, until).await,
    }
    let Some(hash) = hashed(&seat.desk, new.to_owned()).await? else { return Ok(back(&seat, Said::Unfit)) };
    let mut tx = seat.scope.begin().await?;
    tx.set_own_password(seat.agent.id, &hash, &seat.token, &seat.actor()).await?;
    tx.commit().await?;
    Ok(back(&seat, Said::Password))
}

pub(super) async fn end_session(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let mut tx = seat.scope.begin().await?;
    // One that is gone already is as good as ended.
    tx.end_session(seat.agent.id, fields.get("session"), &seat.actor()).await?;
    tx.commit().await?;
    Ok(back(&seat, Said::Ended))
}

pub(super) async fn end_others(seat: Seat) -> Result<Response, Refusal> {
    let mut tx = seat.scope.begin().await?;
    tx.end_other_sessions(seat.agent.id, &seat.token, &seat.actor()).await?;
    tx.commit().await?;
    Ok(back(&seat, Said::EndedAll))
}

/// Makes a seed and shows it.
pub(super) async fn begin_factor(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    match ask_password(&seat, fields.get("password")).await? {
        Asked::Right => {}
        Asked::Wrong => return Ok(back(&seat, Said::Wrong)),
        Asked::Wait(until) => return wait(&seat, until).await,
    }
    let seed = factor::seed(seat.desk.deps.entropy.as_ref());
    let sealed = seat.desk.deps.people_vault.seal(seat.tenant.id, &factor::sealed_as(seat.agent.id), &seed);
    let sealed = sealed.map_err(|error| {
        tracing::error!(%error, "a second factor could not be sealed");
        Refusal::Broken
    })?;
    let mut tx = seat.scope.begin().await?;
    tx.propose_second_factor(seat.agent.id, &sealed, &seat.actor()).await?;
    tx.commit().await?;
    Ok(Redirect::to(&seat.team().path("/account/second-factor")).into_response())
}

/// Shows the seed that has yet to be confirmed.
pub(super) async fn factor_page(seat: Seat) -> Result<Response, Refusal> {
    let row = seat.scope.second_factor(seat.agent.id).await?;
    let Some(row) = row.filter(|row| row.confirmed_at.is_none()) else {
        return Ok(Redirect::to(&seat.team().path("/account")).into_response());
    };
    let seed = open(&seat, &row)?;
    let page = EnrolPage {
        key: factor::spelled(&seed),
        address: factor::address(&seat.tenant.tenant.name, &seat.agent.email, &seed),
    };
    let frame = load::frame::frame(&seat, Place::Account, note_of(&seat)).await?;
    Ok(page.draw(&frame).into_response())
}

fn open(seat: &Seat, row: &FactorRow) -> Result<Vec<u8>, Refusal> {
    let opened = seat.desk.deps.people_vault.open(seat.tenant.id, &factor::sealed_as(seat.agent.id), &row.sealed);
    opened.map_err(|_| Refusal::Refused(seat.lang().factor_unreadable().to_owned()))
}

/// Looks at a code of a seated person's factor.
async fn tried(seat: &Seat, row: &FactorRow, given: &str) -> Result<TriedCode, Refusal> {
    let seed = open(seat, row)?;
    let hash = factor::recovery_hash(seat.tenant.id, seat.agent.id, given);
    let given = match factor::typed_code(given) {
        Some(code) => GivenCode::Step(factor::fitting_step(&seed, &code, seat.desk.now())),
        None => GivenCode::Recovery(&hash),
    };
    let mut tx = seat.scope.begin().await?;
    let tried = tx.try_code(seat.agent.id, given, &seat.actor()).await?;
    tx.commit().await?;
    Ok(tried)
}

/// Shows fresh recovery codes and keeps their hashes: as the factor is turned on, or instead of the old ones.
async fn fresh_codes(seat: &Seat, turn_on: bool) -> Result<Response, Refusal> {
    let codes = factor::recovery_codes(seat.desk.deps.entropy.as_ref());
    let hashes: Vec<String> =
        codes.iter().map(|code| factor::recovery_hash(seat.tenant.id, seat.agent.id, code)).collect();
    let mut tx = seat.scope.begin().await?;
    if turn_on {
        tx.confirm_second_factor(seat.agent.id, &hashes, &seat.actor()).await?;
        // Whoever was signed in without it gives a code now.
        tx.end_other_sessions(seat.agent.id, &seat.token, &seat.actor()).await?;
    } else {
        tx.renew_recovery_codes(seat.agent.id, &hashes, &seat.actor()).await?;
    }
    tx.commit().await?;
    let note = turn_on.then(|| Said::On.note(seat.lang()));
    let frame = load::frame::frame(seat, Place::Account, note).await?;
    Ok(CodesPage { codes }.draw(&frame).into_response())
}

pub(super) async fn confirm_factor(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let row = seat.scope.second_factor(seat.agent.id).await?;
    let Some(row) = row.filter(|row| row.confirmed_at.is_none()) else {
        return Ok(Redirect::to(&seat.team().path("/account")).into_response());
    };
    match tried(&seat, &row, fields.get("code")).await? {
        TriedCode::Taken => fresh_codes(&seat, true).await,
        TriedCode::Wait(until) => wait(&seat, until).await,
        TriedCode::Wrong | TriedCode::Replayed | TriedCode::None => {
            Ok(Redirect::to(&seat.team().path("/account/second-factor?said=code")).into_response())
        }
    }
}

/// What a code of the factor that is on is given for.
async fn with_code(seat: &Seat, given: &str) -> Result<Result<(), Response>, Refusal> {
    let row = seat.scope.second_factor(seat.agent.id).await?;
    let Some(row) = row.filter(|row| row.confirmed_at.is_some()) else { return Ok(Err(back(seat, Said::Code))) };
    Ok(match tried(seat, &row, given).await? {
        TriedCode::Taken => Ok(()),
        TriedCode::Wait(until) => Err(wait(seat, until).await?),
        TriedCode::Wrong | TriedCode::Replayed | TriedCode::None => Err(back(seat, Said::Code)),
    })
}

pub(super) async fn renew_codes(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    match with_code(&seat, fields.get("code")).await? {
        Ok(()) => fresh_codes(&seat, false).await,
        Err(response) => Ok(response),
    }
}

pub(super) async fn remove_factor(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    if let Err(response) = with_code(&seat, fields.get("code")).await? {
        return Ok(response);
    }
    let mut tx = seat.scope.begin().await?;
    tx.remove_second_factor(seat.agent.id, &seat.actor()).await?;
    tx.commit().await?;
    Ok(back(&seat, Said::Off))
}
