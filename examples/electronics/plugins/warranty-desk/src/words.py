"""Reasons for agents, in English, German and Chinese."""

_WORDS = {
    "en": {
        "mistyped": "{value} does not check: a serial number with a typing error",
        "in": "in warranty: {why}, ends {ends}",
        "out": "out of warranty: {why}, ended {ends}",
        "unclear": "warranty unclear: {why}",
        "impossible": "bought {bought}, but made {made}: one of the two is wrong",
        "bought": "bought {bought}",
        "made": "made {made}, so not bought earlier",
        "undated": "no purchase date",
        "term": "{months} months",
        "terms": "{months} months, depending on the country",
        "country": "{months} months in {countries}",
    },
    "de": {
        "mistyped": "{value} hat eine falsche Prüfziffer: eine Seriennummer mit Tippfehler",
        "in": "in der Garantie: {why}, endet {ends}",
        "out": "außerhalb der Garantie: {why}, endete {ends}",
        "unclear": "Garantie unklar: {why}",
        "impossible": "gekauft {bought}, aber gebaut {made}: eines von beiden stimmt nicht",
        "bought": "gekauft {bought}",
        "made": "gebaut {made}, also nicht früher gekauft",
        "undated": "kein Kaufdatum",
        "term": "{months} Monate",
        "terms": "{months} Monate, je nach Land",
        "country": "{months} Monate in {countries}",
    },
    "zh": {
        "mistyped": "{value} 校验位不符：序列号可能写错",
        "in": "在保修期内：{why}，到期日 {ends}",
        "out": "已过保修期：{why}，到期日 {ends}",
        "unclear": "保修状态不明：{why}",
        "impossible": "购买日期 {bought} 早于生产月份 {made}：其中一个有误",
        "bought": "购买于 {bought}",
        "made": "生产于 {made}，购买不早于此",
        "undated": "没有购买日期",
        "term": "{months} 个月",
        "terms": "{months} 个月，视国家而定",
        "country": "{countries}：{months} 个月",
    },
}


def say(language: str, key: str, **values: object) -> str:
    """A sentence in the language that agents read (BCP 47); English where there is none."""
    words = _WORDS.get(language.split("-")[0].lower(), _WORDS["en"])
    return words[key].format(**values)
