//! Running `configure` ahead of time: once per component and settings. What it leaves in memory becomes part of
//! the component, so that a call starts configured and pays nothing for it.

use crate::error::{CallError, LoadError};
use crate::functions::Shop;
use crate::limiter::Limiter;
use crate::plugin::{explain, slices_of};
use crate::spec::CallLimits;
use crate::state::Abort;
use crate::ticker::Ticker;
use posthouse_model::decision::World;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use wasmtime::component::{Component, Instance, Lift, Linker, WasmList};
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

struct SetupState {
    limiter: Limiter,
    slices: u64,
}

/// What there is to set up.
pub(crate) struct Setup<'a> {
    pub(crate) shop: &'a Shop<'a>,
    pub(crate) engine: &'a Engine,
    pub(crate) ticker: &'a Ticker,
    pub(crate) plugin: &'a str,
    pub(crate) component: &'a [u8],
    pub(crate) interface: &'a str,
    pub(crate) world: World,
    pub(crate) settings: &'a str,
    pub(crate) limits: &'a CallLimits,
    /// The engine's code counts instructions.
    pub(crate) count_fuel: bool,
}

impl Setup<'_> {
    /// Runs `configure` with the settings. Gives the component with the state it left behind, or none when this
    /// component's state cannot be kept (then every call runs `configure` first). Blocks.
    ///
    /// # Errors
    /// When `configure` refuses the settings or fails.
    pub(crate) fn run(&self) -> Result<Option<Vec<u8>>, LoadError> {
        let wizer = Wizer::new();
        let instrumented = wizer.instrument_component(self.component);
        let (context, bytes) = match &instrumented {
            Ok((context, bytes)) => (Some(context), bytes.as_slice()),
            Err(reason) => {
                tracing::info!(plugin = self.plugin, %reason, "the state after `configure` cannot be kept for this component");
                (None, self.component)
            }
        };
        let component = self.shop.compile(|| Component::new(self.engine, bytes)).map_err(|e| self.link(&e))?;
        let _ticking = self.ticker.watch();
        let (mut store, instance) = self.instantiate(&component)?;
        let exports = crate::api::Exports::find(&component, self.interface, self.world)
            .map_err(|reason| LoadError::Link { plugin: self.plugin.to_owned(), reason })?;
        match exports.configure(&mut store, &instance, self.settings) {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => return Err(LoadError::Settings { plugin: self.plugin.to_owned(), reason }),
            Err(error) => return Err(self.failed(&error, store.data())),
        }
        let Some(context) = context else { return Ok(None) };

        // Reading the state out is our own code; it must not run out of the plugin's time.
        store.data_mut().slices = u64::MAX;
        store.set_hostcall_fuel(usize::MAX);
        let mut reader = Reader { store, instance, failed: None };
        let snapshot = now(wizer.snapshot_component(context, &mut reader));
        match (snapshot, reader.failed) {
            (Some(Ok(bytes)), None) => Ok(Some(bytes)),
            (Some(Err(reason)), _) | (_, Some(reason)) => {
                tracing::info!(plugin = self.plugin, %reason, "the state after `configure` cannot be kept for this component");
                Ok(None)
            }
            (None, None) => Ok(None),
        }
    }

    fn instantiate(&self, component: &Component) -> Result<(Store<SetupState>, Instance), LoadError> {
        let mut linker = Linker::new(self.engine);
        // The state that is kept must depend on the settings alone.
        linker.define_unknown_imports_as_traps(component).map_err(|e| self.link(&e))?;
        let limiter = Limiter::new(self.limits.memory_bytes, self.limits.table_elements);
        let limit = self.limits.configure_cpu;
        let slices = slices_of(limit);
        let mut store = Store::new(self.engine, SetupState { limiter, slices });
        store.limiter(|s| &mut s.limiter);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |mut store| {
            let slices = &mut store.data_mut().slices;
            *slices = slices.checked_sub(1).ok_or(Abort(CallError::Deadline { limit }))?;
            Ok(UpdateDeadline::Continue(1))
        });
        if self.count_fuel {
            store.set_fuel(u64::MAX).map_err(|e| self.link(&e))?;
        }
        match linker.instantiate(&mut store, component) {
            Ok(instance) => Ok((store, instance)),
            Err(error) => Err(self.failed(&error, store.data())),
        }
    }

    fn failed(&self, error: &wasmtime::Error, state: &SetupState) -> LoadError {
        let plugin = self.plugin.to_owned();
        if error.chain().any(|cause| cause.to_string().contains("has not been defined")) {
            let reason = "`configure` may not call the host; only `run` may".to_owned();
            return LoadError::Configure { plugin, error: CallError::Trap { reason } };
        }
        LoadError::Configure { plugin, error: explain(error, &state.limiter, self.limits) }
    }

    fn link(&self, error: &wasmtime::Error) -> LoadError {
        LoadError::Link { plugin: self.plugin.to_owned(), reason: format!("{error:#}") }
    }
}

/// Polls a future that never has to wait.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Reads memories and globals out of the instrumented component.
struct Reader {
    store: Store<SetupState>,
    instance: Instance,
    failed: Option<wasmtime::Error>,
}

impl Reader {
    fn read<R: Lift + Default + 'static>(&mut self, interface: &str, function: &str) -> R {
        self.call(interface, function, |_, value: R| value).unwrap_or_default()
    }

    fn call<R: Lift + 'static, T>(
        &mut self,
        interface: &str,
        function: &str,
        take: impl FnOnce(&Store<SetupState>, R) -> T,
    ) -> Option<T> {
        let result = (|| {
            let missing = || wasmtime::format_err!("the instrumented component lacks {interface}#{function}");
            let store = &mut self.store;
            let inside = self.instance.get_export_index(&mut *store, None, interface).ok_or_else(missing)?;
            let index = self.instance.get_export_index(&mut *store, Some(&inside), function).ok_or_else(missing)?;
            let function = self.instance.get_typed_func::<(), (R,)>(&mut *store, index)?;
            Ok(function.call(&mut *store, ())?.0)
        })();
        match result {
            Ok(value) => Some(take(&self.store, value)),
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }
}

impl ComponentInstanceState for Reader {
    async fn call_func_ret_list_u8(&mut self, interface: &str, function: &str, contents: impl FnOnce(&[u8]) + Send) {
        self.call(interface, function, |store, list: WasmList<u8>| contents(list.as_le_slice(store)));
    }

    async fn call_func_ret_s32(&mut self, interface: &str, function: &str) -> i32 {
        self.read(interface, function)
    }

    async fn call_func_ret_s64(&mut self, interface: &str, function: &str) -> i64 {
        self.read(interface, function)
    }

    async fn call_func_ret_f32(&mut self, interface: &str, function: &str) -> u32 {
        self.read::<f32>(interface, function).to_bits()
    }

    async fn call_func_ret_f64(&mut self, interface: &str, function: &str) -> u64 {
        self.read::<f64>(interface, function).to_bits()
    }
}
