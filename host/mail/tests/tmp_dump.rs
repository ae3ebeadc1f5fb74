#![allow(clippy::unwrap_used, clippy::expect_used)]
#[test]
fn dump() {
    let Some(out) = std::env::var_os("MAIL_DUMP") else { return };
    let mut text = String::new();
    for e in walkdir::WalkDir::new("/tmp/w/corpus").sort_by_file_name() {
        let e = e.unwrap();
        if !e.file_type().is_file() {
            continue;
        }
        let raw = std::fs::read(e.path()).unwrap();
        let t = tokio::time::Instant::now();
        let mail = posthouse_mail::read::read_mail(&raw);
        let took = t.elapsed();
        if took.as_millis() > 60 {
            println!("{took:?} {} {}", raw.len(), e.path().display());
        }
        let mut v = serde_json::to_value(&mail).unwrap();
        v["file"] = e.path().display().to_string().into();
        text.push_str(&v.to_string());
        text.push('\n');
    }
    std::fs::write(out, text).unwrap();
}
