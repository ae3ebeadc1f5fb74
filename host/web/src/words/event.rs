//! What happened to a ticket, from its audit events. An unknown kind is shown as it is: better an odd word
//! than a hidden event.

use super::Lang;

super::words! {
    event_message_received: "mail came in", "收到邮件";
    event_message_sent: "reply sent", "回复已发出";
    event_ticket_created: "ticket made", "建立工单";
    event_ticket_reopened: "brought back", "重新打开";
    event_merged: "merged into another ticket", "并入其他工单";
    event_absorbed: "another ticket merged into it", "并入了其他工单";
    event_split: "a mail was split off", "拆出一封邮件";
    event_split_off: "split off from another ticket", "从其他工单拆出";
    event_triaged: "sorted", "完成分类";
    event_categorised: "category changed", "修改类别";
    event_routed: "routed", "完成分派";
    event_queued: "moved to another queue", "转入队列";
    event_enriched: "looked up", "查到资料";
    event_drafted: "drafts made", "生成草稿";
    event_draft_edited: "draft edited", "编辑草稿";
    event_checked: "draft checked", "检查草稿";
    event_assigned: "assigned", "分派变更";
    event_approved: "reply approved", "批准回复";
    event_cancelled: "send taken back", "撤回发送";
    event_refused: "not sent", "未发送";
    event_resolved: "sending decided by hand", "人工确认发送结果";
    event_submitting: "handed to the mail server", "交给邮件服务器";
    event_settled_outbox: "mail server answered", "邮件服务器已答复";
    event_deferred: "server asked to wait", "服务器要求稍候";
    event_held_back: "waits: the mailbox has sent its share", "等待发送：邮箱已达发送上限";
    event_failed: "could not be sent", "发送失败";
    event_uncertain: "unclear whether it went out", "不确定是否发出";
    event_bounced: "it came back", "被退回";
    event_heard_from: "somebody writes from an address that returned mail", "退信地址又有来信";
    event_proved: "it went out after all", "确认已发出";
    event_handled: "marked as handled", "标为已处理";
    event_spam: "marked as spam", "标为垃圾";
    event_not_spam: "not spam", "标为非垃圾";
    event_snoozed: "snoozed", "暂停";
    event_woken: "back from snooze", "暂停结束";
    event_model_called: "model asked", "询问模型";
    event_plugin_called: "plugin asked", "调用插件";
    kept_here(n): "pieces of personal data kept here: {n}", "{n} 处个人信息未外传";
    event_escalated: "escalated", "升级处理";
    event_settled: "mail placed", "邮件归位";
    event_notifying: "telling the group", "正在通知群";
    event_notified: "group told", "已通知群";
    event_not_notified: "group could not be told", "群通知失败";
    event_decided: "automatic step", "自动步骤";
    event_skipped: "mail skipped", "邮件略过";
    event_parked: "mail parked", "邮件异常";
    event_taken_up: "left-out mail taken up", "找回邮件";
    actor_host: "Posthouse", "驿站";
    actor_operator: "operator", "运维";
}

impl Lang {
    /// What an event says, by its kind.
    #[must_use]
    pub fn event(self, kind: &str) -> String {
        match kind {
            "ticket.opened" => self.event_ticket_created(),
            "ticket.macro" => self.event_macro(),
            "ticket.mail-received" => self.event_message_received(),
            "ticket.triaged" => self.event_triaged(),
            "ticket.categorised" => self.event_categorised(),
            "ticket.routed" => self.event_routed(),
            "ticket.queued" => self.event_queued(),
            "ticket.enriched" => self.event_enriched(),
            "ticket.assigned" => self.event_assigned(),
            "ticket.handled" => self.event_handled(),
            "ticket.reopened" => self.event_ticket_reopened(),
            "ticket.merged" => self.event_merged(),
            "ticket.absorbed" => self.event_absorbed(),
            "ticket.split" => self.event_split(),
            "ticket.split-off" => self.event_split_off(),
            "ticket.marked-spam" => self.event_spam(),
            "ticket.marked-not-spam" => self.event_not_spam(),
            "ticket.snoozed" => self.event_snoozed(),
            "ticket.woken" => self.event_woken(),
            "model.called" => self.event_model_called(),
            "plugin.called" => self.event_plugin_called(),
            "ticket.escalated" => self.event_escalated(),
            "message.settled" => self.event_settled(),
            "message.skipped" => self.event_skipped(),
            "message.parked" => self.event_parked(),
            "message.taken-up" => self.event_taken_up(),
            "draft.proposed" => self.event_drafted(),
            "draft.edited" => self.event_draft_edited(),
            "draft.checked" => self.event_checked(),
            "outbox.approved" => self.event_approved(),
            "outbox.cancelled" => self.event_cancelled(),
            "outbox.refused" => self.event_refused(),
            "outbox.resolved" => self.event_resolved(),
            "outbox.submitting" => self.event_submitting(),
            "ticket.heard-from" => self.event_heard_from(),
            "outbox.bounced" => self.event_bounced(),
            "outbox.proved" => self.event_proved(),
            "outbox.sent" => self.event_message_sent(),
            "outbox.settled" => self.event_settled_outbox(),
            "outbox.deferred" => self.event_deferred(),
            "outbox.held-back" => self.event_held_back(),
            "outbox.failed" => self.event_failed(),
            "outbox.uncertain" => self.event_uncertain(),
            "translation.asked" => self.event_translation_asked(),
            "model.let-go" => self.event_model_let_go(),
            "translation.made" => self.event_translation_made(),
            "translation.failed" => self.event_translation_failed(),
            "notification.queued" => self.event_notifying(),
            "notification.sent" => self.event_notified(),
            "notification.failed" => self.event_not_notified(),
            "pictures.always" => self.event_pictures_always(),
            "pictures.asked-for" => self.event_pictures_asked(),
            "decision.recorded" => self.event_decided(),
            "setup.changed" => self.event_setup_changed(),
            "trial.asked" => self.event_trial_asked(),
            "trial.done" => self.event_trial_done(),
            "secret.set" => self.event_secret_set(),
            "secret.removed" => self.event_secret_removed(),
            "agent.added" => self.event_agent_added(),
            "agent.changed" => self.event_agent_changed(),
            "agent.invited" => self.event_agent_invited(),
            "webhook.turned-off" => self.event_webhook_off(),
            "webhook.turned-on" => self.event_webhook_on(),
            "webhook.tested" => self.event_webhook_tested(),
            "webhook.replayed" => self.event_webhook_replayed(),
            "agent.provider-refused" => self.event_provider_refused(),
            "agent.token-made" => self.event_token_made(),
            "agent.token-revoked" => self.event_token_revoked(),
            "agent.preferences-set" => self.event_preferences_set(),
            "agent.password-set" => self.event_password_set(),
            "agent.signed-in" => self.event_signed_in(),
            "agent.signed-out" => self.event_signed_out(),
            "agent.device-remembered" => self.event_device_remembered(),
            "agent.device-forgotten" => self.event_device_forgotten(),
            "agent.session-ended" => self.event_session_ended(),
            "agent.second-factor-proposed" => self.event_factor_proposed(),
            "agent.second-factor-on" => self.event_factor_on(),
            "agent.second-factor-off" => self.event_factor_off(),
            "agent.code-refused" => self.event_code_refused(),
            "agent.recovery-code-used" => self.event_recovery_used(),
            "agent.recovery-codes-renewed" => self.event_recovery_renewed(),
            other => {
                let known = self.work_event(other).or_else(|| self.autonomy_event(other));
                return known.unwrap_or(other).to_owned();
            }
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
