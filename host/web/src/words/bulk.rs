//! Acting on many tickets at once.

super::words! {
    bulk_title: "The chosen tickets", "已勾选的工单";
    bulk_pick(number): "Choose #{number}", "勾选 #{number}";
    bulk_choose: "Choose", "多选";
    bulk_chosen(n): "{n} chosen", "已勾选 {n} 件";
    bulk_none: "Choose none", "取消勾选";
    bulk_set_category: "Set category", "设定类别";
    bulk_mark_spam: "Spam", "标为垃圾";
    bulk_undo: "Undo", "撤销";
    bulk_left_unknown: "is not there", "不存在";
    bulk_left_changed: "has changed meanwhile: look at it first", "刚有变化，请先查看";
    bulk_left_merged(number): "was merged into #{number}", "已合并到 #{number}";
    bulk_left_state(state): "is {state}: not possible there", "状态为“{state}”，无法操作";
    bulk_left_same: "was so already", "原本就是如此";
    refused_bulk_none: "No ticket is chosen. Tick some in the list first.", "没有勾选工单，请先在列表中勾选。";
    refused_bulk_many(n): "At most {n} tickets can be chosen at once.", "一次最多勾选 {n} 件工单。";
    refused_bulk_late: "It is too late to take this back. Change the tickets one by one.", "已超过可撤销时间，请逐件修改。";
    refused_bulk_nothing: "Nothing was changed.", "没有任何更改。";
}

super::counted! {
    bulk_assigned: "{n} ticket assigned" | "{n} tickets assigned", "已分派 {n} 件工单";
    bulk_unassigned: "{n} ticket given back" | "{n} tickets given back", "已取消分派 {n} 件工单";
    bulk_handled: "{n} ticket handled" | "{n} tickets handled", "{n} 件工单已处理";
    bulk_spam: "{n} ticket marked as spam" | "{n} tickets marked as spam", "{n} 件工单已标为垃圾";
    bulk_category: "Category set on {n} ticket" | "Category set on {n} tickets", "已为 {n} 件工单设定类别";
    bulk_undone: "{n} ticket is as it was" | "{n} tickets are as they were", "{n} 件工单已恢复原状";
}
