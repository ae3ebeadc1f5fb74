//! Tokens of the JSON API, and services.

super::words! {
    tokens_title: "API tokens", "API 令牌";
    tokens_hint: "With a token a program uses the JSON API as you, within what the token allows.", "程序可用令牌以你的身份使用 JSON 接口，权限以令牌为限。";
    tokens_describe: "What it offers (OpenAPI)", "接口说明（OpenAPI）";
    tokens_service_hint: "With a token a program uses the JSON API as this account, within what the token allows.", "程序可用令牌以此账户的身份使用 JSON 接口，权限以令牌为限。";
    tokens_none: "There is none.", "还没有令牌。";
    token_name: "What it is for", "用途";
    token_begins: "Begins", "开头";
    token_scope: "May", "权限";
    token_until: "Until", "有效至";
    token_used: "Last used", "最近使用";
    token_unused: "not yet", "尚未使用";
    token_lasts: "Holds for", "有效期";
    token_days(n): "{n} days", "{n} 天";
    token_read: "read", "读取";
    token_act: "read and act", "读取和操作";
    token_administer: "administer", "管理";
    token_make: "Make a token", "生成令牌";
    token_made: "This is the token. It is shown only now: put it where the program keeps its secrets.", "这是令牌，只显示这一次，请存入程序的密钥配置。";
    token_revoke: "Revoke", "吊销";
    token_revoke_named(name): "Revoke the token for {name}", "吊销用于 {name} 的令牌";
    token_revoked: "revoked", "已吊销";
    token_ran_out: "run out", "已过期";
    token_said_revoked: "The token is revoked.", "令牌已吊销。";
    token_said_name: "Say what the token is for, and choose what it may and for how long.", "请填写用途，并选择权限和有效期。";
    token_too_low: "This token may not do that: its scope is too narrow. Make one with a wider scope.", "令牌权限不足，请生成权限更大的令牌。";
    token_too_fast(most): "More than {most} requests within a minute with this token. Wait, then go on.", "该令牌一分钟内的请求超过 {most} 次，请稍候再继续。";
    service_add: "Add a service", "添加服务账户";
    service_add_hint: "A service is nobody's account: it never signs in, and programs act as it with tokens.", "服务账户不属于任何人，不能登录，程序通过令牌以它的身份操作。";
    service_name: "Name: a-z, 0-9 and -", "名称：a-z、0-9 和 -";
    service_state: "service", "服务账户";
    service_taken: "There is a service of this name already, or it is no name for one.", "该名称已有服务账户使用，或名称不符合要求。";
    event_token_made: "API token made", "生成 API 令牌";
    event_token_revoked: "API token revoked", "吊销 API 令牌";
}
