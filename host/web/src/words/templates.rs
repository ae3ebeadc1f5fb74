//! Templates of replies.

use super::Lang;
use posthouse_template::{DEPTH_MAX, FaultKind};

super::words! {
    templates_title: "Templates", "回复模板";
    templates_lead: "What replies are drafted from. Changes are in force within seconds, for mail that comes in from then on.", "回复草稿所用的模板。修改后几秒内生效，用于此后收到的邮件。";
    templates_none: "Nobody has written a template yet. Those that come with Posthouse are below.", "还没有自己的模板，下方是系统自带的模板。";
    templates_none_fit: "No template is for this.", "没有符合条件的模板。";
    templates_no_drafter: "This team has no drafter that writes from templates.", "该团队没有使用模板的起草插件。";
    templates_bundled: "Come with Posthouse", "系统自带";
    templates_show: "Show", "显示";
    template_column: "Template", "模板";
    template_for: "For", "适用于";
    template_any_category: "any category", "所有类别";
    template_any: "All", "全部";
    template_category: "Category", "类别";
    template_country: "Country", "国家";
    template_country_hint: "Two letters, such as DE: only for customers that are known to be there", "两个字母，如 DE，仅用于已知位于该国的客户";
    template_default_language: "the drafter's own", "插件默认语言";
    template_subject: "Subject", "主题";
    template_subject_hint: "Empty: Re: and the ticket's subject", "留空则为 Re: 加原主题";
    template_needs: "Needs", "必需变量";
    template_needs_hint: "Variables that must be known for it to be taken, divided by commas: order_status", "使用该模板前必须已知的变量，用逗号分隔，如 order_status";
    template_text: "Text", "正文";
    template_how: "{{name}} a variable, {{name|else}} with something in its place, {{#if name}} … {{/if}} only where it is known, {{#alt}} … {{or}} … {{/alt}} one of several wordings.", "{{name}} 为变量，{{name|else}} 带替代文字，{{#if name}} … {{/if}} 仅在已知时显示，{{#alt}} … {{or}} … {{/alt}} 多种措辞任选其一。";
    template_new: "New template", "新建模板";
    template_drafter: "Drafter", "起草插件";
    template_name_refused: "A template's name has small letters, digits, - and _, at most 100 of them, with / between groups.", "模板名称只能用小写字母、数字、- 和 _，最多 100 个字符，用 / 分组。";
    template_country_refused: "A country is two letters, as in ISO 3166: DE, FR, BR.", "国家用 ISO 3166 的两个字母，如 DE、FR、BR。";
    template_category_refused: "Say which category the template is for; * is any.", "请填写模板适用的类别，* 表示所有类别。";
    template_bundled_note: "This template comes with Posthouse. Saved, it is the team's own and takes its place.", "这是系统自带的模板。保存后成为团队自己的模板，并替代自带模板。";
    template_bundled_read: "This template comes with Posthouse.", "这是系统自带的模板。";
    template_instead: "It stands in the place of one that comes with Posthouse; removed, that one is back.", "它替代了系统自带的模板，删除后自带模板恢复使用。";
    template_gone: "This template was removed. Saving a text brings it back.", "该模板已删除，保存正文即可恢复。";
    template_conflict(who): "{who} changed this template while you wrote. Theirs is here, yours is below; saving again puts yours in its place.", "你撰写期间，{who} 修改了此模板。对方的版本如下，你的文字在下方，再次保存将覆盖对方的版本。";
    template_conflict_gone: "This template was removed while you wrote. Yours is below; saving again brings it back.", "你撰写期间，此模板已被删除。你的文字在下方，再次保存即可恢复。";
    template_place(line, column): "Line {line}, character {column}: ", "第 {line} 行第 {column} 个字符：";
    template_fault_beginning(tag): "{tag} ends a block that does not begin. Take it out, or write the block's beginning before it.", "{tag} 没有对应的开始。请删除它，或在前面补上开始标记。";
    template_fault_deep(deep): "Blocks stand more than {deep} deep in each other. Use fewer.", "区块嵌套超过 {deep} 层，请减少嵌套。";
    template_fault_closed(tag): "{tag} is never closed. Write }}}} after the name.", "{tag} 没有结束，请在名称后加上 }}}}。";
    template_fault_block(tag): "{tag} is no block. There are #if, #unless and #alt.", "没有 {tag} 这种区块，可用的有 #if、#unless 和 #alt。";
    template_fault_end(tag): "This block has no end. Write {tag} where it is to end.", "该区块没有结束，请在结尾处写上 {tag}。";
    template_fault_name(tag): "{tag} is not a variable's name. Names have letters, digits, _, - and a full stop, and no spaces.", "{tag} 不是变量名。变量名只含字母、数字、_、- 和点，不含空格。";
    template_unknown(names): "Nothing that this team's set-up names fills {names}. Unless an enricher gives it, whoever sends the reply must fill it in by hand.", "团队设置中没有内容可填充 {names}。除非资料插件提供，否则发送回复的人必须手动填写。";
    template_try: "Try it on a ticket", "用工单试填";
    template_try_lead: "Shows what this text, saved or not, would say there. Nothing is kept.", "显示当前正文（无论是否已保存）在该工单上的效果，不会留下记录。";
    template_try_ticket: "Ticket", "工单";
    template_try_number: "or its number", "或输入编号";
    template_try_button: "Try it", "试填";
    template_try_no_ticket: "There is no ticket of this number.", "没有该编号的工单。";
    template_tried(number): "On #{number}", "在 #{number} 上";
    template_tried_first: "It would be proposed first.", "会作为第一份草稿。";
    template_tried_place(place): "It would be draft {place}.", "会作为第 {place} 份草稿。";
    template_tried_others(names): "This ticket would get drafts from {names}. This is what it would say all the same.", "该工单会使用 {names}。以下是此模板在该工单上的效果。";
    template_tried_none: "This ticket would get no draft from it. This is what it would say all the same.", "该工单不会使用此模板。以下是它在该工单上的效果。";
    template_tried_nothing: "Its drafter gives no draft from it for this ticket.", "起草插件不会为该工单使用此模板。";
    template_tried_problem(reason): "The drafter could not be asked: {reason}", "无法调用起草插件：{reason}";
    template_tried_coming: "The answer is not there yet.", "结果尚未生成。";
    template_tried_again: "Look again", "再次查看";
    template_open_variables: "Not known there", "该工单上未知";
    template_subject_would_be: "Subject", "主题";
    template_use: "Use", "使用情况";
    template_days(days): "Last {days} days", "最近 {days} 天";
    trials_title: "Which does better", "哪个更好";
    trials_lead: "Templates of one trial take turns by chance. A reply does well that goes out as it was proposed; one that is edited, or of which somebody says that it does not fit, does not.", "同一试验的模板随机轮流使用。原样发出算好，被修改或被标为不合适算不好。";
    trial_as_proposed: "Sent as it was", "原样发出";
    trial_chance: "By chance", "偶然概率";
    trial_says: "So far", "目前结论";
    trial_first: "compared with", "对照";
    trial_too_few(n): "too few to tell: each needs {n}", "样本不足，每个至少需要 {n}";
    trial_no_difference: "no difference that is more than chance", "差异不显著";
    trial_better: "does better", "更好";
    trial_worse: "does worse", "更差";
    pieces_title: "What people change", "常被修改的句子";
    pieces_lead: "Sentences of this template that stood in at least five of its newest drafts, by how often they did not go out like that.", "在最近草稿中出现至少五次的句子，按未原样发出的比例排列。";
    pieces_text: "Sentence", "句子";
    pieces_changed: "Changed", "修改率";
    use_proposed: "Proposed", "已推荐";
    use_taken: "Taken", "已采用";
    use_unedited: "Sent as it was", "原样发出";
    use_edited: "Sent edited", "修改后发出";
    use_changed: "Words changed", "修改词数";
    use_changed_hint: "Half of the edited replies had at most this share of their words changed.", "半数修改过的回复，改动的词不超过此比例。";
    use_misfits: "Did not fit", "不合适";
    use_edit_rate: "Edited", "修改率";
    use_sent: "Sent", "已发出";
    up_to(share): "up to {share} %", "至多 {share} %";
    per_cent(share): "{share} %", "{share} %";
    use_none: "No draft was made from it in the last 90 days.", "最近 90 天没有使用此模板生成草稿。";
    done_template_saved: "Saved. It is in force within seconds.", "已保存，几秒内生效。";
    done_template_removed: "Removed. Its page keeps what it said.", "已删除，历史版本仍保留。";
}

impl Lang {
    /// A template's category in words.
    #[must_use]
    pub fn template_category_name(self, category: &str) -> String {
        if category == "*" { self.template_any_category().to_owned() } else { self.category_name(category) }
    }

    /// What is wrong with a template, where, and what to do.
    #[must_use]
    pub fn template_fault(self, text: &str, fault: &posthouse_template::Fault) -> String {
        let before = text.get(..fault.at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let tag = |inside: &str| format!("{{{{{inside}}}}}");
        let what = match &fault.kind {
            FaultKind::WithoutBeginning(inside) => self.template_fault_beginning(tag(inside)),
            FaultKind::TooDeep => self.template_fault_deep(DEPTH_MAX),
            FaultKind::NeverClosed(rest) => self.template_fault_closed(format!("{{{{{rest}")),
            FaultKind::NoBlock(inside) => self.template_fault_block(tag(inside)),
            FaultKind::NoEnd { end, .. } => self.template_fault_end(tag(end)),
            FaultKind::NoName(inside) => self.template_fault_name(tag(inside)),
        };
        format!("{}{what}", self.template_place(line, column))
    }
}
