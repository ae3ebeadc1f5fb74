//! Macros, and blocks of templates.

super::words! {
    macros: "Macros", "快捷操作";
    macros_lead: "Several acts under one name, done with one press on a ticket or on many. Leads write them.", "把几步操作合为一个名称，在一件或多件工单上一键完成，由组长编写。";
    macros_now(n): "{n} set up", "已设 {n} 个";
    macros_menu: "Do at once", "一键操作";
    macros_run: "Do", "执行";
    macro_new: "A new macro", "新建快捷操作";
    macro_name: "Name", "名称";
    macro_category: "Set the category", "设定类别";
    macro_leave: "Leave as it is", "不改变";
    macro_tags: "Add tags", "添加标签";
    macro_tags_hint: "Several with commas between them.", "多个标签用逗号分隔。";
    macro_assign: "Assign", "分派";
    macro_assign_me: "Whoever presses", "操作者本人";
    macro_priority: "Priority, 0 to 100", "优先级，0 到 100";
    macro_snooze: "Snooze, in hours", "暂停多少小时";
    macro_close: "Close without a reply, for this reason", "不回复直接结案，理由";
    macro_text: "Text for the reply", "回复文字";
    macro_text_hint: "With variables as in templates, such as {{customer_name}}. On one ticket it is put into the reply and nothing is sent; on many it is left out.", "可用模板变量，如 {{customer_name}}。在单件工单上放入回复框，不会发出；批量时不使用。";
    macro_remove: "Remove this macro", "删除这个快捷操作";
    macro_with_text: "puts a text into the reply", "放入回复文字";
    refused_macro_gone: "This macro is not there any more. Load the page again.", "这个快捷操作已不存在，请刷新页面。";
    refused_macro_text_many: "This macro only puts a text into a reply: use it on one ticket.", "这个快捷操作只放入回复文字，请在单件工单上使用。";
    keys_macro: "Macros", "快捷操作";
    blocks: "Blocks", "文字块";
    blocks_title: "Blocks from the templates", "模板文字块";
    blocks_hint: "Press one to put it where the cursor was, or drag it into the reply.", "点击即放入光标处，也可拖入回复框。";
    blocks_none(language): "There is no template in {language}.", "没有{language}的模板。";
    keys_blocks: "Put in a block from a template", "放入模板文字块";
    event_macro: "macro", "快捷操作";
}

super::counted! {
    bulk_macro: "Done with {n} ticket" | "Done with {n} tickets", "已对 {n} 件工单执行";
}
