#![allow(clippy::unwrap_used)]
use super::*;

fn shown(text: &str) -> String {
    html(text, &[], false).trim().to_owned()
}

#[test]
fn marks_are_shown() {
    for (text, wanted) in [
        ("Please **do not** open it.", "<p>Please <b>do not</b> open it.</p>"),
        ("**Note:** it is *late*, _really_.", "<p><b>Note:</b> it is <i>late</i>, <i>really</i>.</p>"),
        ("**very *very* late**", "<p><b>very <i>very</i> late</b></p>"),
        ("请**务必**确认", "<p>请<b>务必</b>确认</p>"),
        ("(**a**)", "<p>(<b>a</b>)</p>"),
        ("**Order 123**", "<p><b>Order 123</b></p>"),
        ("**A123**", "<p><b>A123</b></p>"),
        (
            "See [our page](https://shop.example/a?b=1&c=2).",
            "<p>See <a href=\"https://shop.example/a?b=1&amp;c=2\">our page</a>.</p>",
        ),
        ("[write](mailto:help@shop.example)", "<p><a href=\"mailto:help@shop.example\">write</a></p>"),
        ("**[here](https://x.example)**", "<p><b><a href=\"https://x.example\">here</a></b></p>"),
        ("**https://x.example/a**", "<p><b><a href=\"https://x.example/a\">https://x.example/a</a></b></p>"),
        (
            "a\n> b\nc",
            "<p>a</p>\n<blockquote style=\"margin:0\"><div style=\"border:none;border-left:solid #cccccc 1.5pt;padding:0 6pt\">\n<p>b</p>\n</div></blockquote>\n<p>c</p>",
        ),
        (
            "We need:\n- a photo\n- **the** number",
            "<p>We need:</p>\n<ul style=\"margin:0;margin-left:25px;margin-right:0;padding:0\">\n<li>a photo</li>\n<li><b>the</b> number</li>\n</ul>",
        ),
        (
            "3. c\n4. d",
            "<ol start=\"3\" style=\"margin:0;margin-left:25px;margin-right:0;padding:0\">\n<li>c</li>\n<li>d</li>\n</ol>",
        ),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
    }
    assert!(html("- a\n- b", &[], true).contains("margin-right:25px;margin-left:0"));
}

#[test]
fn what_only_looks_like_a_mark_stays() {
    for text in [
        "order *123* and *A123*",
        "snake_case_name and _id_1 and __x__",
        "2 * 3 * 4 and 2*3*4 and a*b*c",
        "49.90* / 59.90* and *) plus tax",
        "** not ** bold, **** nor ***this***",
        "*not over\nthe line*",
        "- only one",
        "1. März",
        "20. November\n15. December",
        "-- \n- Ana",
        ">5 EUR",
        "[x](javascript:alert(1)) [x](ftp://x) [](https://x) [x] (https)",
        "[x](https://x.example y)",
        "文件_名称_说明",
        "C:\\temp\\new \\server",
        "*  *",
        "*",
        "**",
        "[",
        "\\",
        "_",
        "a * b* c *d",
    ] {
        let shown = shown(text);
        for tag in ["<b>", "<i>", "<ul", "<ol", "<block", "<a href=\"j", ">x</a>"] {
            assert!(!shown.contains(tag), "{text}: {shown}");
        }
        assert_eq!(plain(text), text);
    }
    // The customer's own words are not ours to set.
    let page =
        page(&Page { body: "a", quoted: Some(("On", "**b** [c](https://x.example)\n- d\n- e")), ..Page::default() });
    assert!(page.contains("**b** [c](<a href=\"https://x.example\">https://x.example</a>)<br>"), "{page}");
}

#[test]
fn a_backslash_takes_the_mark_away() {
    for (text, said) in [
        ("\\*not italic\\*", "*not italic*"),
        ("\\**not bold\\**", "**not bold**"),
        ("\\_a\\_ \\[b](https://x.example)", "_a_ [b](https://x.example)"),
        ("\\- a\n\\- b", "- a\n- b"),
        ("1\\. a\n2\\. b", "1. a\n2. b"),
        ("\\> a", "> a"),
        ("a\\-b \\n \\\\", "a\\-b \\n \\\\"),
    ] {
        assert_eq!(plain(text), said, "{text}");
        let shown = shown(text);
        assert!(!["<b>", "<i>", "<ul", "<ol", "<block"].iter().any(|tag| shown.contains(tag)), "{shown}");
    }
}

#[test]
fn plain_text_reads_well() {
    assert_eq!(
        plain(
            "**Note:** see [our page](https://x.example/a), [https://x.example](https://x.example)\n> _so_\n- *a*\n- b"
        ),
        "*Note:* see our page <https://x.example/a>, https://x.example\n> _so_\n- _a_\n- b"
    );
    assert_eq!(
        plain_with("*a* [image: _b_ *c* \\_.png] [image: d].png]", &["d].png"]),
        "_a_ [image: _b_ *c* \\_.png] [image: d].png]"
    );
    assert_eq!(plain("[Ana](mailto:a@x.example)"), "Ana <a@x.example>");
    assert_eq!(clean("a\r\nb\rc\u{7}\u{0}  \n\n"), "a\nb\nc");
}

#[test]
fn nothing_in_a_text_becomes_markup() {
    for evil in [
        "<script>alert(1)</script>",
        "**<img src=x onerror=alert(1)>**",
        "[<b>x</b>](https://x.example/\"onclick=alert(1))",
        "[x\" onclick=\"y](https://x.example)",
        "[x](https://x.example/'onmouseover='y)",
        "[x](HTTPS://x.example)",
        "[x](data:text/html,x)",
        "- <b>a\n- </li><script>",
        "> </div></blockquote><script>",
    ] {
        let shown = shown(evil);
        assert!(!shown.contains("<script") && !shown.contains("<img") && !shown.contains("\" on"), "{shown}");
        assert!(!shown.contains("href=\"HTTPS") && !shown.contains("href=\"data"), "{shown}");
        assert!(!shown.contains("' on") && !shown.contains("'on"), "{shown}");
    }
}

#[test]
fn a_mark_has_an_end_not_far_away() {
    let near = format!("**{}**", "x".repeat(MARK_BYTES_MAX - 2));
    assert!(shown(&near).contains("<b>"));
    let far = format!("**{}**", "x".repeat(MARK_BYTES_MAX));
    assert!(!shown(&far).contains("<b>"));
    let long = format!("[x](https://{})", "y".repeat(ADDRESS_BYTES_MAX - 8));
    assert!(shown(&long).starts_with("<p><a "));
    let longer = format!("[x](https://{})", "y".repeat(ADDRESS_BYTES_MAX - 7));
    assert!(shown(&longer).starts_with("<p>[x]"));
    // As many begins as fit, and no end: done in a moment.
    assert_eq!(plain(&"*x ".repeat(80_000)).len(), 240_000);
    assert_eq!(plain(&"[x".repeat(80_000)).len(), 160_000);
    assert_eq!(plain(&"- x\n".repeat(50_000)).len(), 200_000);
}
