//! What one call of a plugin may cost, as manifests ask for it, tenants bound it, and hosts cap it.

use crate::ceiling::Excess;
use crate::triage::named;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

named! {
    /// A limit of a call that can be asked for. What it counts stands in its name.
    pub enum Limit {
        /// Milliseconds of computing.
        CpuMs = "cpu_ms",
        /// Milliseconds by the clock, host calls included.
        WallMs = "wall_ms",
        /// Mebibytes of linear memory.
        MemoryMib = "memory_mib",
        /// Kibibytes of everything it answers.
        AnswerKib = "answer_kib",
        /// Outbound HTTP requests.
        HttpRequests = "http_requests",
        /// Calls of the client's model.
        ModelCalls = "model_calls",
    }
}

impl Limit {
    /// What may be written for it, in a manifest, a tenant's set-up or the host's.
    #[must_use]
    pub fn range(self) -> RangeInclusive<u64> {
        match self {
            Self::CpuMs => 1..=60_000,
            Self::WallMs => 1..=600_000,
            Self::MemoryMib => 1..=4_096,
            Self::AnswerKib => 1..=16_384,
            Self::HttpRequests => 0..=256,
            Self::ModelCalls => 0..=64,
        }
    }

    /// What a plugin gets that does not ask.
    #[must_use]
    pub fn usual(self) -> u64 {
        match self {
            Self::CpuMs => 500,
            Self::WallMs => 30_000,
            Self::MemoryMib => 64,
            Self::AnswerKib => 1_024,
            Self::HttpRequests => 8,
            Self::ModelCalls => 4,
        }
    }

    /// What a host gives at most whose operator does not say.
    #[must_use]
    pub fn ceiling(self) -> u64 {
        match self {
            Self::CpuMs => 5_000,
            Self::WallMs => 120_000,
            Self::MemoryMib => 256,
            Self::AnswerKib => 4_096,
            Self::HttpRequests => 32,
            Self::ModelCalls => 16,
        }
    }
}

/// Some or all limits of a call. None: not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// [`Limit::CpuMs`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u64>,
    /// [`Limit::WallMs`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
    /// [`Limit::MemoryMib`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    /// [`Limit::AnswerKib`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_kib: Option<u64>,
    /// [`Limit::HttpRequests`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_requests: Option<u64>,
    /// [`Limit::ModelCalls`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_calls: Option<u64>,
}

impl Limits {
    /// What is said of a limit.
    #[must_use]
    pub fn get(&self, limit: Limit) -> Option<u64> {
        match limit {
            Limit::CpuMs => self.cpu_ms,
            Limit::WallMs => self.wall_ms,
            Limit::MemoryMib => self.memory_mib,
            Limit::AnswerKib => self.answer_kib,
            Limit::HttpRequests => self.http_requests,
            Limit::ModelCalls => self.model_calls,
        }
    }

    /// Says something of a limit, or nothing.
    pub fn set(&mut self, limit: Limit, value: Option<u64>) {
        let field = match limit {
            Limit::CpuMs => &mut self.cpu_ms,
            Limit::WallMs => &mut self.wall_ms,
            Limit::MemoryMib => &mut self.memory_mib,
            Limit::AnswerKib => &mut self.answer_kib,
            Limit::HttpRequests => &mut self.http_requests,
            Limit::ModelCalls => &mut self.model_calls,
        };
        *field = value;
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is out of [`Limit::range`], each with its value.
    pub fn out_of_range(&self) -> impl Iterator<Item = (Limit, u64)> {
        let said = Limit::ALL.iter().filter_map(|limit| Some((*limit, self.get(*limit)?)));
        said.filter(|(limit, value)| !limit.range().contains(value))
    }

    /// What a plugin's calls get: what its package asks for (`self`), else what is usual; at most what the tenant gives, at
    /// most what the host gives.
    ///
    /// # Errors
    /// Where the package asks for more than one of them gives. What is only usual is cut down without a word.
    pub fn settle(&self, tenant: &Self, host: &Self) -> Result<CallBounds, Vec<Excess>> {
        let mut settled = CallBounds::default();
        let mut excesses = Vec::new();
        for limit in Limit::ALL.iter().copied() {
            let asked = self.get(limit);
            let ceiling = host.get(limit).unwrap_or(limit.ceiling());
            let name = limit.as_str();
            let most = match (asked, tenant.get(limit)) {
                (Some(asked), Some(allowed)) if asked > allowed => {
                    excesses.push(Excess {
                        key: format!("limits.{name}"),
                        what: format!("the plugin asks for {name} = {asked} in a call, this tenant gives {allowed}"),
                        mend: format!("write limits.{name} = {asked} under this plugin in tenant.toml"),
                    });
                    allowed
                }
                (_, allowed) => allowed.unwrap_or(u64::MAX),
            };
            if let Some(asked) = asked.filter(|asked| *asked > ceiling) {
                excesses.push(Excess {
                    key: format!("limits.{name}"),
                    what: format!("the plugin asks for {name} = {asked} in a call, this host gives {ceiling}"),
                    mend: format!("write {name} = {asked} under [plugins.ceiling] in posthouse.toml"),
                });
            }
            settled.0.set(limit, Some(asked.unwrap_or(limit.usual()).min(most).min(ceiling)));
        }
        if excesses.is_empty() { Ok(settled) } else { Err(excesses) }
    }
}

/// What a plugin's calls get: every limit has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallBounds(Limits);

impl CallBounds {
    /// The value of a limit, in the unit of its name.
    #[must_use]
    pub fn get(&self, limit: Limit) -> u64 {
        self.0.get(limit).unwrap_or(limit.usual())
    }
}

impl Default for CallBounds {
    /// What is usual.
    fn default() -> Self {
        let mut usual = Limits::default();
        for limit in Limit::ALL.iter().copied() {
            usual.set(limit, Some(limit.usual()));
        }
        Self(usual)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn only(limit: Limit, value: u64) -> Limits {
        let mut limits = Limits::default();
        limits.set(limit, Some(value));
        limits
    }

    #[test]
    fn each_is_what_is_asked_for_up_to_what_tenant_and_host_give() {
        let nothing = Limits::default();
        for limit in Limit::ALL.iter().copied() {
            assert!(limit.usual() <= limit.ceiling() && limit.range().contains(&limit.ceiling()), "{limit}");
            let get = |asked, tenant, host| {
                let of = |value: Option<u64>| value.map_or(nothing, |value| only(limit, value));
                of(asked).settle(&of(tenant), &of(host)).map(|bounds| bounds.get(limit))
            };
            let usual = limit.usual();
            assert_eq!(get(None, None, None), Ok(usual), "{limit}");
            // Nobody asked: what is usual is cut down to what there is.
            assert_eq!(get(None, Some(1), None), Ok(1));
            assert_eq!(get(None, None, Some(1)), Ok(1));
            assert_eq!(get(None, Some(limit.ceiling()), None), Ok(usual), "an allowance gives nothing by itself");
            // Asked for: exactly what is given is had, one more is not.
            assert_eq!(get(Some(limit.ceiling()), None, None), Ok(limit.ceiling()));
            assert_eq!(get(Some(limit.ceiling() + 1), None, None).unwrap_err().len(), 1);
            assert_eq!(get(Some(3), Some(3), Some(3)), Ok(3));
            let both = get(Some(4), Some(3), Some(3)).unwrap_err();
            let name = limit.as_str();
            let said: Vec<_> = both.iter().map(ToString::to_string).collect();
            assert_eq!(
                said,
                [
                    format!(
                        "limits.{name}: the plugin asks for {name} = 4 in a call, this tenant gives 3; write limits.{name} = 4 under this plugin in tenant.toml"
                    ),
                    format!(
                        "limits.{name}: the plugin asks for {name} = 4 in a call, this host gives 3; write {name} = 4 under [plugins.ceiling] in posthouse.toml"
                    ),
                ]
            );
        }
    }

    #[test]
    fn what_may_be_written_has_edges() {
        for limit in Limit::ALL.iter().copied() {
            let (least, most) = (*limit.range().start(), *limit.range().end());
            assert_eq!(only(limit, most).out_of_range().count(), 0);
            assert_eq!(only(limit, least).out_of_range().count(), 0);
            assert_eq!(only(limit, most + 1).out_of_range().collect::<Vec<_>>(), [(limit, most + 1)]);
            if least > 0 {
                assert_eq!(only(limit, 0).out_of_range().collect::<Vec<_>>(), [(limit, 0)]);
            }
        }
    }
}
