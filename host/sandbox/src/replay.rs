//! Calls made again: what was recorded answers in place of the world.

use crate::host::{
    CallHost, KnowledgeHit, KnowledgeQuery, LogLevel, ModelAnswer, ModelRefusal, ModelRequest, SecretValue,
};
use crate::turns::Lane;
use crate::valid;
use async_trait::async_trait;
use posthouse_model::decision::HostCall;
use posthouse_model::exchange::{
    Content, Exchange, HttpAnswer, HttpAsk, HttpRefusal, Nothing, StoreKey, StoreListing, Told,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of a question that are quoted in words.
const QUOTED_MAX: usize = 200;

/// What a replay does with a question that is not on the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrecorded {
    /// Refuses it, in words.
    Refuse,
    /// Asks the host behind it where that changes nothing in the world: searches, readings of the store, GET and HEAD. What
    /// might change something (other methods) or costs the client money (a model) is refused, in words.
    AskSafe,
}

/// A host that answers from recorded calls.
///
/// A question is answered by the first recorded one that is equal to it and was not given yet; readings of the store may be
/// given any number of times, since within a call they do not change. Requests reach it only when grants, hosts of secrets
/// and addresses allow them: a replay refuses what the real call would refuse. Secrets, log and lane are those of the host
/// behind it. One object serves one call.
pub struct ReplayHost {
    inner: Arc<dyn CallHost>,
    unrecorded: Unrecorded,
    tape: Mutex<Tape>,
}

struct Tape {
    exchanges: Vec<(Exchange, bool)>,
    missing: Vec<Exchange>,
}

impl std::fmt::Debug for ReplayHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplayHost").field("unrecorded", &self.unrecorded).finish_non_exhaustive()
    }
}

impl ReplayHost {
    /// Answers from those of the recorded calls that have their exchange.
    #[must_use]
    pub fn new(inner: Arc<dyn CallHost>, recorded: &[HostCall], unrecorded: Unrecorded) -> Self {
        Self::of(inner, recorded.iter().filter_map(|call| call.exchange.clone()), unrecorded)
    }

    /// As [`new`](Self::new), from the exchanges themselves.
    #[must_use]
    pub fn of(inner: Arc<dyn CallHost>, recorded: impl IntoIterator<Item = Exchange>, unrecorded: Unrecorded) -> Self {
        let exchanges = recorded.into_iter().map(|exchange| (exchange, false)).collect();
        Self { inner, unrecorded, tape: Mutex::new(Tape { exchanges, missing: Vec::new() }) }
    }

    /// What was asked, is not on the recording, and was refused for that: each with the refusal as its answer.
    #[must_use]
    pub fn missing(&self) -> Vec<Exchange> {
        self.tape().missing.clone()
    }

    /// What is on the recording and was not asked.
    #[must_use]
    pub fn unused(&self) -> Vec<Exchange> {
        self.tape().exchanges.iter().filter(|(_, given)| !given).map(|(exchange, _)| exchange.clone()).collect()
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The recorded answer, if any. `fits` gives the reply of an exchange with an equal question.
    fn recorded<T: Clone>(&self, again: bool, fits: impl Fn(&Exchange) -> Option<&T>) -> Option<T> {
        let mut tape = self.tape();
        let (reply, given) = tape
            .exchanges
            .iter_mut()
            .filter(|(_, given)| again || !*given)
            .find_map(|(exchange, given)| fits(exchange).map(|reply| (reply.clone(), given)))?;
        *given = true;
        Some(reply)
    }

    fn refuse<T>(&self, refused: Exchange, error: T) -> T {
        self.tape().missing.push(refused);
        error
    }

    fn asks_safely(&self) -> bool {
        self.unrecorded == Unrecorded::AskSafe
    }

    /// What is asked in one line, for a person.
    fn words(what: &str) -> String {
        format!("{} is not on the recording of this call", valid::cut(what, QUOTED_MAX))
    }

    fn refuse_text<Q: Clone, A>(
        &self,
        ask: &Q,
        what: &str,
        make: impl FnOnce(Told<Q, A, String>) -> Exchange,
    ) -> String {
        let reason = Self::words(what);
        self.refuse(make(Told { ask: ask.clone(), reply: Err(reason.clone()) }), reason)
    }
}

#[async_trait]
impl CallHost for ReplayHost {
    async fn http(&self, request: &HttpAsk) -> Option<Result<HttpAnswer, HttpRefusal>> {
        let recorded = self.recorded(false, |exchange| match exchange {
            Exchange::Http(told) if told.ask == *request => Some(&told.reply),
            _ => None,
        });
        if recorded.is_some() {
            return recorded;
        }
        let safe = matches!(request.method.as_str(), "GET" | "HEAD");
        if safe && self.asks_safely() {
            return self.inner.http(request).await;
        }
        let mut words = Self::words(&format!("{} {}", request.method, request.url));
        if self.asks_safely() {
            words.push_str(", and a replay sends nothing but GET and HEAD");
        }
        let refusal = HttpRefusal::Denied(words);
        let refused = Exchange::Http(Told { ask: request.clone(), reply: Err(refusal.clone()) });
        Some(Err(self.refuse(refused, refusal)))
    }

    async fn model(&self, request: ModelRequest) -> Result<ModelAnswer, ModelRefusal> {
        let recorded = self.recorded(false, |exchange| match exchange {
            Exchange::Model(told) if told.ask == request => Some(&told.reply),
            _ => None,
        });
        if let Some(reply) = recorded {
            return reply;
        }
        let mut words = Self::words("this question to the model");
        if self.asks_safely() {
            words.push_str(", and a replay calls no model");
        }
        let refusal = ModelRefusal::Rejected(words);
        let refused = Exchange::Model(Told { ask: request, reply: Err(refusal.clone()) });
        Err(self.refuse(refused, refusal))
    }

    async fn secret(&self, name: &str) -> Option<SecretValue> {
        self.inner.secret(name).await
    }

    async fn knowledge(&self, query: KnowledgeQuery) -> Result<Vec<KnowledgeHit>, String> {
        let recorded = self.recorded(false, |exchange| match exchange {
            Exchange::Knowledge(told) if told.ask == query => Some(&told.reply),
            _ => None,
        });
        match recorded {
            Some(reply) => reply,
            None if self.asks_safely() => self.inner.knowledge(query).await,
            None => {
                let what = format!("the search for “{}”", valid::cut(&query.text, QUOTED_MAX / 2));
                Err(self.refuse_text(&query, &what, Exchange::Knowledge))
            }
        }
    }

    async fn kept(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        let ask = StoreKey { key: key.to_owned() };
        let recorded = self.recorded(true, |exchange| match exchange {
            Exchange::StoreGet(told) if told.ask == ask => Some(&told.reply),
            _ => None,
        });
        match recorded {
            Some(reply) => reply.map(|kept| {
                kept.value.map(|content| match content {
                    Content::Text(text) => text.into_bytes(),
                    Content::Bytes(bytes) => bytes,
                })
            }),
            None if self.asks_safely() => self.inner.kept(key).await,
            None => Err(self.refuse_text(&ask, &format!("the store's key “{key}”"), Exchange::StoreGet)),
        }
    }

    async fn kept_keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, String> {
        let ask = StoreListing { prefix: prefix.to_owned(), after: after.map(str::to_owned), limit };
        let recorded = self.recorded(true, |exchange| match exchange {
            Exchange::StoreKeys(told) if told.ask == ask => Some(&told.reply),
            _ => None,
        });
        match recorded {
            Some(reply) => reply,
            None if self.asks_safely() => self.inner.kept_keys(prefix, after, limit).await,
            None => Err(self.refuse_text(&ask, &format!("the listing of keys “{prefix}…”"), Exchange::StoreKeys)),
        }
    }

    async fn kept_bytes(&self) -> Result<u64, String> {
        let recorded = self.recorded(true, |exchange| match exchange {
            Exchange::StoreUsed(told) => Some(&told.reply),
            _ => None,
        });
        match recorded {
            Some(reply) => reply,
            None if self.asks_safely() => self.inner.kept_bytes().await,
            None => Err(self.refuse_text(&Nothing {}, "the size of the store", Exchange::StoreUsed)),
        }
    }

    fn lane(&self) -> Option<Lane> {
        self.inner.lane()
    }

    fn log(&self, level: LogLevel, text: &str) {
        self.inner.log(level, text);
    }
}
