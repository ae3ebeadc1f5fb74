//! Style, script and icon: compiled in, served under names that hold their own hash, so browsers may keep
//! them for ever and never show an old one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A file of the desk.
#[derive(Debug)]
pub struct Asset {
    path: String,
    media_type: &'static str,
    content: Cow<'static, [u8]>,
}

impl Asset {
    fn new(name: &str, extension: &str, media_type: &'static str, content: impl Into<Cow<'static, str>>) -> Self {
        let content = match content.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(&content)[..9]);
        Self { path: format!("/assets/{name}.{hash}.{extension}"), media_type, content }
    }

    /// Where it is served.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// `text/css; charset=utf-8` …
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// Its bytes.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }
}

/// A script without the lines that are for its readers alone, and without indentation. No text of ours goes over several lines.
fn thin(script: &str) -> String {
    let lines = script.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.fold(String::with_capacity(script.len()), |mut all, line| {
        all.push_str(line);
        all.push('\n');
        all
    })
}

/// How everything looks.
pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "desk",
        "css",
        "text/css; charset=utf-8",
        concat!(
            include_str!("../assets/tokens.css"),
            include_str!("../assets/parts.css"),
            include_str!("../assets/list.css"),
            include_str!("../assets/ticket.css"),
            include_str!("../assets/draft.css"),
            include_str!("../assets/work.css"),
            include_str!("../assets/pages.css"),
            include_str!("../assets/views.css"),
            include_str!("../assets/setup.css"),
            include_str!("../assets/bulk.css"),
            include_str!("../assets/phone.css"),
        ),
    )
});

/// What makes it quick; nothing needs it.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "desk",
        "js",
        "text/javascript; charset=utf-8",
        thin(concat!(
            "'use strict';(() => {\n",
            include_str!("../assets/base.js"),
            include_str!("../assets/reader.js"),
            include_str!("../assets/typing.js"),
            include_str!("../assets/draft.js"),
            include_str!("../assets/notes.js"),
            include_str!("../assets/pick.js"),
            include_str!("../assets/live.js"),
            include_str!("../assets/palette.js"),
            include_str!("../assets/keys.js"),
            "})();\n",
        )),
    )
});

/// What sets marks in the text of a reply. It comes with the first reply that is shown (`draft.js` asks for it), so that lists, which are
/// looked at far more often, do not carry it.
pub static WRITING: LazyLock<Asset> = LazyLock::new(|| {
    let script = concat!("'use strict';(() => {\n", include_str!("../assets/rich.js"), "})();\n");
    Asset::new("writing", "js", "text/javascript; charset=utf-8", thin(script))
});

/// For the browser's tab.
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg")));

/// The file at a path, when there is one.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    [&STYLE, &SCRIPT, &WRITING, &ICON].into_iter().map(|a| &**a).find(|a| a.path == path)
}
