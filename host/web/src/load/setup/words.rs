//! What the set-up's own checks find, in the reader's language. In English they are the words of `posthouse tenant apply`.

use crate::words::Lang;
use posthouse_model::config::ConfigProblem;

/// What is wrong, and what to write instead.
pub(crate) fn problem(t: Lang, problem: &ConfigProblem) -> String {
    let english = || format!("{}; {}", problem.what, problem.mend);
    match t {
        Lang::En => english(),
        Lang::Zh => chinese(problem).unwrap_or_else(english),
    }
}

/// By how an entry of [`MENDS`] begins.
fn chinese(problem: &ConfigProblem) -> Option<String> {
    if let Some((low, high)) = problem.mend.strip_prefix("use ").and_then(|rest| rest.split_once(" to "))
        && problem.what.ends_with("is out of range")
    {
        return Some(format!("超出范围，请填 {low} 到 {high}"));
    }
    if let Some((name, _)) = problem.what.split_once("` is already the name of another ") {
        return Some(format!("名称 {} 已被使用，请换一个", name.trim_start_matches('`')));
    }
    MENDS.iter().find(|(mend, _)| problem.mend.starts_with(mend)).map(|(_, words)| (*words).to_owned())
}

/// How what to do begins in English, and the whole in Chinese.
const MENDS: &[(&str, &str)] = &[
    ("use BCP 47", "不是语言代码，请填如 zh、en、pt-BR"),
    ("use 1 to 64 bytes of lower-case letters", "名称只能用小写字母、数字、- _ /，最长 64 字节"),
    ("use 1 to 60 characters on one line", "名称为空或过长，请填 1 到 60 个字符"),
    ("use at most 50 macros", "快捷操作过多，最多 50 个"),
    ("use the name of a category", "类别名称不正确，请填如 refund"),
    ("use at most 10 tags", "标签不正确或过多，最多 10 个，每个 1 到 40 个字符"),
    ("use \"me\", \"nobody\"", "没有这个客服，请重新选择"),
    ("use a reason of 1 to 200", "结案理由为空或过长，最多 200 个字符"),
    ("leave out close", "不回复直接结案时，不能同时暂停或放入回复文字"),
    ("use 1 to 10000 characters", "回复文字为空或过长，最多 10000 个字符"),
    ("give the macro an act", "没有任何操作，请至少设一项"),
    ("use 1 to 100 characters on one line", "名称为空、过长或含控制字符，请填 1 到 100 个字符"),
    ("use an IANA name", "不是时区名称，请填如 Asia/Shanghai、Europe/Berlin"),
    ("leave `queue` out", "至少要有一个队列"),
    ("write it bare", "不是邮箱地址，请只填地址，如 support@example.com"),
    ("write it on one line", "为空或含控制字符，请填写一行"),
    ("keep it to who you are", "签名过长，最多 2000 个字符"),
    ("add host = ", "没有服务器地址，请填写，或选择邮箱服务商"),
    ("write the bare name", "不是服务器名称，请只填名称，如 mail.example.com"),
    ("use 1 to 65535", "不是端口，请填 1 到 65535，或留空"),
    ("use \"tls\" or \"starttls\"", "不加密的连接会泄露密码，请用 TLS 或 STARTTLS"),
    ("add password = ", "没有登录方式，请填写密码或使用 OAuth2"),
    ("use the client id", "请填写在服务商处注册应用得到的 client id"),
    ("add token_url", "该服务商的 OAuth2 未知，请改用密码"),
    ("leave `days` out", "至少选择一天"),
    ("name a [[plugin]]", "没有这个通知插件"),
    ("name a plugin that is a notifier", "这个插件不是通知插件"),
    ("use https://HOST/PATH, without a user name", "不是地址，请填如 https://crm.example/hook，不含用户名"),
    ("use https://, or set private", "http:// 会明文传输，请用 https://，内网地址可勾选位于内网"),
    ("give each its own name", "名称重复，请换一个"),
    ("use \"name@example.com\"", "既不是邮箱地址也不是域名，请填如 name@example.com、@example.com"),
    ("use http://HOST:PORT", "不是 Rspamd 地址，请填如 http://127.0.0.1:11333，不含路径"),
    ("set learn = true", "未勾选训练时无需填写，请留空或勾选"),
    ("give 1 to 10", "请填 1 到 10 行"),
    ("write the windows from", "时间须由短到长"),
    ("a step that lets more out", "要求不能低于前一级"),
    ("use 90, 95 or 99", "请选 90、95 或 99"),
    ("use a code of ISO 4217", "不是币种，请填如 EUR、CNY"),
    ("add a [[crew]]", "还没有参与派单的客服，请先勾选"),
    ("write the address she signs in", "不是登录邮箱"),
    ("write one [[crew]]", "同一客服出现两次"),
    ("name a [[queue]]", "没有这个队列"),
    ("give it `queue`", "没有任何操作，请至少设一项"),
    ("use https:// and what the provider", "不是服务商地址，请填 https:// 开头、与服务商一致的 issuer"),
    ("use what the provider calls this desk", "请填写在服务商处注册得到的 client id"),
    ("say in sign_in.oidc.domains", "请填写允许的域名，否则任何人都会被添加"),
    ("use auditor, agent or lead", "请选择审计、客服或组长"),
    ("use what stands behind the @", "不是域名，请填 @ 后面的部分，小写"),
    ("use https://HOST/PATH", "不是接口地址，请填到版本为止，如 https://api.openai.com/v1"),
    ("use https://, or set plain_http", "http:// 会明文传输密钥和客户内容，请用 https://，内网地址可勾选允许"),
    ("use the name from the provider's list", "请填写模型名称"),
    ("use three capital letters", "不是币种，请填三个大写字母，如 USD"),
    ("use at most 20", "过多，最多 20 个"),
    ("use at most", "金额过大"),
    ("add [model.price]", "填写价格前请先填写币种"),
    ("use 1 to 64 of a-z", "密钥名只能用小写字母、数字和单个 _，以字母开头，最长 64 个字符"),
    ("set it again", "这个密钥不允许发往该主机，请重新设置密钥并允许该主机"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_model::config::{MacroConfig, TenantConfig};

    #[test]
    fn what_a_form_can_get_wrong_is_said_in_chinese_too() {
        let mut config = TenantConfig::new("acme", "");
        config.agent_language = "english".into();
        config.time_zone = "Mars".into();
        config.categories = vec!["Not A Name".into()];
        config.queues[0].name = "In Box".into();
        config.queues.push(config.queues[0].clone());
        config.review.undo_seconds = 601;
        config.heartbeat.days.clear();
        config.heartbeat.stuck_after_minutes = 0;
        config.notify.notifiers = vec!["gone".into()];
        let model = serde_json::json!({ "base_url": "x", "model": "", "tokens_per_day": 2_000_000_000_u64,
            "price": { "currency": "x", "input": 20_000, "output": 1 }, "tasks": { "translate": { "model": "" } } });
        config.model = serde_json::from_value(model).ok();
        let mailbox = serde_json::json!({ "name": "m", "address": "m", "imap": { "host": "a b", "user": "" }, "signature": "x".repeat(2_001),
            "smtp": { "host": "mail.example", "port": 0, "security": "plain", "user": "u" }, "send_per_day": 0,
            "oauth": { "client_id": "", "refresh_token": { "secret": "X" } } });
        config.mailboxes.extend(serde_json::from_value(mailbox));
        let empty = serde_json::json!({ "name": "m", "address": "m@example.com", "imap": { "user": "u" }, "smtp": {} });
        config.mailboxes.extend(serde_json::from_value(empty));
        config.macros.extend(serde_json::from_value(
            serde_json::json!({ "name": "", "category": "No Name", "tags": [""], "assign": "li",
            "priority": 101, "snooze_hours": 0, "close": "", "text": "" }),
        ));
        config.macros.push(MacroConfig { name: "a".into(), ..MacroConfig::default() });
        let rules = serde_json::json!({ "slug": "acme", "name": "Acme",
            "screen": { "blocked_senders": ["x"], "keep_days": 4_000,
                "rspamd": { "url": "x", "learn_url": "http://rspamd:11334", "timeout_seconds": 0 } },
            "assign": { "queues": ["gone"] },
            "crew": [{ "agent": "mei", "skills": ["A b"], "languages": ["german"], "tickets_max": 0 },
                { "agent": "li@acme.example" }, { "agent": "LI@acme.example" }],
            "escalation": [{ "name": "a", "minutes": 10_081, "queue": "gone", "tag": "a b", "notifiers": ["x"] },
                { "name": "b", "minutes": 0 }, { "name": "b", "minutes": 1, "priority": 101 }],
            "autonomy": { "confidence_percent": 80, "undo_seconds": 1, "money_max": { "euro": 5 },
                "automatic": { "compared": 1, "unchanged_percent": 90, "rejected_percent": 2 } },
            "automatic": { "per_ticket": [], "per_recipient": [{ "most": 1, "minutes": 5 }, { "most": 2, "minutes": 5 }] },
            "webhook": [{ "name": "A B", "url": "x", "secret": { "secret": "hook" } },
                { "name": "c", "url": "http://crm.example/x", "secret": { "secret": "hook" } },
                { "name": "c", "url": "https://crm.example/x", "secret": { "secret": "hook" } }],
            "sign_in": { "oidc": { "issuer": "x", "client_id": "", "create_as": "admin" } } });
        let rules: TenantConfig = serde_json::from_value(rules).expect("a set-up");
        config = TenantConfig {
            name: config.name,
            agent_language: config.agent_language,
            time_zone: config.time_zone,
            categories: config.categories,
            queues: config.queues,
            mailboxes: config.mailboxes,
            macros: config.macros,
            notify: config.notify,
            review: config.review,
            heartbeat: config.heartbeat,
            model: config.model,
            ..rules
        };
        config.webhooks.resize(21, config.webhooks[1].clone());
        if let Some(oidc) = &mut config.sign_in.oidc {
            oidc.domains = vec!["@x".into()];
        }
        config.macros.resize(51, config.macros[1].clone());
        config.complete();
        let problems = config.problems();
        assert!(problems.len() > 50, "{problems:#?}");
        for found in problems {
            let words = problem(Lang::Zh, &found);
            assert!(words.chars().any(|c| c > '\u{2e80}'), "{found}");
            assert_eq!(problem(Lang::En, &found), format!("{}; {}", found.what, found.mend));
        }
    }
}
