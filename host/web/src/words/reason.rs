//! Why a mail ended where it ended, by its number.

use super::Lang;
use posthouse_model::reason::ReasonCode;

super::words! {
    reason_unnumbered: "left out", "已略过";
    reason_own_mail: "our own mail came back", "本系统发出的邮件返回";
    reason_blocked: "sender on the blocklist", "发件人在黑名单中";
    reason_blank: "nothing in it", "内容为空";
    reason_same_mail: "here already", "重复邮件";
    reason_bounce: "delivery report", "投递报告";
    reason_auto_reply: "an answering machine", "自动回复";
    reason_list: "mailing list or newsletter", "邮件列表或订阅邮件";
    reason_notice: "automatic notice", "系统通知";
    reason_spam_plugin: "a plugin calls it spam", "插件判定为垃圾";
    reason_spam_learned: "like mail that people called spam", "与团队标记过的垃圾邮件相似";
    reason_spam_header: "marked by the mail server's filter", "邮件服务器标记为垃圾";
    reason_spam_rspamd: "Rspamd calls it spam", "Rspamd 判定为垃圾";
    reason_spam_agent: "a person called it spam", "人工标记为垃圾";
    reason_not_mail: "not a mail", "不是有效邮件";
    reason_too_large: "too large to fetch", "邮件过大，未收取";
    reason_not_handed_out: "the server does not hand it out", "服务器无法提供该邮件";
    reason_reader_failed: "could not be read", "无法读取";
    reason_unsorted: "could not be sorted", "未能自动分拣";
    reason_cap: "too many automatic mails", "自动邮件过多";
    reason_returned: "mail to the address came back", "发往该地址的邮件被退回";
    reason_overtaken: "the customer wrote again", "客户又有来信";
    reason_autonomy_stopped: "automatic replies are stopped", "自动回复已停止";
    reason_autonomy_taken_back: "the category lost its level", "该类别已不再自动回复";
}

impl Lang {
    /// Why a ticket was closed: what a person wrote, or the number that screening gave, in the reader's language.
    #[must_use]
    pub fn closed_reason(self, words: &str) -> String {
        let code = words.split(' ').next().and_then(|code| code.parse::<ReasonCode>().ok());
        code.map_or_else(|| words.to_owned(), |code| self.reason_name(code).to_owned())
    }

    /// What was found beside the number. How sure a plugin was is said in the reader's language.
    #[must_use]
    pub fn reason_words(self, words: &str) -> String {
        let sure = words.strip_suffix(" % sure").and_then(|percent| percent.parse::<u32>().ok());
        sure.map_or_else(|| words.to_owned(), |percent| self.sure(percent))
    }

    /// What the number means.
    #[must_use]
    pub fn reason_name(self, code: ReasonCode) -> &'static str {
        match code {
            ReasonCode::Unnumbered => self.reason_unnumbered(),
            ReasonCode::OwnMail => self.reason_own_mail(),
            ReasonCode::BlockedSender => self.reason_blocked(),
            ReasonCode::Blank => self.reason_blank(),
            ReasonCode::Duplicate => self.reason_same_mail(),
            ReasonCode::Bounce => self.reason_bounce(),
            ReasonCode::AutoReply => self.reason_auto_reply(),
            ReasonCode::List => self.reason_list(),
            ReasonCode::Notice => self.reason_notice(),
            ReasonCode::SpamByPlugin => self.reason_spam_plugin(),
            ReasonCode::SpamLearned => self.reason_spam_learned(),
            ReasonCode::SpamByHeader => self.reason_spam_header(),
            ReasonCode::SpamByRspamd => self.reason_spam_rspamd(),
            ReasonCode::SpamByAgent => self.reason_spam_agent(),
            ReasonCode::NotMail => self.reason_not_mail(),
            ReasonCode::TooLarge => self.reason_too_large(),
            ReasonCode::NotHandedOut => self.reason_not_handed_out(),
            ReasonCode::ReaderFailed => self.reason_reader_failed(),
            ReasonCode::Unsorted => self.reason_unsorted(),
            ReasonCode::AutomaticCap => self.reason_cap(),
            ReasonCode::AddressReturned => self.reason_returned(),
            ReasonCode::Overtaken => self.reason_overtaken(),
            ReasonCode::AutonomyStopped => self.reason_autonomy_stopped(),
            ReasonCode::AutonomyTakenBack => self.reason_autonomy_taken_back(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_desk_says_what_documents_and_the_command_line_say() {
        for code in ReasonCode::ALL {
            assert_eq!(Lang::En.reason_name(*code), code.summary());
        }
    }

    #[test]
    fn what_a_person_wrote_stays_and_a_number_is_explained() {
        assert_eq!(Lang::Zh.closed_reason("S03 nothing in it"), "内容为空");
        assert_eq!((Lang::Zh.reason_words("99 % sure"), Lang::Zh.reason_words("x")), ("把握 99%".into(), "x".into()));
        assert_eq!(Lang::Zh.closed_reason("answered by phone"), "answered by phone");
        assert_eq!(Lang::En.closed_reason(""), "");
    }
}
