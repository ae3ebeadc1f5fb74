//! "Why here?": the decision trail in words for people who do not know what a plugin is.

super::words! {
    why_here: "Why here?", "为什么在这里？";
    why_none: "No automatic step has touched this ticket yet.", "还没有自动步骤处理过此工单。";
    said_category(name, percent): "{name}, {percent} % sure", "{name}，把握 {percent}%";
    said_about(what): "About {what}", "内容是 {what}";
    said_urgency(what): "urgency {what}", "紧急度{what}";
    said_mood(what): "tone {what}", "语气{what}";
    said_spam(percent): "{percent} % likely spam", "{percent}% 可能是垃圾邮件";
    said_nothing: "Found nothing it knows; left to a person", "没有认出内容，交给人处理";
    said_queue(name): "Put into the queue {name}", "放入队列 {name}";
    said_queue_default: "Left in the ordinary queue", "留在默认队列";
    said_deadline(time): "answer by {time}", "须在 {time} 前答复";
    said_priority(n): "priority {n} of 100", "优先级 {n}（满分 100）";
    said_tells(names): "tells {names}", "通知 {names}";
    said_drafts(n): "Drafts proposed: {n}", "提出草稿 {n} 份";
    said_template(names): "from {names}", "取自 {names}";
    said_facts(n): "Facts found: {n}", "查到资料 {n} 条";
    said_orders(n): "orders found: {n}", "订单 {n} 个";
    said_no_finding: "Nothing to object to", "没有问题";
    said_findings(n): "Places to look at: {n}", "需要留意 {n} 处";
    said_told: "The group was told", "已通知到群";
    said_failed: "Did not work; the ticket went on without it", "未成功，工单照常继续";
    because_words(words): "because of “{words}”", "依据“{words}”";
    because_rule(rule): "rule {rule}", "规则 {rule}";
    sum_of_priority: "Priority", "优先级";
    term_base: "where every ticket starts", "起始分";
    term_base_of(rule): "starts from the rule {rule}", "起始分，规则 {rule}";
    term_due(minutes): "due in {minutes} min", "{minutes} 分钟内须答复";
    term_late(minutes): "late by {minutes} min", "已超时 {minutes} 分钟";
    term_value(amount): "orders worth {amount}", "订单金额 {amount}";
    term_history(n): "wrote before: {n} other tickets in 30 days", "30 天内另有 {n} 个工单";
    term_vip(by): "VIP, by {by}", "贵宾，依据 {by}";
    term_sentiment(mood): "tone: {mood}", "语气{mood}";
    term_channel(name): "came in by {name}", "来自 {name}";
    term_bound: "kept within 0 to 100", "限于 0 至 100";
    trail_version(name, version): "{name} {version}", "{name} {version}";
    trail_took(time): "took {time}", "用时 {time}";
    trail_asked(what, outcome): "asked {what}: {outcome}", "请求 {what}：{outcome}";
    trail_shadow: "(the version in shadow would have said)", "（影子版本的回答）";
    trail_canary: "(the candidate version)", "（候选版本）";
    trail_proof(digest): "program {digest}", "程序 {digest}";
    micros(n): "{n} µs", "{n} 微秒";
    millis(n): "{n} ms", "{n} 毫秒";
    by_person(who): "Set by {who}", "由 {who} 设定";
}
