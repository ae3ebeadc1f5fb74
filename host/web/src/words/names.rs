//! Names of values: states, categories, languages, kinds. Open sets fall back to the value itself.

use super::{Lang, primary};
use posthouse_model::decision::World;
use posthouse_model::mail::Address;
use posthouse_model::role::Role;
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_model::triage::{Sentiment, Urgency};

super::words! {
    status_new: "new", "新到";
    status_waiting: "waiting", "待审";
    status_snoozed: "snoozed", "暂停";
    status_sent: "sent", "已发";
    status_leaving: "on its way", "待发出";
    status_handled: "handled", "已处理";
    status_spam: "spam", "垃圾";
    status_automatic: "automatic", "自动邮件";
    urgency_low: "low", "不急";
    urgency_medium: "medium", "一般";
    urgency_high: "high", "较急";
    urgency_urgent: "urgent", "紧急";
    sentiment_positive: "friendly", "友好";
    sentiment_neutral: "neutral", "平静";
    sentiment_negative: "unhappy", "不满";
    sentiment_angry: "angry", "愤怒";
    outcome_pending: "not sorted yet", "待分拣";
    outcome_ticket: "on a ticket", "已成工单";
    outcome_spam: "spam", "垃圾";
    outcome_automatic: "automatic", "自动邮件";
    outcome_skipped: "skipped", "略过";
    outcome_parked: "parked", "异常";
    world_classifier: "Sorting", "分类";
    world_router: "Routing", "分派";
    world_drafter: "Draft", "草稿";
    world_notifier: "Telling the group", "群通知";
    world_enricher: "Looking up", "查询资料";
    world_checker: "Checking", "检查";
    kind_order_number: "order number", "订单号";
    kind_tracking_number: "tracking number", "运单号";
    kind_sku: "SKU", "SKU";
    kind_amount: "amount", "金额";
    kind_date: "date", "日期";
}

impl Lang {
    /// The status in words.
    #[must_use]
    pub fn status(self, status: TicketStatus) -> &'static str {
        match status {
            TicketStatus::New => self.status_new(),
            TicketStatus::Waiting => self.status_waiting(),
            TicketStatus::Snoozed => self.status_snoozed(),
            TicketStatus::Sent => self.status_sent(),
            TicketStatus::Handled => self.status_handled(),
            TicketStatus::Spam => self.status_spam(),
            TicketStatus::Automatic => self.status_automatic(),
        }
    }

    /// The urgency in words.
    #[must_use]
    pub fn urgency_name(self, urgency: Urgency) -> &'static str {
        match urgency {
            Urgency::Low => self.urgency_low(),
            Urgency::Medium => self.urgency_medium(),
            Urgency::High => self.urgency_high(),
            Urgency::Urgent => self.urgency_urgent(),
        }
    }

    /// The sentiment in words.
    #[must_use]
    pub fn sentiment(self, sentiment: Sentiment) -> &'static str {
        match sentiment {
            Sentiment::Positive => self.sentiment_positive(),
            Sentiment::Neutral => self.sentiment_neutral(),
            Sentiment::Negative => self.sentiment_negative(),
            Sentiment::Angry => self.sentiment_angry(),
        }
    }

    /// Where a message ended, in words.
    #[must_use]
    pub fn outcome(self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Pending => self.outcome_pending(),
            Outcome::Ticket => self.outcome_ticket(),
            Outcome::Spam => self.outcome_spam(),
            Outcome::Automatic => self.outcome_automatic(),
            Outcome::Skipped => self.outcome_skipped(),
            Outcome::Parked => self.outcome_parked(),
        }
    }

    /// A list of mails that ended there, by name.
    #[must_use]
    pub fn outcome_list(self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Spam => self.view_spam(),
            Outcome::Automatic => self.view_automatic(),
            Outcome::Skipped => self.view_skipped(),
            Outcome::Parked => self.view_parked(),
            other => self.outcome(other),
        }
    }

    /// What a plugin of this world does, for a person who does not know what a plugin is.
    #[must_use]
    pub fn world(self, world: World) -> &'static str {
        match world {
            World::Classifier => self.world_classifier(),
            World::Router => self.world_router(),
            World::Drafter => self.world_drafter(),
            World::Notifier => self.world_notifier(),
            World::Enricher => self.world_enricher(),
            World::Checker => self.world_checker(),
        }
    }

    /// The role in words.
    #[must_use]
    pub fn role(self, role: Role) -> &'static str {
        match role {
            Role::Auditor => self.role_auditor(),
            Role::Agent => self.role_agent(),
            Role::Lead => self.role_lead(),
            Role::Admin => self.role_admin(),
        }
    }

    /// An entity's kind (`order-number` …) in words.
    #[must_use]
    pub fn entity_kind(self, kind: &str) -> String {
        match kind {
            "order-number" => self.kind_order_number().to_owned(),
            "tracking-number" => self.kind_tracking_number().to_owned(),
            "sku" => self.kind_sku().to_owned(),
            "amount" => self.kind_amount().to_owned(),
            "date" => self.kind_date().to_owned(),
            other => spaced(other),
        }
    }

    /// A category in words. Categories are an open set per tenant: an unknown one is shown as it is.
    #[must_use]
    pub fn category_name(self, category: &str) -> String {
        named(self, CATEGORIES, category)
    }

    /// What is missing, in words; unknown keys as they are.
    #[must_use]
    pub fn missing_name(self, key: &str) -> String {
        named(self, MISSING, key)
    }

    /// A risk's kind in words; unknown kinds as they are.
    #[must_use]
    pub fn risk_name(self, kind: &str) -> String {
        named(self, RISKS, kind)
    }

    /// The name of a language (BCP 47) in this one; unknown tags as they are.
    #[must_use]
    pub fn language_name(self, tag: &str) -> String {
        let key = primary(tag).to_ascii_lowercase();
        match LANGUAGES.iter().find(|l| l.0 == key) {
            Some((_, en, zh)) => pick(self, en, zh).to_owned(),
            None => tag.to_owned(),
        }
    }

    /// A person's name as shown: the display name, else the part before the @.
    #[must_use]
    pub fn person(self, address: &Address) -> String {
        let name = address.name.as_deref().unwrap_or("").trim();
        if !name.is_empty() {
            return name.to_owned();
        }
        match address.address.split('@').next().map(str::trim) {
            Some(local) if !local.is_empty() => local.to_owned(),
            _ => self.from_unknown().to_owned(),
        }
    }
}

/// Categories that the bundled classifier knows.
pub(crate) const CATEGORIES: &[(&str, &str, &str)] = &[
    ("shipping", "shipping", "物流"),
    ("refund", "refund", "退款"),
    ("return", "return", "退货"),
    ("complaint", "complaint", "投诉"),
    ("product", "product", "产品"),
    ("address", "address", "改地址"),
    ("order", "order", "订单"),
    ("payment", "payment", "付款"),
    ("account", "account", "账户"),
    ("other", "other", "其他"),
    ("spam", "spam", "垃圾"),
];

const MISSING: &[(&str, &str, &str)] = &[
    ("order-number", "order number", "订单号"),
    ("tracking-number", "tracking number", "运单号"),
    ("photo", "photo", "照片"),
    ("new-address", "new address", "新地址"),
    ("product", "which product", "具体产品"),
    ("payment-date", "payment date", "付款日期"),
    ("amount", "amount", "金额"),
    ("account-email", "account mail address", "账户邮箱"),
    ("return-reason", "reason for return", "退货原因"),
];

const RISKS: &[(&str, &str, &str)] = &[
    ("legal-threat", "legal threat", "法律风险"),
    ("safety", "safety", "安全问题"),
    ("chargeback", "chargeback", "拒付风险"),
    ("press", "press or public review", "媒体或公开差评"),
    ("data-request", "personal data request", "个人数据请求"),
    ("maybe-spam", "maybe spam", "疑似垃圾邮件"),
];

const LANGUAGES: &[(&str, &str, &str)] = &[
    ("ar", "Arabic", "阿拉伯语"),
    ("cs", "Czech", "捷克语"),
    ("da", "Danish", "丹麦语"),
    ("de", "German", "德语"),
    ("el", "Greek", "希腊语"),
    ("en", "English", "英语"),
    ("es", "Spanish", "西班牙语"),
    ("fi", "Finnish", "芬兰语"),
    ("fr", "French", "法语"),
    ("he", "Hebrew", "希伯来语"),
    ("hu", "Hungarian", "匈牙利语"),
    ("id", "Indonesian", "印尼语"),
    ("it", "Italian", "意大利语"),
    ("ja", "Japanese", "日语"),
    ("ko", "Korean", "韩语"),
    ("nl", "Dutch", "荷兰语"),
    ("no", "Norwegian", "挪威语"),
    ("pl", "Polish", "波兰语"),
    ("pt", "Portuguese", "葡萄牙语"),
    ("ro", "Romanian", "罗马尼亚语"),
    ("ru", "Russian", "俄语"),
    ("sv", "Swedish", "瑞典语"),
    ("th", "Thai", "泰语"),
    ("tr", "Turkish", "土耳其语"),
    ("uk", "Ukrainian", "乌克兰语"),
    ("vi", "Vietnamese", "越南语"),
    ("zh", "Chinese", "中文"),
];

pub(super) fn pick<'a>(lang: Lang, en: &'a str, zh: &'a str) -> &'a str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

fn named(lang: Lang, table: &[(&str, &str, &str)], key: &str) -> String {
    match table.iter().find(|row| row.0 == key) {
        Some((_, en, zh)) => pick(lang, en, zh).to_owned(),
        None => spaced(key),
    }
}

/// `order-number` as a person would write it.
fn spaced(key: &str) -> String {
    key.replace(['-', '_'], " ")
}

/// Tags of all languages that have a name here.
pub(crate) fn language_tags() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|row| row.0)
}
