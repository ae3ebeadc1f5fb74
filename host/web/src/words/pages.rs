//! Sign-in, teams, status, mail log, errors.

use super::Lang;
use crate::deps::HostTrouble;
use posthouse_store::StoreTrouble;

super::words! {
    sign_in: "Sign in", "登录";
    sign_in_to(team): "Sign in to {team}", "登录 {team}";
    email: "Mail address", "邮箱";
    password: "Password", "密码";
    sign_in_wrong: "Mail address or password is wrong. Try again, or ask your admin to set a new password.", "邮箱或密码不正确，请重试，或请管理员重设密码。";
    sign_in_wait(span): "Too many tries. Wait {span}, then try again.", "尝试次数过多，请 {span}后再试。";
    sign_in_then: "After signing in you come to the page you asked for.", "登录后会打开你要看的页面。";
    sign_in_expired: "The page was open too long. Sign in again.", "页面已过期，请重新登录。";
    sign_in_typed: "What you had typed. Copy it before you sign in:", "你之前输入的文字，登录前请先复制：";
    signed_out: "You are signed out.", "你已退出登录。";
    team_title: "Which team?", "哪个团队？";
    team_hint: "The name in your team's address, such as acme in /t/acme", "团队地址中的名称，例如 /t/acme 中的 acme";
    team_name: "Team", "团队";
    team_go: "Go on", "继续";
    team_unknown: "There is no team of this name. Look at the link in your chat group.", "没有这个团队，请查看群里的链接。";
    team_none: "No team is set up yet. Run: posthouse tenant apply DIR", "还没有团队，请运行：posthouse tenant apply 目录";
    tagline: "Support mail, sorted and answered with care.", "客服邮件，分拣妥当，认真回复。";
    status_title: "Status", "状态";
    status_all_well: "Everything works.", "一切正常。";
    host_disk_full: "The disk is full: nothing new can be saved. No mail is lost; what is not stored yet stays on the mail server. Ask your operator to free space.", "磁盘已满，暂时无法保存。邮件不会丢失，尚未入库的仍在邮件服务器上。请联系运维清理空间。";
    host_disk_low(free): "Only {free} of disk space is left. Ask your operator to free some before mail has to wait.", "磁盘仅剩 {free}，请尽快联系运维清理空间，以免影响收信。";
    host_locked: "Another program holds the database, so nothing can be saved at the moment. Nothing is lost; it goes on by itself.", "数据库被其他程序占用，暂时无法保存。内容不会丢失，恢复后会自动继续。";
    host_away: "The database does not answer. Nothing is lost; it goes on by itself once it is back.", "数据库没有响应。内容不会丢失，恢复后会自动继续。";
    host_failing: "The database reports errors, so nothing can be saved at the moment. Tell your operator.", "数据库报错，暂时无法保存，请联系运维。";
    status_incidents: "What needs attention", "需要处理的问题";
    status_no_incidents: "Nothing is stuck.", "没有卡住的事情。";
    incident_since(time): "since {time}", "始于 {time}";
    mailboxes: "Mailboxes", "邮箱";
    mailbox_address: "Address", "地址";
    mailbox_in: "Way in", "收信";
    mailbox_out: "Way out", "发信";
    mailbox_state: "State", "状态";
    mailbox_last: "Last fetched", "上次收取";
    mailbox_never: "not yet", "尚未";
    mailbox_well: "works", "正常";
    mailbox_left(n): "catching up: {n} mails to come", "正在补收，还有 {n} 封";
    mailbox_off: "turned off", "已停用";
    sign_in_by_code: "Sign in with a code", "用验证码登录邮箱";
    sign_in_by_browser: "Sign in with the browser", "用浏览器登录邮箱";
    sign_in_returns_to(address): "The browser comes back to {address}: the provider must know this address.", "浏览器登录后返回 {address}，须先在服务商处登记此地址。";
    sign_in_agreed: "Agreed; the sign-in is being completed.", "已同意，正在完成登录。";
    sign_in_leaving(address): "Signing in to {address}", "登录 {address}";
    sign_in_leaving_hint(host, address): "The browser goes on to {host}. Sign in there as {address}; you come back here afterwards.", "浏览器将前往 {host}，请以 {address} 登录，完成后会回到这里。";
    sign_in_go_on(host): "Go on to {host}", "前往 {host}";
    sign_in_note_agreed: "The provider agreed. The sign-in is being completed.", "服务商已同意，正在完成登录。";
    sign_in_note_refused: "The sign-in was refused; the reason stands with the mailbox below.", "登录被拒绝，原因见下方该邮箱。";
    sign_in_note_late: "The browser came back too late; nothing was changed. Begin again, and finish within ten minutes.", "返回太晚，没有做任何更改。请重新开始，并在十分钟内完成。";
    sign_in_note_twice: "This sign-in was brought back before and is used up; nothing was changed. How it ended stands with the mailbox.", "此次登录已经返回过，不能重复使用，没有做任何更改。结果见该邮箱。";
    sign_in_note_elsewhere: "This sign-in was begun in another session; nothing was changed. Begin it here, in this browser.", "此次登录是在另一个会话中开始的，没有做任何更改。请在此浏览器中重新开始。";
    sign_in_note_unknown: "Nobody here began this sign-in, or it was long ago; nothing was changed. Begin it with the button at the mailbox.", "没有人在此开始过这次登录，或已过去太久，没有做任何更改。请用邮箱旁的按钮重新开始。";
    sign_in_asked: "The provider is being asked for a code.", "正在向服务商获取验证码。";
    sign_in_look_again: "Look again", "刷新";
    sign_in_open: "Open", "打开";
    sign_in_enter: "enter", "输入";
    sign_in_as(address): "and sign in as {address}.", "并以 {address} 登录。";
    sign_in_until(time): "The code is good until {time}.", "验证码有效至 {time}。";
    sign_in_waiting: "An admin is signing in to it.", "管理员正在登录该邮箱。";
    sign_in_done(when): "signed in {when}", "已于 {when} 登录";
    sign_in_failed: "The sign-in failed:", "登录失败：";
    sign_in_run_out: "the code was not entered in time", "验证码未在有效期内输入";
    mailbox_no_way_out: "none", "无";
    mailbox_files: "Files", "文件";
    mailboxes_none: "No mailbox is set up. Add one in tenant.toml and apply it.", "还没有邮箱，请在 tenant.toml 中添加并应用。";
    plugins_title: "Plugins", "插件";
    plugins_hint: "The programs that sort mail and write drafts for this team.", "为本团队分拣邮件、撰写草稿的程序。";
    plugins_none: "No plugin is installed: every mail waits for a person.", "未安装插件，所有邮件都等人处理。";
    plugin_name: "Name", "名称";
    plugin_cut_off(time): "cut off since {time}", "自 {time} 起暂停使用";
    plugin_does: "Does", "作用";
    plugin_version: "Version", "版本";
    plugin_may: "May use", "可使用";
    plugin_may_nothing: "nothing outside", "不访问外部";
    may_model: "the model", "模型";
    jobs_failed: "Work that gave up", "已放弃的任务";
    jobs_failed_hint: "Tried as often as allowed. Mend the cause, then run it again at the command line.", "已达到重试上限。排除原因后，在命令行重新运行。";
    job_kind: "Work", "任务";
    job_error: "Why", "原因";
    job_tries: "Tries", "次数";
    messages_title: "Mail log", "邮件账";
    messages_hint: "Every mail that came in ends in exactly one place. Here is what did not become a ticket.", "每封来信都有且只有一个去处，这里是没有成为工单的邮件。";
    messages_why: "Why", "原因";
    messages_none: "Nothing was left out.", "没有遗漏的邮件。";
    messages_kept(n): "What skipped mail and spam said is kept for {n} days; sender, subject and reason stay.", "略过的邮件和垃圾邮件的内容保留 {n} 天，发件人、主题和原因会一直保留。";
    messages_let_go: "What it said is no longer kept.", "内容已不再保留。";
    take_up: "Make it a ticket", "转为工单";
    messages_all_outcomes: "Parked and skipped", "异常与略过";
    ledger_title: "Where the mail went, last 7 days", "近 7 天邮件去向";
    ledger_day: "Day", "日期";
    balance_title: "Compared with the servers", "与邮件服务器核对";
    balance_hint: "Every mail that a server holds must be here, as one of the outcomes below. They are compared at least every six hours.", "服务器上的每封邮件都应在此有去向（见下表）。至少每六小时核对一次。";
    balance_held: "Held there", "服务器上";
    balance_state: "Here", "本地";
    balance_checked: "Compared", "核对时间";
    balance_even: "all of them", "全部在库";
    balance_none: "it was empty then", "核对时为空";
    balance_missing(n): "{n} are missing", "缺 {n} 封";
    balance_fetch: "Fetch what is missing", "补收缺失邮件";
    balance_compare: "Compare now", "立即核对";
    balance_comparing: "being compared", "正在核对";
    ledger_total: "Came in", "收到";
    error_404_title: "Nothing here", "这里没有内容";
    error_404: "This page does not exist, or it is not for this account. Go back to the tickets.", "页面不存在，或当前账户不能查看。请回到工单列表。";
    error_405: "This address takes another kind of request. Go back and use the button there.", "该地址不接受这种请求，请返回使用页面上的按钮。";
    error_413_title: "Too large", "内容过大";
    error_413: "What was sent is larger than this page takes. Send less.", "提交的内容超过上限，请减少后再试。";
    error_csrf_title: "Not done", "未执行";
    error_csrf: "This form came from an old page or from elsewhere, so nothing was changed. Go back, load the page again and repeat.", "表单来自过期页面或其他网站，没有做任何更改。请返回并刷新页面后重试。";
    error_500_title: "Something broke", "出了问题";
    error_500: "The desk could not do this. Nothing was lost; try again in a moment. If it stays, tell your operator the time shown here.", "操作未能完成，内容没有丢失。请稍后重试；若一直如此，请把此处的时间告诉运维。";
    error_503_title: "The store does not answer", "存储没有响应";
    error_503: "The database is busy or cannot be reached. Nothing was lost; try again in a moment.", "数据库繁忙或无法连接，内容没有丢失，请稍后重试。";
    to_tickets: "To the tickets", "回到工单";
}

impl Lang {
    /// What is wrong with the host, and what now.
    #[must_use]
    pub(crate) fn host_trouble(self, trouble: HostTrouble) -> String {
        match trouble {
            HostTrouble::Store(StoreTrouble::DiskFull) => self.host_disk_full().to_owned(),
            HostTrouble::Store(StoreTrouble::Locked) => self.host_locked().to_owned(),
            HostTrouble::Store(StoreTrouble::Away) => self.host_away().to_owned(),
            HostTrouble::Store(StoreTrouble::Failing) => self.host_failing().to_owned(),
            HostTrouble::DiskLow { free_bytes } => self.host_disk_low(format!("{} MB", free_bytes / 1_000_000)),
        }
    }
}
