//! The team's settings.

use super::Lang;
use posthouse_model::config::Weekday;

super::words! {
    place_settings: "Settings", "设置";
    settings_title: "Settings", "设置";
    settings_lead: "What the team has set up. Changes are in force within seconds.", "团队的各项设置，修改后几秒内生效。";
    settings_since: "Set on the desk", "在工作台上的改动";
    settings_since_hint: "Not in the team's folder yet. Take it over with", "尚未写入团队文件夹，可用以下命令导出：";
    settings_value: "Value", "设置项";
    settings_who: "Who", "修改人";
    settings_when: "When", "时间";
    setup_save: "Save", "保存";
    setup_read_only: "Only admins change this.", "只有管理员可以修改。";
    setup_said_saved: "Saved. In force within seconds.", "已保存，几秒内生效。";
    setup_said_same: "Nothing was changed.", "没有改动。";
    setup_said_set: "The secret is set.", "密钥已设置。";
    setup_said_mailbox_removed: "The mailbox was removed. Its mails and tickets stay.", "邮箱已移除，邮件和工单都保留。";
    setup_said_removed: "The secret is removed.", "密钥已删除。";
    setup_meanwhile(who): "{who} changed this while you were writing. What stands there now is below each value; saving sets yours.", "您填写时 {who} 修改了这里。各项下方是现在的值，再次保存将以您的为准。";
    setup_theirs: "Now:", "现在：";
    setup_none_to_tick: "There is none.", "暂无。";
    setup_no_number: "Not a whole number.", "请填写整数。";
    setup_no_time: "Not a time of day: write it as 18:00.", "请按 18:00 的格式填写时间。";
    setup_range(low, high): "Out of range: use {low} to {high}.", "超出范围，请填 {low} 到 {high}。";
    setup_too_many(most): "At most {most}.", "最多 {most} 个。";

    setup_team: "Team", "团队";
    setup_team_lead: "What the team is called, and what its agents read.", "团队名称，以及客服使用的语言和时区。";
    setup_name: "Name", "名称";
    setup_name_hint: "In greetings, on pages, in chat messages.", "用于称呼、页面和群消息。";
    setup_language: "Agents' language", "客服语言";
    setup_language_hint: "A language tag: zh, en, pt-BR.", "语言代码，如 zh、en、pt-BR。";
    setup_zone: "Time zone", "时区";
    setup_zone_hint: "Of the digest, of active hours and of days in reports: Asia/Shanghai.", "用于日报、值守时间和报表的日期，如 Asia/Shanghai。";
    setup_categories: "Categories", "类别";
    setup_categories_hint: "One a line, offered on the desk.", "每行一个，供客服选择。";

    setup_queues: "Queues", "队列";
    setup_queues_lead: "Where tickets wait. The first is where one waits that no rule placed.", "工单等待处理的地方。没有规则匹配的工单进入第一个队列。";
    setup_queue_zh: "Title in Chinese", "中文名";
    setup_queue_en: "Title in English", "英文名";
    setup_queue_place: "Place", "顺序";
    setup_queue_remove: "Remove", "删除";
    setup_queue_new: "New queue", "新建队列";
    setup_queue_name: "Name", "名称";
    setup_queue_name_hint: "Rules call it so. Never changes.", "规则中使用的名称，不可修改。";
    setup_queue_in_use(n): "{n} open tickets are in it: move them first.", "其中还有 {n} 个未结工单，请先转移。";

    setup_review: "Review", "审核";
    setup_review_lead: "How replies are reviewed and sent.", "回复的审核与发送方式。";
    setup_undo: "Time to take a reply back, in seconds", "可撤回时间（秒）";
    setup_undo_hint: "0 to 600. An approved reply goes out after it.", "0 到 600。批准后过了这段时间才发出。";
    setup_quote: "Quote the customer's mail beneath the reply", "在回复下方引用客户来信";
    setup_review_now(seconds): "{seconds} s to take a reply back", "{seconds} 秒内可撤回";

    setup_notices: "Notifiers", "通知";
    setup_notices_lead: "Chat groups that are told. A test tells the group that it is one.", "接收通知的聊天群。测试会向群里发一条标明的测试消息。";
    setup_notify: "Told by default", "默认通知";
    setup_link_days: "Days that the link on a card leads to its ticket", "卡片链接的有效天数";
    setup_link_days_hint: "1 to 365, for cards that are sent from now on.", "1 到 365 天，对今后发出的卡片有效。";
    mailbox_remove: "Remove this mailbox", "移除这个邮箱";
    mailbox_remove_what: "Nothing is fetched or sent by it any more, and a reply that has not gone out yet stays with its ticket as failed. Every mail, ticket and draft stays here, and nothing changes on the mail server. A mailbox added later under the same name goes on where this one was.", "之后不再收取或发送，尚未发出的回复会留在工单上并标为失败。已有的邮件、工单和草稿都会保留，邮件服务器上没有任何改变。以后用同样的名称添加，会从原处继续。";
    mailbox_remove_sure: "Yes, remove it", "确认移除";
    setup_notify_hint: "About a ticket when no rule names anybody, and of digests and alerts that name nobody.", "规则、日报和告警未指定时通知这些群。";
    setup_nobody: "nobody", "无";
    setup_notifier_on: "on", "已启用";
    setup_notifier_off: "turned off", "已停用";
    setup_notifier_cut_off(time): "cut off since {time}, because it kept failing", "因连续失败自 {time} 起暂停调用";
    setup_no_notifier: "There is no notifier yet: a plugin tells a chat platform, see Plugins.", "还没有通知插件，请在插件页安装。";

    setup_watch: "Digest and alerts", "日报与告警";
    setup_watch_lead: "The daily summary, and the watch that says when work stands still.", "每日汇总，以及工作停滞时的告警。";
    setup_digest: "Daily digest", "日报";
    setup_digest_on: "Send it", "发送日报";
    setup_digest_at: "At", "时间";
    setup_digest_now(time): "digest at {time}", "日报 {time}";
    setup_no_digest: "no digest", "无日报";
    setup_to: "To", "通知";
    setup_to_hint: "Nobody ticked: those told by default.", "不选则通知默认的群。";
    setup_examples: "Most urgent tickets shown", "列出的最紧急工单数";
    setup_heartbeat: "Alerts", "告警";
    setup_heartbeat_hint: "One alert when something stands still, and one when it goes on.", "停滞时告警一次，恢复时再告知一次。";
    setup_silent: "No mail sorted for, in minutes", "无邮件处理时告警（分钟）";
    setup_silent_hint: "5 to 10080, within active hours. Empty: silence is no alarm.", "5 到 10080，仅在值守时间内计。留空则不告警。";
    setup_stuck: "Fetching, sorting or sending behind for, in minutes", "收信、分类或发送滞后时告警（分钟）";
    setup_days: "Active days", "值守日";
    setup_from: "From", "开始";
    setup_until: "Until", "结束";
    setup_until_hint: "Team's time zone. The same from and until: all day.", "按团队时区。开始与结束相同表示全天。";

    setup_model: "Model", "模型";
    setup_model_lead: "The team's own model. Without it drafts come from templates alone.", "团队自己的模型。未设置时草稿只来自模板。";
    setup_model_on: "Use a model", "使用模型";
    setup_model_url: "Address", "接口地址";
    setup_model_url_hint: "Up to and with the version, such as https://api.openai.com/v1.", "填到版本为止，例如 https://api.openai.com/v1。";
    setup_model_api: "How it is spoken to", "接口类型";
    setup_api_openai: "OpenAI's chat completions (most providers)", "OpenAI 兼容接口（多数厂商）";
    setup_api_anthropic: "Anthropic's messages", "Anthropic Messages 接口";
    setup_api_azure: "Azure OpenAI", "Azure OpenAI";
    setup_model_translate: "Model for translations", "翻译所用模型";
    setup_model_translate_hint: "Empty: the same.", "留空则与上面相同。";
    setup_prices: "Prices", "价格";
    setup_prices_hint: "From the provider's price list, for a million tokens. Empty: only tokens are counted.", "按厂商价目表填写，以百万 token 计。留空则只统计 token。";
    setup_currency: "Currency, such as USD", "币种，如 USD";
    setup_price_in: "A million tokens read", "每百万输入 token";
    setup_price_out: "A million tokens written", "每百万输出 token";
    setup_price_day: "At most a day", "每日上限";
    setup_no_amount: "Write an amount such as 0.27.", "请填写金额，例如 0.27。";
    setup_cost_today(spent): "Today {spent}", "今日花费 {spent}";
    setup_cost_today_of(spent, most): "Today {spent} of {most}", "今日花费 {spent}（上限 {most}）";
    setup_cost_month(spent): "30 days: {spent}", "30 天共花费 {spent}";
    setup_model_name: "Model", "模型名称";
    setup_model_key: "Key", "密钥";
    setup_model_keyless: "It asks for no key", "不需要密钥";
    setup_hidden_hint(name): "Kept encrypted as {name} and never shown. Empty: stays as it is.", "加密保存为 {name}，不会显示。留空则保持不变。";
    setup_tokens: "Tokens a day", "每日 token 上限";
    setup_tokens_hint: "Read and written together. What is over waits for the next day; templates stand in.", "读写合计。超出后当日改用模板。";
    setup_output: "Tokens an answer at most", "单次回答 token 上限";
    setup_timeout: "Given up after, in seconds", "超时（秒）";
    setup_plain: "Allow http://", "允许 http://";
    setup_plain_hint: "For a model on your own network: the key and customers' words travel in the clear.", "仅用于内网模型：密钥和客户内容将明文传输。";
    setup_model_redact: "Keep personal data in the house", "个人信息不外传";
    setup_model_redact_hint: "Mail addresses, phone, card and account numbers, postal addresses and names are replaced before the model is asked, and put back into its answer.", "提问前将邮箱、电话、卡号、账号、地址和姓名替换为占位符，回答中再还原。";
    setup_no_model: "none", "未设置";
    setup_spent_today(spent, budget, calls): "Today {spent} of {budget} tokens, calls: {calls}", "今日已用 {spent} / {budget} token，调用 {calls} 次";
    setup_spent_month(tokens, read, written, calls): "30 days: {tokens} tokens ({read} read, {written} written), calls: {calls}", "30 天共 {tokens} token（读 {read}，写 {written}），调用 {calls} 次";

    setup_mailboxes: "Mailboxes", "邮箱";
    setup_mailboxes_lead: "Addresses that mail comes in at and replies go out from.", "收信与回复使用的邮箱。";
    setup_mailbox_lead: "One address: its servers, and how it signs in.", "一个邮箱的服务器与登录方式。";
    setup_mailbox_add: "Add a mailbox", "添加邮箱";
    setup_mailbox_new: "New mailbox", "新建邮箱";
    setup_no_mailbox: "There is no mailbox yet.", "还没有邮箱。";
    setup_mailbox_off: "turned off", "已停用";
    setup_mailbox_new_state: "not fetched yet", "尚未收信";
    setup_fetched(time): "fetched at {time}", "上次收信 {time}";
    setup_mailbox_name: "Name", "名称";
    setup_mailbox_name_hint: "Short, in small letters: support. Never changes.", "简短的小写名称，如 support，不可修改。";
    setup_address: "Address", "邮箱地址";
    setup_from_name: "Sender's name", "发件人名称";
    setup_from_name_hint: "Empty: the team's name.", "留空则用团队名称。";
    setup_mailbox_on: "Fetch and send", "收发邮件";
    setup_sign_in: "Sign-in", "登录";
    setup_provider: "Provider", "服务商";
    setup_provider_other: "Other", "其他";
    setup_provider_hint: "Of a known one the servers are filled in.", "选择已知服务商会自动填入服务器。";
    setup_user: "Login name", "登录名";
    setup_user_hint: "Empty: the address.", "留空则用邮箱地址。";
    setup_way: "Signs in with", "登录方式";
    setup_way_hint: "OAuth2: save, then sign in on the status page.", "使用 OAuth2 时先保存，再到状态页登录。";
    setup_by_password: "a password", "密码";
    setup_by_oauth: "OAuth2", "OAuth2";
    setup_password: "Password", "密码";
    setup_app_password: "App password", "应用专用密码";
    setup_authorisation_code: "Authorisation code", "授权码";
    setup_password_hint: "Kept encrypted and never shown.", "加密保存，不会显示。";
    setup_client: "Client id", "Client id";
    setup_client_hint: "For OAuth2: from the app registration at the provider.", "使用 OAuth2 时填写，来自服务商处注册的应用。";
    setup_client_secret: "Client secret", "Client secret";
    setup_client_secret_hint: "Where the provider gave one. Kept encrypted and never shown.", "如服务商提供则填写，加密保存，不会显示。";
    setup_imap: "Fetching: IMAP", "收信 IMAP";
    setup_smtp: "Sending: SMTP", "发信 SMTP";
    setup_host: "Server", "服务器";
    setup_port: "Port", "端口";
    setup_security: "Protection", "加密";
    setup_usual: "usual", "默认";
    setup_mailbox_more: "More", "更多";
    setup_signature: "Signature", "签名";
    setup_aliases: "Other addresses that are ours", "其他自有地址";
    setup_aliases_hint: "One a line. Mail from them is not a customer's.", "每行一个。来自这些地址的邮件不算客户来信。";
    setup_per_minute: "Mails a minute at most", "每分钟最多发送";
    setup_per_day: "Mails in 24 hours at most", "24 小时最多发送";
    setup_limits_hint: "Empty: the provider's limit. What is over waits.", "留空则用服务商的限制，超出的会排队等待。";
    setup_existing: "Take in mail that is there already", "导入已有邮件";

    setup_hours: "Hours and deadlines", "工作时间与时限";
    setup_hours_lead: "When somebody works, and by when a customer has an answer.", "何时有人工作，客户何时应得到答复。";
    setup_hours_zone_hint(zone): "Whose clock the hours are on. The team's is {zone}.", "工作时间所用的时区。团队时区为 {zone}。";
    setup_week: "Week", "每周";
    setup_week_hint: "09:00-12:00, 13:30-18:00. Empty: closed. All empty: around the clock.", "如 09:00-12:00, 13:30-18:00。留空为休息，全部留空表示全天候。";
    setup_around_the_clock: "around the clock", "全天候";
    setup_no_span: "Not hours: write 09:00-18:00, with commas between.", "请按 09:00-18:00 填写，多段用逗号分隔。";
    setup_no_zone: "Not a time zone: write Asia/Shanghai or Europe/Berlin.", "不是时区名称，请填如 Asia/Shanghai、Europe/Berlin。";
    setup_holidays: "Holidays", "节假日";
    setup_holidays_hint: "A day a line: 2026-10-01, 2026-10-01..2026-10-07, or 12-25 for every year.", "每行一个：2026-10-01、2026-10-01..2026-10-07，或每年的 12-25。";
    setup_holidays_list: "Days off", "休息日";
    setup_no_day(day): "Not a day: {day}", "不是日期：{day}";
    setup_country: "Add the public holidays of", "加入公众假期";
    setup_country_none: "no country", "不加入";
    setup_country_hint: "They are added to the list when you save. Days that are moved by decree, such as China's long holidays, add by hand.", "保存时加入上面的列表。调休等每年公布的安排（如中国的长假）请手动添加。";
    setup_year: "Of the year", "年份";
    setup_no_holidays: "No public holidays of that country are known for that year.", "没有该国该年的公众假期数据。";
    setup_special: "Days with hours of their own", "特殊工作日";
    setup_special_hint: "2026-10-10 09:00-18:00, one a line: a Saturday that is worked.", "每行一个，如 2026-10-10 09:00-18:00，用于周末调班。";
    setup_no_special(line): "Not a day with hours: {line}", "格式不对：{line}";
    setup_respond: "Answer", "答复";
    setup_respond_within: "Within, in working minutes", "在多少工作分钟内";
    setup_respond_hint: "Where no rule says otherwise. Empty: no deadline.", "规则未另行规定时适用。留空则无时限。";
    setup_markets: "Marketplaces", "平台时限";
    setup_markets_hint: "Hours by the clock, nights, weekends and holidays included. Amazon asks for an answer within 24. Empty: none.", "自然小时，含夜间、周末和节假日。亚马逊要求 24 小时内答复。留空则不限。";
    setup_no_router: "This team's router is a plugin of its own: its hours stand in that plugin's settings.", "本团队使用自己的分派插件，工作时间在该插件的设置中。";

    setup_secrets: "Secrets", "密钥";
    setup_secrets_lead: "Kept encrypted. A value can be set and removed, and is never shown.", "加密保存。可以设置和删除，但不会显示内容。";
    setup_secrets_now(n): "named: {n}", "共 {n} 个";
    secrets_none: "The set-up names no secret.", "当前设置没有用到密钥。";
    secret_name: "Name", "名称";
    secret_used_by: "Used by", "用于";
    secret_unused: "nothing", "未使用";
    secret_state: "State", "状态";
    secret_hosts(hosts): "only to {hosts}", "仅发往 {hosts}";
    secret_set_at(time): "set at {time}", "设置于 {time}";
    secret_elsewhere: "in the environment or a file", "来自环境变量或文件";
    secret_missing: "missing", "缺失";
    secret_not_needed: "not needed yet", "暂不需要";
    secret_remove: "Remove", "删除";
    secret_remove_named(name): "Remove {name}", "删除 {name}";
    secret_set_one: "Set a secret", "设置密钥";
    secret_set_hint: "A name that is there gets the new value.", "已有的名称会换成新值。";
    secret_name_hint: "a-z, 0-9 and single _, beginning with a letter.", "a-z、0-9 和单个 _，以字母开头。";
    secret_value: "Value", "内容";
    secret_value_hint: "Never shown again.", "之后不会再显示。";
    secret_to: "May be sent to", "允许发往";
    secret_to_hint: "Hosts with commas between. Empty: wherever it is used.", "主机名，用逗号分隔。留空则用到哪里发到哪里。";
    secret_no_name: "Not a name: use a-z, 0-9 and single _, beginning with a letter.", "名称只能用 a-z、0-9 和单个 _，以字母开头。";
    secret_empty: "The value is empty.", "内容为空。";
    secret_too_long: "Longer than 64 KiB.", "超过 64 KiB。";
    secret_sent_to(host): "The set-up sends it to {host}: name that host too.", "当前设置会把它发往 {host}，请一并填写。";
    secret_is_elsewhere(name): "{name} stands in the environment or in a file, which goes first: change it there.", "{name} 来自环境变量或文件，请在那里修改。";
    secret_stranger(name, host): "{name} may not be sent to {host}: type it again here to allow that.", "{name} 不允许发往 {host}，请在此重新填写以允许。";

    trial_title: "Try it out", "测试";
    trial_mailbox: "Check", "检查";
    trial_notifier: "Send a test", "发送测试";
    trial_model: "Ask it a short question", "试问一次";
    trial_under_way: "Under way.", "正在进行。";
    trial_nobody(time): "Asked for at {time}, and nobody does it: does a worker run?", "{time} 发起，至今没有进程处理，请确认 worker 正在运行。";
    trial_done(time): "Tried at {time}", "测试于 {time}";
    trial_well: "Works", "正常";
    trial_wrong: "Does not work", "异常";
    trial_steps: "Steps", "步骤";
    trial_in: "in", "收信";
    trial_out: "out", "发信";
    trial_step_name: "name", "解析";
    trial_step_connect: "connect", "连接";
    trial_step_sign_in: "sign in", "登录";
    trial_step_folder: "folder", "文件夹";
    trial_step_greeting: "greeting", "问候";
    trial_step_sender: "sender", "发件人";
    trial_step_write: "write", "写入";
    trial_step_sent: "sent folder", "已发送文件夹";

    event_setup_changed: "settings changed", "修改设置";
    event_trial_asked: "test asked for", "发起测试";
    event_trial_done: "test done", "测试完成";
    event_secret_set: "secret set", "设置密钥";
    event_secret_removed: "secret removed", "删除密钥";
    day_mon: "Monday", "周一";
    day_tue: "Tuesday", "周二";
    day_wed: "Wednesday", "周三";
    day_thu: "Thursday", "周四";
    day_fri: "Friday", "周五";
    day_sat: "Saturday", "周六";
    day_sun: "Sunday", "周日";
}

impl Lang {
    /// A day of the week.
    #[must_use]
    pub fn setup_day(self, day: Weekday) -> &'static str {
        match day {
            Weekday::Monday => self.day_mon(),
            Weekday::Tuesday => self.day_tue(),
            Weekday::Wednesday => self.day_wed(),
            Weekday::Thursday => self.day_thu(),
            Weekday::Friday => self.day_fri(),
            Weekday::Saturday => self.day_sat(),
            Weekday::Sunday => self.day_sun(),
        }
    }

    /// A step of a trial, by its name; what is not known here is said as it is.
    #[must_use]
    pub fn trial_step(self, name: &str) -> String {
        match name {
            "name" => self.trial_step_name(),
            "connect" => self.trial_step_connect(),
            "sign-in" => self.trial_step_sign_in(),
            "folder" => self.trial_step_folder(),
            "greeting" => self.trial_step_greeting(),
            "sender" => self.trial_step_sender(),
            "write" => self.trial_step_write(),
            "sent folder" => self.trial_step_sent(),
            other => return other.to_owned(),
        }
        .to_owned()
    }
}
