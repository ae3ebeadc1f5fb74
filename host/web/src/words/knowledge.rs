//! The knowledge base.

use super::Lang;
use posthouse_model::config::{ANY_LANGUAGE, ArticleFront};

super::words! {
    place_knowledge: "Articles", "知识库";
    knowledge_title: "Knowledge", "知识库";
    knowledge_lead: "What drafts rest on, and what can be looked up. Changes are in force within seconds.", "草稿的依据，也可供查阅。修改后几秒内生效。";
    knowledge_find: "Words in the articles", "搜索文章";
    knowledge_find_button: "Find", "搜索";
    knowledge_none: "There is no article yet.", "还没有文章。";
    knowledge_none_found: "No article holds these words.", "没有包含这些词的文章。";
    knowledge_more(n): "Not shown: {n} more. Look for words in them.", "另有 {n} 篇未显示，请按词搜索。";
    knowledge_article: "Article", "文章";
    knowledge_language: "Language", "语言";
    knowledge_changed: "Changed", "修改时间";
    from_folder: "the team's folder", "团队文件夹";
    every_language: "Every language", "所有语言";
    article_new: "New article", "新建文章";
    article_name: "Name", "名称";
    article_name_hint: "Small letters, digits, - and _; a / makes a group", "小写字母、数字、- 和 _，用 / 分组";
    article_name_refused: "An article's name has small letters, digits, - and _, at most 100 of them, with / between groups.", "文章名称只能用小写字母、数字、- 和 _，最多 100 个字符，用 / 分组。";
    article_front_refused(what): "The lines between +++ at the top: {what}", "文首 +++ 之间的内容有误：{what}";
    article_begin: "Write it", "开始撰写";
    article_text: "Text of the article", "文章正文";
    article_how: "Markdown. The first line that begins with # is the title. Between two lines of +++ above it may stand country, product, valid_from and valid_to.", "使用 Markdown，第一个以 # 开头的行是标题。标题之上、两行 +++ 之间可写 country、product、valid_from、valid_to。";
    article_from(day): "from {day}", "{day} 起";
    article_until(day): "until {day}", "至 {day}";
    article_save: "Save", "保存";
    article_remove: "Remove", "删除";
    article_changed(who): "changed by {who}", "由 {who} 修改";
    article_gone: "This article was removed. Saving a text brings it back.", "该文章已删除，保存正文即可恢复。";
    article_versions: "Versions", "历史版本";
    article_version_column: "Version", "版本";
    article_version(number): "Version {number}", "版本 {number}";
    article_who: "By", "修改人";
    article_in_force: "in force", "当前";
    article_removed: "removed", "已删除";
    article_look: "look", "查看";
    article_since: "What has changed since this version:", "此版本之后的变化：";
    article_restore: "Put this text back", "恢复此版本";
    line_added: "added: ", "新增：";
    line_removed: "removed: ", "删除：";
    lines_left_out(count): "… {count} unchanged", "… {count} 行未变";
    article_conflict(who): "{who} changed this article while you wrote. Their text is here, yours is below; saving again puts yours in its place.", "你撰写期间，{who} 修改了此文章。对方的版本如下，你的文字在下方，再次保存将覆盖对方的版本。";
    article_conflict_gone: "This article was removed while you wrote. Your text is below; saving again brings it back.", "你撰写期间，此文章已被删除。你的文字在下方，再次保存即可恢复。";
    gaps_title: "Questions without an article", "没有文章可答的问题";
    gaps_lead: "Mails that no article speaks of, the newest first. Where one was answered, an article is proposed from the answer; nothing is published before somebody saves it.", "没有任何文章涉及的来信，新的在前。已答复的会根据答复拟出文章草稿，保存之前不会发布。";
    gaps_question: "Question", "问题";
    gaps_about: "About", "类别";
    gaps_write: "Write an article", "撰写文章";
    gaps_use: "Use the answer", "采用答复";
    gaps_dismiss: "Not needed", "不需要";
    gap_proposed: "An article is proposed from the answer.", "已根据答复拟出文章。";
    gap_of(number): "For the question of ticket #{number}. A text that is proposed comes from its answer, with names, addresses and numbers of persons replaced: read it before you save it.", "针对工单 #{number} 的问题。拟出的正文来自对它的答复，其中的姓名、地址和号码已替换，请核对后再保存。";
    done_gap_settled: "It is off the list.", "已从列表移除。";
    done_article_saved: "Saved. It is in force within seconds.", "已保存，几秒内生效。";
    done_article_removed: "Removed. Its page keeps what it said.", "已删除，历史版本仍保留。";
}

impl Lang {
    /// The name of an article's language.
    #[must_use]
    pub fn article_language(self, tag: &str) -> String {
        if tag == ANY_LANGUAGE { self.every_language().to_owned() } else { self.language_name(tag) }
    }

    /// For whom and when an article holds; none when for everybody and always.
    #[must_use]
    pub fn article_holds(self, front: &ArticleFront) -> Option<String> {
        let mut parts = Vec::new();
        if !front.countries.is_empty() {
            parts.push(front.countries.join(", "));
        }
        if !front.products.is_empty() {
            parts.push(front.products.join(", "));
        }
        parts.extend(front.valid_from.map(|day| self.article_from(day)));
        parts.extend(front.valid_to.map(|day| self.article_until(day)));
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}
