//! What the tags say that the bundled plugins give. Agents' and clients' own tags are shown as they are written.

use super::Lang;

super::words! {
    tag_also(category): "also: {category}", "另涉及：{category}";
    tag_skill(skill): "skill: {skill}", "技能：{skill}";
    tag_within(category, about): "{category}: {about}", "{category}：{about}";
}

/// Sub-categories of the bundled classifier.
const TAGS: &[(&str, &str, &str)] = &[
    ("account/data", "personal data", "个人数据"),
    ("account/delete", "delete the account", "注销账户"),
    ("account/login", "signing in", "登录问题"),
    ("account/newsletter", "newsletter", "订阅邮件"),
    ("account/profile", "profile", "个人资料"),
    ("address/change", "change of address", "修改地址"),
    ("complaint/damage", "damaged", "破损"),
    ("complaint/defect", "defect", "故障"),
    ("complaint/fake", "not genuine", "疑似假货"),
    ("complaint/injury", "injury", "人身伤害"),
    ("complaint/missing-part", "part missing", "缺件"),
    ("complaint/quality", "quality", "质量"),
    ("complaint/service", "service", "服务"),
    ("complaint/wrong-item", "wrong item", "发错货"),
    ("order/cancel", "cancel", "取消订单"),
    ("order/change", "change of the order", "修改订单"),
    ("order/confirmation", "confirmation", "订单确认"),
    ("order/new", "new order", "新下单"),
    ("other/business", "business", "商务合作"),
    ("other/feedback", "feedback", "意见反馈"),
    ("other/human", "wants a person", "要求转人工"),
    ("other/praise", "praise", "表扬"),
    ("payment/coupon", "coupon", "优惠券"),
    ("payment/double-charge", "charged twice", "重复扣款"),
    ("payment/failed", "payment failed", "支付失败"),
    ("payment/invoice", "invoice", "发票"),
    ("payment/method", "way of paying", "支付方式"),
    ("payment/unknown-charge", "unknown charge", "不明扣款"),
    ("product/compatibility", "does it fit", "适配"),
    ("product/material", "material", "材质"),
    ("product/price", "price", "价格"),
    ("product/size", "size", "尺码"),
    ("product/stock", "in stock", "库存"),
    ("product/use", "how to use it", "使用方法"),
    ("product/warranty", "warranty", "保修"),
    ("refund/pending", "money not there yet", "退款未到账"),
    ("refund/request", "asks for a refund", "申请退款"),
    ("return/exchange", "exchange", "换货"),
    ("return/how", "how to return", "退货方法"),
    ("shipping/cost", "cost of shipping", "运费"),
    ("shipping/customs", "customs", "海关"),
    ("shipping/destination", "where to", "配送范围"),
    ("shipping/lost", "lost", "丢件"),
    ("shipping/options", "ways of shipping", "配送方式"),
    ("shipping/pickup", "pickup", "自提"),
    ("shipping/returned", "came back", "退回"),
    ("shipping/tracking", "where it is", "物流进度"),
];

impl Lang {
    /// A tag for people, on a ticket of this category: a sub-category is said in words, whose name stands before it where it belongs to
    /// another one.
    #[must_use]
    pub fn tag_name(self, tag: &str, category: Option<&str>) -> String {
        let Some((head, rest)) = tag.split_once('/') else { return tag.to_owned() };
        match head {
            "intent" => return self.tag_also(self.category_name(rest)),
            "skill" => return self.tag_skill(rest),
            _ => {}
        }
        let Some((_, en, zh)) = TAGS.iter().find(|row| row.0 == tag) else { return tag.to_owned() };
        let words = super::names::pick(self, en, zh);
        if category == Some(head) { words.to_owned() } else { self.tag_within(self.category_name(head), words) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_sub_category_of_the_bundled_classifier_has_words_and_no_other() {
        let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/classifier/rules");
        let mut given = BTreeSet::new();
        for file in std::fs::read_dir(rules).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap_or_default();
            for list in text.split("\"tags\": [").skip(1) {
                let list = list.split(']').next().unwrap();
                given.extend(list.split('"').skip(1).step_by(2).map(str::to_owned));
            }
        }
        let known: BTreeSet<String> = TAGS.iter().map(|row| row.0.to_owned()).collect();
        assert_eq!(given, known);
    }

    #[test]
    fn tags_are_said_and_those_of_a_client_stand_as_they_are() {
        assert_eq!(Lang::En.tag_name("shipping/customs", Some("shipping")), "customs");
        assert_eq!(Lang::Zh.tag_name("refund/request", Some("complaint")), "退款：申请退款");
        assert_eq!(Lang::En.tag_name("intent/refund", None), "also: refund");
        assert_eq!(Lang::En.tag_name("skill/jewellery", None), "skill: jewellery");
        for own in ["vip", "night-shift", "shipping/drone", "a/b"] {
            assert_eq!(Lang::En.tag_name(own, Some("shipping")), own);
        }
    }
}
