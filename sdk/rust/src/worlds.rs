//! One trait and one macro per world.

use crate::{Failure, checking, desk, drafting, enriching, notices, routing, triaging};
use serde::de::DeserializeOwned;

macro_rules! world_trait {
    ($(#[$doc:meta])* $name:ident, $method:ident($view_name:ident: $view:ty, $out:ty), $(#[$method_doc:meta])*) => {
        $(#[$doc])*
        pub trait $name: Sized + 'static {
            /// Read from the tenant's settings for this plugin; empty settings are `{}`.
            type Settings: DeserializeOwned;

            /// Prepares the plugin, once, at activation. No host function may be called here.
            ///
            /// # Errors
            /// What is wrong with the settings, for the person who wrote them.
            fn new(settings: Self::Settings) -> Result<Self, String>;

            $(#[$method_doc])*
            ///
            /// # Errors
            /// Why it gives up, for the people who run the plugin.
            fn $method(&self, call: &desk::Call, $view_name: &$view, out: &$out) -> Result<(), Failure>;
        }
    };
}

world_trait! {
    /// Says what a mail is about.
    Classifier, classify(message: desk::Message, triaging::Triage),
    /// Puts what it finds into `out`.
}
world_trait! {
    /// Says who should handle a ticket, by when, and who is told.
    Router, route(ticket: desk::Ticket, routing::Route),
    /// Puts its decision into `out`.
}
world_trait! {
    /// Proposes replies.
    Drafter, draft(ticket: desk::Ticket, drafting::Drafts),
    /// Adds one to three proposals to `out`.
}
world_trait! {
    /// Tells a chat group.
    Notifier, notify(notification: notices::Notification, notices::Delivery),
    /// Tells, and puts what came of it into `out`. See [`crate::notice`] for platforms over HTTP.
}
world_trait! {
    /// Fetches what the client's own systems know about a customer.
    Enricher, enrich(ticket: desk::Ticket, enriching::Enrichment),
    /// Puts what it learns into `out`.
}
world_trait! {
    /// Looks at a reply before it goes out.
    Checker, check(outgoing: checking::Outgoing, checking::Verdict),
    /// Puts what is wrong into `out`.
}

/// Shared by the export macros: the component's one export, and its configured state.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_world {
    ($plugin:ty, $trait:ident, $method:ident, $world:ident, $interface:ident, $macro_name:ident, $view:ty, $out:ty) => {
        // A native build (tests) has no component exports; the plugin is in use all the same.
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn exported<T: $crate::$trait>() {}
            exported::<$plugin>();
        };
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            ::std::thread_local! {
                static STATE: $crate::state::State<$plugin> = const { $crate::state::State::new() };
            }

            struct Exported;

            impl $crate::bindings::$world::exports::posthouse::plugin::$interface::Guest for Exported {
                fn configure(settings: ::std::string::String) -> ::std::result::Result<(), ::std::string::String> {
                    STATE.with(|state| state.configure(&settings, <$plugin as $crate::$trait>::new))
                }

                fn run(
                    call: &$crate::desk::Call,
                    view: &$view,
                    out: &$out,
                ) -> ::std::result::Result<(), $crate::Failure> {
                    STATE
                        .with(|state| state.run(|plugin| <$plugin as $crate::$trait>::$method(plugin, call, view, out)))
                }
            }

    $crate::bindings::$world::$macro_name!(Exported with_types_in $crate::bindings::$world);
        };
    };
}

/// Exports a type as the component's classifier.
#[macro_export]
macro_rules! export_classifier {
    ($plugin:ty) => {
        $crate::__export_world!(
            $plugin,
            Classifier,
            classify,
            classifier,
            classify,
            __export_classifier,
            $crate::desk::Message,
            $crate::triaging::Triage
        );
    };
}

/// Exports a type as the component's router.
#[macro_export]
macro_rules! export_router {
    ($plugin:ty) => {
        $crate::__export_world!(
            $plugin,
            Router,
            route,
            router,
            route,
            __export_router,
            $crate::desk::Ticket,
            $crate::routing::Route
        );
    };
}

/// Exports a type as the component's drafter.
#[macro_export]
macro_rules! export_drafter {
    ($plugin:ty) => {
        $crate::__export_world!(
            $plugin,
            Drafter,
            draft,
            drafter,
            draft,
            __export_drafter,
            $crate::desk::Ticket,
            $crate::drafting::Drafts
        );
    };
}

/// Exports a type as the component's notifier.
#[macro_export]
macro_rules! export_notifier {
    ($plugin:ty) => {
        $crate::__export_world!(
            $plugin,
            Notifier,
            notify,
            notifier,
            notify,
            __export_notifier,
            $crate::notices::Notification,
            $crate::notices::Delivery
        );
    };
}

/// Exports a type as the component's enricher.
#[macro_export]
macro_rules! export_enricher {
    ($plugin:ty) => {
        $crate::__export_world!(
            $plugin,
            Enricher,
            enrich,
            enricher,
            enrich,
            __export_enricher,
            $crate::desk::Ticket,
            $crate::enriching::Enrichment
        );
    };
}

/// Exports a type as the component's checker.
#[macro_export]
macro_rules! export_checker {
    ($plugin:ty) => {
        $crate::__export_world!(
            $plugin,
            Checker,
            check,
            checker,
            check,
            __export_checker,
            $crate::checking::Outgoing,
            $crate::checking::Verdict
        );
    };
}
