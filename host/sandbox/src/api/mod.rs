//! The plugin API as the host serves it. Types made from WIT stay in this folder.
//!
//! Views never change during a call, so a handle's representation is simply where in the view it points; only
//! objects that a plugin makes (templates, requests, prompts) live in a table.

mod answers;
mod asking;
mod desk;
mod keeping;
mod proposals;

use crate::state::{Abort, CallState};
use posthouse_model::capability::{Capability, Grants};
use posthouse_model::decision::World;
use wasmtime::component::{
    Component, ComponentExportIndex, HasSelf, Instance, InstancePre, Linker, Resource, TypedFunc,
};
use wasmtime::{AsContextMut, Engine, Store};

#[allow(missing_docs, clippy::all, unused, reason = "generated from wit/")]
mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/next",
        inline: "
            package posthouse:host;
            world host {
                import posthouse:plugin/types@1.1.0;
                import posthouse:plugin/desk@1.1.0;
                import posthouse:plugin/triaging@1.1.0;
                import posthouse:plugin/routing@1.1.0;
                import posthouse:plugin/drafting@1.1.0;
                import posthouse:plugin/notices@1.1.0;
                import posthouse:plugin/enriching@1.1.0;
                import posthouse:plugin/checking@1.1.0;
                import posthouse:plugin/log@1.1.0;
                import posthouse:plugin/templates@1.1.0;
                import posthouse:plugin/http@1.1.0;
                import posthouse:plugin/model@1.1.0;
                import posthouse:plugin/knowledge@1.1.0;
                import posthouse:plugin/store@1.1.0;
            }
        ",
        world: "posthouse:host/host",
        imports: {
            "posthouse:plugin/http.[method]request.send": async | trappable,
            "posthouse:plugin/model.[method]prompt.complete": async | trappable,
            "posthouse:plugin/knowledge.[method]query.search": async | trappable,
            "posthouse:plugin/store.get": async | trappable,
            "posthouse:plugin/store.set": async | trappable,
            "posthouse:plugin/store.delete": async | trappable,
            "posthouse:plugin/store.keys": async | trappable,
            default: trappable,
        },
        with: {
            "posthouse:plugin/templates.template": crate::template::Template,
            "posthouse:plugin/http.request": crate::api::asking::RequestParts,
            "posthouse:plugin/http.response": crate::http::Answer,
            "posthouse:plugin/model.prompt": crate::api::asking::PromptParts,
            "posthouse:plugin/model.completion": crate::host::ModelAnswer,
            "posthouse:plugin/knowledge.query": crate::host::KnowledgeQuery,
            "posthouse:plugin/knowledge.article": crate::host::KnowledgeHit,
        },
    });
}

use generated::posthouse::plugin as wit;

/// A plugin's way of giving up.
pub(crate) enum GaveUp {
    Temporary(String),
    Permanent(String),
}

impl From<wit::types::Failure> for GaveUp {
    fn from(failure: wit::types::Failure) -> Self {
        match failure {
            wit::types::Failure::Temporary(text) => Self::Temporary(text),
            wit::types::Failure::Permanent(text) => Self::Permanent(text),
        }
    }
}

/// Everything a plugin with these grants may import, and nothing else.
pub(crate) fn linker(engine: &Engine, grants: &Grants) -> wasmtime::Result<Linker<CallState>> {
    type Own = HasSelf<CallState>;
    let mut linker = Linker::new(engine);
    let l = &mut linker;
    wit::types::add_to_linker::<_, Own>(l, |s| s)?;
    wit::desk::add_to_linker::<_, Own>(l, |s| s)?;
    wit::triaging::add_to_linker::<_, Own>(l, |s| s)?;
    wit::routing::add_to_linker::<_, Own>(l, |s| s)?;
    wit::drafting::add_to_linker::<_, Own>(l, |s| s)?;
    wit::notices::add_to_linker::<_, Own>(l, |s| s)?;
    wit::enriching::add_to_linker::<_, Own>(l, |s| s)?;
    wit::checking::add_to_linker::<_, Own>(l, |s| s)?;
    if grants.has(Capability::Log) {
        wit::log::add_to_linker::<_, Own>(l, |s| s)?;
    }
    if grants.has(Capability::Http) {
        wit::templates::add_to_linker::<_, Own>(l, |s| s)?;
        wit::http::add_to_linker::<_, Own>(l, |s| s)?;
    }
    if grants.has(Capability::Model) {
        wit::model::add_to_linker::<_, Own>(l, |s| s)?;
    }
    if grants.has(Capability::Knowledge) {
        wit::knowledge::add_to_linker::<_, Own>(l, |s| s)?;
    }
    if grants.has(Capability::Store) {
        wit::store::add_to_linker::<_, Own>(l, |s| s)?;
    }
    Ok(linker)
}

/// Where in a component its two functions are.
#[derive(Clone)]
pub(crate) struct Exports {
    configure: ComponentExportIndex,
    run: ComponentExportIndex,
    world: World,
}

type Configure = TypedFunc<(String,), (Result<(), String>,)>;
type Run<I, O> = TypedFunc<(Resource<wit::desk::Call>, Resource<I>, Resource<O>), (Result<(), wit::types::Failure>,)>;

impl Exports {
    /// Finds them in the exported interface; the words of the error are for a person.
    pub(crate) fn find(component: &Component, interface: &str, world: World) -> Result<Self, String> {
        let inside =
            component.get_export_index(None, interface).ok_or_else(|| format!("it does not export {interface}"))?;
        let function = |name: &str| {
            component
                .get_export_index(Some(&inside), name)
                .ok_or_else(|| format!("{interface} lacks the function `{name}`"))
        };
        Ok(Self { configure: function("configure")?, run: function("run")?, world })
    }

    /// Calls `configure`; only for engines and components without asynchronous host functions.
    pub(crate) fn configure<T: 'static>(
        &self,
        mut store: impl AsContextMut<Data = T>,
        instance: &Instance,
        settings: &str,
    ) -> wasmtime::Result<Result<(), String>> {
        let function: Configure = instance.get_typed_func(&mut store, self.configure)?;
        Ok(function.call(&mut store, (settings.to_owned(),))?.0)
    }

    /// Calls `configure` where the linked host functions may be asynchronous (it must not call any).
    pub(crate) async fn configure_async(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        settings: &str,
    ) -> wasmtime::Result<Result<(), String>> {
        let function: Configure = instance.get_typed_func(&mut *store, self.configure)?;
        Ok(function.call_async(&mut *store, (settings.to_owned(),)).await?.0)
    }

    /// Calls `run` with handles to the call, its input, and where its answer goes.
    pub(crate) async fn run(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<(), GaveUp>> {
        match self.world {
            World::Classifier => self.run_as::<wit::desk::Message, wit::triaging::Triage>(store, instance).await,
            World::Router => self.run_as::<wit::desk::Ticket, wit::routing::Route>(store, instance).await,
            World::Drafter => self.run_as::<wit::desk::Ticket, wit::drafting::Drafts>(store, instance).await,
            World::Notifier => self.run_as::<wit::notices::Notification, wit::notices::Delivery>(store, instance).await,
            World::Enricher => self.run_as::<wit::desk::Ticket, wit::enriching::Enrichment>(store, instance).await,
            World::Checker => self.run_as::<wit::checking::Outgoing, wit::checking::Verdict>(store, instance).await,
        }
    }

    async fn run_as<I: 'static, O: 'static>(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<(), GaveUp>> {
        let function: Run<I, O> = instance.get_typed_func(&mut *store, self.run)?;
        let handles = (Resource::new_borrow(0), Resource::new_borrow(0), Resource::new_borrow(0));
        Ok(function.call_async(&mut *store, handles).await?.0.map_err(GaveUp::from))
    }

    /// Whether both functions have the types of this API, so that no call fails on it.
    pub(crate) fn check(&self, pre: &InstancePre<CallState>) -> Result<(), String> {
        match self.world {
            World::Classifier => self.check_as::<wit::desk::Message, wit::triaging::Triage>(pre),
            World::Router => self.check_as::<wit::desk::Ticket, wit::routing::Route>(pre),
            World::Drafter => self.check_as::<wit::desk::Ticket, wit::drafting::Drafts>(pre),
            World::Notifier => self.check_as::<wit::notices::Notification, wit::notices::Delivery>(pre),
            World::Enricher => self.check_as::<wit::desk::Ticket, wit::enriching::Enrichment>(pre),
            World::Checker => self.check_as::<wit::checking::Outgoing, wit::checking::Verdict>(pre),
        }
    }

    fn check_as<I: 'static, O: 'static>(&self, pre: &InstancePre<CallState>) -> Result<(), String> {
        use wasmtime::component::types::ComponentItem;
        type Handles<I, O> = (Resource<wit::desk::Call>, Resource<I>, Resource<O>);
        let types = pre.instance_type();
        let function = |index, name| match pre.component().get_export(None, index) {
            Some((ComponentItem::ComponentFunc(function), _)) => Ok(function),
            _ => Err(format!("`{name}` is not a function")),
        };
        function(self.configure, "configure")?
            .typecheck::<(String,), (Result<(), String>,)>(&types)
            .map_err(|e| format!("`configure` has another type: {e:#}"))?;
        function(self.run, "run")?
            .typecheck::<Handles<I, O>, (Result<(), wit::types::Failure>,)>(&types)
            .map_err(|e| format!("`run` has another type: {e:#}"))
    }
}

/// A handle that points nowhere: only a fault of the host makes one.
fn stray<T>() -> wasmtime::Result<T> {
    let reason = "a handle points at nothing".to_owned();
    Err(wasmtime::Error::new(Abort(crate::error::CallError::Host { reason })))
}
