//! Compiled functions, kept one by one: other settings change what is in a component's memory and not its code, so
//! compiling it again for them is looking its functions up.

use crate::cache::{Cache, Key};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::CacheStore;

/// By the compiler's own hash of a function: what it compiled that to.
type Compiled = HashMap<Vec<u8>, Vec<u8>>;

/// Where the compilers of both engines look functions up and leave them. One component is compiled at a time, on all
/// processors, so that it is known whose functions they are.
#[derive(Default)]
pub(crate) struct Functions {
    compiling: Mutex<()>,
    current: Mutex<Option<Arc<Shelf>>>,
}

/// The functions of one component.
#[derive(Default)]
struct Shelf(Mutex<State>);

#[derive(Default)]
struct State {
    compiled: Compiled,
    /// There is something that is not on disk.
    grown: bool,
}

/// One component that is being made ready.
pub(crate) struct Shop<'a> {
    functions: &'a Functions,
    cache: Option<&'a Cache>,
    key: Key,
    shelf: Arc<Shelf>,
}

impl Functions {
    /// Begins with what is on disk of this component.
    pub(crate) fn of<'a>(&'a self, cache: Option<&'a Cache>, key: Key) -> Shop<'a> {
        let compiled = cache.and_then(|cache| cache.read_functions(key)).and_then(|bytes| unpack(&bytes));
        let state = State { compiled: compiled.unwrap_or_default(), grown: false };
        Shop { functions: self, cache, key, shelf: Arc::new(Shelf(Mutex::new(state))) }
    }

    fn shelf(&self) -> Option<Arc<Shelf>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put_up(&self, shelf: Option<Arc<Shelf>>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = shelf;
    }
}

impl Shop<'_> {
    /// Compiles something of this component: waits for whoever compiles another.
    pub(crate) fn compile<T>(&self, work: impl FnOnce() -> T) -> T {
        let _alone = self.functions.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        self.functions.put_up(Some(self.shelf.clone()));
        let done = work();
        self.functions.put_up(None);
        done
    }

    /// Writes to disk what was not there.
    pub(crate) fn keep(&self) {
        let state = self.shelf.lock();
        if let Some(cache) = self.cache.filter(|_| state.grown) {
            cache.write_functions(self.key, &pack(&state.compiled));
        }
    }
}

impl Shelf {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Functions")
    }
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        self.shelf()?.lock().compiled.get(key).cloned().map(Cow::Owned)
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        let Some(shelf) = self.shelf() else { return false };
        let mut state = shelf.lock();
        state.compiled.insert(key.to_vec(), value);
        state.grown = true;
        true
    }
}

/// Key and value one after another, each behind its length in four bytes.
fn pack(compiled: &Compiled) -> Vec<u8> {
    let size = compiled.iter().map(|(key, value)| 8 + key.len() + value.len()).sum();
    let mut bytes = Vec::with_capacity(size);
    for part in compiled.iter().flat_map(|(key, value)| [key, value]) {
        bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

fn unpack(mut bytes: &[u8]) -> Option<Compiled> {
    fn next(bytes: &mut &[u8]) -> Option<Vec<u8>> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        *bytes = rest;
        Some(part.to_vec())
    }
    let mut compiled = Compiled::new();
    while !bytes.is_empty() {
        compiled.insert(next(&mut bytes)?, next(&mut bytes)?);
    }
    Some(compiled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back_and_what_is_cut_short_does_not() {
        let compiled = Compiled::from([(vec![1, 2], vec![]), (vec![], vec![9; 300]), (vec![3], vec![4])]);
        let bytes = pack(&compiled);
        assert_eq!(unpack(&bytes), Some(compiled));
        assert_eq!(unpack(&[]), Some(Compiled::new()));
        for end in [1, 4, bytes.len() - 1] {
            assert_eq!(unpack(&bytes[..end]), None, "{end}");
        }
    }

    #[test]
    fn a_function_is_found_only_by_the_component_it_belongs_to() {
        let functions = Functions::default();
        let key = |digest| Key::functions(&[0; 32], digest);
        let (one, other) = (functions.of(None, key("one")), functions.of(None, key("other")));
        assert!(!functions.insert(b"f", vec![1]) && functions.get(b"f").is_none(), "nobody is compiling");
        one.compile(|| assert!(functions.insert(b"f", vec![1])));
        assert_eq!(one.compile(|| functions.get(b"f").map(Cow::into_owned)), Some(vec![1]));
        assert_eq!(other.compile(|| functions.get(b"f").map(Cow::into_owned)), None);
    }
}
