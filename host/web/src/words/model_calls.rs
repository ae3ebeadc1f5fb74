//! What a model was asked and answered.

super::words! {
    model_calls_title: "Calls of the model", "模型调用";
    model_calls_hint: "What was asked, by which version, what it cost, and what came back. The words themselves are kept for the days that the set-up names.", "记录了每次提问、提问方的版本、费用和回答。原文只保留设置中规定的天数。";
    model_calls_none: "No call is on record.", "没有调用记录。";
    model_calls_link: "What the model was asked and answered", "查看模型的提问与回答";
    model_call_of(id): "Call {id}", "调用 {id}";
    model_call_by: "Asked by", "提问方";
    model_call_model: "Model", "模型";
    model_call_tokens: "Tokens", "token";
    model_call_tokens_of(read, written): "{read} read, {written} written", "输入 {read}，输出 {written}";
    model_call_cost: "Cost", "费用";
    model_call_time: "Time", "耗时";
    model_call_outcome: "Outcome", "结果";
    model_call_ok: "answered", "已回答";
    model_call_instructions: "What it was told to do", "指令";
    model_call_input(number): "Text {number} that it was given", "提供的文本 {number}";
    model_call_answer: "What it answered", "回答";
    model_call_no_answer: "It gave no answer.", "没有得到回答。";
    model_call_gone: "The words are not kept (any more).", "原文未保留或已过保留期。";
    event_model_let_go: "the words of old calls of the model were let go", "已清除到期的模型调用原文";
}
