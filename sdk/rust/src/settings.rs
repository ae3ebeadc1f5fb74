//! Settings: one JSON object, given once at activation.

/// Reads settings. Empty text counts as `{}`, so give your settings type `#[serde(default)]` where
/// defaults make sense, and `#[serde(deny_unknown_fields)]` so that a typing error is refused instead of ignored.
///
/// # Errors
/// Names the key and what is wrong with it.
pub fn parse<S: serde::de::DeserializeOwned>(text: &str) -> Result<S, String> {
    let text = if text.trim().is_empty() { "{}" } else { text };
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let what = error.into_inner().to_string();
        // serde_json counts lines of the JSON, which the person never saw when it was made from TOML.
        let what = what.split(" at line ").next().unwrap_or(&what).to_owned();
        if path == "." { format!("settings: {what}") } else { format!("settings, `{path}`: {what}") }
    })
}

#[cfg(test)]
mod tests {
    #[derive(serde::Deserialize, Default, Debug, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Example {
        rules: Vec<Rule>,
    }
    #[derive(serde::Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Rule {
        #[expect(dead_code, reason = "only parsed")]
        priority: u8,
    }

    #[test]
    fn empty_text_is_the_default() {
        assert_eq!(super::parse::<Example>(" \n"), Ok(Example::default()));
    }

    #[test]
    fn an_error_names_the_key() {
        let error = super::parse::<Example>(r#"{"rules":[{"priority":1},{"priority":"x"}]}"#).unwrap_err();
        assert_eq!(error, "settings, `rules[1].priority`: invalid type: string \"x\", expected u8");
        let error = super::parse::<Example>(r#"{"rule":[]}"#).unwrap_err();
        assert!(error.contains("unknown field `rule`"), "{error}");
    }
}
