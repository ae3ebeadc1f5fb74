//! A team of which some categories have come far.

use super::{NOW, minutes};
use crate::page::autonomy::{AutonomyPage, CategoryPart, ComparedLine, LeavingLine, StepLine};
use crate::text::difference::pieces;
use posthouse_model::autonomy::{Cause, Compared, Evidence, Level, Never, may_promote};
use posthouse_model::config::AutonomyConfig;

fn part(category: &str, level: Level, evidence: Evidence) -> CategoryPart {
    let config = AutonomyConfig::default();
    CategoryPart {
        category: category.into(),
        level,
        since: (level > Level::Manual).then_some(NOW.minus(minutes(9_000))),
        fell: None,
        evidence,
        lower_permille: evidence.bound(&config).lower_permille(),
        next: may_promote(level, evidence, &config),
        compared: Vec::new(),
        steps: Vec::new(),
    }
}

/// The page of earned autonomy.
#[must_use]
pub fn autonomy() -> AutonomyPage {
    let evidence = |unchanged, small_edits, rejected| Evidence { unchanged, small_edits, large_edits: 0, rejected };
    let line = |number, subject: &str, compared, changed| ComparedLine {
        number,
        subject: subject.into(),
        at: NOW.minus(minutes(40)),
        compared,
        changed,
        by: "Jun".into(),
        never: vec![],
        pieces: Some(pieces("Your parcel is on its way.", "Your parcel is on its way and comes on Friday.")),
    };
    let mut shipping = part("shipping", Level::Sampled, evidence(118, 4, 1));
    shipping.compared = vec![
        line(1041, "Where is my parcel?", Compared::Unchanged, 0),
        line(1033, "¿Dónde está mi pedido?", Compared::SmallEdit, 8),
        ComparedLine { never: vec![Never::Legal, Never::Anger], ..line(1030, "Last warning", Compared::Rejected, 100) },
    ];
    let mut refund = part("refund", Level::Suggested, evidence(3, 1, 0));
    refund.fell = Some((NOW.minus(minutes(200)), Cause::Complaint));
    refund.steps = vec![StepLine {
        at: NOW.minus(minutes(200)),
        was: Level::Automatic,
        became: Level::Suggested,
        cause: Cause::Complaint,
        who: "Posthouse".into(),
        number: Some(1019),
    }];
    AutonomyPage {
        house_stop: None,
        stop: None,
        leaving: vec![LeavingLine {
            number: 1044,
            subject: "Tracking number?".into(),
            outbox: 9,
            at: NOW.plus(minutes(7)),
        }],
        categories: vec![shipping, refund, part("product", Level::Manual, Evidence::default())],
        confidence: 95,
        review: 20,
    }
}
