//! Numbers of languages.

/// Languages of the words, by number; at most 32.
#[derive(Clone, Debug, Default)]
pub struct LanguageTable {
    names: Vec<String>,
}

impl LanguageTable {
    /// The bit of a language, made when new; 0 (all languages) for `any`.
    ///
    /// # Errors
    /// When there are more than 32.
    pub fn bit(&mut self, name: &str) -> Result<u32, String> {
        let name = primary(name);
        if name == "any" {
            return Ok(0);
        }
        if name.is_empty() || name.len() > 8 || !name.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(format!("`{name}` is not a language; write its BCP 47 code, such as `de`"));
        }
        let index = match self.names.iter().position(|known| *known == name) {
            Some(index) => index,
            None if self.names.len() < 32 => {
                self.names.push(name);
                self.names.len() - 1
            }
            None => return Err("words in more than 32 languages".to_owned()),
        };
        Ok(1 << index)
    }

    /// The bit of a language that has words; 0 when it has none.
    #[must_use]
    pub fn known(&self, name: &str) -> u32 {
        let name = primary(name);
        self.names.iter().position(|known| *known == name).map_or(0, |index| 1 << index)
    }

    /// The language of a bit.
    #[must_use]
    pub fn name(&self, bit: u32) -> &str {
        self.names.get(bit.trailing_zeros() as usize).map_or("", String::as_str)
    }
}

/// `zh-Hant` → `zh`
#[must_use]
pub fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}
