//! The sandbox: engines, caches, and loading of plugins.

use crate::api::{self, Exports};
use crate::cache::{Cache, Compiled, Key};
use crate::engine;
use crate::error::{CallError, LoadError, SandboxError};
use crate::functions::Functions;
use crate::gate::CallGate;
use crate::host::PlainHost;
use crate::http::{LazyOutlet, Outlet, Refusal, grant_problem};
use crate::inspect::{ComponentInfo, inspect};
use crate::plugin::{Plugin, armed, explain};
use crate::setup::Setup;
use crate::spec::{PluginSpec, SandboxConfig};
use crate::state::{CallState, Common, Input};
use crate::ticker::Ticker;
use crate::turns::{Habit, Lane, Turns};
use posthouse_model::Timestamp;
use posthouse_model::call::CallContext;
use posthouse_model::capability::{Capability, Grants};
use posthouse_model::notice::{Notice, NoticeKind};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre};

/// Runs plugins. One per process; cheap to clone. Dropping the last clone (and the last plugin) ends its thread.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    config: SandboxConfig,
    engine: Engine,
    setup: Engine,
    functions: Arc<Functions>,
    fingerprint: [u8; 32],
    ticker: Arc<Ticker>,
    gate: CallGate,
    outlet: Arc<LazyOutlet>,
    turns: Turns,
    cache: Option<Cache>,
    loaded: Mutex<HashMap<Key, Weak<Loaded>>>,
    /// Held while a plugin is made ready, one of them by its key: whoever wants the same one waits instead of making it twice.
    making: [Mutex<()>; 16],
}

/// One component with one set of settings, shared by all tenants that have it.
struct Loaded {
    info: ComponentInfo,
    compiled: Compiled,
    /// By what is linked: a plugin's instances can only do what was granted.
    linked: Mutex<HashMap<Vec<Capability>, InstancePre<CallState>>>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sandbox").field(&self.0.config).finish()
    }
}

impl Sandbox {
    /// The way out of requests, made at the first one.
    pub(crate) fn outlet(&self) -> Result<&Outlet, Refusal> {
        self.0.outlet.get()
    }

    /// Sets the sandbox up. Takes a few milliseconds, starts one thread, and reserves addresses, not memory.
    ///
    /// # Errors
    /// When a number is out of range, the processor is not supported, or the cache folder cannot be made.
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        if !(1..=1_000).contains(&config.concurrent_calls) {
            return Err(SandboxError::Config("concurrent_calls must be 1 to 1,000".to_owned()));
        }
        if !((1 << 20)..=(4 << 30)).contains(&config.memory_ceiling) {
            return Err(SandboxError::Config("memory_ceiling must be 1 MiB to 4 GiB".to_owned()));
        }
        let functions = Arc::new(Functions::default());
        let engine = engine::for_calls(&config, &functions)?;
        let setup = engine::for_setup(&config, &functions)?;
        let ticker =
            Ticker::start(vec![engine.clone(), setup.clone()]).map_err(|e| SandboxError::Engine(e.to_string()))?;
        let cache = match &config.cache_dir {
            None => None,
            Some(folder) => Some(
                Cache::open(folder, config.cache_key)
                    .map_err(|e| SandboxError::Cache { path: folder.display().to_string(), reason: e.to_string() })?,
            ),
        };
        Ok(Self(Arc::new(Inner {
            fingerprint: engine::fingerprint(&engine),
            gate: CallGate::new(config.concurrent_calls, config.queue_wait),
            outlet: Arc::new(LazyOutlet::new(config.extra_roots.clone(), config.user_agent.clone())?),
            turns: Turns::new(config.computing_calls),
            ticker: Arc::new(ticker),
            loaded: Mutex::default(),
            making: Default::default(),
            engine,
            setup,
            functions,
            cache,
            config,
        })))
    }

    /// A lane for one tenant's calls: as many of them compute at the same time as calls may compute for long at all, so that a
    /// processor is left for other tenants.
    #[must_use]
    pub fn lane(&self) -> Lane {
        Lane::new(self.0.config.computing_calls)
    }

    /// Makes a plugin ready to be called: verifies what it is and what it asks for, runs its `configure`, and
    /// compiles it, or takes the compiled code from the cache. Compiling takes 0.1 s for a Rust plugin, several
    /// seconds for one with an interpreter; it happens on threads for blocking work.
    ///
    /// # Errors
    /// Says what is wrong and how to mend it; see [`LoadError`].
    pub async fn load(&self, spec: PluginSpec) -> Result<Arc<Plugin>, LoadError> {
        let inner = self.0.clone();
        let name = spec.name.clone();
        let loading = tokio::task::spawn_blocking(move || inner.load(spec));
        let plugin = loading.await.map_err(|e| LoadError::Link { plugin: name, reason: e.to_string() })??;
        try_out(&plugin).await?;
        Ok(Arc::new(plugin))
    }

    /// As [`load`](Self::load), where the component with this digest (SHA-256, in hexadecimal digits) runs already with the
    /// same settings, for whomever: its bytes, which `spec` need not have, are not looked at again. None: it does not run.
    ///
    /// # Errors
    /// As of [`load`](Self::load).
    pub async fn load_known(&self, digest: &str, spec: PluginSpec) -> Result<Option<Arc<Plugin>>, LoadError> {
        let Some(loaded) = self.0.in_memory(Key::new(&self.0.fingerprint, digest, &spec.settings)) else {
            return Ok(None);
        };
        check_grants(&spec, &loaded.info)?;
        let plugin = self.0.plugin(spec, loaded)?;
        try_out(&plugin).await?;
        Ok(Some(Arc::new(plugin)))
    }
}

impl Inner {
    fn load(&self, spec: PluginSpec) -> Result<Plugin, LoadError> {
        let info = inspect(&spec.component)?;
        check_grants(&spec, &info)?;
        let loaded = self.loaded(&spec, info)?;
        self.plugin(spec, loaded)
    }

    fn plugin(&self, mut spec: PluginSpec, loaded: Arc<Loaded>) -> Result<Plugin, LoadError> {
        spec.limits.memory_bytes = spec.limits.memory_bytes.min(self.config.memory_ceiling);
        let info = loaded.info.clone();
        let link = |reason: String| LoadError::Link { plugin: spec.name.clone(), reason };
        let pre = loaded.link(&self.engine, &spec.grants).map_err(|e| link(format!("{e:#}")))?;
        let exports = Exports::find(&loaded.compiled.component, &info.export, info.world).map_err(link)?;
        exports.check(&pre).map_err(link)?;
        let settings = if loaded.compiled.snapshot { None } else { Some(spec.settings) };
        Ok(Plugin {
            version: spec.version,
            info,
            common: Arc::new(Common {
                name: spec.name,
                grants: spec.grants,
                limits: spec.limits,
                count_fuel: self.config.count_fuel,
                outlet: self.outlet.clone(),
                turns: self.turns.clone(),
                habit: Habit::default(),
            }),
            pre,
            exports,
            settings,
            ticker: self.ticker.clone(),
            gate: self.gate.clone(),
            _loaded: loaded as Arc<dyn std::any::Any + Send + Sync>,
        })
    }

    fn in_memory(&self, key: Key) -> Option<Arc<Loaded>> {
        self.lock().get(&key).and_then(Weak::upgrade)
    }

    fn loaded(&self, spec: &PluginSpec, info: ComponentInfo) -> Result<Arc<Loaded>, LoadError> {
        let key = Key::new(&self.fingerprint, &info.digest, &spec.settings);
        let _alone = self.making[key.share(self.making.len())].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = self.in_memory(key) {
            return Ok(loaded);
        }
        let cached = self.cache.as_ref().and_then(|cache| cache.get(&self.engine, key));
        let compiled = match cached {
            Some(compiled) => compiled,
            None => {
                let compiled = self.compile(spec, &info)?;
                if let Some(cache) = &self.cache {
                    cache.put(key, &compiled);
                }
                compiled
            }
        };
        let loaded = Arc::new(Loaded { info, compiled, linked: Mutex::default() });
        let mut all = self.lock();
        all.retain(|_, weak| weak.strong_count() > 0);
        all.insert(key, Arc::downgrade(&loaded));
        Ok(loaded)
    }

    fn compile(&self, spec: &PluginSpec, info: &ComponentInfo) -> Result<Compiled, LoadError> {
        let shop = self.functions.of(self.cache.as_ref(), Key::functions(&self.fingerprint, &info.digest));
        let fused = crate::fuse::fuse(&spec.component);
        if let Err(reason) = &fused {
            tracing::debug!(plugin = spec.name, %reason, "the component's modules stay as they are");
        }
        let linked = fused.as_deref().unwrap_or(&spec.component);
        let setup = Setup {
            shop: &shop,
            engine: &self.setup,
            ticker: &self.ticker,
            plugin: &spec.name,
            component: linked,
            interface: &info.export,
            world: info.world,
            settings: &spec.settings,
            limits: &spec.limits,
            count_fuel: self.config.count_fuel,
        };
        let configured = setup.run()?.filter(|_| self.config.keep_configured);
        let snapshot = configured.is_some();
        let bytes = configured.as_deref().unwrap_or(linked);
        let component = shop
            .compile(|| Component::new(&self.engine, bytes))
            .map_err(|e| LoadError::Link { plugin: spec.name.clone(), reason: format!("{e:#}") })?;
        shop.keep();
        Ok(Compiled { component, snapshot })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Weak<Loaded>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loaded {
    fn link(&self, engine: &Engine, grants: &Grants) -> wasmtime::Result<InstancePre<CallState>> {
        let granted: Vec<_> = Capability::ALL.iter().copied().filter(|c| grants.has(*c)).collect();
        let mut linked = self.linked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pre) = linked.get(&granted) {
            return Ok(pre.clone());
        }
        let pre = api::linker(engine, grants)?.instantiate_pre(&self.compiled.component)?;
        linked.insert(granted, pre.clone());
        Ok(pre)
    }
}

/// Imports must be within the grants, and the grants must make sense.
fn check_grants(spec: &PluginSpec, info: &ComponentInfo) -> Result<(), LoadError> {
    for &capability in &info.capabilities {
        if !spec.grants.has(capability) {
            let line = match capability {
                Capability::Log => "grants.log = true".to_owned(),
                Capability::Model => "grants.model = true".to_owned(),
                Capability::Knowledge => "grants.knowledge = true".to_owned(),
                Capability::Store => "grants.store = { bytes = 65536 }".to_owned(),
                Capability::Http => "grants.http = [{ host = \"…\" }] with the hosts it is to reach".to_owned(),
            };
            return Err(LoadError::NotGranted { plugin: spec.name.clone(), capability, line });
        }
    }
    match grant_problem(&spec.grants) {
        Some(problem) => Err(LoadError::Grant { plugin: spec.name.clone(), problem }),
        None => Ok(()),
    }
}

/// Makes one instance, so that a component that cannot even start is refused here and not at its first mail. Also
/// prepares its memory image.
async fn try_out(plugin: &Plugin) -> Result<(), LoadError> {
    let context = CallContext { now: Timestamp(0), seed: 0, tenant_name: String::new(), agent_language: String::new() };
    let notice = Notice {
        id: String::new(),
        kind: NoticeKind::Test,
        language: String::new(),
        title: String::new(),
        lines: vec![],
        fields: vec![],
        link: None,
        urgency: None,
        deadline: None,
    };
    let input = Input::Notice(Arc::new(notice), None);
    let state = CallState::new(plugin.common.clone(), context, Arc::new(PlainHost::default()), input);
    let failed = |error| LoadError::Configure { plugin: plugin.name().to_owned(), error };
    let _permit = plugin.gate.enter().await.map_err(failed)?;
    let _ticking = plugin.ticker.watch();
    let limits = &plugin.common.limits;
    let mut store = armed(&plugin.pre, state, limits);
    match tokio::time::timeout(limits.wall, plugin.pre.instantiate_async(&mut store)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(failed(explain(&error, &store.data().limiter, limits))),
        Err(_) => Err(failed(CallError::WallClock { limit: limits.wall })),
    }
}
