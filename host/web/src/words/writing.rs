//! Writing a reply: its look, what the checks point at.

super::words! {
    view_file(name): "Look into {name}", "查看 {name}";
    rich_marks: "Look of the text", "文字样式";
    rich_bold: "Bold", "加粗";
    rich_italic: "Italic", "斜体";
    rich_list: "List", "列表";
    rich_link: "Link", "链接";
    rich_link_words: "link", "链接";
    rich_hint: "**bold** _italic_ - list > quote", "**加粗** _斜体_ - 列表 > 引用";
    rich_preview: "Preview of the mail", "预览邮件";
    rich_preview_now: "Show as it stands now", "按当前内容刷新";
    rich_preview_frame: "The mail as the customer will see it", "客户将看到的邮件";
    check_show(words): "Show in the text: {words}", "在正文中显示：{words}";
}
