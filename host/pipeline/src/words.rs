//! What the house itself says in chat groups, in the languages it speaks. A language is a value of
//! [`Words`]: a missing text does not compile.

use posthouse_model::autonomy::Cause;
use posthouse_model::notice::NoticeKind;
use posthouse_model::triage::Urgency;

/// All texts of one language.
pub struct Words {
    /// BCP 47.
    pub tag: &'static str,
    /// On the button of a ticket's card.
    pub review: &'static str,
    /// On the button of a digest.
    pub open_desk: &'static str,
    /// Field labels.
    pub number: &'static str,
    /// Field label.
    pub category: &'static str,
    /// Field label.
    pub language: &'static str,
    /// Field label.
    pub queue: &'static str,
    /// Field label: what was read from the text.
    pub found: &'static str,
    /// Field label: what an answer still needs.
    pub missing: &'static str,
    /// Field label: reasons to be careful.
    pub careful: &'static str,
    /// Field label.
    pub answer_by: &'static str,
    /// Before how long is left, in the title of a card.
    pub due_soon: &'static str,
    /// Before how long it has been late, in the title of a card.
    pub overdue: &'static str,
    /// Field label.
    pub draft: &'static str,
    /// Value: how many drafts wait.
    pub drafts_ready: fn(usize) -> String,
    /// Value: the reply goes out by itself at this local time.
    pub leaves: fn(&str) -> String,
    /// Value: no draft.
    pub no_draft: &'static str,
    /// A ticket that no classifier sorted.
    pub unsorted: &'static str,
    /// A customer without a name and address.
    pub unknown_customer: &'static str,
    /// A mail without a subject.
    pub no_subject: &'static str,
    /// Title of a digest: tenant, day.
    pub digest_title: fn(&str, &str) -> String,
    /// Field labels of a digest, in order: new, waiting, sent, handled, spam, automatic.
    pub digest_numbers: [&'static str; 6],
    /// Field label: the oldest that waits.
    pub oldest_waiting: &'static str,
    /// Line before the examples.
    pub most_urgent: &'static str,
    /// Line: nothing waits.
    pub nothing_waits: &'static str,
    /// Title of an alert: tenant.
    pub alert_title: fn(&str) -> String,
    /// Title of a recovery: tenant.
    pub recovery_title: fn(&str) -> String,
    /// No message was triaged since (local time).
    pub silent: fn(&str) -> String,
    /// Fetching from a mailbox fails: mailbox, since, reason.
    pub fetch_stuck: fn(&str, &str, &str) -> String,
    /// The server holds mail that is not here: mailbox, how many, since.
    pub ledger_uneven: fn(&str, u64, &str) -> String,
    /// Triage is behind: jobs, since.
    pub triage_stuck: fn(u64, &str) -> String,
    /// A plugin is cut off: name, since, its last failure.
    pub plugin_cut_off: fn(&str, &str, &str) -> String,
    /// A model is left alone: name, since, its last failure.
    pub model_away: fn(&str, &str, &str) -> String,
    /// The model's budget of the day: how much is used, and whether that is all.
    pub model_budget: fn(&str, bool) -> String,
    /// Since when, and its words.
    pub rspamd_away: fn(&str, &str) -> String,
    /// A webhook was turned off: name, since, its last failure.
    pub webhook_off: fn(&str, &str, &str) -> String,
    /// A category is no longer answered by itself: its name, why, and the ticket that brought it about.
    pub autonomy_fell: fn(&str, Cause, Option<i64>) -> String,
    /// An active release was taken back: plugin, version, why.
    pub plugin_rolled_back: fn(&str, &str, &str) -> String,
    /// A candidate was taken back: plugin, version, why.
    pub candidate_taken_back: fn(&str, &str, &str) -> String,
    /// Sending is behind: mails, since.
    pub sending_stuck: fn(u64, &str) -> String,
    /// What to do about any of them.
    pub what_now: &'static str,
    /// It works again, after (duration).
    pub recovered: fn(&str) -> String,
    /// Title of a test.
    pub test_title: &'static str,
    /// Line of a test: tenant.
    pub test_line: fn(&str) -> String,
    /// Names of urgencies, low to urgent.
    pub urgencies: [&'static str; 4],
    categories: &'static [(&'static str, &'static str)],
    missing_keys: &'static [(&'static str, &'static str)],
    risks: &'static [(&'static str, &'static str)],
    entity_kinds: &'static [(&'static str, &'static str)],
    languages: &'static [(&'static str, &'static str)],
    /// Hours and minutes.
    pub duration: fn(u64) -> String,
}

impl Words {
    /// The texts for a language tag; English for a language the house does not speak.
    #[must_use]
    pub fn of(tag: &str) -> &'static Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") { &ZH } else { &EN }
    }

    fn look_up<'a>(table: &'static [(&'static str, &'static str)], key: &'a str) -> &'a str {
        table.iter().find(|(k, _)| *k == key).map_or(key, |(_, text)| text)
    }

    /// A category's name; a tenant's own category is shown as it is.
    #[must_use]
    pub fn category_name<'a>(&self, key: &'a str) -> &'a str {
        Self::look_up(self.categories, key)
    }

    /// A missing piece of information.
    #[must_use]
    pub fn missing_name<'a>(&self, key: &'a str) -> &'a str {
        Self::look_up(self.missing_keys, key)
    }

    /// A kind of risk.
    #[must_use]
    pub fn risk_name<'a>(&self, key: &'a str) -> &'a str {
        Self::look_up(self.risks, key)
    }

    /// A kind of entity.
    #[must_use]
    pub fn entity_name<'a>(&self, kind: &'a str) -> &'a str {
        Self::look_up(self.entity_kinds, kind)
    }

    /// A language by its BCP 47 tag.
    #[must_use]
    pub fn language_name<'a>(&self, tag: &'a str) -> &'a str {
        let primary = tag.split('-').next().unwrap_or(tag);
        match self.languages.iter().find(|(k, _)| *k == primary) {
            Some((_, name)) => name,
            None => tag,
        }
    }

    /// An urgency.
    #[must_use]
    pub fn urgency_name(&self, urgency: Urgency) -> &'static str {
        match urgency {
            Urgency::Low => self.urgencies[0],
            Urgency::Medium => self.urgencies[1],
            Urgency::High => self.urgencies[2],
            Urgency::Urgent => self.urgencies[3],
        }
    }

    /// The label of the button for a kind of notice.
    #[must_use]
    pub fn button(&self, kind: NoticeKind) -> &'static str {
        if kind == NoticeKind::Ticket { self.review } else { self.open_desk }
    }
}

static EN: Words = Words {
    tag: "en",
    review: "Review",
    open_desk: "Open the desk",
    number: "Ticket",
    category: "Category",
    language: "Language",
    queue: "Queue",
    found: "Found",
    missing: "Missing",
    careful: "Careful",
    answer_by: "Answer by",
    due_soon: "due in",
    overdue: "late by",
    draft: "Draft",
    drafts_ready: |n| if n == 1 { "1 ready".to_owned() } else { format!("{n} ready") },
    leaves: |at| format!("goes out by itself at {at}, unless you stop it"),
    no_draft: "none, to be written",
    unsorted: "unsorted",
    unknown_customer: "unknown sender",
    no_subject: "(no subject)",
    digest_title: |tenant, day| format!("{tenant}: {day}"),
    digest_numbers: ["New", "Waiting", "Sent", "Handled", "Spam caught", "Automatic"],
    oldest_waiting: "Oldest waiting",
    most_urgent: "Most urgent:",
    nothing_waits: "Nothing waits.",
    alert_title: |tenant| format!("{tenant}: needs attention"),
    recovery_title: |tenant| format!("{tenant}: works again"),
    silent: |since| format!("No mail has been triaged since {since}, though mail is expected at this time."),
    fetch_stuck: |mailbox, since, reason| format!("Mailbox “{mailbox}” has not been fetched since {since}: {reason}"),
    ledger_uneven: |mailbox, n, since| {
        format!(
            "Mailbox “{mailbox}” holds {n} mails that are not here, as of {since}. “Fetch what is missing” on the mail log, or `posthouse ledger --repair`, fetches them."
        )
    },
    triage_stuck: |n, since| format!("{n} mails wait for triage, the oldest since {since}."),
    plugin_rolled_back: |plugin, version, why| {
        format!("Plugin “{plugin}” {version} was rolled back to the version before: {why}.")
    },
    candidate_taken_back: |plugin, version, why| {
        format!("The candidate {version} of plugin “{plugin}” was taken back; the active version goes on: {why}.")
    },
    plugin_cut_off: |plugin, since, reason| {
        format!(
            "Plugin “{plugin}” is cut off since {since} because it kept failing; mail goes on without it. Last failure: {reason}"
        )
    },
    model_away: |model, since, reason| {
        format!(
            "Model “{model}” is left alone since {since} because it kept failing; drafts come from templates meanwhile. Last failure: {reason}"
        )
    },
    model_budget: |used, is_used_up| {
        if is_used_up {
            format!("The model's budget for today is used up ({used}); drafts come from templates until tomorrow.")
        } else {
            format!("Most of the model's budget for today is used ({used}).")
        }
    },
    rspamd_away: |since, reason| {
        format!("Rspamd has not answered since {since}; mail is triaged without it. Last failure: {reason}")
    },
    webhook_off: |webhook, since, reason| {
        format!(
            "Webhook “{webhook}” is turned off since {since} because nothing reached it for days; an admin turns it on again under Webhooks. Last failure: {reason}"
        )
    },
    autonomy_fell: |category, cause, ticket| {
        let why = match cause {
            Cause::Complaint => "a customer complained about a reply that went out by itself",
            Cause::Reopened => "a reply that went out by itself did not settle the matter",
            Cause::Bounced => "a reply that went out by itself came back",
            Cause::CheckFailed => "a check objected to a reply that was about to go out by itself",
            Cause::Drift => "agents change or reject too many of the drafts by now",
            Cause::Consent | Cause::ByHand => "a person decided so",
        };
        let ticket = ticket.map(|number| format!(" (ticket #{number})")).unwrap_or_default();
        format!("“{category}” is no longer answered by itself: {why}{ticket}. People send again.")
    },
    sending_stuck: |n, since| format!("{n} approved replies have not gone out, the oldest since {since}."),
    what_now: "Nothing is lost: work goes on by itself once the cause is gone. “posthouse doctor” names the cause.",
    recovered: |after| format!("Back to normal after {after}."),
    test_title: "Test from Posthouse",
    test_line: |tenant| format!("This group is set up to hear about {tenant}."),
    urgencies: ["low", "medium", "high", "urgent"],
    categories: &[],
    missing_keys: &[
        ("order-number", "order number"),
        ("new-address", "new address"),
        ("payment-date", "date of payment"),
        ("account-email", "e-mail of the account"),
        ("return-reason", "reason for the return"),
    ],
    risks: &[
        ("legal-threat", "legal threat"),
        ("safety", "safety or injury"),
        ("data-request", "personal data request"),
        ("maybe-spam", "maybe spam"),
    ],
    entity_kinds: &[
        ("order-number", "order"),
        ("tracking-number", "tracking"),
        ("sku", "SKU"),
        ("amount", "amount"),
        ("date", "date"),
    ],
    languages: &[
        ("ar", "Arabic"),
        ("cs", "Czech"),
        ("da", "Danish"),
        ("de", "German"),
        ("el", "Greek"),
        ("en", "English"),
        ("es", "Spanish"),
        ("fi", "Finnish"),
        ("fr", "French"),
        ("he", "Hebrew"),
        ("hu", "Hungarian"),
        ("id", "Indonesian"),
        ("it", "Italian"),
        ("ja", "Japanese"),
        ("ko", "Korean"),
        ("nl", "Dutch"),
        ("pl", "Polish"),
        ("pt", "Portuguese"),
        ("ro", "Romanian"),
        ("ru", "Russian"),
        ("sv", "Swedish"),
        ("th", "Thai"),
        ("tr", "Turkish"),
        ("uk", "Ukrainian"),
        ("vi", "Vietnamese"),
        ("zh", "Chinese"),
    ],
    duration: |minutes| match (minutes / 60, minutes % 60) {
        (0, m) => format!("{m} min"),
        (h, 0) => format!("{h} h"),
        (h, m) => format!("{h} h {m} min"),
    },
};

static ZH: Words = Words {
    tag: "zh",
    review: "审核",
    open_desk: "打开工作台",
    number: "工单",
    category: "分类",
    language: "语言",
    queue: "队列",
    found: "已识别",
    missing: "缺少",
    careful: "注意",
    answer_by: "回复期限",
    due_soon: "即将到期，剩余",
    overdue: "已超时",
    draft: "草稿",
    drafts_ready: |n| format!("{n} 份待审"),
    leaves: |at| format!("将于 {at} 自动发出,可在此之前停止"),
    no_draft: "无,需人工撰写",
    unsorted: "未分类",
    unknown_customer: "未知发件人",
    no_subject: "(无主题)",
    digest_title: |tenant, day| format!("{tenant} {day} 日报"),
    digest_numbers: ["新增", "待审", "已发", "已处理", "拦截垃圾", "自动邮件"],
    oldest_waiting: "等待最久",
    most_urgent: "最紧急:",
    nothing_waits: "没有待审邮件。",
    alert_title: |tenant| format!("{tenant}:需要处理"),
    recovery_title: |tenant| format!("{tenant}:已恢复"),
    silent: |since| format!("自 {since} 起没有邮件完成分拣,而此时段本应有来信。"),
    fetch_stuck: |mailbox, since, reason| format!("邮箱“{mailbox}”自 {since} 起收取失败:{reason}"),
    ledger_uneven: |mailbox, n, since| {
        format!(
            "邮箱“{mailbox}”中有 {n} 封邮件未入库(自 {since} 起发现)。在“邮件账”页点“补收缺失邮件”,或运行 `posthouse ledger --repair`。"
        )
    },
    triage_stuck: |n, since| format!("{n} 封邮件等待分拣,最早的自 {since} 起。"),
    plugin_rolled_back: |plugin, version, why| format!("插件“{plugin}”{version} 已自动退回上一版本：{why}。"),
    candidate_taken_back: |plugin, version, why| {
        format!("插件“{plugin}”的候选版本 {version} 已撤回，当前版本照常运行：{why}。")
    },
    plugin_cut_off: |plugin, since, reason| {
        format!("插件“{plugin}”连续出错,自 {since} 起已暂停使用,邮件处理不受影响。最近一次错误:{reason}")
    },
    model_away: |model, since, reason| {
        format!("模型“{model}”连续出错,自 {since} 起暂停调用,期间草稿来自模板。最近一次错误:{reason}")
    },
    model_budget: |used, is_used_up| {
        if is_used_up {
            format!("今日模型额度已用完({used}),明日之前草稿来自模板。")
        } else {
            format!("今日模型额度即将用完({used})。")
        }
    },
    rspamd_away: |since, reason| format!("Rspamd 自 {since} 起没有响应,邮件分拣暂不经过它。最近一次错误:{reason}"),
    webhook_off: |webhook, since, reason| {
        format!(
            "Webhook“{webhook}”连续多日推送失败,自 {since} 起已停用,请管理员在 Webhook 页面重新启用。最近一次错误:{reason}"
        )
    },
    autonomy_fell: |category, cause, ticket| {
        let why = match cause {
            Cause::Complaint => "客户对自动发出的回复提出投诉",
            Cause::Reopened => "自动发出的回复未能解决问题",
            Cause::Bounced => "自动发出的回复被退回",
            Cause::CheckFailed => "检查程序对即将自动发出的回复有异议",
            Cause::Drift => "客服修改或弃用草稿的比例过高",
            Cause::Consent | Cause::ByHand => "由人工决定",
        };
        let ticket = ticket.map(|number| format!("(工单 #{number})")).unwrap_or_default();
        format!("“{category}”类已停止自动回复:{why}{ticket}。现由人工发送。")
    },
    sending_stuck: |n, since| format!("{n} 封已批准的回复尚未发出,最早的自 {since} 起。"),
    what_now: "邮件没有丢失:原因消除后会自动继续。运行 posthouse doctor 可查明原因。",
    recovered: |after| format!("历时 {after} 后恢复正常。"),
    test_title: "Posthouse 测试消息",
    test_line: |tenant| format!("本群已设置为接收“{tenant}”的通知。"),
    urgencies: ["不急", "一般", "较急", "紧急"],
    categories: &[
        ("shipping", "物流"),
        ("refund", "退款"),
        ("return", "退货"),
        ("complaint", "投诉"),
        ("product", "商品"),
        ("address", "改地址"),
        ("order", "订单"),
        ("payment", "支付"),
        ("account", "账户"),
        ("other", "其他"),
    ],
    missing_keys: &[
        ("order-number", "订单号"),
        ("photo", "照片"),
        ("new-address", "新地址"),
        ("product", "商品名称"),
        ("payment-date", "付款日期"),
        ("amount", "金额"),
        ("account-email", "账户邮箱"),
        ("return-reason", "退货原因"),
    ],
    risks: &[
        ("legal-threat", "法律威胁"),
        ("safety", "人身安全"),
        ("chargeback", "拒付"),
        ("press", "媒体曝光"),
        ("data-request", "个人数据请求"),
        ("maybe-spam", "疑似垃圾邮件"),
    ],
    entity_kinds: &[
        ("order-number", "订单"),
        ("tracking-number", "运单"),
        ("sku", "SKU"),
        ("amount", "金额"),
        ("date", "日期"),
    ],
    languages: &[
        ("ar", "阿拉伯语"),
        ("cs", "捷克语"),
        ("da", "丹麦语"),
        ("de", "德语"),
        ("el", "希腊语"),
        ("en", "英语"),
        ("es", "西班牙语"),
        ("fi", "芬兰语"),
        ("fr", "法语"),
        ("he", "希伯来语"),
        ("hu", "匈牙利语"),
        ("id", "印尼语"),
        ("it", "意大利语"),
        ("ja", "日语"),
        ("ko", "韩语"),
        ("nl", "荷兰语"),
        ("pl", "波兰语"),
        ("pt", "葡萄牙语"),
        ("ro", "罗马尼亚语"),
        ("ru", "俄语"),
        ("sv", "瑞典语"),
        ("th", "泰语"),
        ("tr", "土耳其语"),
        ("uk", "乌克兰语"),
        ("vi", "越南语"),
        ("zh", "中文"),
    ],
    duration: |minutes| match (minutes / 60, minutes % 60) {
        (0, m) => format!("{m} 分钟"),
        (h, 0) => format!("{h} 小时"),
        (h, m) => format!("{h} 小时 {m} 分钟"),
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_name_the_same_languages() {
        let keys = |w: &Words| w.languages.iter().map(|(k, _)| *k).collect::<Vec<_>>();
        assert_eq!(keys(&EN), keys(&ZH));
    }

    #[test]
    fn an_own_category_is_shown_as_it_is() {
        assert_eq!(Words::of("zh-CN").category_name("shipping"), "物流");
        assert_eq!(Words::of("zh").category_name("定制"), "定制");
        assert_eq!(Words::of("fr").category_name("shipping"), "shipping");
    }
}
