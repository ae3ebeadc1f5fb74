use crate::host::Host;

#[test]
fn a_person_gets_a_password_once() {
    let host = Host::with_acme();
    let added = host.run(&["user", "add", "acme", "Li@Acme.example", "--role", "lead", "--json"]).ok().json();
    assert_eq!(added["email"], "li@acme.example");
    assert_eq!(added["sign_in"], "http://127.0.0.1:8025/t/acme");
    let password = added["password"].as_str().unwrap().to_owned();
    assert_eq!(password.len(), 19);
    let twice = host.run(&["user", "add", "acme", "li@acme.example"]).problem();
    assert!(twice.err.contains("li@acme.example is there already in acme"), "{}", twice.err);
    assert!(twice.err.contains("posthouse user reset-password acme li@acme.example"), "{}", twice.err);

    let reset = host.run(&["user", "reset-password", "acme", "li@acme.example"]).ok();
    assert!(reset.out.contains("password (shown only now): ") && !reset.out.contains(&password), "{}", reset.out);
    let nobody = host.run(&["user", "reset-password", "acme", "wu@acme.example"]).problem();
    assert!(nobody.err.contains("there are: li@acme.example"), "{}", nobody.err);
}

#[test]
fn a_password_from_standard_input_is_not_repeated() {
    let host = Host::with_acme();
    let ran =
        host.run_with(&["user", "add", "acme", "wu@acme.example", "--password-stdin"], b"a long enough phrase\n").ok();
    assert!(!ran.out.contains("phrase"), "{}", ran.out);
    let short = host.run_with(&["user", "add", "acme", "x@acme.example", "--password-stdin"], b"short\n").problem();
    assert!(short.err.contains("at least 10 characters"), "{}", short.err);
    assert_eq!(host.run(&["user", "add", "acme", "not an address"]).code, 2);
    assert_eq!(host.run(&["user", "add", "acme", "x@acme.example", "--role", "boss"]).code, 2);
}

#[test]
fn a_second_factor_that_is_not_there_is_said_to_be_so() {
    let host = Host::with_acme();
    host.run(&["user", "add", "acme", "li@acme.example"]).ok();
    let none = host.run(&["user", "reset-second-factor", "acme", "Li@acme.example"]).ok();
    assert!(none.out.contains("li@acme.example has no second factor: nothing was changed"), "{}", none.out);
    let json = host.run(&["user", "reset-second-factor", "acme", "li@acme.example", "--json"]).ok().json();
    assert_eq!(json["removed"], false);
    let nobody = host.run(&["user", "reset-second-factor", "acme", "wu@acme.example"]).problem();
    assert!(nobody.err.contains("there are: li@acme.example"), "{}", nobody.err);
}
