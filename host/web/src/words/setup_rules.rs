//! Settings of screening, giving out, ladders, earned autonomy, webhooks and sign-in.

use super::Lang;
use posthouse_model::config::WebhookEvent;

super::words! {
    setup_screening: "Spam and senders", "垃圾邮件与发件人";
    setup_screening_lead: "Who is left out before any plugin is asked, and from when a mail is spam.", "在任何插件处理之前排除谁，以及何时判为垃圾邮件。";
    screen_blocked: "Left out", "排除的发件人";
    screen_senders_hint: "One a line: name@example.com, @example.com, or @.example.com with its subdomains. Their mail makes no ticket.", "每行一个：name@example.com、@example.com，或包含子域名的 @.example.com。这些邮件不生成工单。";
    screen_trusted: "Trusted", "信任的发件人";
    screen_trusted_hint: "Never spam and never left out. Who is on both lists is trusted.", "不会判为垃圾邮件，也不会排除。两边都有时以信任为准。";
    screen_spam: "Spam from this confidence of the classifier, in per cent", "分类器把握达到多少（%）判为垃圾邮件";
    screen_learned: "Spam from this confidence of the filter that learns, in per cent", "学习过滤器把握达到多少（%）判为垃圾邮件";
    screen_learned_hint: "It learns from spam, not spam and answered mail. 50 to 100; 100 all but turns it off.", "从标记垃圾、取消标记和已回复的邮件中学习。50 到 100，100 基本等于关闭。";
    screen_headers: "Believe the mail server's own spam mark", "采信邮件服务器的垃圾标记";
    screen_keep: "Keep what was left out for, in days", "排除的邮件保留天数";
    screen_keep_hint: "0 to 3650. 0: for good.", "0 到 3650，0 表示永久保留。";
    screen_now(days): "what is left out is kept for {days} days", "排除的邮件保留 {days} 天";
    screen_now_for_good: "what is left out is kept for good", "排除的邮件永久保留";
    screen_rspamd: "Use Rspamd", "使用 Rspamd 检查";
    screen_rspamd_hint: "Your own Rspamd is asked about every mail that begins a conversation. Where it does not answer, mail is sorted without it.", "每封新会话邮件都由你们的 Rspamd 检查，无响应时照常分类。";
    screen_url: "Address of its normal worker", "normal worker 地址";
    screen_url_hint: "Such as http://127.0.0.1:11333, without a path.", "如 http://127.0.0.1:11333，不含路径。";
    screen_plain_hint: "Only for one on your own network: mails travel in the clear.", "仅用于内网：邮件将明文传输。";
    screen_open: "It asks for no password", "不需要密码";
    screen_learn: "Teach it what people say of mails", "用人工判断训练它";
    screen_learn_hint: "Others may use the same Rspamd too.", "其他团队可能也在使用同一个 Rspamd。";
    screen_learn_url: "Address of its controller", "controller 地址";
    screen_learn_url_hint: "Such as http://127.0.0.1:11334. Empty: the same address.", "如 http://127.0.0.1:11334。留空则与上面相同。";
    screen_score: "Spam from this score", "达到该分数判为垃圾";
    screen_score_hint: "-100 to 1000. Empty: where Rspamd would mark or reject it.", "-100 到 1000。留空则以 Rspamd 自己的判断为准。";
    screen_no_score: "Not a number.", "请填写数字。";

    setup_assign: "Giving out", "派单";
    setup_assign_lead: "New tickets go to whoever can answer them, is at work and has the fewest.", "新工单分给能处理、在班且手头最少的客服。";
    assign_queues: "Queues whose tickets are given out", "自动派单的队列";
    assign_queues_hint: "None: agents take tickets themselves.", "不选则由客服自行领取。";
    assign_in: "Is given tickets", "参与派单";
    assign_languages: "Languages", "语言";
    assign_languages_hint: "de, zh. Empty: every language.", "如 de, zh。留空为全部语言。";
    assign_skills: "Skills", "技能";
    assign_skills_hint: "What rules ask for by the tag skill/NAME.", "对应规则中的标签 skill/名称。";
    assign_most: "Open tickets at most", "最多同时处理的工单数";
    assign_shifts: "At work", "上班时间";
    assign_shifts_hint: "mon-fri 09:00-18:00, one a line, in the team's time zone. Empty: always.", "每行一段，如 mon-fri 09:00-18:00，按团队时区。留空表示始终在班。";
    assign_no_shift(line): "Not hours of work: {line}. Write mon-fri 09:00-18:00.", "格式不对：{line}。请按 mon-fri 09:00-18:00 填写。";
    assign_now_none: "agents take tickets themselves", "客服自行领取";

    setup_escalation: "Escalation", "超时升级";
    setup_escalation_lead: "What happens to an open ticket as its deadline comes near and passes.", "未结工单临近和超过时限时做什么。";
    rung_new: "New step", "新建步骤";
    rung_name: "Name", "名称";
    rung_name_hint: "People see it as the reason. Never changes.", "会作为原因显示，不可修改。";
    rung_remove: "Remove", "删除";
    rung_minutes: "Minutes from the deadline", "距时限分钟数";
    rung_minutes_hint: "By the clock: -30 is half an hour before, 15 a quarter after.", "自然时间：-30 为提前半小时，15 为超时一刻钟。";
    rung_queues: "Only tickets of", "仅限队列";
    rung_queues_hint: "None: all.", "不选为全部。";
    rung_priority: "Raise the priority to", "优先级提高到";
    rung_queue: "Move to", "移到队列";
    rung_assign: "Give to", "分派给";
    rung_tag: "Add the tag", "添加标签";
    rung_notifiers: "Tell", "通知";
    rung_now_none: "nothing happens", "未设置";

    setup_automatic: "Automatic replies", "自动回复的条件";
    setup_automatic_lead: "What a category must have shown before it is answered by itself, and how much may go out that nobody has read.", "各类邮件放开自动回复前需达到的标准，以及未经审核的邮件上限。";
    setup_automatic_fact: "Nothing here lets anything out: each step is agreed to on the page of earned autonomy.", "这里不会放开任何类别：每一级都需在自动回复页面确认。";
    setup_automatic_now(share, seconds): "{share} % reviewed when sampled, {seconds} s to stop one", "抽查 {share}%，{seconds} 秒内可拦下";
    bar_confidence: "Confidence of the bounds", "统计置信度";
    bar_confidence_hint: "How sure the measured share must be.", "衡量达标比例时的把握程度。";
    bar_window: "Days whose comparisons count", "统计最近多少天";
    bar_drift: "Newest comparisons that show a drift", "判断质量下滑时参考的最近比较数";
    bar_review: "Share reviewed when sampled, in per cent", "抽查比例（%）";
    bar_undo: "Time to stop one, in seconds (30 to 86400)", "可拦下的时间（秒，30 到 86400）";
    bar_answers: "Days in which an answer speaks against a reply", "客户在多少天内再次来信算作负面";
    bar_sure: "How sure the classifier must be, in per cent", "分类把握至少（%）";
    bar_draft_sure: "How sure the drafter must be, in per cent", "草稿把握至少（%）";
    bar_model: "Also what a model wrote", "包括模型写的草稿";
    bar_model_hint: "Off: only texts from templates go out by themselves.", "关闭时只有模板草稿会自动发出。";
    bar_compared: "Comparisons at least", "至少比较次数";
    bar_unchanged: "Sent unchanged at least, in per cent", "原样发出至少（%）";
    bar_rejected: "Rejected at most, in per cent", "弃用至多（%）";
    bar_limits: "Limits", "上限";
    bar_money: "Money a mail may speak of", "邮件可涉及的金额";
    bar_money_hint: "EUR 40, one a line, in whole units. A currency that is not here is always too much.", "每行一个，如 EUR 40，取整。未列出的币种一律视为过高。";
    bar_no_money(line): "Not an amount: {line}. Write EUR 40.", "格式不对：{line}。请按 EUR 40 填写。";
    bar_per_ticket: "Mails nobody has read, on one ticket", "单个工单的未审核邮件";
    bar_per_recipient: "Mails nobody has read, to one address", "单个收件人的未审核邮件";
    bar_caps_hint: "Mails / minutes, one a line, from the shortest: 10 / 60 is ten within an hour.", "每行一个“封数 / 分钟”，由短到长：10 / 60 表示一小时内最多十封。";
    bar_no_cap(line): "Not a limit: {line}. Write 10 / 60.", "格式不对：{line}。请按 10 / 60 填写。";

    setup_webhooks_lead: "Addresses of your own systems that are told what happens, in signed requests.", "向你们的系统推送事件，请求均带签名。";
    webhooks_told_link: "What each was told, and a test", "推送记录与测试";
    webhook_new: "New webhook", "新建推送";
    webhook_name: "Name", "名称";
    webhook_name_hint: "Short, in small letters. Never changes.", "简短的小写名称，不可修改。";
    webhook_url: "Address", "地址";
    webhook_events: "Is told", "推送的事件";
    webhook_events_hint: "None: everything.", "不选为全部。";
    webhook_secret: "Secret", "签名密钥";
    webhook_secret_hint: "Signs the requests: whsec_ and base 64, or any text of 24 bytes or more. Kept encrypted and never shown.", "用于签名：whsec_ 加 base64，或至少 24 字节的任意文本。加密保存，不会显示。";
    webhook_no_secret: "Too short, or not base 64: use whsec_ and base 64, or text, of 24 bytes or more.", "过短或不是 base64：请用 whsec_ 加 base64，或至少 24 字节的文本。";
    webhook_secret_needed: "Type a secret.", "请填写签名密钥。";
    name_missing: "Give it a name.", "请填写名称。";
    webhook_private: "On your own network", "位于内网";
    webhook_private_hint: "The operator must allow its host too (plugins.private_hosts). Allows http://.", "还需运维在 plugins.private_hosts 中允许该主机。可用 http://。";
    webhook_on: "Tell it", "启用推送";
    webhook_remove: "Remove", "删除";
    webhook_event_opened: "a ticket was made", "新建工单";
    webhook_event_changed: "a ticket changed", "工单变化";
    webhook_event_mail: "a customer wrote again", "客户再次来信";
    webhook_event_sent: "a reply went out", "回复已发出";
    webhook_event_failed: "a reply could not be sent", "回复发送失败";
    webhook_event_incident: "something is wrong", "出现故障";
    webhook_event_recovered: "it is right again", "故障恢复";
    webhook_event_test: "a test", "测试";

    setup_sign_in_people: "Sign-in of people", "登录";
    setup_sign_in_lead: "How people come to the desk.", "成员如何登录工作台。";
    setup_sign_in_now: "with a password", "密码登录";
    second_factor_title: "Code beside the password", "两步验证";
    second_factor_optional: "Optional", "由成员自行决定";
    second_factor_required: "Required for everybody", "所有人必须启用";
    oidc_title: "Your own provider (OpenID Connect)", "统一登录（OpenID Connect）";
    oidc_hint: "Microsoft Entra, Google, Okta, Keycloak, Feishu and the like. Passwords here go on working.", "如 Microsoft Entra、Google、Okta、Keycloak、飞书。原有密码仍可使用。";
    oidc_on: "Sign in at the provider", "启用统一登录";
    oidc_issuer: "Issuer", "Issuer";
    oidc_issuer_hint: "To the letter what the provider calls itself, such as https://login.example.", "与服务商提供的完全一致，如 https://login.example。";
    oidc_client_hint: "What the provider calls this desk.", "在服务商处注册本工作台得到的 id。";
    oidc_public: "The provider gave no secret", "服务商未提供 secret";
    oidc_button: "On the button", "按钮文字";
    oidc_button_hint: "Empty: the provider's host.", "留空则显示服务商域名。";
    oidc_create: "Who is new here becomes", "新成员的角色";
    oidc_nobody: "nobody is added", "不自动添加";
    oidc_domains: "Only addresses of", "仅限域名";
    oidc_domains_hint: "One a line, such as shop.example.", "每行一个，如 shop.example。";
}

impl Lang {
    /// What a webhook is told, in words.
    #[must_use]
    pub fn webhook_event_name(self, event: WebhookEvent) -> &'static str {
        match event {
            WebhookEvent::TicketOpened => self.webhook_event_opened(),
            WebhookEvent::TicketChanged => self.webhook_event_changed(),
            WebhookEvent::MessageReceived => self.webhook_event_mail(),
            WebhookEvent::ReplySent => self.webhook_event_sent(),
            WebhookEvent::ReplyFailed => self.webhook_event_failed(),
            WebhookEvent::IncidentOpened => self.webhook_event_incident(),
            WebhookEvent::IncidentClosed => self.webhook_event_recovered(),
            WebhookEvent::Test => self.webhook_event_test(),
        }
    }
}
