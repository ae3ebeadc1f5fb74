use crate::host::{ACME, Host};

#[test]
fn where_no_model_was_asked_there_is_nothing_to_show() {
    let host = Host::new();
    host.write("acme/tenant.toml", ACME);
    host.run(&["tenant", "apply", "acme"]).ok();
    assert!(host.run(&["model", "calls"]).ok().out.contains("no call of a model is on record"));
    assert_eq!(host.run(&["model", "calls", "--json"]).ok().json(), serde_json::json!([]));
    for verb in ["show", "again"] {
        let gone = host.run(&["model", verb, "7"]);
        assert!(gone.code == 1 && gone.err.contains("model call 7"), "{gone:#?}");
    }
}
