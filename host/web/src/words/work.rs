//! Working on a ticket: notes, priority, tags, putting aside, sending later, what others are at.

use super::Lang;
use posthouse_model::draft::Misfit;

super::words! {
    note_add: "Note for colleagues", "写内部备注";
    note_internal: "internal note, not sent to the customer", "内部备注，不会发给客户";
    note_by(name): "Internal note of {name}", "{name} 的内部备注";
    note_label: "Text of the note", "备注内容";
    note_hint: "Only your team sees this. @name tells a colleague.", "仅团队可见，@姓名 可提醒同事。";
    note_save: "Add note", "添加备注";
    note_edit: "Change", "修改";
    note_edited(time): "changed {time}", "{time} 修改过";
    note_delete: "Delete", "删除";
    note_tell: "Tell", "提醒";
    mentions: "Mentions", "提到我";
    mentions_title: "Notes that speak to you", "提到你的备注";
    mentions_hint: "A note is read when you open its ticket.", "打开工单后，该备注即视为已读。";
    mentions_none: "Nobody has spoken to you in a note.", "还没有同事在备注里提到你。";
    mentions_new: "new", "新";
    done_noted: "Note added.", "备注已添加。";
    done_note_changed: "Note changed.", "备注已修改。";
    done_note_deleted: "Note deleted.", "备注已删除。";
    refused_note(n): "A note has 1 to {n} characters. Yours is kept below.", "备注需为 1 到 {n} 个字符，你写的内容保留在下面。";
    refused_note_author: "Only who wrote a note may change or delete it.", "只有备注作者可以修改或删除。";
    refused_notes_many(n): "A ticket takes at most {n} notes. Delete some first; yours is kept below.", "一张工单最多 {n} 条备注，请先删除一些，你写的内容保留在下面。";
    refused_mentions_many(n): "A note may speak to {n} people at most. Yours is kept below.", "一条备注最多提到 {n} 人，你写的内容保留在下面。";
    priority: "Priority", "优先级";
    priority_change: "Change the priority", "修改优先级";
    priority_high: "high priority", "优先级高";
    priority_normal: "normal priority", "优先级普通";
    priority_low: "low priority", "优先级低";
    priority_own: "0 (some day) to 100 (now)", "0（不急）到 100（立即）";
    priority_set: "Set", "设定";
    done_priority: "Priority changed.", "优先级已修改。";
    refused_priority: "A priority is a number from 0 to 100.", "优先级应为 0 到 100 的数字。";
    tag_new: "New tag", "新标签";
    tag_add: "Add", "添加";
    tag_remove(tag): "Take off {tag}", "去掉标签 {tag}";
    done_tagged: "Tag added.", "标签已添加。";
    done_untagged: "Tag taken off.", "标签已去掉。";
    refused_tag(n): "A tag has 1 to {n} letters, digits, hyphens, dots, colons or slashes.", "标签为 1 到 {n} 个字母、汉字、数字、连字符、点、冒号或斜线。";
    refused_tags_many: "A ticket has at most 50 tags. Take one off first.", "一张工单最多 50 个标签，请先去掉一个。";
    snooze: "Snooze", "暂停";
    snooze_title: "Comes back by itself, or when the customer writes", "到时自动回来，客户来信时立即回来";
    snooze_wake: "Bring back now", "立即恢复";
    snoozed_until(time): "until {time}", "至 {time}";
    later_today: "Later today", "今天晚些时候";
    later_tomorrow: "Tomorrow morning", "明天上午";
    later_monday: "Monday morning", "周一上午";
    later_own: "Date and time", "日期和时间";
    later_own_set: "Take this time", "用此时间";
    done_snoozed(time): "Snoozed until {time}.", "已暂停至 {time}。";
    done_woken: "Brought back.", "已恢复。";
    refused_time: "This is not a time to come within a year. Choose another.", "时间无效：须在将来的一年之内，请另选。";
    send_later: "Send later", "稍后发送";
    send_later_title: "Approve now; it goes out at", "现在批准，发出时间";
    outbox_scheduled(time): "Approved; goes out at {time}", "已批准，{time} 发出";
    cancel_sending: "Do not send", "取消发送";
    outbox_overtaken: "The customer has written since. It is held at that time and not sent by itself: cancel it, or answer anew.", "客户之后又来信，到时不会自动发出，请取消或重新回复。";
    done_scheduled(time): "Approved; goes out at {time}.", "已批准，将于 {time} 发出。";
    difference: "What changed", "对比改动";
    difference_title: "Proposed, and as it will be sent", "原稿与将发出的文字";
    difference_none: "The text is as it was proposed.", "文字与原稿一致。";
    difference_no_base: "Nothing was proposed: this text is yours alone.", "没有原稿，全文为自己所写。";
    removed: "removed", "删去";
    added: "added", "新增";
    misfit: "Template did not fit", "模板不合适";
    misfit_title(name): "What is wrong with {name}", "{name} 哪里不合适";
    misfit_topic: "answers another question", "答非所问";
    misfit_outdated: "out of date", "内容过时";
    misfit_incomplete: "something is missing", "内容不全";
    misfit_tone: "wrong tone or language", "语气或语言不当";
    misfit_other: "something else", "其他";
    misfit_words: "In your words", "补充说明";
    done_misfit: "Noted. It counts for the template.", "已记录，会计入该模板。";
    refused_misfit: "No template made this draft, or the words are too many (at most 500 characters).", "该草稿不是模板生成的，或说明超过 500 个字符。";
    typed_restored(time): "Your text of {time}, not saved as a draft yet.", "你 {time} 输入的文字，尚未存为草稿。";
    typed_drop: "Drop it", "丢弃";
    typed_saved: "Kept", "已保存";
    typed_offline: "No connection: kept on this device", "连接断开：已保存在本机";
    typed_signed_out: "Signed out: kept on this device. Sign in again", "登录已过期：已保存在本机，请重新登录";
    writing_now(name): "{name} is writing a reply here.", "{name} 正在此撰写回复。";
    writing_take: "Take over", "接手";
    writing_taken(name): "{name} has taken over. What you typed is kept.", "{name} 已接手，你输入的文字已保留。";
    writing_theirs(name): "{name} had typed, and not saved:", "{name} 已输入但未保存的文字：";
    writing_use: "Use this text", "使用这段文字";
    done_taken_over: "The reply is yours to write now.", "现在由你撰写回复。";
    done_dropped: "Dropped. The draft is as it was saved.", "已丢弃，恢复为已保存的草稿。";
    palette: "Commands", "命令";
    palette_hint: "Type what to do, a ticket number, or words to search", "输入命令、工单号或搜索词";
    palette_none: "Nothing of that name. Enter searches for it.", "没有此命令，回车即搜索。";
    palette_search(words): "Search for {words}", "搜索 {words}";
    palette_open(number): "Open ticket {number}", "打开工单 {number}";
    keys_reply: "Write the reply", "写回复";
    keys_note: "Note for colleagues", "写内部备注";
    keys_snooze: "Snooze", "暂停";
    keys_assign: "Assign", "分派";
    keys_priority: "Priority", "优先级";
    keys_tag: "Tag", "标签";
    keys_later: "Send later", "稍后发送";
    keys_difference: "What changed in the draft", "对比草稿改动";
    keys_misfit: "The template did not fit", "模板不合适";
    keys_menu: "Choose in an open menu", "在打开的菜单中选择";
    keys_palette: "All commands", "全部命令";
    event_note_added: "note added", "添加备注";
    event_note_edited: "note changed", "修改备注";
    event_note_deleted: "note deleted", "删除备注";
    event_note_read: "note read", "已读备注";
    event_prioritised: "priority changed", "修改优先级";
    event_tagged: "tag added", "添加标签";
    event_untagged: "tag taken off", "去掉标签";
    event_misfit: "template did not fit", "模板不合适";
    event_taken_over: "reply taken over", "接手回复";
}

super::counted! {
    notes_n: "{n} note" | "{n} notes", "{n} 条备注";
    mentions_n: "{n} note speaks to you" | "{n} notes speak to you", "{n} 条备注提到你";
    misfits_n: "did not fit {n} time" | "did not fit {n} times", "不合适 {n} 次";
}

impl Lang {
    /// Events of this work, by their kind.
    #[must_use]
    pub(crate) fn work_event(self, kind: &str) -> Option<&'static str> {
        Some(match kind {
            "note.added" => self.event_note_added(),
            "note.edited" => self.event_note_edited(),
            "note.deleted" => self.event_note_deleted(),
            "note.read" => self.event_note_read(),
            "ticket.prioritised" => self.event_prioritised(),
            "ticket.tagged" => self.event_tagged(),
            "ticket.untagged" => self.event_untagged(),
            "template.did-not-fit" => self.event_misfit(),
            "reply.taken-over" => self.event_taken_over(),
            _ => return None,
        })
    }

    /// `Mon 9 Mar 09:00`, `3月9日 周一 09:00`.
    #[must_use]
    pub(crate) fn weekday_time(self, at: &jiff::Zoned) -> String {
        const DAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
        match self {
            Self::En => at.strftime("%a %-d %b %H:%M").to_string(),
            Self::Zh => {
                let day = usize::try_from(at.weekday().to_monday_zero_offset()).ok().and_then(|day| DAYS.get(day));
                format!("{}月{}日 周{} {}", at.month(), at.day(), day.unwrap_or(&""), at.strftime("%H:%M"))
            }
        }
    }

    /// A priority in a word: from 70 it is high, below 30 low.
    #[must_use]
    pub fn priority_name(self, priority: i64) -> &'static str {
        match priority {
            70.. => self.priority_high(),
            30..70 => self.priority_normal(),
            _ => self.priority_low(),
        }
    }

    /// Why a template did not fit.
    #[must_use]
    pub fn misfit_name(self, reason: Misfit) -> &'static str {
        match reason {
            Misfit::Topic => self.misfit_topic(),
            Misfit::Outdated => self.misfit_outdated(),
            Misfit::Incomplete => self.misfit_incomplete(),
            Misfit::Tone => self.misfit_tone(),
            Misfit::Other => self.misfit_other(),
        }
    }
}
