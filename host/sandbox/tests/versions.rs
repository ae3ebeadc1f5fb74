//! Which version of the plugin API a component needs, and what becomes of one that needs more than the host has.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{context, guest, host, message, renamed, sandbox, spec, ticket};
use posthouse_model::call::{MessageView, TicketView};
use posthouse_model::triage::Evidence;
use posthouse_sandbox::{ApiVersion, LoadError, host_api, host_versions, inspect};
use std::sync::Arc;

const fn version(major: u64, minor: u64) -> ApiVersion {
    ApiVersion { major, minor, patch: 0 }
}

#[test]
fn the_host_serves_every_version_since_the_first() {
    assert_eq!(host_versions().first(), Some(&version(1, 0)));
    assert_eq!(host_versions().last(), Some(&host_api()));
}

#[test]
fn what_a_component_needs_is_read_from_the_functions_it_imports() {
    for name in ["hostile", "reader", "router", "drafter", "notifier", "enricher", "checker", "keeper"] {
        let info = inspect(&guest(name)).unwrap();
        assert_eq!((info.api_version, info.needs, info.because.len()), (version(1, 0), version(1, 0), 0), "{name}");
    }
    let info = inspect(&guest("grown")).unwrap();
    assert_eq!((info.api_version, info.needs), (version(1, 1), version(1, 1)));
    assert_eq!(info.because, ["desk: message.message-id", "routing: route.set-assignee"]);
}

#[tokio::test]
async fn what_version_1_1_added_works() {
    let mut spec = spec("grown", r#"{"agent":"li@acme.example"}"#);
    spec.component = guest("grown");
    let plugin = sandbox().load(spec).await.unwrap();
    assert_eq!(plugin.api_version(), version(1, 1));
    let mail = MessageView { message_id: Some("a@example.com".to_owned()), ..MessageView::clone(&message()) };
    let view = TicketView { recent: vec![Arc::new(mail)], ..ticket() };
    let routing = plugin.route(context(), host(), Arc::new(view)).await.result.unwrap();
    assert_eq!(routing.assignee.as_deref(), Some("li@acme.example"));
    assert_eq!(routing.evidence, [Evidence::Text { text: "message-id Some(\"a@example.com\")".to_owned() }]);
}

#[tokio::test]
async fn a_component_for_a_later_version_runs_when_it_calls_nothing_new() {
    let mut spec = spec("hostile", "nothing");
    spec.component = renamed(&guest("hostile"), "@1.0.0", "@1.9.0").into();
    let plugin = sandbox().load(spec).await.unwrap();
    assert_eq!(plugin.api_version(), version(1, 9));
    assert!(plugin.classify(context(), host(), message()).await.result.is_ok());
}

#[tokio::test]
async fn a_component_that_calls_something_newer_is_refused_with_its_name() {
    let newer = renamed(&renamed(&guest("hostile"), "@1.0.0", "@1.9.0"), "triage.add-evidence", "triage.add-footnote");
    let error = inspect(&newer).unwrap_err();
    assert!(matches!(error, LoadError::TooNew { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "the plugin was built for plugin API 1.9 and calls what this host, which offers {0}, does not have: triaging: \
             triage.add-footnote. Update Posthouse, or rebuild the plugin for {0} without it",
            host_api()
        )
    );
    let mut spec = spec("hostile", "nothing");
    spec.component = newer.into();
    assert_eq!(sandbox().load(spec).await.unwrap_err(), error);
}

#[test]
fn a_function_that_no_version_has_is_no_question_of_versions() {
    let odd = renamed(&guest("hostile"), "triage.add-evidence", "triage.add-footnote");
    let error = inspect(&odd).unwrap_err().to_string();
    assert!(error.starts_with("the plugin calls functions that plugin API 1.0 does not have"), "{error}");
}
