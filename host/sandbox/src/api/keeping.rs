//! What a plugin may look up in the house, when granted: the tenant's articles, and what it kept itself.

use super::wit::{knowledge, store};
use crate::error::CallError;
use crate::host::{KnowledgeHit, KnowledgeQuery};
use crate::state::{CallState, abort};
use crate::valid;
use posthouse_model::capability::Denial;
use posthouse_model::decision::HostCall;
use posthouse_model::exchange::{Content, Exchange, Kept as KeptValue, Nothing, StoreKey, StoreListing, Told};
use posthouse_model::keep::{Changes, entry_bytes};
use std::collections::BTreeSet;
use tokio::time::Instant;
use wasmtime::Result;
use wasmtime::component::Resource;

/// Bytes of a query's text.
const QUERY_MAX: usize = 8 << 10;
/// Articles of one answer.
const HITS_MAX: u32 = 20;
/// Articles of one answer where the plugin does not say.
const HITS_DEFAULT: u32 = 5;
/// Bytes of an article that reach the plugin.
const ARTICLE_MAX: usize = 64 << 10;
/// Keys of one listing.
const KEYS_MAX: u32 = 1_000;

impl knowledge::Host for CallState {}

impl knowledge::HostQuery for CallState {
    fn new(&mut self, text: String) -> Result<Resource<KnowledgeQuery>> {
        self.hold(text.len())?;
        self.object(KnowledgeQuery { text, language: None, limit: HITS_DEFAULT })
    }

    fn set_language(&mut self, this: Resource<KnowledgeQuery>, tag: String) -> Result<()> {
        self.hold(tag.len())?;
        // What is no language says nothing.
        self.table.get_mut(&this)?.language = valid::language(&tag).then_some(tag);
        Ok(())
    }

    fn set_limit(&mut self, this: Resource<KnowledgeQuery>, count: u32) -> Result<()> {
        self.table.get_mut(&this)?.limit = count.min(HITS_MAX);
        Ok(())
    }

    async fn search(
        &mut self,
        this: Resource<KnowledgeQuery>,
    ) -> Result<std::result::Result<Vec<Resource<KnowledgeHit>>, knowledge::KnowledgeError>> {
        use knowledge::KnowledgeError::{Invalid, Unavailable};
        let limit = self.common.limits.knowledge_searches;
        if self.knowledge_searches >= limit {
            return Ok(Err(Invalid(format!("at most {limit} searches per call"))));
        }
        self.knowledge_searches += 1;
        self.turn.end();
        let query = self.table.get(&this)?.clone();
        if query.text.len() > QUERY_MAX {
            return Ok(Err(Invalid(format!("the text is longer than {QUERY_MAX} bytes"))));
        }
        let begun = tokio::time::Instant::now();
        let host = self.host.clone();
        let wanted = query.limit as usize;
        let mut found = host.knowledge(query.clone()).await;
        self.turn.begin().await;
        if let Ok(hits) = &mut found {
            hits.truncate(wanted);
            for hit in hits {
                hit.text.truncate(valid::cut(&hit.text, ARTICLE_MAX).len());
            }
        }
        let outcome = match &found {
            Ok(hits) => hits.iter().map(|hit| hit.id.as_str()).collect::<Vec<_>>().join(", "),
            Err(reason) => format!("unavailable: {reason}"),
        };
        let least = query.text.len() + found.iter().flatten().map(|hit| hit.text.len()).sum::<usize>();
        let exchange = self.exchange(least, || Exchange::Knowledge(Told { ask: query, reply: found.clone() }));
        self.record("knowledge", "search".to_owned(), valid::cut(&outcome, 500).to_owned(), begun, exchange);
        let hits = match found {
            Ok(hits) => hits,
            Err(reason) => return Ok(Err(Unavailable(reason))),
        };
        let mut handles = Vec::new();
        for hit in hits {
            self.hold(hit.text.len() + hit.title.len() + hit.id.len())?;
            handles.push(self.object(hit)?);
        }
        Ok(Ok(handles))
    }

    fn drop(&mut self, this: Resource<KnowledgeQuery>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl knowledge::HostArticle for CallState {
    fn id(&mut self, this: Resource<KnowledgeHit>) -> Result<String> {
        Ok(self.table.get(&this)?.id.clone())
    }

    fn title(&mut self, this: Resource<KnowledgeHit>) -> Result<String> {
        Ok(self.table.get(&this)?.title.clone())
    }

    fn language(&mut self, this: Resource<KnowledgeHit>) -> Result<String> {
        Ok(self.table.get(&this)?.language.clone())
    }

    fn text(&mut self, this: Resource<KnowledgeHit>) -> Result<String> {
        Ok(self.table.get(&this)?.text.clone())
    }

    fn score(&mut self, this: Resource<KnowledgeHit>) -> Result<f32> {
        Ok(self.table.get(&this)?.score)
    }

    fn drop(&mut self, this: Resource<KnowledgeHit>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

type Kept<T> = std::result::Result<T, store::StoreError>;

/// For the record.
fn unavailable(reason: &str) -> String {
    format!("unavailable: {}", valid::cut(reason, 500))
}

fn invalid_key(key: &str) -> Option<store::StoreError> {
    match key.len() {
        1..=Changes::KEY_BYTES_MAX => None,
        bytes => Some(store::StoreError::Invalid(format!(
            "a key has 1 to {} bytes, this one {bytes}",
            Changes::KEY_BYTES_MAX
        ))),
    }
}

impl CallState {
    /// Every question to the memory counts: each may be one to the database.
    fn store_asked(&mut self) -> Result<()> {
        let limit = self.common.limits.store_calls;
        self.store_calls += 1;
        if self.store_calls > limit {
            return abort(CallError::TooLarge { what: "the number of calls of its store", limit: u64::from(limit) });
        }
        Ok(())
    }

    /// What is kept under a key before this call wrote; remembered, so that a change by another call is noticed.
    async fn kept_before(&mut self, key: &str) -> Result<Kept<Option<Vec<u8>>>> {
        let value = match self.look(key).await {
            Ok(value) => value,
            Err(reason) => return Ok(Err(store::StoreError::Unavailable(reason))),
        };
        self.hold(key.len() + value.as_ref().map_or(0, Vec::len))?;
        self.changes.saw(key, value.as_deref());
        Ok(Ok(value))
    }

    /// Asks the host for one key. Only the first look at it goes on the record: within a call the host says the same again.
    async fn look(&mut self, key: &str) -> std::result::Result<Option<Vec<u8>>, String> {
        let begun = Instant::now();
        let host = self.host.clone();
        let found = host.kept(key).await;
        if self.store_looked.insert(key.to_owned()) {
            let outcome = match &found {
                Ok(Some(value)) => format!("{} bytes", value.len()),
                Ok(None) => "nothing".to_owned(),
                Err(reason) => unavailable(reason),
            };
            let least = found.iter().flatten().map(Vec::len).sum();
            let answer = |value: &Option<Vec<u8>>| KeptValue { value: value.clone().map(Content::of) };
            let told = || Told {
                ask: StoreKey { key: key.to_owned() },
                reply: found.as_ref().map(answer).map_err(Clone::clone),
            };
            self.looked("get", outcome, begun, least, || Exchange::StoreGet(told()));
        }
        found
    }

    /// Asks the host how much is kept.
    async fn look_at_size(&mut self) -> std::result::Result<u64, String> {
        let begun = Instant::now();
        let host = self.host.clone();
        let found = host.kept_bytes().await;
        let outcome = found.as_ref().map_or_else(|reason| unavailable(reason), |bytes| format!("{bytes} bytes"));
        self.looked("used", outcome, begun, 0, || Exchange::StoreUsed(Told { ask: Nothing {}, reply: found.clone() }));
        found
    }

    /// Asks the host for keys.
    async fn look_at_keys(&mut self, ask: StoreListing) -> std::result::Result<Vec<String>, String> {
        let begun = Instant::now();
        let host = self.host.clone();
        let found = host.kept_keys(&ask.prefix, ask.after.as_deref(), ask.limit).await;
        let outcome = found.as_ref().map_or_else(|reason| unavailable(reason), |keys| format!("{} keys", keys.len()));
        let least = found.iter().flatten().map(String::len).sum();
        self.looked("keys", outcome, begun, least, || Exchange::StoreKeys(Told { ask, reply: found.clone() }));
        found
    }

    /// Puts a look at its store on the record: for the sake of a replay only, so not where it does not fit there.
    fn looked(&mut self, what: &str, outcome: String, begun: Instant, least: usize, make: impl FnOnce() -> Exchange) {
        if let Some(exchange) = self.exchange(least, make) {
            let duration_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            let (capability, what) = ("store".to_owned(), what.to_owned());
            self.host_calls.push(HostCall { capability, what, outcome, duration_us, exchange: Some(exchange) });
        }
    }

    async fn put(&mut self, key: String, value: Option<Vec<u8>>) -> Result<Kept<()>> {
        self.store_asked()?;
        self.hold(key.len() + value.as_ref().map_or(0, Vec::len))?;
        if let Some(problem) = invalid_key(&key) {
            return Ok(Err(problem));
        }
        if let Some(bytes) = value.as_ref().map(Vec::len).filter(|bytes| *bytes > Changes::VALUE_BYTES_MAX) {
            let max = Changes::VALUE_BYTES_MAX;
            return Ok(Err(store::StoreError::Invalid(format!("a value has at most {max} bytes, this one {bytes}"))));
        }
        // The room an overwritten value takes is known by its size alone: that is no reading of it.
        let unavailable = |reason| Ok(Err(store::StoreError::Unavailable(reason)));
        let before = match self.changes.written(&key) {
            Some(value) => value.map(|value| entry_bytes(&key, value)),
            None => match self.look(&key).await {
                Ok(value) => value.map(|value| entry_bytes(&key, &value)),
                Err(reason) => return unavailable(reason),
            },
        };
        let used = match self.store_used {
            Some(used) => used,
            None => match self.look_at_size().await {
                Ok(bytes) => bytes,
                Err(reason) => return unavailable(reason),
            },
        };
        let after = value.as_ref().map_or(0, |value| entry_bytes(&key, value));
        let used = used.saturating_sub(before.unwrap_or(0));
        let allowed = self.changes.allowed();
        if after > 0 && used + after > allowed {
            self.store_used = Some(used + before.unwrap_or(0));
            self.deny(Denial::Store, &format!("more than {allowed} bytes"));
            return Ok(Err(store::StoreError::OverQuota(format!(
                "{used} of {allowed} bytes are used, and {after} more are wanted"
            ))));
        }
        self.store_used = Some(used + after);
        self.changes.write(key, value);
        Ok(Ok(()))
    }
}

impl store::Host for CallState {
    async fn get(&mut self, key: String) -> Result<Kept<Option<Vec<u8>>>> {
        self.store_asked()?;
        if let Some(problem) = invalid_key(&key) {
            return Ok(Err(problem));
        }
        match self.changes.written(&key) {
            Some(value) => Ok(Ok(value.map(<[u8]>::to_vec))),
            None => self.kept_before(&key).await,
        }
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Result<Kept<()>> {
        self.put(key, Some(value)).await
    }

    async fn delete(&mut self, key: String) -> Result<Kept<()>> {
        self.put(key, None).await
    }

    async fn keys(&mut self, prefix: String, after: Option<String>, limit: u32) -> Result<Kept<Vec<String>>> {
        self.store_asked()?;
        let limit = limit.min(KEYS_MAX) as usize;
        let deleted = self.changes.deleted_under(&prefix);
        // What this call deleted is still in the database: ask for as many more.
        let ask = u32::try_from(limit + deleted).unwrap_or(u32::MAX);
        let listing = StoreListing { prefix: prefix.clone(), after: after.clone(), limit: ask };
        let kept = match self.look_at_keys(listing).await {
            Ok(keys) => keys,
            Err(reason) => return Ok(Err(store::StoreError::Unavailable(reason))),
        };
        self.hold(kept.iter().map(String::len).sum())?;
        self.changes.saw_keys(&prefix, after.as_deref(), ask, &kept);
        let mut all: BTreeSet<String> = kept.into_iter().collect();
        self.changes.overlay(&prefix, after.as_deref(), &mut all);
        Ok(Ok(all.into_iter().take(limit).collect()))
    }
}
