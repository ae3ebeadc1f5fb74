//! Tenants, mailboxes, plugins, articles, secrets, the model's budget.

use crate::world::{START, agent, host, mailbox, tenant};
use posthouse_model::capability::Grants;
use posthouse_model::decision::World as PluginWorld;
use posthouse_model::event::Actor;
use posthouse_model::limits::Limits;
use posthouse_store::vault::MasterKey;
use posthouse_store::{
    ARTICLE_BYTES_MAX, ARTICLE_VERSIONS_MAX, ARTICLES_MAX, Article, ArticleSaved, ModelCall, ModelReservation,
    NewMailbox, NewPlugin, NewTenant, PluginModelUse, Reserved, StoreError,
};
use serde_json::json;
use std::time::Duration;

fn plugin(name: &str, digest: &str) -> NewPlugin {
    NewPlugin {
        name: name.into(),
        world: PluginWorld::Classifier,
        version: "1.0.0".into(),
        digest: digest.into(),
        settings: json!({ "rules": [] }),
        grants: Grants { log: true, ..Grants::default() },
        limits: Limits { cpu_ms: Some(1_000), ..Limits::default() },
    }
}

/// A call of the plugin `drafter`, which has no bound of its own, of a tenant with 1,000 tokens a day.
fn budget(day: &str, tokens: i64) -> ModelReservation<'_> {
    ModelReservation {
        day,
        plugin: "drafter",
        tokens,
        tenant_tokens: 1_000,
        cost: 0,
        tenant_cost: None,
        plugin_tokens: None,
        plugin_calls: None,
    }
}

fn model_call(at: posthouse_model::Timestamp) -> ModelCall {
    ModelCall {
        at,
        ticket: None,
        plugin: "drafter".into(),
        version: "1.0.0".into(),
        model: "m".into(),
        tokens_in: 100,
        tokens_out: 50,
        duration_ms: 900,
        outcome: "ok".into(),
        cost: 0,
        currency: String::new(),
        redacted: None,
    }
}

fn article(id: &str, body: &str) -> Article {
    Article { id: id.into(), language: "en".into(), title: id.into(), body: body.into() }
}

on_both! {
    async fn applying_a_tenant_twice_changes_nothing(world) {
        let before = world.store.tenant_by_slug("acme").await.unwrap().unwrap();
        world.advance(60);
        assert_eq!(world.store.upsert_tenant(&tenant("acme"), &Actor::Operator).await.unwrap(), before);
        let changed = NewTenant { name: "Acme 公司".into(), digest: "d2".into(), ..tenant("acme") };
        let after = world.store.upsert_tenant(&changed, &Actor::Operator).await.unwrap();
        assert_eq!((after.id, &after.tenant), (before.id, &changed));
        assert_eq!((after.created_at, after.applied_at), (START, world.store.now()));
        assert_eq!(world.kinds().await, ["tenant.added", "mailbox.added", "tenant.changed"]);
        world.other_tenant("aaa").await;
        let all: Vec<_> = world.store.tenants().await.unwrap().into_iter().map(|t| t.tenant.slug).collect();
        assert_eq!(all, ["aaa", "acme"]);
        assert_eq!(world.store.tenant_by_slug("none").await.unwrap(), None);
        assert_eq!(world.scope.tenant().await.unwrap(), after);
    }

    async fn a_set_up_that_is_refused_at_its_last_step_changes_nothing(world) {
        let scope = &world.scope;
        let old = world.store.put_component(b"\0asm old").await.unwrap();
        let mut tx = scope.begin().await.unwrap();
        tx.set_plugins(&[plugin("classifier", &old)], &Actor::Operator).await.unwrap();
        tx.set_articles(&[article("returns", "30 days")], &Actor::Operator).await.unwrap();
        tx.commit().await.unwrap();
        let row = scope.tenant().await.unwrap();
        let (mailboxes, plugins) = (scope.mailboxes().await.unwrap(), scope.plugins().await.unwrap());
        let (articles, kinds) = (scope.articles().await.unwrap(), world.kinds().await);
        world.advance(60);

        let changed = NewTenant { name: "Other".into(), digest: "d2".into(), ..tenant("acme") };
        let mut tx = world.store.begin_set_up(&changed, &Actor::Operator).await.unwrap();
        let new = tx.put_component(b"\0asm new").await.unwrap();
        let returns = tx.upsert_mailbox(&mailbox("returns"), &Actor::Operator).await.unwrap();
        tx.keep_mailboxes(&[returns], &Actor::Operator).await.unwrap();
        tx.set_plugins(&[plugin("other", &new)], &Actor::Operator).await.unwrap();
        let twice = [article("returns", "14 days"), article("returns", "7 days")];
        let refused = tx.set_articles(&twice, &Actor::Operator).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{refused}");
        drop(tx);
        assert_eq!(scope.tenant().await.unwrap(), row);
        assert_eq!((scope.mailboxes().await.unwrap(), scope.plugins().await.unwrap()), (mailboxes, plugins));
        assert_eq!((scope.articles().await.unwrap(), world.kinds().await), (articles, kinds));
        assert_eq!(world.store.component(&new).await.unwrap(), None);

        // A tenant that is new is not there either.
        let tx = world.store.begin_set_up(&tenant("newcomer"), &Actor::Operator).await.unwrap();
        drop(tx);
        assert_eq!(world.store.tenant_by_slug("newcomer").await.unwrap(), None);

        // The same without the mistake is all there at once.
        let mut tx = world.store.begin_set_up(&changed, &Actor::Operator).await.unwrap();
        tx.put_component(b"\0asm new").await.unwrap();
        let returns = tx.upsert_mailbox(&mailbox("returns"), &Actor::Operator).await.unwrap();
        tx.keep_mailboxes(&[returns], &Actor::Operator).await.unwrap();
        tx.set_plugins(&[plugin("other", &new)], &Actor::Operator).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(scope.tenant().await.unwrap().tenant, changed);
        assert_eq!(scope.plugins().await.unwrap()[0].plugin.name, "other");
        let active: Vec<_> = scope.mailboxes().await.unwrap().into_iter().filter(|m| m.active).map(|m| m.mailbox.name).collect();
        assert_eq!(active, ["returns"]);
        assert!(scope.verify_chain().await.unwrap().faults.is_empty());
    }

    async fn a_slug_must_fit_an_address(world) {
        for slug in ["", "A", "a b", "-a", "ä", &"a".repeat(64)] {
            let error = world.store.upsert_tenant(&tenant(slug), &Actor::Operator).await.unwrap_err();
            assert!(matches!(error, StoreError::Refused(_)), "{slug}");
        }
    }

    async fn mailboxes_are_applied_and_turned_off(world) {
        let mut tx = world.scope.begin().await.unwrap();
        assert_eq!(tx.upsert_mailbox(&mailbox("support"), &host()).await.unwrap(), world.mailbox);
        let changed = NewMailbox { settings: json!({ "kind": "imap" }), ..mailbox("support") };
        assert_eq!(tx.upsert_mailbox(&changed, &host()).await.unwrap(), world.mailbox);
        tx.set_mailbox_active(world.mailbox, false, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.mailbox_by_name("support").await.unwrap().unwrap();
        assert_eq!((row.mailbox, row.active), (changed.clone(), false));
        assert!(!world.scope.lease_mailbox(world.mailbox, "w", Duration::from_secs(9)).await.unwrap());
        let mut tx = world.scope.begin().await.unwrap();
        tx.upsert_mailbox(&changed, &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.mailbox(world.mailbox).await.unwrap().active);
    }

    async fn one_worker_fetches_a_mailbox(world) {
        let lease = Duration::from_secs(60);
        let take = async |worker| world.scope.lease_mailbox(world.mailbox, worker, lease).await.unwrap();
        assert!(take("one").await);
        assert!(take("one").await);
        assert!(!take("two").await);
        world.advance(60);
        assert!(take("two").await);
        assert!(!take("one").await);
        world.scope.release_mailbox(world.mailbox, "one").await.unwrap();
        assert!(!take("one").await);
        world.scope.release_mailbox(world.mailbox, "two").await.unwrap();
        assert!(take("one").await);
    }

    async fn fetching_says_since_when_it_fails(world) {
        world.scope.fetch_failed(world.mailbox, "refused").await.unwrap();
        world.advance(60);
        world.scope.fetch_failed(world.mailbox, "timed out").await.unwrap();
        let row = world.scope.mailbox(world.mailbox).await.unwrap();
        assert_eq!((row.fetch_error.as_deref(), row.failing_since), (Some("timed out"), Some(START)));
        world.scope.fetch_worked(world.mailbox).await.unwrap();
        let row = world.scope.mailbox(world.mailbox).await.unwrap();
        assert_eq!((row.fetch_error, row.failing_since, row.fetched_at), (None, None, Some(world.store.now())));
    }

    async fn components_are_kept_by_digest_while_used(world) {
        let digest = world.store.put_component(b"\0asm one").await.unwrap();
        assert_eq!(world.store.put_component(b"\0asm one").await.unwrap(), digest);
        world.store.put_component(b"\0asm two").await.unwrap();
        assert_eq!(world.store.component(&digest).await.unwrap().unwrap(), b"\0asm one");
        assert_eq!(world.store.component("none").await.unwrap(), None);
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_plugins(&[plugin("rules", &digest)], &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.store.prune_components().await.unwrap(), 1);
        assert_eq!(world.store.components().await.unwrap()[0].digest, digest);
    }

    async fn plugins_are_set_as_a_whole(world) {
        let one = world.store.put_component(b"one").await.unwrap();
        let two = world.store.put_component(b"two").await.unwrap();
        let set = async |plugins: &[NewPlugin]| {
            let mut tx = world.scope.begin().await.unwrap();
            tx.set_plugins(plugins, &host()).await?;
            tx.commit().await
        };
        set(&[plugin("a", &one), plugin("b", &one)]).await.unwrap();
        world.advance(60);
        let events = world.kinds().await.len();
        set(&[plugin("a", &one), plugin("b", &one)]).await.unwrap();
        assert_eq!(world.kinds().await.len(), events);
        set(&[plugin("c", &two), plugin("b", &two), plugin("a", &one)]).await.unwrap();
        set(&[plugin("b", &two), plugin("a", &one)]).await.unwrap();
        let rows = world.scope.plugins().await.unwrap();
        let shown: Vec<_> = rows.iter().map(|r| (r.plugin.name.as_str(), r.position, r.installed_at)).collect();
        assert_eq!(shown, [("b", 0, world.store.now()), ("a", 1, START)]);
        assert_eq!(rows[1].plugin, plugin("a", &one));
        let kinds = world.kinds().await;
        assert!(kinds.contains(&"plugin.removed".to_owned()) && kinds.contains(&"plugin.changed".to_owned()));
        let error = set(&[plugin("a", &one), plugin("a", &two)]).await.unwrap_err();
        assert_eq!(error.to_string(), "two plugins are called `a`: rename one");
        let error = set(&[plugin("a", "missing")]).await.unwrap_err();
        assert!(error.to_string().contains("is not stored"), "{error}");
        assert_eq!(world.scope.plugins().await.unwrap(), rows);
    }

    async fn articles_are_set_as_a_whole(world) {
        let set = async |articles: &[Article]| {
            let mut tx = world.scope.begin().await.unwrap();
            tx.set_articles(articles, &host()).await?;
            tx.commit().await
        };
        set(&[article("b", "1"), article("a", "1")]).await.unwrap();
        world.advance(60);
        set(&[article("a", "2"), article("b", "1")]).await.unwrap();
        let rows = world.scope.articles().await.unwrap();
        assert_eq!(rows[0].article, article("a", "2"));
        assert_eq!((rows[0].updated_at, rows[1].updated_at), (world.store.now(), START));
        set(&[article("a", "2")]).await.unwrap();
        assert_eq!(world.scope.articles().await.unwrap().len(), 1);
        assert!(set(&[article("a", "2"), article("a", "3")]).await.is_err());
        let kinds = world.kinds().await;
        assert_eq!(kinds[2..], ["article.added", "article.added", "article.changed", "article.removed"]);
    }

    async fn an_article_written_on_the_desk_has_versions(world) {
        let save = async |body: &str, base: i64| {
            let mut tx = world.scope.begin().await.unwrap();
            let saved = tx.save_article(&article("faq", body), base, &agent()).await?;
            tx.commit().await.map(|()| saved)
        };
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_articles(&[article("faq", "from the folder")], &Actor::Operator).await.unwrap();
        tx.commit().await.unwrap();
        let applied = world.scope.tenant().await.unwrap().applied_at;
        world.advance(60);
        assert_eq!(save("from the desk", 1).await.unwrap(), ArticleSaved::As(2));
        let row = world.scope.article("faq", "en").await.unwrap().unwrap();
        assert_eq!((row.version, row.is_from_the_desk(), row.changed_by.as_str()), (2, true, agent().as_text().as_str()));
        let taken_over = world.scope.tenant().await.unwrap().applied_at;
        assert_eq!(taken_over, world.store.now());
        assert!(taken_over > applied, "running hosts load it anew");
        // Somebody who had the older one open writes nothing.
        let ArticleSaved::Changed(Some(theirs)) = save("mine", 1).await.unwrap() else { panic!("written over") };
        assert_eq!(theirs.article.body, "from the desk");
        assert_eq!(save("from the desk", 2).await.unwrap(), ArticleSaved::As(2), "the same again is no version");
        assert!(save(" \n", 2).await.unwrap_err().to_string().contains("needs a title and a text"));
        let most = "x".repeat(ARTICLE_BYTES_MAX);
        assert!(save(&format!("{most}y"), 2).await.unwrap_err().to_string().contains("may have 262144"));
        assert_eq!(save(&most, 2).await.unwrap(), ArticleSaved::As(3));
        assert!(world.scope.tenant().await.unwrap().applied_at > taken_over, "two changes at one moment are two");

        let mut tx = world.scope.begin().await.unwrap();
        assert!(matches!(tx.remove_article("faq", "en", 2, &agent()).await.unwrap(), ArticleSaved::Changed(Some(_))));
        assert_eq!(tx.remove_article("faq", "en", 3, &agent()).await.unwrap(), ArticleSaved::As(4));
        assert_eq!(tx.remove_article("faq", "en", 4, &agent()).await.unwrap(), ArticleSaved::Changed(None));
        tx.commit().await.unwrap();
        assert_eq!(world.scope.article("faq", "en").await.unwrap(), None);
        let ArticleSaved::As(5) = save("written anew", 0).await.unwrap() else { panic!("numbers go on") };
        let versions = world.scope.article_versions("faq", "en").await.unwrap();
        let told: Vec<_> = versions.iter().map(|v| (v.version, v.body.as_deref().map(|body| body.len()))).collect();
        assert_eq!(told, [(5, Some(12)), (4, None), (3, Some(ARTICLE_BYTES_MAX)), (2, Some(13)), (1, Some(15))]);
        for n in 0..ARTICLE_VERSIONS_MAX {
            save(&format!("number {n}"), 5 + n).await.unwrap();
        }
        let versions = world.scope.article_versions("faq", "en").await.unwrap();
        assert_eq!((versions.len() as i64, versions[0].version), (ARTICLE_VERSIONS_MAX, 5 + ARTICLE_VERSIONS_MAX));
        let other = world.other_tenant("other").await;
        assert_eq!(other.article("faq", "en").await.unwrap(), None);
        assert!(other.article_versions("faq", "en").await.unwrap().is_empty());
    }

    async fn a_tenant_has_so_many_articles_and_no_more(world) {
        let all: Vec<Article> = (0..ARTICLES_MAX).map(|n| article(&format!("a{n}"), "text")).collect();
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_articles(&all, &host()).await.unwrap();
        let refused = tx.save_article(&article("more", "text"), 0, &agent()).await.unwrap_err();
        assert_eq!(refused.to_string(), "there are 10000 articles, which is the most: remove one first");
        assert_eq!(tx.save_article(&article("a7", "other"), 1, &agent()).await.unwrap(), ArticleSaved::As(2));
        tx.commit().await.unwrap();
    }

    async fn secrets_are_kept_sealed(world) {
        let key = MasterKey::generate(world.store.entropy().as_ref());
        let seal = |secret: &[u8]| {
            key.seal(world.scope.id(), "smtp", secret, world.store.entropy().as_ref()).unwrap()
        };
        let mut tx = world.scope.begin().await.unwrap();
        tx.put_secret("smtp", &seal(b"hunter1"), &host()).await.unwrap();
        tx.put_secret("smtp", &seal(b"hunter2"), &host()).await.unwrap();
        tx.commit().await.unwrap();
        let sealed = world.scope.sealed_secret("smtp").await.unwrap().unwrap();
        assert_eq!(key.open(world.scope.id(), "smtp", &sealed).unwrap(), b"hunter2");
        assert_eq!(world.scope.secrets().await.unwrap()[0].name, "smtp");
        let other = world.other_tenant("other").await;
        assert_eq!(other.sealed_secret("smtp").await.unwrap(), None);
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.remove_secret("smtp", &host()).await.unwrap());
        assert!(!tx.remove_secret("smtp", &host()).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.scope.sealed_secret("smtp").await.unwrap(), None);
        let events = serde_json::to_string(&world.scope.events(0, 100).await.unwrap()).unwrap();
        assert!(!events.contains("hunter"));
    }

    async fn a_plugin_has_a_budget_of_its_own(world) {
        let day = "2026-03-02";
        let reserve = async |tokens, own_tokens, own_calls| {
            let mut tx = world.scope.begin().await.unwrap();
            let own = ModelReservation { plugin_tokens: own_tokens, plugin_calls: own_calls, ..budget(day, tokens) };
            let reserved = tx.reserve_model_call(&own).await.unwrap();
            tx.commit().await.unwrap();
            reserved
        };
        // Exactly as much as there is, and not one token more.
        assert_eq!(reserve(301, Some(300), None).await, Reserved::PluginOverBudget);
        assert_eq!(reserve(300, Some(300), Some(2)).await, Reserved::Yes);
        assert_eq!(reserve(1, Some(300), Some(2)).await, Reserved::PluginOverBudget);
        assert_eq!(reserve(1, Some(301), Some(1)).await, Reserved::PluginOverBudget);
        // Refused by the tenant's budget: nothing is taken from the plugin's.
        assert_eq!(reserve(701, None, None).await, Reserved::TenantOverBudget);
        assert_eq!(reserve(1, Some(301), Some(2)).await, Reserved::Yes);
        let used = world.scope.plugin_model_use("drafter", day).await.unwrap();
        assert_eq!((used.calls, used.tokens, used.reserved), (2, 0, 301));
        assert_eq!(world.scope.model_use(day).await.unwrap().reserved, 301);
        let mut tx = world.scope.begin().await.unwrap();
        let call = ModelCall { tokens_in: 20, tokens_out: 30, ..model_call(world.store.now()) };
        tx.record_model_call(day, posthouse_store::SetAside { tokens: 300, cost: 0 }, &call, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let used = world.scope.plugin_model_use("drafter", day).await.unwrap();
        assert_eq!((used.calls, used.tokens, used.reserved), (2, 50, 1), "what was not needed is there again");
        // Another plugin and another day have their own.
        assert_eq!(world.scope.plugin_model_use("other", day).await.unwrap(), PluginModelUse::default());
        assert_eq!(world.scope.plugin_model_use("drafter", "2026-03-03").await.unwrap().calls, 0);
    }

    async fn calls_at_the_same_time_cannot_spend_the_same_budget(world) {
        let day = "2026-03-02";
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let scope = world.scope.clone();
            tasks.spawn(async move {
                let mut tx = scope.begin().await.unwrap();
                let own = ModelReservation { plugin_tokens: Some(100), plugin_calls: Some(7), ..budget(day, 10) };
                let reserved = tx.reserve_model_call(&own).await.unwrap();
                tx.commit().await.unwrap();
                reserved
            });
        }
        let all = tasks.join_all().await;
        assert_eq!(all.iter().filter(|reserved| **reserved == Reserved::Yes).count(), 7);
        let used = world.scope.plugin_model_use("drafter", day).await.unwrap();
        assert_eq!((used.calls, used.reserved), (7, 70));
        assert_eq!(world.scope.model_use(day).await.unwrap().reserved, 70);
    }

    async fn a_budget_is_never_overrun(world) {
        let day = "2026-03-02";
        let reserve = async |tokens| {
            let mut tx = world.scope.begin().await.unwrap();
            let reserved = tx.reserve_model_call(&budget(day, tokens)).await.unwrap();
            tx.commit().await.unwrap();
            reserved == Reserved::Yes
        };
        assert!(reserve(600).await);
        assert!(!reserve(600).await);
        let call = model_call(world.store.now());
        let mut tx = world.scope.begin().await.unwrap();
        tx.record_model_call(day, posthouse_store::SetAside { tokens: 600, cost: 0 }, &call, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let used = world.scope.model_use(day).await.unwrap();
        assert_eq!((used.calls, used.tokens_in, used.tokens_out, used.reserved), (1, 100, 50, 0));
        assert!(reserve(850).await);
        assert!(!reserve(1).await);
        assert_eq!(world.scope.model_calls(10).await.unwrap(), [call]);
        assert_eq!(world.scope.model_use("2026-03-03").await.unwrap().calls, 0);
    }
}
