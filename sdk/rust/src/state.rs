//! What `configure` leaves behind for every `run`.

use crate::Failure;
use std::cell::RefCell;
use std::rc::Rc;

/// Holds the configured plugin of a component.
pub struct State<P>(RefCell<Option<Rc<P>>>);

impl<P> State<P> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self(RefCell::new(None))
    }

    /// Puts what `make` makes of the settings in the place of what was there before.
    ///
    /// # Errors
    /// What is wrong with the settings, in words for the person who wrote them.
    pub fn configure<S>(&self, text: &str, make: impl FnOnce(S) -> Result<P, String>) -> Result<(), String>
    where
        S: serde::de::DeserializeOwned,
    {
        let plugin = make(crate::settings::parse(text)?)?;
        *self.0.borrow_mut() = Some(Rc::new(plugin));
        Ok(())
    }

    /// Calls `run` with the configured plugin.
    ///
    /// # Errors
    /// Those of `run`; permanent when the host has not configured the plugin.
    pub fn run(&self, run: impl FnOnce(&P) -> Result<(), Failure>) -> Result<(), Failure> {
        let plugin = self.0.borrow().clone();
        match plugin {
            Some(plugin) => run(&plugin),
            None => Err(Failure::Permanent("`run` was called before `configure`".to_owned())),
        }
    }
}

impl<P> Default for State<P> {
    fn default() -> Self {
        Self::new()
    }
}
