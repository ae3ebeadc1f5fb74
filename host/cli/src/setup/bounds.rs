//! What a plugin gets of what it asks for: no more than its tenant grants, no more than the host allows.

use super::components::Component;
use posthouse_model::capability::Grants;
use posthouse_model::ceiling::{Ceiling, Excess};
use posthouse_model::limits::{CallBounds, Limits};

/// What a plugin gets.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// What it may do.
    pub grants: Grants,
    /// What it asks for in a call, as it is kept.
    pub asked: Limits,
    /// What it gets in a call.
    pub call: CallBounds,
}

impl Component {
    /// What it asks for in a call. A component without a package cannot ask: the tenant does in its place.
    #[must_use]
    pub fn limits_asked(&self, tenant: &Limits) -> Limits {
        self.package.as_ref().map_or(*tenant, |package| package.manifest().limits)
    }

    /// What it gets.
    ///
    /// # Errors
    /// Everything that goes beyond what the tenant or the host allows, each with the line that would allow it.
    pub fn bounds(&self, granted: &Grants, limits: &Limits, ceiling: &Ceiling) -> Result<Bounds, Vec<Excess>> {
        let grants = self.effective(granted);
        let asked = self.limits_asked(limits);
        let mut excesses = ceiling.excesses(&grants);
        match asked.settle(limits, &ceiling.limits) {
            Ok(call) if excesses.is_empty() => return Ok(Bounds { grants, asked, call }),
            Ok(_) => {}
            Err(beyond) => excesses.extend(beyond),
        }
        Err(excesses)
    }
}
