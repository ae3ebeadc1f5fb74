//! What happened to a ticket, from its audit events. An unknown kind is shown as it is: better an odd word
//! than a hidden event.

use super::Lang;

super::words! {
    event_message_received: "mail came in", "收到邮件";
    event_message_sent: "reply sent", "回复已发出";
    event_ticket_created: "ticket made", "建立工单";
    event_ticket_reopened: "brought back", "重新打开";
    event_triaged: "sorted", "完成分类";
    event_categorised: "category changed", "修改类别";
    event_routed: "routed", "完成分派";
    event_enriched: "looked up", "查到资料";
    event_drafted: "draft made", "生成草稿";
    event_draft_edited: "draft edited", "编辑草稿";
    event_checked: "draft checked", "检查草稿";
    event_assigned: "assigned", "已分派";
    event_unassigned: "assigned to nobody", "取消分派";
    event_approved: "reply approved", "批准回复";
    event_cancelled: "send taken back", "撤回发送";
    event_submitting: "handed to the mail server", "交给邮件服务器";
    event_deferred: "server asked to wait", "服务器要求稍候";
    event_failed: "could not be sent", "发送失败";
    event_uncertain: "unclear whether it went out", "不确定是否发出";
    event_handled: "marked as handled", "标为已处理";
    event_spam: "marked as spam", "标为垃圾";
    event_not_spam: "not spam", "标为非垃圾";
    event_snoozed: "snoozed", "暂停";
    event_automatic: "kept as automatic mail", "归为自动邮件";
    event_notified: "group told", "已通知群";
    event_waiting: "waits for an agent", "等待审核";
    event_decided: "automatic step", "自动步骤";
    event_skipped: "mail skipped", "邮件略过";
    event_parked: "mail parked", "邮件异常";
    actor_host: "Posthouse", "驿站";
    actor_operator: "operator", "运维";
}

impl Lang {
    /// What an event says, by its kind.
    #[must_use]
    pub fn event(self, kind: &str) -> String {
        match kind {
            "message.received" | "message.stored" | "message.intake" => self.event_message_received(),
            "message.sent" | "outbox.sent" | "outbox.settled" => self.event_message_sent(),
            "message.skipped" => self.event_skipped(),
            "message.parked" => self.event_parked(),
            "ticket.created" => self.event_ticket_created(),
            "ticket.reopened" => self.event_ticket_reopened(),
            "ticket.triaged" => self.event_triaged(),
            "ticket.categorised" => self.event_categorised(),
            "ticket.routed" => self.event_routed(),
            "ticket.enriched" => self.event_enriched(),
            "ticket.assigned" => self.event_assigned(),
            "ticket.unassigned" => self.event_unassigned(),
            "ticket.handled" => self.event_handled(),
            "ticket.spam" => self.event_spam(),
            "ticket.not-spam" => self.event_not_spam(),
            "ticket.snoozed" => self.event_snoozed(),
            "ticket.automatic" => self.event_automatic(),
            "ticket.waiting" => self.event_waiting(),
            "draft.added" | "draft.proposed" | "draft.created" => self.event_drafted(),
            "draft.edited" | "draft.revised" => self.event_draft_edited(),
            "draft.checked" => self.event_checked(),
            "outbox.approved" => self.event_approved(),
            "outbox.cancelled" => self.event_cancelled(),
            "outbox.submitting" | "outbox.leased" => self.event_submitting(),
            "outbox.deferred" => self.event_deferred(),
            "outbox.failed" => self.event_failed(),
            "outbox.uncertain" => self.event_uncertain(),
            "notification.delivered" | "notification.sent" => self.event_notified(),
            "decision.recorded" => self.event_decided(),
            other => return other.to_owned(),
        }
        .to_owned()
    }

    /// Who did it, from the event's actor text; agents by the part before the @ when no name is known.
    #[must_use]
    pub fn actor(self, actor: &str) -> String {
        match actor.split_once(':') {
            Some(("agent", email)) => email.split('@').next().unwrap_or(email).to_owned(),
            Some(("host", _)) => self.actor_host().to_owned(),
            _ if actor == "operator" => self.actor_operator().to_owned(),
            _ => actor.to_owned(),
        }
    }
}
