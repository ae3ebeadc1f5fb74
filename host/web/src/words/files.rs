//! What came with a mail: pictures from outside, and files that are looked at on the page.

super::words! {
    pictures_always: "Always for this sender", "总是显示此发件人的图片";
    pictures_shown_always(address): "Remote images from {address} are always shown", "{address} 的外部图片总是显示";
    pictures_ask_again: "Ask again", "恢复为先询问";
    pictures_no_sender: "This mail names no sender: show its images once instead.", "此邮件没有发件人，请仅本次显示图片。";
    pictures_too_many: "Images are shown for as many senders as can be kept: take some back first.", "可记住的发件人已满，请先取消一些。";
    done_pictures_always: "Remote images of this sender are shown from now on.", "今后总是显示此发件人的外部图片。";
    done_pictures_asked: "Remote images of this sender wait until they are asked for.", "此发件人的外部图片恢复为先询问。";
    event_pictures_always: "remote images of the sender shown from now on", "今后总是显示该发件人的外部图片";
    event_pictures_asked: "remote images of the sender hidden again", "该发件人的外部图片恢复为先询问";
    look_at(name): "Preview {name}", "预览 {name}";
    look_cut: "Only the beginning is shown. Download the file for all of it.", "仅显示开头部分，完整内容请下载文件。";
    look_empty: "The file is empty.", "文件为空。";
    look_pdf: "If the frame stays empty, this browser shows a PDF only in a page of its own.", "如果框内为空，说明此浏览器只能单独打开 PDF。";
    look_not: "This file is not what its name says it is. It can only be downloaded.", "文件内容与其类型不符，只能下载。";
    look_too_large: "This file is too large for a preview. It can be downloaded.", "文件过大，无法预览，请下载。";
}
