//! Webhooks.

super::words! {
    webhooks_title: "Webhooks", "Webhook";
    webhooks_hint: "What each address was told, and what it answered.", "每个地址的推送与响应记录。";
    webhooks_none: "There is none yet.", "还没有推送地址。";
    webhook_works: "works", "正常";
    webhook_paused: "turned off in the set-up", "配置中已停用";
    webhook_failing(time): "nothing has reached it since {time}", "自 {time} 起推送失败";
    webhook_turned_off(time): "turned off since {time}, because nothing reached it for days", "连续多日推送失败，自 {time} 起已停用";
    webhook_turn_on: "Turn it on again", "重新启用";
    webhook_told: "What it was told", "推送记录";
    webhook_told_none: "Nothing yet.", "还没有推送。";
    webhook_event: "What", "事件";
    webhook_state: "State", "状态";
    webhook_answer: "Answer", "响应";
    webhook_when: "When", "时间";
    webhook_again: "Tell it again", "重新推送";
    webhook_again_named(id): "Tell it again: number {id}", "重新推送：第 {id} 条";
    webhook_waiting: "waits", "等待中";
    webhook_delivered: "taken", "已送达";
    webhook_failed: "given up", "已放弃";
    webhook_tries(n): "tries: {n}", "尝试 {n} 次";
    webhook_said_again: "It is being told again.", "正在重新推送。";
    webhook_said_on: "It is on again, and is told what happened meanwhile.", "已重新启用，期间的事件会补推。";
    webhook_test: "Send a test", "发送测试";
    webhook_test_named(name): "Send a test to {name}", "向 {name} 发送测试";
    webhook_said_test: "A test is on its way. What was answered stands below in a moment.", "测试已发出，稍后可在下方看到响应。";
    event_webhook_tested: "webhook tried out", "测试 Webhook";
    event_webhook_off: "webhook turned off", "停用 Webhook";
    event_webhook_on: "webhook turned on again", "重新启用 Webhook";
    event_webhook_replayed: "webhook told again", "重新推送 Webhook";
}
