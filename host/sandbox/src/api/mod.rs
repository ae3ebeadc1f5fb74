//! The plugin API as the host serves it. Types made from WIT stay in this folder.

#[allow(missing_docs, clippy::all, reason = "generated from wit/")]
pub(crate) mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/next",
        inline: "
            package posthouse:host;
            world host {
                import posthouse:plugin/types@1.0.0;
                import posthouse:plugin/desk@1.0.0;
                import posthouse:plugin/triaging@1.0.0;
                import posthouse:plugin/routing@1.0.0;
                import posthouse:plugin/drafting@1.0.0;
                import posthouse:plugin/notices@1.0.0;
                import posthouse:plugin/enriching@1.0.0;
                import posthouse:plugin/checking@1.0.0;
                import posthouse:plugin/log@1.0.0;
                import posthouse:plugin/templates@1.0.0;
                import posthouse:plugin/http@1.0.0;
                import posthouse:plugin/model@1.0.0;
            }
        ",
        world: "posthouse:host/host",
        imports: {
            "posthouse:plugin/http.[method]request.send": async | trappable,
            "posthouse:plugin/model.[method]prompt.complete": async | trappable,
            default: trappable,
        },
    });
}
