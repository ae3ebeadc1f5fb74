//! Templates that compete under one trial's name: which does better, and whether that is more than chance.

use crate::page::compare::{Comparison, Side};
use posthouse_model::significance::{Outcome, chance, corrected};
use posthouse_model::template::Template;
use posthouse_store::TemplateUse;
use std::collections::BTreeMap;

/// One comparison for each trial of two templates or more; each is compared with the first by name. A reply does well that went
/// out as it was proposed; a draft of which somebody said that it did not fit does not.
pub(crate) fn comparisons<'a>(templates: impl Iterator<Item = &'a Template>, uses: &[TemplateUse]) -> Vec<Comparison> {
    let mut trials: BTreeMap<(&str, &str), Vec<&Template>> = BTreeMap::new();
    for template in templates {
        if let Some(trial) = template.trial() {
            trials.entry((template.plugin.as_str(), trial)).or_default().push(template);
        }
    }
    let compared = trials.into_iter().filter(|(_, templates)| templates.len() > 1);
    compared
        .map(|((plugin, trial), mut templates)| {
            templates.sort_by(|a, b| a.id.cmp(&b.id));
            let outcome = |template: &Template| {
                let of = uses.iter().find(|uses| uses.plugin == plugin && uses.template == template.id);
                let (good, edited, misfits) = of.map_or((0, 0, 0), |of| (of.unedited, of.edited, of.misfits));
                let count = |n: i64| u64::try_from(n).unwrap_or(0);
                Outcome { good: count(good), all: count(good) + count(edited) + count(misfits) }
            };
            let outcomes: Vec<Outcome> = templates.iter().map(|template| outcome(template)).collect();
            let chances: Vec<f64> = outcomes[1..].iter().map(|other| chance(outcomes[0], *other)).collect();
            let chances = [None].into_iter().chain(corrected(&chances).into_iter().map(Some));
            let sides = templates.iter().zip(outcomes).zip(chances);
            Comparison {
                plugin: plugin.to_owned(),
                trial: trial.to_owned(),
                sides: sides.map(|((of, outcome), chance)| Side { id: of.id.clone(), outcome, chance }).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(id: &str, trial: Option<&str>) -> Template {
        let mut front = serde_json::Map::new();
        if let Some(trial) = trial {
            front.insert("trial".to_owned(), trial.into());
        }
        Template { plugin: "drafter".into(), id: id.into(), front, body: "x".into() }
    }

    fn uses(template: &str, unedited: i64, edited: i64, misfits: i64) -> TemplateUse {
        TemplateUse {
            plugin: "drafter".into(),
            template: template.into(),
            unedited,
            edited,
            misfits,
            ..TemplateUse::default()
        }
    }

    #[test]
    fn templates_of_one_trial_are_compared_with_the_first() {
        let templates = [
            template("b", Some("tone")),
            template("a", Some("tone")),
            template("c", None),
            template("d", Some("alone")),
        ];
        let found = comparisons(templates.iter(), &[uses("a", 10, 30, 0), uses("b", 30, 8, 2)]);
        assert_eq!(found.len(), 1);
        let sides = &found[0].sides;
        assert_eq!((sides[0].id.as_str(), sides[1].id.as_str()), ("a", "b"));
        assert_eq!(sides[1].outcome, Outcome { good: 30, all: 40 });
        assert!(sides[0].chance.is_none() && sides[1].chance.is_some_and(|chance| chance < 0.001));
        let nothing = comparisons(templates.iter(), &[]);
        assert_eq!(nothing[0].sides[1].chance, Some(1.0));
    }
}
