//! Earned autonomy: levels, evidence, what stays with people, and the switches.

use super::Lang;
use posthouse_model::autonomy::{Cause, Compared, Level, Never, Shortfall};

super::words! {
    autonomy_title: "Earned autonomy", "自动回复";
    autonomy_place: "Auto", "自动";
    autonomy_hint: "Each category of mail climbs one step at a time, on what was measured and with somebody's consent. One complaint, one reply that comes back, or one objection of a check takes it back to people.", "每类邮件按实测数据并经人工同意逐级放开。一次投诉、一次退信或一次检查异议，都会退回人工发送。";
    autonomy_never_title: "What a person always reads first", "哪些情况一律由人工审核";
    autonomy_switch: "Everything at once", "总开关";
    autonomy_stop: "Stop all automatic replies", "停止全部自动回复";
    autonomy_stop_hint: "Nothing goes out by itself from this moment, what waits in its delay included. Levels stay as they are.", "立即生效，等待发出的回复也会扣下。各类级别不变。";
    autonomy_stop_why: "Why (for your colleagues)", "原因（供同事查看）";
    autonomy_go: "Let them go on", "恢复自动回复";
    autonomy_stopped(who, when): "{who} stopped all automatic replies of this team on {when}.", "{who} 已于 {when} 停止本团队的全部自动回复。";
    autonomy_house_stopped(when): "The operator of this host stopped the automatic replies of all teams on {when}. Only the operator lets them go on.", "运维已于 {when} 停止本机所有团队的自动回复，只有运维可以恢复。";
    autonomy_leaving: "About to go out by themselves", "即将自动发出";
    autonomy_leaving_none: "Nothing is about to go out by itself.", "没有即将自动发出的回复。";
    autonomy_leaves_at(time): "goes out by itself at {time}", "将于 {time} 自动发出";
    autonomy_leaves_in: "goes out by itself in", "自动发出倒计时";
    autonomy_stop_one: "Stop it", "停止发出";
    autonomy_stop_one_of(number): "Stop the reply to #{number}", "停止发出 #{number} 的回复";
    autonomy_went: "sent by itself", "自动发出";
    autonomy_level: "Level", "级别";
    autonomy_since(when): "since {when}", "自 {when} 起";
    autonomy_manual: "people answer", "人工回复";
    autonomy_suggested: "suggested", "建议";
    autonomy_sampled: "sampled", "抽查";
    autonomy_automatic: "automatic", "自动";
    autonomy_manual_means: "People write and send. What the house would have sent is compared with it.", "由人工撰写和发送，系统只在后台比对自己本会发出的内容。";
    autonomy_suggested_means: "The ticket says which draft would go out. People still send.", "工单会标明系统本会发出的草稿，仍由人工发送。";
    autonomy_sampled_means(percent): "The draft goes out by itself after a delay; {percent} % of the tickets are still reviewed.", "草稿在延迟后自动发出，{percent}% 的工单仍由人工审核。";
    autonomy_automatic_means: "The draft goes out by itself after a delay in which anybody can stop it.", "草稿在延迟后自动发出，期间任何人都可停止。";
    autonomy_evidence(n, unchanged, edited, rejected): "Of {n} drafts that would have been sent, agents sent {unchanged} as they were, changed {edited}, and did not send {rejected}.", "在 {n} 份本会自动发出的草稿中，客服原样发送 {unchanged} 份，修改后发送 {edited} 份，未采用 {rejected} 份。";
    autonomy_evidence_none: "Nothing has been compared yet.", "尚无比对数据。";
    autonomy_rates(unchanged, edited, rejected): "{unchanged} unchanged, {edited} edited, {rejected} not sent", "原样 {unchanged}，修改 {edited}，未采用 {rejected}";
    autonomy_bound(confidence, percent): "With {confidence} % confidence, at least {percent} of such drafts are sent as they are.", "以 {confidence}% 的置信度，至少 {percent} 的此类草稿会原样发送。";
    autonomy_next(level): "Next step: {level}", "下一级：{level}";
    autonomy_next_needs(level): "Needed for the next step ({level})", "进入下一级（{level}）所需";
    autonomy_lacks: "Still lacking:", "尚缺：";
    autonomy_lacks_few(have, need): "{have} of {need} comparisons", "比对 {have} / {need} 份";
    autonomy_lacks_share(have, need): "sure of {have} sent unchanged, {need} % are needed", "有把握的原样发送比例为 {have}，需达到 {need}%";
    autonomy_lacks_rejected(have, most): "{have} were not sent, at most {most} % may be", "未采用比例为 {have}，不得超过 {most}%";
    autonomy_top: "There is no step above.", "已是最高级别。";
    autonomy_consent: "I have looked at the comparisons below and agree.", "我已查看下方比对结果并同意。";
    autonomy_consent_missing: "Look at the comparisons and tick that you agree; nothing was changed.", "请先查看比对结果并勾选同意，没有做任何更改。";
    autonomy_promote(level): "Go on to: {level}", "升级为：{level}";
    autonomy_take_back(level): "Back to: {level}", "退回：{level}";
    autonomy_fell(why, when): "Taken back by itself on {when}: {why}.", "已于 {when} 自动退回：{why}。";
    autonomy_known: "I know", "知道了";
    autonomy_comparisons: "What would have been sent, and what was", "本会发出的内容与实际发出的内容";
    autonomy_comparisons_none: "No ticket of this category was answered since a draft was noted.", "该类别尚无可比对的已回复工单。";
    autonomy_when: "Answered", "回复时间";
    autonomy_ticket: "Ticket", "工单";
    autonomy_became: "What became of it", "结果";
    autonomy_by: "By", "回复人";
    autonomy_not_counted: "Not counted: a person had to read it.", "不计入：须人工阅读。";
    autonomy_show: "Show both", "对照查看";
    autonomy_no_reply: "closed without a reply", "未回复即关闭";
    autonomy_unchanged: "sent as it was", "原样发送";
    autonomy_small_edit: "a few words changed", "少量修改";
    autonomy_large_edit: "changed", "较多修改";
    autonomy_rejected: "not sent", "未采用";
    autonomy_open: "not answered yet", "尚未回复";
    autonomy_changed(percent): "{percent} % of the words", "改动 {percent}% 的词";
    autonomy_history: "History", "变更记录";
    autonomy_history_line(was, now, why, who): "{was} → {now}: {why}, {who}", "{was} → {now}：{why}，{who}";
    autonomy_cause_consent: "agreed", "已同意";
    autonomy_cause_by_hand: "taken back by hand", "人工退回";
    autonomy_cause_complaint: "a customer complained about a reply that went out by itself", "客户对自动发出的回复提出投诉";
    autonomy_cause_reopened: "a reply that went out by itself did not settle the matter", "自动发出的回复未能解决问题";
    autonomy_cause_bounced: "a reply that went out by itself came back", "自动发出的回复被退回";
    autonomy_cause_check: "a check objected to a reply about to go out", "检查程序对即将发出的回复有异议";
    autonomy_cause_drift: "agents change or reject too many drafts", "客服修改或弃用草稿过多";
    autonomy_would_send: "The first draft would have been sent by itself, had this category earned it.", "若该类别已获准，第一份草稿本会自动发出。";
    autonomy_chosen: "This ticket was chosen for review: the first draft would have gone out by itself.", "本工单被抽中审核，否则第一份草稿会自动发出。";
    autonomy_person_reads: "A person must read this answer first:", "此回复须先由人工阅读：";
    autonomy_said_promoted: "It is a step up.", "已升级。";
    autonomy_said_taken_back: "It was taken back.", "已退回。";
    autonomy_said_stopped: "All automatic replies are stopped.", "已停止全部自动回复。";
    autonomy_said_going: "Automatic replies go on.", "自动回复已恢复。";
    autonomy_said_known: "Noted.", "已确认。";
    autonomy_said_changed: "The level is another meanwhile, or the evidence no longer suffices; nothing was changed. Look again.", "级别已变更或数据不再达标，没有做任何更改，请重新查看。";
    never_legal: "lawyers or courts are spoken of", "涉及法律或诉讼";
    never_safety: "somebody was or may be hurt", "涉及人身伤害或安全";
    never_data: "somebody's personal data", "涉及个人数据";
    never_risk: "another risk was named", "存在其他风险";
    never_anger: "the customer is very angry", "客户非常愤怒";
    never_compensation: "too much money, or a discount", "金额较大或涉及折扣";
    never_checker: "a check has found something", "检查有发现";
    never_unchecked: "not checked", "未经检查";
    never_injection: "the mail speaks to a machine", "来信含有针对程序的指令";
    never_plugin: "a plugin failed", "插件出错";
    never_model_trouble: "the model did not answer", "模型未正常响应";
    never_model_written: "a model wrote it", "由模型撰写";
    never_no_draft: "there is no draft", "没有草稿";
    never_malformed: "the draft is odd", "草稿内容异常";
    never_unfilled: "something is not filled in", "有未填内容";
    never_missing: "the customer has not said everything", "客户信息不全";
    never_unsorted: "the mail is unsorted", "邮件未分类";
    never_unsure: "the sorting is not sure enough", "分类把握不足";
    never_several: "it is about several things", "涉及多个事项";
    never_language: "the languages differ", "语言不一致";
    never_conversation: "it is not the first mail", "并非首封来信";
    never_files: "the mail carries files", "来信带有附件";
    never_odd_sender: "sender or name is odd", "发件人或姓名异常";
    event_autonomy_promoted: "a category may do more by itself", "提升自动级别";
    event_autonomy_demoted: "a category may do less by itself", "降低自动级别";
    event_autonomy_compared: "draft compared with what was sent", "草稿与实际回复比对";
    event_autonomy_stopped: "automatic replies stopped", "停止自动回复";
    event_autonomy_resumed: "automatic replies go on", "恢复自动回复";
    event_autonomy_house_stopped: "automatic replies of all teams stopped", "停止所有团队的自动回复";
    event_autonomy_house_resumed: "automatic replies of all teams go on", "恢复所有团队的自动回复";
    event_autonomy_acknowledged: "a lost level was seen", "确认级别退回";
}

impl Lang {
    /// What a level is called.
    #[must_use]
    pub fn autonomy_level_name(self, level: Level) -> &'static str {
        match level {
            Level::Manual => self.autonomy_manual(),
            Level::Suggested => self.autonomy_suggested(),
            Level::Sampled => self.autonomy_sampled(),
            Level::Automatic => self.autonomy_automatic(),
        }
    }

    /// What a level means; `review` is the share that is still reviewed, in per cent.
    #[must_use]
    pub fn autonomy_level_means(self, level: Level, review: u32) -> String {
        match level {
            Level::Manual => self.autonomy_manual_means().to_owned(),
            Level::Suggested => self.autonomy_suggested_means().to_owned(),
            Level::Sampled => self.autonomy_sampled_means(review),
            Level::Automatic => self.autonomy_automatic_means().to_owned(),
        }
    }

    /// What became of a draft.
    #[must_use]
    pub fn autonomy_compared_name(self, compared: Compared) -> &'static str {
        match compared {
            Compared::Open => self.autonomy_open(),
            Compared::Unchanged => self.autonomy_unchanged(),
            Compared::SmallEdit => self.autonomy_small_edit(),
            Compared::LargeEdit => self.autonomy_large_edit(),
            Compared::Rejected => self.autonomy_rejected(),
            Compared::Automatic => self.autonomy_went(),
        }
    }

    /// Why a level changed.
    #[must_use]
    pub fn autonomy_cause(self, cause: Cause) -> &'static str {
        match cause {
            Cause::Consent => self.autonomy_cause_consent(),
            Cause::ByHand => self.autonomy_cause_by_hand(),
            Cause::Complaint => self.autonomy_cause_complaint(),
            Cause::Reopened => self.autonomy_cause_reopened(),
            Cause::Bounced => self.autonomy_cause_bounced(),
            Cause::CheckFailed => self.autonomy_cause_check(),
            Cause::Drift => self.autonomy_cause_drift(),
        }
    }

    /// What a step still lacks.
    #[must_use]
    pub fn autonomy_shortfall(self, lacks: Shortfall) -> String {
        match lacks {
            Shortfall::AtTheTop => self.autonomy_top().to_owned(),
            Shortfall::TooFew { have, need } => self.autonomy_lacks_few(have, need),
            Shortfall::Share { have_permille, need_percent } => {
                self.autonomy_lacks_share(percent(have_permille), need_percent)
            }
            Shortfall::Rejected { have_permille, most_percent } => {
                self.autonomy_lacks_rejected(percent(have_permille), most_percent)
            }
        }
    }

    /// Why a person must read it first.
    #[must_use]
    pub fn never_name(self, never: Never) -> &'static str {
        match never {
            Never::Legal => self.never_legal(),
            Never::Safety => self.never_safety(),
            Never::DataSubject => self.never_data(),
            Never::Risk => self.never_risk(),
            Never::Anger => self.never_anger(),
            Never::Compensation => self.never_compensation(),
            Never::Checker => self.never_checker(),
            Never::Unchecked => self.never_unchecked(),
            Never::Injection => self.never_injection(),
            Never::PluginTrouble => self.never_plugin(),
            Never::ModelTrouble => self.never_model_trouble(),
            Never::ModelWritten => self.never_model_written(),
            Never::NoDraft => self.never_no_draft(),
            Never::Malformed => self.never_malformed(),
            Never::Unfilled => self.never_unfilled(),
            Never::MissingInformation => self.never_missing(),
            Never::Unsorted => self.never_unsorted(),
            Never::Unsure => self.never_unsure(),
            Never::SeveralIntents => self.never_several(),
            Never::Language => self.never_language(),
            Never::Conversation => self.never_conversation(),
            Never::Files => self.never_files(),
            Never::OddSender => self.never_odd_sender(),
        }
    }

    /// What an event of a category's says, where it is one.
    pub(crate) fn autonomy_event(self, kind: &str) -> Option<&'static str> {
        Some(match kind {
            "autonomy.promoted" => self.event_autonomy_promoted(),
            "autonomy.demoted" => self.event_autonomy_demoted(),
            "autonomy.compared" => self.event_autonomy_compared(),
            "autonomy.stopped" => self.event_autonomy_stopped(),
            "autonomy.resumed" => self.event_autonomy_resumed(),
            "autonomy.house-stopped" => self.event_autonomy_house_stopped(),
            "autonomy.house-resumed" => self.event_autonomy_house_resumed(),
            "autonomy.acknowledged" => self.event_autonomy_acknowledged(),
            _ => return None,
        })
    }
}

/// `82.5 %` of thousandths.
pub(crate) fn percent(permille: u32) -> String {
    if permille.is_multiple_of(10) {
        format!("{} %", permille / 10)
    } else {
        format!("{}.{} %", permille / 10, permille % 10)
    }
}
