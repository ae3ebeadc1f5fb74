//! What the host says about itself, about a plugin, and about the limits of one call.

use posthouse_model::capability::Grants;
use posthouse_model::limits::{CallBounds, Limit};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How the sandbox is set up. One per process.
#[derive(Clone)]
pub struct SandboxConfig {
    /// Where compiled plugins are kept between starts. None compiles at every start.
    pub cache_dir: Option<PathBuf>,
    /// Proves that an entry of the cache was written by this installation (HMAC-SHA-256): compiled code is
    /// never accepted from anybody else. Derive it from the installation's master key.
    pub cache_key: [u8; 32],
    /// How many calls may run at the same time over all tenants, 1 to 1,000. Further calls wait for
    /// [`queue_wait`](Self::queue_wait) and then end as [`CallError::Busy`](crate::CallError::Busy).
    pub concurrent_calls: u32,
    /// How long a call may wait for its turn.
    pub queue_wait: Duration,
    /// How many calls may compute for longer than a moment (5 ms) at the same time. The default is one fewer than there are
    /// processors, at least one: endless loops then leave a processor to everybody else.
    pub computing_calls: u32,
    /// What a plugin's linear memories may reach together, in bytes, whatever its own limits say; at most 4 GiB.
    pub memory_ceiling: u64,
    /// Further certificates (DER) to trust in outbound HTTP, beside the system's.
    pub extra_roots: Vec<Vec<u8>>,
    /// Sent with outbound HTTP.
    pub user_agent: String,
    /// Count the instructions of each call ([`Used::fuel`]). They cost time to count: for tests of plugins, never in production.
    pub count_fuel: bool,
    /// Keep what `configure` leaves in memory, so that no call runs it again. Without, every call does: to measure what that costs.
    pub keep_configured: bool,
}

/// Processors that this process may use.
fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            cache_dir: None,
            cache_key: [0; 32],
            concurrent_calls: 32,
            queue_wait: Duration::from_secs(10),
            computing_calls: processors().saturating_sub(1).max(1),
            memory_ceiling: 256 << 20,
            extra_roots: Vec::new(),
            user_agent: concat!("Posthouse/", env!("CARGO_PKG_VERSION")).to_owned(),
            count_fuel: false,
            keep_configured: true,
        }
    }
}

impl std::fmt::Debug for SandboxConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key stays out of logs.
        f.debug_struct("SandboxConfig")
            .field("cache_dir", &self.cache_dir)
            .field("concurrent_calls", &self.concurrent_calls)
            .field("queue_wait", &self.queue_wait)
            .field("computing_calls", &self.computing_calls)
            .field("memory_ceiling", &self.memory_ceiling)
            .finish_non_exhaustive()
    }
}

/// A plugin as one tenant has it.
#[derive(Clone, Debug)]
pub struct PluginSpec {
    /// Its name in this tenant, for messages: `classifier`.
    pub name: String,
    /// The plugin's own version, for the record of decisions.
    pub version: String,
    /// The component.
    pub component: Arc<[u8]>,
    /// The tenant's settings for it: JSON. Given to `configure` once.
    pub settings: String,
    /// What it may do.
    pub grants: Grants,
    /// What a call may cost.
    pub limits: CallLimits,
}

/// What one call may cost. Every limit ends the call as a typed [`CallError`](crate::CallError); what it had
/// answered until then is thrown away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Time on the processor, measured in steps of about 5 ms.
    pub cpu: Duration,
    /// The same for `configure`, which runs once when the plugin is loaded and may have much to read.
    pub configure_cpu: Duration,
    /// Time by the wall clock from the start of the plugin, host calls included.
    pub wall: Duration,
    /// Linear memory in bytes, all memories of the component together.
    pub memory_bytes: u64,
    /// Entries of its tables, all together.
    pub table_elements: u32,
    /// Bytes of everything it answers.
    pub answer_bytes: u64,
    /// Entries of everything it answers: entities, reasons, tags, facts …
    pub answer_items: u32,
    /// Bytes it may log; more is dropped and counted.
    pub log_bytes: u32,
    /// Handles to host resources it may hold at once.
    pub handles: u32,
    /// Outbound HTTP requests.
    pub http_requests: u32,
    /// Calls of the client's model.
    pub model_calls: u32,
    /// Searches in the tenant's articles.
    pub knowledge_searches: u32,
    /// Questions to its store and writes to it, all together.
    pub store_calls: u32,
}

impl From<&CallBounds> for CallLimits {
    /// What a plugin can ask for as it was settled; everything else is the same for every plugin.
    fn from(bounds: &CallBounds) -> Self {
        let count = |limit| u32::try_from(bounds.get(limit)).unwrap_or(u32::MAX);
        let cpu = Duration::from_millis(bounds.get(Limit::CpuMs));
        Self {
            cpu,
            configure_cpu: cpu.max(Duration::from_secs(10)),
            wall: Duration::from_millis(bounds.get(Limit::WallMs)),
            memory_bytes: bounds.get(Limit::MemoryMib).saturating_mul(1 << 20),
            table_elements: 100_000,
            answer_bytes: bounds.get(Limit::AnswerKib).saturating_mul(1 << 10),
            answer_items: 1_000,
            log_bytes: 16 << 10,
            handles: 10_000,
            http_requests: count(Limit::HttpRequests),
            model_calls: count(Limit::ModelCalls),
            knowledge_searches: 8,
            store_calls: 1_000,
        }
    }
}

impl Default for CallLimits {
    /// What is usual: [`CallBounds::default`].
    fn default() -> Self {
        Self::from(&CallBounds::default())
    }
}

/// What one call used of its limits, beside the time and memory in its [`CallCost`](posthouse_model::decision::CallCost).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Time on the processor: what of the call's time it did not wait for others.
    pub computing: Duration,
    /// Instructions, where the sandbox counts them: the same for the same call on every machine.
    pub fuel: Option<u64>,
    /// Bytes of everything it answered.
    pub answer_bytes: u64,
    /// Entries of everything it answered.
    pub answer_items: u32,
    /// Bytes it logged, each line as 16 at least.
    pub log_bytes: u64,
    /// Outbound HTTP requests.
    pub http_requests: u32,
    /// Calls of the client's model.
    pub model_calls: u32,
    /// Searches in the tenant's articles.
    pub knowledge_searches: u32,
    /// Questions to its store and writes to it.
    pub store_calls: u32,
}
