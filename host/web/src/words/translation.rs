//! Translations by the team's own model.

super::words! {
    translate: "Translate", "翻译";
    translate_reply: "What does my reply say?", "回译我的回复";
    translate_again: "Translate again", "重新翻译";
    translation_machine: "Machine translation", "机器翻译";
    translation_cut: "only the beginning", "仅译开头部分";
    translation_coming: "Being translated", "正在翻译";
    translation_not_configured: "The team's model cannot be used: ask an admin about its key.", "团队的模型无法使用，请联系管理员检查密钥。";
    translation_over_budget: "Today's budget for the model is used up.", "今天的模型额度已用完。";
    translation_rejected: "The model's provider refused.", "模型服务商拒绝了请求。";
    translation_unavailable: "The model's provider did not answer.", "模型服务商没有应答。";
    translation_no_text: "There is no text to translate.", "没有可翻译的文字。";
    translation_reply_title: "Your reply in your language, as it was saved", "回复的回译（按保存时的内容）";
    event_translation_asked: "translation asked for", "请求翻译";
    event_translation_made: "translated", "翻译完成";
    event_translation_failed: "could not be translated", "翻译失败";
}
