//! The knowledge base: who reads it, who writes it, and that nobody's text is lost.

use crate::support::{House, Team, host};
use http::StatusCode;
use posthouse_store::{Article, ProposedArticle};

async fn with_article(house: &House) -> Team {
    let luma = house.team("luma").await;
    let article = |id: &str, language: &str, title: &str, body: &str| Article {
        id: id.into(),
        language: language.into(),
        title: title.into(),
        body: body.into(),
    };
    let set = [
        article("returns.de", "de", "Rückgabe", "# Rückgabe\n30 Tage.\n"),
        article("returns.en", "en", "Returns", "# Returns\nWithin 30 days.\nUnworn.\n"),
        article("faq", "und", "<script>faq</script>", "# <script>faq</script>\n常见问题\n"),
    ];
    let mut tx = luma.scope.begin().await.unwrap();
    tx.set_articles(&set, &host()).await.unwrap();
    tx.commit().await.unwrap();
    luma
}

const RETURNS: &str = "/knowledge/article?id=returns.en&language=en";

#[tokio::test]
async fn everybody_reads_and_finds() {
    let house = House::new().await;
    let luma = with_article(&house).await;
    let mut agent = house.signed_in(&luma, "jun").await;
    let list = agent.get(&luma.path("/knowledge")).await;
    assert!(list.text.contains("Rückgabe") && list.text.contains("&lt;script&gt;faq"), "{}", list.text);
    assert!(!list.text.contains("<script>faq") && !list.text.contains("New article"), "{}", list.text);
    let found = agent.get(&luma.path("/knowledge?q=%E5%B8%B8%E8%A7%81")).await.text;
    assert!(found.contains("id=faq&amp;language=und") && !found.contains("Returns"), "{found}");
    let found = agent.get(&luma.path("/knowledge?q=UNWORN+days")).await.text;
    assert!(found.contains("Returns") && !found.contains("Rückgabe"), "{found}");
    assert!(agent.get(&luma.path("/knowledge?q=nowhere")).await.text.contains("No article holds these words."));
    let page = agent.get(&luma.path(RETURNS)).await;
    assert!(page.text.contains("Within 30 days.") && !page.text.contains("<textarea"), "{}", page.text);
    assert!(page.text.contains("id=returns.de&amp;language=de"), "the other language is one click away: {}", page.text);
    for path in [
        "/knowledge/article?id=nothing&language=und",
        "/knowledge/article?id=returns.en&language=de",
        "/knowledge/article?id=../tenant&language=und",
        "/knowledge/article",
    ] {
        assert_eq!(agent.get(&luma.path(path)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let csrf = agent.csrf(&luma).await;
    let fields = [("csrf", csrf.as_str()), ("id", "faq"), ("language", "und"), ("version", "1"), ("body", "# mine")];
    assert_eq!(agent.post(&luma.path("/knowledge/save"), &fields).await.status, StatusCode::NOT_FOUND);
    assert_eq!(agent.get(&luma.path("/knowledge/new?name=a&language=de")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_article_says_for_whom_and_when_it_holds() {
    let house = House::new().await;
    let luma = with_article(&house).await;
    let mut mei = house.signed_in(&luma, "mei").await;
    let csrf = mei.csrf(&luma).await;
    let save = luma.path("/knowledge/save");
    let body = |days: &str| {
        format!("+++\ncountry = [\"DE\", \"AT\"]\nvalid_to = \"{days}\"\n+++\n# Christmas returns\nUntil Epiphany.")
    };
    let fields =
        |body| [("csrf", csrf.as_str()), ("id", "xmas.en"), ("language", "en"), ("version", "0"), ("body", body)];
    let (late, right) = (body("6.1.2027"), body("2027-01-06"));
    let wrong = mei.post(&save, &fields(&late)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("`valid_to`: `6.1.2027` is no day"), "{}", wrong.text);
    assert!(wrong.text.contains("Until Epiphany.\n</textarea>"), "what was typed is gone: {}", wrong.text);
    assert!(luma.scope.article("xmas.en", "en").await.unwrap().is_none(), "it was saved");

    assert_eq!(mei.post(&save, &fields(&right)).await.status, StatusCode::SEE_OTHER);
    let row = luma.scope.article("xmas.en", "en").await.unwrap().unwrap();
    assert_eq!(row.article.title, "Christmas returns");
    let mut jun = house.signed_in(&luma, "jun").await;
    let list = jun.get(&luma.path("/knowledge")).await.text;
    assert!(list.contains("DE, AT · until 2027-01-06"), "{list}");
    let page = jun.get(&luma.path("/knowledge/article?id=xmas.en&language=en")).await.text;
    assert!(page.contains("DE, AT · until 2027-01-06") && !page.contains("+++"), "{page}");
}

#[tokio::test]
async fn a_long_list_is_cut_off_and_says_so() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let article = |number: usize| Article {
        id: format!("a{number:04}"),
        language: "und".into(),
        title: format!("Number {number}"),
        body: "# x\n".into(),
    };
    let all: Vec<Article> = (0..503).map(article).collect();
    let mut tx = luma.scope.begin().await.unwrap();
    tx.set_articles(&all, &host()).await.unwrap();
    tx.commit().await.unwrap();
    let mut agent = house.signed_in(&luma, "jun").await;
    let page = agent.get(&luma.path("/knowledge")).await.text;
    assert!(page.contains("Number 499") && !page.contains("Number 500"));
    assert!(page.contains("Not shown: 3 more."));
    let page = agent.get(&luma.path("/knowledge?q=a0502")).await.text;
    assert!(page.contains("Number 502") && !page.contains("Not shown"), "{page}");
}

#[tokio::test]
async fn a_lead_writes_and_nobodys_text_is_lost() {
    let house = House::new().await;
    let luma = with_article(&house).await;
    let (mut mei, mut eve) = (house.signed_in(&luma, "mei").await, house.signed_in(&luma, "eve").await);
    let (mine, hers) = (mei.csrf(&luma).await, eve.csrf(&luma).await);
    let known = [("id", "returns.en"), ("language", "en"), ("version", "1")];
    let fields =
        |csrf: &'static str, more: &[(&'static str, &'static str)]| [&[("csrf", csrf)], &known[..], more].concat();
    let (mine, hers): (&'static str, &'static str) = (mine.leak(), hers.leak());
    let saved = mei
        .post(&luma.path("/knowledge/save"), &fields(mine, &[("body", "# Returns\r\nWithin 14 days.\r\nUnworn.")]))
        .await;
    assert_eq!(
        saved.location(),
        "/t/luma/knowledge/article?id=returns.en&language=en&done=article-saved",
        "{}",
        saved.text
    );
    let row = luma.scope.article("returns.en", "en").await.unwrap().unwrap();
    assert_eq!((row.article.body.as_str(), row.version), ("# Returns\nWithin 14 days.\nUnworn.\n", 2));
    assert_eq!(row.changed_by, "agent:mei@luma.example");

    // Eve had the first version open.
    let late = eve.post(&luma.path("/knowledge/save"), &fields(hers, &[("body", "# Returns\nWithin 60 days.")])).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(
        late.text.contains("mei@luma.example changed this article") && late.text.contains("Within 14 days."),
        "{}",
        late.text
    );
    assert!(
        late.text.contains("Within 60 days.") && late.text.contains("name=\"version\" value=\"2\""),
        "{}",
        late.text
    );
    // What differs is shown, and an earlier text can be put back.
    let page = mei.get(&luma.path(&format!("{RETURNS}&version=1"))).await.text;
    assert!(page.contains("Within 30 days.</del>") && page.contains("Within 14 days.</ins>"), "{page}");
    let back = [("csrf", mine), ("id", "returns.en"), ("language", "en"), ("version", "2"), ("earlier", "1")];
    mei.post(&luma.path("/knowledge/restore"), &back).await;
    let row = luma.scope.article("returns.en", "en").await.unwrap().unwrap();
    assert_eq!((row.article.body.as_str(), row.version), ("# Returns\nWithin 30 days.\nUnworn.\n", 3));

    let empty = [("csrf", mine), ("id", "returns.en"), ("language", "en"), ("version", "3"), ("body", "  ")];
    let refused = mei.post(&luma.path("/knowledge/save"), &empty).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("needs a title and a text"), "{}", refused.text);
    let remove = |version| [("csrf", mine), ("id", "returns.en"), ("language", "en"), ("version", version)];
    assert_eq!(mei.post(&luma.path("/knowledge/remove"), &remove("2")).await.status, StatusCode::CONFLICT);
    let gone = mei.post(&luma.path("/knowledge/remove"), &remove("3")).await;
    assert_eq!(gone.location(), "/t/luma/knowledge?done=article-removed");
    let page = mei.get(&luma.path(RETURNS)).await;
    assert!(page.text.contains("This article was removed."), "{}", page.text);
}

#[tokio::test]
async fn a_new_article_has_a_name_that_a_file_could_have() {
    let house = House::new().await;
    let luma = with_article(&house).await;
    let mut mei = house.signed_in(&luma, "mei").await;
    let page = mei.get(&luma.path("/knowledge/new?name=shipping/customs&language=zh-CN")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("value=\"shipping/customs.zh-CN\"") && page.text.contains("# customs"), "{}", page.text);
    for bad in [
        "name=../x&language=",
        "name=A&language=",
        "name=a.de&language=",
        "name=a&language=Deutsch",
        "name=&language=de",
    ] {
        let refused = mei.get(&luma.path(&format!("/knowledge/new?{bad}"))).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(refused.text.contains("An article's name has small letters"), "{bad}: {}", refused.text);
    }
    // One that is there is opened, not written over.
    let page = mei.get(&luma.path("/knowledge/new?name=returns&language=en")).await;
    assert!(
        page.text.contains("Within 30 days.") && page.text.contains("name=\"version\" value=\"1\""),
        "{}",
        page.text
    );
    let csrf = mei.csrf(&luma).await;
    let new = [
        ("csrf", csrf.as_str()),
        ("id", "shipping/customs.zh-CN"),
        ("language", "zh-CN"),
        ("version", "0"),
        ("body", "# 清关\n三天"),
    ];
    mei.post(&luma.path("/knowledge/save"), &new).await;
    let row = luma.scope.article("shipping/customs.zh-CN", "zh-CN").await.unwrap().unwrap();
    assert_eq!((row.article.title.as_str(), row.article.body.as_str()), ("清关", "# 清关\n三天\n"));
}

#[tokio::test]
async fn what_no_article_answers_is_a_lead_s_to_write_or_to_dismiss() {
    let house = House::new().await;
    let luma = with_article(&house).await;
    let (first, second) = (luma.waiting("a@x").await, luma.waiting("b@x").await);
    let mut tx = luma.scope.begin().await.unwrap();
    for waiting in [first, second] {
        tx.add_gap(waiting.message, &host()).await.unwrap();
        tx.add_gap(waiting.message, &host()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let gaps = luma.scope.gaps(10).await.unwrap();
    assert_eq!(gaps.iter().map(|gap| gap.number).collect::<Vec<_>>(), [second.number, first.number]);
    let mut tx = luma.scope.begin().await.unwrap();
    let proposed = ProposedArticle { title: "Customs".into(), body: "# Customs\n\nThree <b>days</b>.\n".into() };
    tx.propose_article(gaps[1].id, &proposed, &host()).await.unwrap();
    tx.commit().await.unwrap();

    let mut jun = house.signed_in(&luma, "jun").await;
    assert!(!jun.get(&luma.path("/knowledge")).await.text.contains("Questions without an article"));
    let (theirs, id) = (jun.csrf(&luma).await, gaps[0].id.to_string());
    let refused = jun.post(&luma.path("/knowledge/gap"), &[("csrf", &theirs), ("gap", &id)]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);

    let mut mei = house.signed_in(&luma, "mei").await;
    let page = mei.get(&luma.path("/knowledge")).await.text;
    assert!(page.contains("Questions without an article") && page.contains("Use the answer"), "{page}");
    let editor = mei.get(&luma.path(&format!("/knowledge/new?name=customs&language=es&gap={}", gaps[1].id))).await.text;
    assert!(
        editor.contains("Three &lt;b&gt;days") && editor.contains(&format!("ticket #{}.", first.number)),
        "{editor}"
    );
    let (csrf, gap) = (mei.csrf(&luma).await, gaps[1].id.to_string());
    let save = [
        ("csrf", csrf.as_str()),
        ("id", "customs.es"),
        ("language", "es"),
        ("version", "0"),
        ("gap", gap.as_str()),
        ("body", "# Aduanas\nTres días."),
    ];
    mei.post(&luma.path("/knowledge/save"), &save).await;
    assert_eq!(luma.scope.article("customs.es", "es").await.unwrap().unwrap().article.title, "Aduanas");
    let dismissed = mei.post(&luma.path("/knowledge/gap"), &[("csrf", &csrf), ("gap", &id)]).await;
    assert_eq!(dismissed.location(), "/t/luma/knowledge?done=gap-settled");
    assert!(luma.scope.gaps(10).await.unwrap().is_empty());
    let again = mei.post(&luma.path("/knowledge/gap"), &[("csrf", &csrf), ("gap", &id)]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);

    // Another team's gap is not there.
    let nova = house.team("nova").await;
    assert!(nova.scope.gap(gaps[0].id).await.is_err());
}
