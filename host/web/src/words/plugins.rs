//! The plugins page.

use super::Lang;
use posthouse_model::release::ReleaseState;

super::words! {
    place_plugins: "Plugins", "插件";
    plugins_lead: "The programs that sort mail, route it, write drafts and tell the chat groups. A new version can be tried on earlier mail, run beside the present one, and answer for a share of the tickets before it answers for all.", "负责分拣邮件、分派工单、撰写草稿和通知群聊的程序。新版本可以先在历史邮件上重放、与现行版本并行试跑、接管部分工单，再全面启用。";
    hand_in_label: "Install a package (.phx)", "安装插件包（.phx）";
    hand_in_button: "Hand in", "提交";
    upload_waiting: "waits to be checked", "等待检查";
    upload_refused: "refused:", "已拒绝：";
    upload_installed(plugin, release): "is release {release} of {plugin}", "成为 {plugin} 的第 {release} 次发布";
    done_handed_in: "The package is being checked. What comes of it appears here.", "正在检查插件包，结果会显示在这里。";
    plugin_answers: "Answers now", "现行版本";
    plugin_next: "Next", "候选版本";
    plugin_off: "turned off", "已停用";
    candidate_title(version): "Candidate {version}", "候选版本 {version}";
    releases_title: "Releases", "发布记录";
    release_column: "Release", "编号";
    release_number(number): "release {number}", "第 {number} 次发布";
    release_state_column: "State", "状态";
    release_calls: "Calls", "调用";
    release_failed: "Failed", "失败";
    release_mean: "Mean", "平均耗时";
    release_from_folder: "from the team's folder", "来自团队文件夹";
    in_shadow: "in shadow", "影子";
    sentiment_title: "sentiment", "情绪";
    release_installed: "installed", "已安装";
    release_shadow: "in shadow", "影子运行";
    release_canary(share): "answers for {share} % of the tickets", "负责 {share}% 的工单";
    release_canary_short: "canary", "灰度";
    release_active: "active", "现行";
    release_retired: "retired", "已退役";
    release_rolled_back: "rolled back", "已回退";
    release_withdrawn: "withdrawn", "已撤回";
    hint_installed: "nothing calls it yet", "尚未被调用";
    hint_shadow: "asked beside the active version; its answers are recorded and change nothing", "与现行版本同时被询问，回答只作记录，不影响工单";
    hint_canary: "if it fails, the active version is asked after all; if it fails too often, it is taken back by itself", "若失败则改问现行版本；失败过多会自动撤回";
    act_replay: "Replay on earlier mail", "在历史邮件上重放";
    act_shadow: "Run in shadow", "影子运行";
    act_canary: "Answer for", "接管工单";
    act_activate: "Make it active", "全面启用";
    act_activate_again: "Make active again", "重新启用";
    act_withdraw: "Withdraw", "撤回";
    act_roll_back: "Roll back", "回退";
    replay_running: "Replay is under way", "正在重放";
    replay_title(differ, calls): "Replay: {differ} of {calls} answers would differ", "重放：{calls} 次中有 {differ} 次回答不同";
    replay_facts(exact, calls): "{exact} of {calls} inputs are exactly those of then", "{calls} 个输入中有 {exact} 个与当时完全一致";
    replay_failed(count): "calls that failed: {count}", "{count} 次调用失败";
    replay_left_out(count): "{count} left out:", "略过 {count} 次：";
    plugin_log_title: "Log", "日志";
    plugin_log_none: "It has logged nothing.", "没有日志。";
    done_staged: "Done. It takes effect within a second, for mail that comes in from now on.", "已完成，一秒内对新邮件生效。";
    taken_back_here: "taken back on the desk", "在页面上撤回";
    withdrawn_here: "withdrawn on the desk", "在页面上放弃";
    done_replay: "The replay is under way. Its result appears here.", "重放已开始，结果会显示在这里。";
}

impl Lang {
    /// How far a release has got, in words.
    #[must_use]
    pub fn release_state(self, state: ReleaseState) -> &'static str {
        match state {
            ReleaseState::Installed => self.release_installed(),
            ReleaseState::Shadow => self.release_shadow(),
            ReleaseState::Canary => self.release_canary_short(),
            ReleaseState::Active => self.release_active(),
            ReleaseState::Retired => self.release_retired(),
            ReleaseState::RolledBack => self.release_rolled_back(),
            ReleaseState::Withdrawn => self.release_withdrawn(),
        }
    }

    /// What that means for mail.
    #[must_use]
    pub fn release_hint(self, state: ReleaseState) -> &'static str {
        match state {
            ReleaseState::Shadow => self.hint_shadow(),
            ReleaseState::Canary => self.hint_canary(),
            _ => self.hint_installed(),
        }
    }

    /// Why a release was taken back or given up: what the desk itself wrote in the reader's language, a person's or a plugin's
    /// words as they are.
    #[must_use]
    pub fn release_reason(self, reason: &str) -> &str {
        match reason {
            _ if reason == Self::En.taken_back_here() => self.taken_back_here(),
            _ if reason == Self::En.withdrawn_here() => self.withdrawn_here(),
            _ => reason,
        }
    }

    /// What a difference is in: those that everybody meets in words, others as they are named.
    #[must_use]
    pub fn aspect(self, name: &str) -> String {
        match name {
            "category" => self.category().to_owned(),
            "urgency" => self.urgency().to_owned(),
            "language" => self.language().to_owned(),
            "queue" => self.queue().to_owned(),
            "tags" => self.tags_title().to_owned(),
            "sentiment" => self.sentiment_title().to_owned(),
            other => other.to_owned(),
        }
    }

    /// A value of such a difference: in words where everybody meets it, else as the plugin wrote it.
    #[must_use]
    pub fn aspect_value(self, aspect: &str, value: &str) -> String {
        let known = match aspect {
            "category" => Some(self.category_name(value)),
            "language" => Some(self.language_name(value)),
            "urgency" => value.parse().ok().map(|urgency| self.urgency_name(urgency).to_owned()),
            "sentiment" => value.parse().ok().map(|sentiment| self.sentiment(sentiment).to_owned()),
            _ => None,
        };
        known.unwrap_or_else(|| value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use crate::words::Lang;

    #[test]
    fn what_the_desk_wrote_is_translated_and_what_others_wrote_is_not() {
        assert_eq!(Lang::Zh.release_reason(Lang::En.taken_back_here()), Lang::Zh.taken_back_here());
        assert_eq!(Lang::Zh.release_reason(Lang::En.withdrawn_here()), Lang::Zh.withdrawn_here());
        assert_eq!(Lang::Zh.release_reason("it asked for too much"), "it asked for too much");
    }
}
