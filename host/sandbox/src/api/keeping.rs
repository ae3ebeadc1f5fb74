//! What a plugin may look up in the house, when granted: the tenant's articles, and what it kept itself.

use super::wit::{knowledge, store};
use crate::error::CallError;
use crate::host::{KnowledgeHit, KnowledgeQuery};
use crate::state::{CallState, abort};
use crate::valid;
use posthouse_model::keep::{Changes, entry_bytes};
use std::collections::BTreeSet;
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
        let found = host.knowledge(query).await;
        self.turn.begin().await;
        let outcome = match &found {
            Ok(hits) => hits.iter().take(wanted).map(|hit| hit.id.as_str()).collect::<Vec<_>>().join(", "),
            Err(reason) => format!("unavailable: {reason}"),
        };
        self.record("knowledge", "search".to_owned(), valid::cut(&outcome, 500).to_owned(), begun);
        let hits = match found {
            Ok(hits) => hits,
            Err(reason) => return Ok(Err(Unavailable(reason))),
        };
        let mut handles = Vec::new();
        for mut hit in hits.into_iter().take(wanted) {
            hit.text.truncate(valid::cut(&hit.text, ARTICLE_MAX).len());
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
        let host = self.host.clone();
        let value = match host.kept(key).await {
            Ok(value) => value,
            Err(reason) => return Ok(Err(store::StoreError::Unavailable(reason))),
        };
        self.hold(key.len() + value.as_ref().map_or(0, Vec::len))?;
        self.changes.saw(key, value.as_deref());
        Ok(Ok(value))
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
        let host = self.host.clone();
        let unavailable = |reason| Ok(Err(store::StoreError::Unavailable(reason)));
        let before = match self.changes.written(&key) {
            Some(value) => value.map(|value| entry_bytes(&key, value)),
            None => match host.kept(&key).await {
                Ok(value) => value.map(|value| entry_bytes(&key, &value)),
                Err(reason) => return unavailable(reason),
            },
        };
        let used = match self.store_used {
            Some(used) => used,
            None => match host.kept_bytes().await {
                Ok(bytes) => bytes,
                Err(reason) => return unavailable(reason),
            },
        };
        let after = value.as_ref().map_or(0, |value| entry_bytes(&key, value));
        let used = used.saturating_sub(before.unwrap_or(0));
        let allowed = self.changes.allowed();
        if after > 0 && used + after > allowed {
            self.store_used = Some(used + before.unwrap_or(0));
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
        let host = self.host.clone();
        let kept = match host.kept_keys(&prefix, after.as_deref(), ask).await {
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
