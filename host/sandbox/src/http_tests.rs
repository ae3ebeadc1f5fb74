use super::*;

fn allow(host: &str) -> HttpAllowance {
    HttpAllowance { host: host.into(), port: None, scheme: "https".into(), methods: vec![], private: false }
}

fn grants(http: Vec<HttpAllowance>, secrets: &[(&str, &str)]) -> Grants {
    let secrets = secrets.iter().map(|(n, h)| ((*n).to_owned(), vec![(*h).to_owned()])).collect();
    Grants { log: false, http, secrets, ..Grants::default() }
}

fn outbound(method: &'static str, url: &str) -> Outbound {
    Outbound {
        method,
        url: url.into(),
        headers: vec![],
        body: None,
        secrets: Secrets::new(),
        disguised: Secrets::new(),
    }
}

fn grant_for<'a>(grants: &'a Grants, method: &'static str, url: &str) -> Result<&'a HttpAllowance, Refusal> {
    find_grant(grants, method, &check_url(&outbound(method, url))?, &Secrets::new())
}

#[test]
fn only_what_is_granted() {
    let g = grants(vec![allow("api.example.com"), HttpAllowance { port: Some(8443), ..allow("*.example.org") }], &[]);
    for good in ["https://api.example.com/x?y#z", "https://API.Example.COM:443/", "https://a.b.example.org:8443/"] {
        assert!(grant_for(&g, "GET", good).is_ok(), "{good}");
    }
    for bad in [
        "http://api.example.com/",
        "https://api.example.com:444/",
        "https://example.com/",
        "https://api.example.com.evil.com/",
        "https://evilapi.example.com/",
        "https://a.example.org/",
        "https://example.org:8443/",
        "https://.example.org:8443/",
        "https://127.0.0.1/",
    ] {
        assert!(matches!(grant_for(&g, "GET", bad), Err(Refusal::Denied(_))), "{bad}");
    }
    for odd in [
        "ftp://api.example.com/",
        "https://user@api.example.com/",
        "https:///",
        "nonsense",
        "https://u:p@api.example.com",
    ] {
        assert!(matches!(grant_for(&g, "GET", odd), Err(Refusal::Invalid(_))), "{odd}");
    }
    let Err(Refusal::Denied(text)) = grant_for(&g, "PUT", "https://api.example.com/") else { panic!() };
    assert!(text.contains(r#"grants.http = [{ host = "api.example.com", methods = ["PUT"] }]"#), "{text}");
    let Err(Refusal::Denied(text)) = grant_for(&g, "POST", "http://new.example.com:8080/") else { panic!() };
    assert!(text.contains(r#"{ host = "new.example.com", scheme = "http", port = 8080 }"#), "{text}");
}

#[test]
fn secrets_go_only_where_they_may() {
    let g = grants(vec![allow("a.example.com"), allow("b.example.com")], &[("token", "a.example.com")]);
    let secrets = Secrets::from([("token".to_owned(), "value-of-token".to_owned())]);
    let url = |u: &str| Url::parse(u).unwrap();
    assert_eq!(check_secrets(&g, &url("https://a.example.com/"), &secrets), Ok(()));
    let Err(Refusal::Denied(text)) = check_secrets(&g, &url("https://b.example.com/"), &secrets) else { panic!() };
    assert!(text.contains("b.example.com") && !text.contains("value-of-token"));
    // The host of an address that was made with a secret is not repeated.
    let Err(Refusal::Denied(text)) = find_grant(&g, "GET", &url("https://value-of-token.evil.com/"), &secrets) else {
        panic!()
    };
    assert!(!text.contains("value-of-token"), "{text}");
}

#[test]
fn addresses_written_in_any_way_are_checked() {
    let check = |u: &str, named| check_literal_address(&Url::parse(u).unwrap(), named);
    for private in [
        "http://127.0.0.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
    ] {
        assert!(check(private, false).is_err(), "{private}");
        assert!(check(private, true).is_ok(), "{private}");
    }
    assert!(check("http://169.254.169.254/", false).is_err());
    assert!(check("http://0.0.0.0/", true).is_err());
    assert!(check("https://8.8.8.8/", false).is_ok());
}

#[test]
fn names_that_resolve_inward_are_refused() {
    let at =
        |list: &[&str]| -> Vec<SocketAddr> { list.iter().map(|a| SocketAddr::new(a.parse().unwrap(), 0)).collect() };
    assert!(check_resolved("x", &at(&["8.8.8.8", "2606:4700::1111"]), false).is_ok());
    assert!(check_resolved("x", &at(&["8.8.8.8", "127.0.0.1"]), false).is_err());
    assert!(check_resolved("x", &at(&["10.0.0.1"]), true).is_ok());
    // Even where private addresses are meant, a name never leads to the cloud's credentials.
    assert!(check_resolved("x", &at(&["169.254.169.254"]), true).is_err());
    assert!(check_resolved("x", &[], true).is_err());
}

#[test]
fn headers_of_the_host_and_control_characters_are_refused() {
    for bad in ["Host", "content-length", "Transfer-Encoding", "Connection", "a b", "x\r\ny", "", "ü"] {
        assert!(matches!(header_name(bad), Err(Refusal::Invalid(_))), "{bad:?}");
    }
    assert!(header_name("X-Signature").is_ok());
    let mut request = outbound("POST", "https://a.example.com/");
    request.headers = vec![("x-a".into(), "b\r\nc: d".into())];
    assert!(matches!(check_headers(&request), Err(Refusal::Invalid(_))));
    request.headers = vec![("x-a".into(), "ü".into())];
    request.body = Some(("text/plain".into(), vec![0; BODY_MAX + 1]));
    assert!(matches!(check_headers(&request), Err(Refusal::TooLarge(_))));
}

#[test]
fn grants_that_make_no_sense_are_named() {
    let problem = |http, secrets: &[(&str, &str)]| grant_problem(&grants(http, secrets));
    assert_eq!(
        problem(vec![allow("api.example.com"), allow("*.example.org"), allow("10.0.0.1"), allow("::1")], &[]),
        None
    );
    assert!(problem(vec![allow("API.example.com")], &[]).unwrap().contains("`api.example.com`"));
    assert!(problem(vec![allow("münchen.de")], &[]).unwrap().contains("xn--"));
    assert!(problem(vec![allow("https://x.com/")], &[]).is_some());
    assert!(problem(vec![allow("*.com")], &[]).is_some());
    assert!(problem(vec![HttpAllowance { scheme: "ftp".into(), ..allow("x.com") }], &[]).is_some());
    assert!(problem(vec![HttpAllowance { methods: vec!["get".into()], ..allow("x.com") }], &[]).is_some());
    assert!(problem(vec![allow("*.x.com")], &[("t", "a.x.com")]).is_none());
    assert!(problem(vec![allow("a.x.com")], &[("t", "b.x.com")]).is_some());
}
