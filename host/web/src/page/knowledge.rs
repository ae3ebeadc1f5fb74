//! The knowledge base: what drafters rest on and agents look up, one article per subject and language, and what each said before.

use super::frame::Frame;
use super::icon;
use crate::text::lines::{Change, Line};
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::config::{ArticleFront, article_divided};

/// One article on the list.
#[derive(Clone, Debug)]
pub struct ArticleLine {
    /// Its id.
    pub id: String,
    /// BCP 47; `und`: for every language.
    pub language: String,
    /// For people.
    pub title: String,
    /// For whom and when it holds.
    pub front: ArticleFront,
    /// When it last changed.
    pub at: Timestamp,
    /// Who changed it: a person's address; none: with the team's folder.
    pub by: Option<String>,
}

/// A mail that no article speaks of.
#[derive(Clone, Debug)]
pub struct GapLine {
    /// Its id.
    pub id: i64,
    /// Its ticket's number.
    pub number: i64,
    /// Its ticket's subject.
    pub subject: String,
    /// What it is about.
    pub category: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// When it came.
    pub at: Timestamp,
    /// An article is proposed.
    pub proposed: bool,
}

/// The list.
#[derive(Clone, Debug)]
pub struct KnowledgePage {
    /// What was looked for.
    pub text: String,
    /// By id.
    pub articles: Vec<ArticleLine>,
    /// How many more there are that are not shown.
    pub more: usize,
    /// Whether the reader may write.
    pub may_write: bool,
    /// Languages that a new one can be in.
    pub languages: Vec<&'static str>,
    /// What the articles do not answer; empty for who may not write.
    pub gaps: Vec<GapLine>,
}

/// One version on the article's page.
#[derive(Clone, Debug)]
pub struct VersionLine {
    /// Its number.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who; none: with the team's folder.
    pub by: Option<String>,
    /// It was removed then.
    pub removed: bool,
}

/// An earlier version that is looked at.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// Its number.
    pub number: i64,
    /// Its text.
    pub body: String,
    /// What became of it since.
    pub changes: Vec<Line>,
}

/// What is in the way of saving.
#[derive(Clone, Debug)]
pub struct Meanwhile {
    /// Who changed it.
    pub by: Option<String>,
    /// What it says now; none: it was removed.
    pub body: Option<String>,
}

/// One article, or one that is being written.
#[derive(Clone, Debug)]
pub struct ArticlePage {
    /// Its id.
    pub id: String,
    /// BCP 47; `und`: for every language.
    pub language: String,
    /// For people.
    pub title: String,
    /// The version in force; 0: it is not there (yet, or any more).
    pub version: i64,
    /// When it last changed.
    pub at: Option<Timestamp>,
    /// Who changed it.
    pub by: Option<String>,
    /// What stands in the editor, or is read: Markdown.
    pub body: String,
    /// Whether the reader may write.
    pub may_write: bool,
    /// The newest first.
    pub versions: Vec<VersionLine>,
    /// One that is looked at.
    pub earlier: Option<Earlier>,
    /// Somebody else was faster.
    pub meanwhile: Option<Meanwhile>,
    /// The same in other languages: tag and id.
    pub others: Vec<(String, String)>,
    /// It is written for this gap, of the ticket with this number.
    pub gap: Option<(i64, i64)>,
}

/// The address of an article; names may hold slashes, so they stand in the query.
pub(crate) fn address(frame: &Frame, id: &str, language: &str, version: Option<i64>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("id", id).append_pair("language", language);
    if let Some(version) = version {
        query.append_pair("version", &version.to_string());
    }
    frame.team.path(&format!("/knowledge/article?{}", query.finish()))
}

/// The page says why something was not done: what stands in the editor is not saved.
pub(crate) fn is_refused(frame: &Frame) -> bool {
    frame.note.as_ref().is_some_and(|note| note.refused)
}

/// What the script shows where this device has kept a text that the desk never got.
pub(crate) fn kept_here(t: Lang) -> Markup {
    html! {
        p.kept.local hidden { (t.restore_local()) " " button.quiet type="button" data-restore { (t.restore_local_button()) } button.quiet type="button" data-discard { (t.discard_local_button()) } }
    }
}

impl KnowledgePage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        frame.page(
            t.knowledge_title(),
            "plain",
            &html! {
                main.sheet #main {
                    h1 { (t.knowledge_title()) }
                    (tabs(frame, false))
                    p.mute { (t.knowledge_lead()) }
                    form.find method="get" action=(frame.team.path("/knowledge")) role="search" {
                        input type="search" name="q" value=(self.text) maxlength="200" aria-label=(t.knowledge_find()) placeholder=(t.knowledge_find());
                        button.quiet { (icon::search()) (t.knowledge_find_button()) }
                    }
                    @if self.may_write { (self.begin(frame)) }
                    @if self.articles.is_empty() {
                        p.empty { @if self.text.is_empty() { (t.knowledge_none()) } @else { (t.knowledge_none_found()) } }
                    } @else {
                        table {
                            thead { tr { th { (t.knowledge_article()) } th { (t.knowledge_language()) } th.num { (t.knowledge_changed()) } } }
                            tbody { @for a in &self.articles { tr {
                                td data-label=(t.knowledge_article()) {
                                    a href=(address(frame, &a.id, &a.language, None)) { b { bdi { (a.title) } } }
                                    span.mute.below { bdi { (a.id) } }
                                    @if let Some(holds) = t.article_holds(&a.front) { span.mute.below { bdi { (holds) } } }
                                }
                                td data-label=(t.knowledge_language()) { (t.article_language(&a.language)) }
                                td.num data-label=(t.knowledge_changed()) {
                                    (frame.lens.relative(a.at))
                                    span.mute.below { bdi { (a.by.as_deref().unwrap_or_else(|| t.from_folder())) } }
                                }
                            } } }
                        }
                    }
                    @if self.more > 0 { p.mute { (t.knowledge_more(self.more)) } }
                    @if !self.gaps.is_empty() { (self.gaps(frame)) }
                }
            },
        )
    }

    fn gaps(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            section #gaps {
                h2 { (t.gaps_title()) }
                p.mute { (t.gaps_lead()) }
                table {
                    thead { tr { th { (t.gaps_question()) } th { (t.gaps_about()) } th { (t.gaps_write()) } } }
                    tbody { @for gap in &self.gaps { tr {
                        td data-label=(t.gaps_question()) {
                            a href=(frame.team.path(&format!("/tickets/{}", gap.number))) { "#" (gap.number) " " bdi { (gap.subject) } }
                            span.mute.below { (frame.lens.relative(gap.at)) @if gap.proposed { " · " (t.gap_proposed()) } }
                        }
                        td data-label=(t.gaps_about()) {
                            @if let Some(category) = &gap.category { (t.category_name(category)) }
                            @if let Some(language) = &gap.language { span.mute.below { (t.language_name(language)) } }
                        }
                        td data-label=(t.gaps_write()) {
                            form.acts method="get" action=(frame.team.path("/knowledge/new")) {
                                input type="hidden" name="gap" value=(gap.id);
                                input type="hidden" name="language" value=(self.written_in(gap.language.as_deref()));
                                input name="name" required maxlength="100" pattern="[a-z0-9_\\-]+(/[a-z0-9_\\-]+)*" placeholder="returns/germany" autocomplete="off" spellcheck="false" aria-label=(t.article_name());
                                button.quiet { @if gap.proposed { (t.gaps_use()) } @else { (t.gaps_write()) } }
                            }
                            (frame.post(&frame.team.path("/knowledge/gap"), "acts", &html! {
                                input type="hidden" name="gap" value=(gap.id);
                                button.quiet { (t.gaps_dismiss()) }
                            }))
                        }
                    } } }
                }
            }
        }
    }

    /// The language of an article for a question in this one; every language where articles are not written in it.
    fn written_in(&self, language: Option<&str>) -> &str {
        let primary = language.and_then(|tag| tag.split('-').next()).unwrap_or_default();
        self.languages.iter().find(|known| **known == primary).copied().unwrap_or_default()
    }

    fn begin(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            details.begin {
                summary.quiet { (t.article_new()) }
                form.fields method="get" action=(frame.team.path("/knowledge/new")) {
                    label { span { (t.article_name()) } input name="name" required maxlength="100" pattern="[a-z0-9_\\-]+(/[a-z0-9_\\-]+)*" placeholder="returns/germany" autocomplete="off" spellcheck="false"; span.mute { (t.article_name_hint()) } }
                    label { span { (t.knowledge_language()) }
                        select name="language" {
                            option value="" { (t.article_language("und")) }
                            @for tag in &self.languages { option value=(tag) { (t.language_name(tag)) } }
                        }
                    }
                    button.quiet { (t.article_begin()) }
                }
            }
        }
    }
}

impl ArticlePage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        frame.page(
            &self.title,
            "plain",
            &html! {
                main.sheet.article #main {
                    p.mute { a href=(frame.team.path("/knowledge")) { (t.knowledge_title()) } " / " bdi { (self.id) } }
                    h1 { bdi { (self.title) } }
                    p.mute {
                        (t.article_language(&self.language))
                        @for (language, id) in &self.others { " · " a href=(address(frame, id, language, None)) { (t.article_language(language)) } }
                        @if let Some(at) = self.at { " · " (t.article_changed(self.by.as_deref().unwrap_or_else(|| t.from_folder()))) " " (frame.lens.relative(at)) }
                    }
                    @if let Some(holds) = ArticleFront::read(&self.body).ok().and_then(|(front, _)| t.article_holds(&front)) { p.mute { bdi { (holds) } } }
                    @if let Some((_, number)) = self.gap { p.mute { (t.gap_of(number)) } }
                    @if let Some(meanwhile) = &self.meanwhile { (conflict(frame, meanwhile)) }
                    @if self.may_write { (self.editor(frame)) } @else if self.version > 0 { div.said dir="auto" { (article_divided(&self.body).1) } }
                    @if self.version == 0 && self.meanwhile.is_none() && !self.versions.is_empty() { p.mute { (t.article_gone()) } }
                    @if let Some(earlier) = &self.earlier { (self.look(frame, earlier)) }
                    (self.history(frame))
                }
            },
        )
    }

    fn known(&self) -> Markup {
        html! {
            input type="hidden" name="id" value=(self.id);
            input type="hidden" name="language" value=(self.language);
            input type="hidden" name="version" value=(self.version);
            @if let Some((gap, _)) = self.gap { input type="hidden" name="gap" value=(gap); }
        }
    }

    fn editor(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            form.write method="post" action=(frame.team.path("/knowledge/save")) data-keeps-all=(format!("article/{}/{}", self.id, self.language)) data-unsaved[self.meanwhile.is_some() || is_refused(frame)] {
                input type="hidden" name="csrf" value=(frame.csrf);
                (self.known())
                (kept_here(t))
                label.hidden for="body" { (t.article_text()) }
                textarea #body name="body" rows="18" required dir="auto" aria-describedby="how" { "\n" (self.body) }
                p.mute #how { (t.article_how()) }
                div.acts {
                    button.solid { (t.article_save()) }
                    @if self.version > 0 { button.quiet formaction=(frame.team.path("/knowledge/remove")) formnovalidate { (t.article_remove()) } }
                }
            }
        }
    }

    fn look(&self, frame: &Frame, earlier: &Earlier) -> Markup {
        let t = frame.lang();
        html! {
            section #earlier {
                h2 { (t.article_version(earlier.number)) }
                (difference(frame, earlier))
                @if self.may_write {
                    (frame.post(&frame.team.path("/knowledge/restore"), "acts", &html! {
                        (self.known())
                        button.quiet name="earlier" value=(earlier.number) { (t.article_restore()) }
                    }))
                }
            }
        }
    }

    fn history(&self, frame: &Frame) -> Markup {
        history(frame, &self.versions, self.version, |number| address(frame, &self.id, &self.language, Some(number)))
    }
}

/// Articles and templates are beside each other.
pub(crate) fn tabs(frame: &Frame, templates: bool) -> Markup {
    let t = frame.lang();
    html! {
        nav.tabs aria-label=(t.knowledge_title()) {
            a href=(frame.team.path("/knowledge")) aria-current=[(!templates).then_some("page")] { (t.place_knowledge()) }
            a href=(frame.team.path("/templates")) aria-current=[templates.then_some("page")] { (t.templates_title()) }
        }
    }
}

/// What became of an earlier text since.
pub(crate) fn difference(frame: &Frame, earlier: &Earlier) -> Markup {
    let t = frame.lang();
    html! {
        @if earlier.changes.is_empty() { div.said dir="auto" { (earlier.body) } } @else {
                    p.mute { (t.article_since()) }
                    div.difference dir="auto" { @for line in &earlier.changes {
                        @match line.change {
                            Change::Added => ins { span.hidden { (t.line_added()) } (line.text) },
                            Change::Removed => del { span.hidden { (t.line_removed()) } (line.text) },
                            Change::Same => p { (line.text) },
                            Change::LeftOut => p.mute { (t.lines_left_out(&line.text)) },
                        }
                    } }
                }
    }
}

/// The versions, each with a link to what it said.
pub(crate) fn history(frame: &Frame, versions: &[VersionLine], in_force: i64, at: impl Fn(i64) -> String) -> Markup {
    let t = frame.lang();
    html! {
        @if !versions.is_empty() {
            section { h2 { (t.article_versions()) }
                table {
                    thead { tr { th { (t.article_version_column()) } th { (t.article_who()) } th.num { (t.knowledge_changed()) } } }
                    tbody { @for v in versions { tr {
                        td data-label=(t.article_version_column()) {
                            @if v.removed { (v.number) " · " span.mute { (t.article_removed()) } }
                            @else if v.number == in_force { (v.number) " · " span.mute { (t.article_in_force()) } }
                            @else { a href=(at(v.number) + "#earlier") { (v.number) " · " (t.article_look()) } }
                        }
                        td data-label=(t.article_who()) { bdi { (v.by.as_deref().unwrap_or_else(|| t.from_folder())) } }
                        td.num data-label=(t.knowledge_changed()) { (frame.lens.exact(v.at)) }
                    } } }
                }
            }
        }
    }
}

fn conflict(frame: &Frame, meanwhile: &Meanwhile) -> Markup {
    let t = frame.lang();
    let who = meanwhile.by.as_deref().unwrap_or_else(|| t.from_folder());
    html! {
        div.conflict role="alert" {
            p { (icon::warn()) @if meanwhile.body.is_some() { (t.article_conflict(who)) } @else { (t.article_conflict_gone()) } }
            @if let Some(body) = &meanwhile.body { div.theirs dir="auto" { (body) } }
        }
    }
}
