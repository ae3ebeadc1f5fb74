//! What wit-bindgen makes of the plugin API. The interfaces are generated once; every world shares them.
//!
//! Each world exports its macro publicly, so that only a plugin's own `export` declares an export:
//! a crate that links all six worlds still becomes a component with one. Imports that nothing calls
//! are dropped when the component is made, so a plugin asks only for what it uses.
#![allow(missing_docs, clippy::all, clippy::pedantic)]

wit_bindgen::generate!({
    inline: "
        package posthouse:sdk;
        world interfaces {
            import posthouse:plugin/types@1.0.0;
            import posthouse:plugin/log@1.0.0;
            import posthouse:plugin/templates@1.0.0;
            import posthouse:plugin/http@1.0.0;
            import posthouse:plugin/model@1.0.0;
            import posthouse:plugin/knowledge@1.0.0;
            import posthouse:plugin/store@1.0.0;
            import posthouse:plugin/desk@1.0.0;
            import posthouse:plugin/triaging@1.0.0;
            import posthouse:plugin/routing@1.0.0;
            import posthouse:plugin/drafting@1.0.0;
            import posthouse:plugin/notices@1.0.0;
            import posthouse:plugin/enriching@1.0.0;
            import posthouse:plugin/checking@1.0.0;
        }
    ",
    path: "wit",
    world: "posthouse:sdk/interfaces",
    pub_export_macro: true,
    export_macro_name: "__no_exports",
    generate_all,
});

macro_rules! world {
    ($module:ident, $world:literal, $macro_name:literal, { $($with:tt)* }) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: "wit",
                world: $world,
                pub_export_macro: true,
                export_macro_name: $macro_name,
                default_bindings_module: "::posthouse_sdk::bindings",
                with: {
                    "posthouse:plugin/types@1.0.0": crate::bindings::posthouse::plugin::types,
                    "posthouse:plugin/log@1.0.0": crate::bindings::posthouse::plugin::log,
                    "posthouse:plugin/templates@1.0.0": crate::bindings::posthouse::plugin::templates,
                    "posthouse:plugin/http@1.0.0": crate::bindings::posthouse::plugin::http,
                    "posthouse:plugin/model@1.0.0": crate::bindings::posthouse::plugin::model,
                    "posthouse:plugin/knowledge@1.0.0": crate::bindings::posthouse::plugin::knowledge,
                    "posthouse:plugin/store@1.0.0": crate::bindings::posthouse::plugin::store,
                    "posthouse:plugin/desk@1.0.0": crate::bindings::posthouse::plugin::desk,
                    $($with)*
                },
            });
        }
    };
}

world!(classifier, "classifier", "__export_classifier", {
    "posthouse:plugin/triaging@1.0.0": crate::bindings::posthouse::plugin::triaging,
});
world!(router, "router", "__export_router", {
    "posthouse:plugin/routing@1.0.0": crate::bindings::posthouse::plugin::routing,
});
world!(drafter, "drafter", "__export_drafter", {
    "posthouse:plugin/drafting@1.0.0": crate::bindings::posthouse::plugin::drafting,
});
world!(notifier, "notifier", "__export_notifier", {
    "posthouse:plugin/notices@1.0.0": crate::bindings::posthouse::plugin::notices,
});
world!(enricher, "enricher", "__export_enricher", {
    "posthouse:plugin/enriching@1.0.0": crate::bindings::posthouse::plugin::enriching,
});
world!(checker, "checker", "__export_checker", {
    "posthouse:plugin/checking@1.0.0": crate::bindings::posthouse::plugin::checking,
});
