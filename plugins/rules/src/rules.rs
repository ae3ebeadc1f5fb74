//! Rules over groups of words: compiled once, asked for every sentence.

use crate::data::{Mood, Rule, Scope, Urgency};
use crate::fold::{Folded, SINGLE};
use crate::lexicon::Hit;

/// How many groups of words rules can speak of, the bundled ones (some 240) and a tenant's own together.
pub const RULE_GROUPS_MAX: usize = 384;

/// A set of groups, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Set([u64; RULE_GROUPS_MAX / 64]);

impl Set {
    /// Adds a group; false when it is beyond what rules can speak of.
    pub fn add(&mut self, group: u16) -> bool {
        match self.0.get_mut(usize::from(group) / 64) {
            Some(word) => {
                *word |= 1 << (group % 64);
                true
            }
            None => false,
        }
    }

    /// Whether a group is in it.
    #[must_use]
    pub fn has(&self, group: u16) -> bool {
        self.0.get(usize::from(group) / 64).is_some_and(|word| word & (1 << (group % 64)) != 0)
    }

    /// Whether they share a group.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |any, (one, two)| any | (one & two)) != 0
    }

    /// Adds all groups of another set.
    pub fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(one, two)| *one |= two);
    }

    /// Every group, in order.
    pub fn each(&self, mut with: impl FnMut(u16)) {
        for (index, word) in self.0.iter().enumerate() {
            let mut bits = *word;
            while bits != 0 {
                with((index * 64) as u16 + bits.trailing_zeros() as u16);
                bits &= bits - 1;
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// A compiled rule.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Its name.
    pub name: String,
    first: Set,
    /// The first of the others once more, beside `first`: most rules are settled by it.
    second: Set,
    others: Vec<Set>,
    never: Set,
    within: Option<u16>,
    scope: Scope,
    /// Index of a category and how much it counts.
    pub scores: Vec<(u8, f32)>,
    /// At least so urgent.
    pub urgency: Option<Urgency>,
    /// How the customer sounds.
    pub mood: Vec<(Mood, f32)>,
    /// Evidence for unwanted mail.
    pub spam: f32,
    /// Index of a kind of risk.
    pub risk: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// What is missing then.
    pub missing: Vec<String>,
}

/// All rules, and which are asked when a group was found.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// In the order of the files.
    pub rules: Vec<Compiled>,
    /// Where the rules of a group begin in `by_group`; one more than there are groups.
    starts: Vec<u32>,
    by_group: Vec<u16>,
    groups: usize,
}

/// A rule that spoke.
#[derive(Clone, Copy, Debug)]
pub struct Fired {
    /// Index of the rule.
    pub rule: u16,
    /// How often: in how many sentences.
    pub times: u8,
    /// Counted by where it stood: subject, request.
    pub strength: f32,
    /// First and last word that made it speak, where they first did.
    pub first: u16,
    /// See `first`.
    pub last: u16,
}

/// Names to numbers while compiling.
pub trait Names {
    /// The number of a group of words; none when there is no such group.
    fn group(&self, name: &str) -> Option<u16>;
    /// Whether a group is in most mails, and therefore a poor reason to ask a rule.
    fn is_frequent(&self, group: u16) -> bool;
    /// The number of a category, made when new.
    fn category(&mut self, name: &str) -> Result<u8, String>;
}

impl Compiled {
    /// Compiles one rule.
    ///
    /// # Errors
    /// Names the rule and what is wrong with it.
    pub fn new(rule: &Rule, names: &mut dyn Names) -> Result<Self, String> {
        let bad = |what: &str| format!("rule `{}`: {what}", rule.name);
        if rule.name.trim().is_empty() {
            return Err("a rule needs a name: people see it as the reason".to_owned());
        }
        let alternatives = |text: &str| -> Result<Set, String> {
            let mut set = Set::default();
            for name in text.split(['|', ' ']).filter(|name| !name.is_empty()) {
                let plain = name.strip_prefix("word:").unwrap_or(name);
                let group = names.group(plain).ok_or_else(|| bad(&format!("there is no group of words `{plain}`")))?;
                if !set.add(group) {
                    return Err(bad(&format!("rules speak of more than {RULE_GROUPS_MAX} groups of words")));
                }
            }
            Ok(set)
        };
        let mut wanted: Vec<Set> = Vec::new();
        let mut never = Set::default();
        for condition in &rule.when {
            match condition.strip_prefix('!') {
                Some(rest) => never.join(&alternatives(rest)?),
                None => wanted.push(alternatives(condition)?),
            }
        }
        if wanted.is_empty() || wanted.iter().any(Set::is_empty) {
            return Err(bad("`when` needs at least one group that must be there"));
        }
        // The rarest group asks the rule; the order in the file stays a matter of reading.
        let rare = wanted.iter().position(|set| {
            let mut frequent = false;
            set.each(|group| frequent |= names.is_frequent(group));
            !frequent
        });
        wanted.swap(0, rare.unwrap_or(0));
        let mut scores = Vec::new();
        let pairs =
            rule.category.iter().map(|name| (name, rule.weight)).chain(rule.scores.iter().map(|(n, w)| (n, *w)));
        for (name, weight) in pairs {
            if !weight.is_finite() || weight.abs() > 100.0 {
                return Err(bad("a weight lies between -100 and 100"));
            }
            scores.push((names.category(name).map_err(|what| bad(&what))?, weight));
        }
        Ok(Self {
            name: rule.name.clone(),
            first: wanted.remove(0),
            second: wanted.first().copied().unwrap_or(Set([u64::MAX; RULE_GROUPS_MAX / 64])),
            others: wanted,
            never,
            within: rule.within,
            scope: rule.scope,
            scores,
            urgency: rule.urgency,
            mood: rule.mood.iter().map(|(mood, weight)| (*mood, *weight)).collect(),
            spam: rule.spam,
            risk: rule.risk.clone(),
            tags: rule.tags.clone(),
            missing: rule.missing.clone(),
        })
    }
}

impl Rules {
    /// Compiles the index.
    #[must_use]
    pub fn new(rules: Vec<Compiled>, groups: usize) -> Self {
        let mut lists: Vec<Vec<u16>> = vec![Vec::new(); groups];
        for (index, rule) in rules.iter().enumerate() {
            rule.first.each(|group| lists[usize::from(group)].push(index as u16));
        }
        let mut starts = Vec::with_capacity(groups + 1);
        let mut by_group = Vec::new();
        for list in lists {
            starts.push(by_group.len() as u32);
            by_group.extend(list);
        }
        starts.push(by_group.len() as u32);
        Self { rules, starts, by_group, groups }
    }

    /// How many groups of words there are.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    fn asked_by(&self, group: u16) -> &[u16] {
        let group = usize::from(group);
        &self.by_group[self.starts[group] as usize..self.starts[group + 1] as usize]
    }

    /// Asks all rules about one stretch of text and its hits (in order of words).
    #[inline(never)]
    pub fn ask(&self, scope: Scope, text: &Folded, hits: &[Hit], present: &Set, strength: f32, fired: &mut Vec<Fired>) {
        present.each(|group| {
            for index in self.asked_by(group) {
                let rule = &self.rules[usize::from(*index)];
                if !rule.second.meets(present) || rule.scope != scope || rule.never.meets(present) {
                    continue;
                }
                if !rule.others.iter().skip(1).all(|set| set.meets(present)) {
                    continue;
                }
                let known = fired.iter_mut().find(|known| known.rule == *index);
                match known {
                    // It has said what it can say.
                    Some(known) if known.times >= TIMES_MAX && known.strength >= strength => {}
                    Some(known) => {
                        // Without a distance to keep it holds wherever its groups stand.
                        if rule.within.is_none() || rule.place(text, hits).is_some() {
                            known.times = known.times.saturating_add(1);
                            known.strength = known.strength.max(strength);
                        }
                    }
                    None => {
                        if let Some((first, last)) = rule.place(text, hits) {
                            fired.push(Fired { rule: *index, times: 1, strength, first, last });
                        }
                    }
                }
            }
        });
    }
}

/// More sentences than this that say the same say nothing new.
const TIMES_MAX: u8 = 3;

impl Compiled {
    /// Where the groups stand close enough together: the first and last word. Groups that are found, not
    /// spelled, may have no place; the rule then stands where its other groups do.
    #[inline(never)]
    fn place(&self, text: &Folded, hits: &[Hit]) -> Option<(u16, u16)> {
        let any = |set: &Set| hits.iter().find(|hit| set.has(hit.group));
        if self.others.is_empty() {
            return Some(any(&self.first).map_or((0, 0), |hit| (hit.first, hit.last)));
        }
        let mut anchored = false;
        for anchor in hits.iter().filter(|hit| self.first.has(hit.group)) {
            anchored = true;
            let (mut first, mut last) = (anchor.first, anchor.last);
            let mut complete = true;
            for other in &self.others {
                let nearest = hits
                    .iter()
                    .filter(|hit| other.has(hit.group))
                    .map(|hit| (gap(text, anchor, hit), hit))
                    .min_by_key(|(distance, _)| *distance);
                match nearest {
                    Some((distance, hit)) if self.within.is_none_or(|within| distance <= u32::from(within)) => {
                        first = first.min(hit.first);
                        last = last.max(hit.last);
                    }
                    // Present without a place ("@question"): holds anywhere.
                    None => {}
                    Some(_) => {
                        complete = false;
                        break;
                    }
                }
            }
            if complete {
                return Some((first, last));
            }
        }
        if anchored {
            return None;
        }
        // The first group itself has no place.
        let placed = self.others.iter().filter_map(any).min_by_key(|hit| hit.first);
        Some(placed.map_or((0, 0), |hit| (hit.first, hit.last)))
    }
}

/// Words between two hits; characters of scripts without spaces count a third. Overlapping hits touch.
fn gap(text: &Folded, one: &Hit, other: &Hit) -> u32 {
    let (left, right) = if one.first <= other.first { (one, other) } else { (other, one) };
    let distance = u32::from(right.first.saturating_sub(left.last).saturating_sub(1));
    if text.tokens[usize::from(left.last)].flags & SINGLE != 0 { distance / 3 } else { distance }
}
