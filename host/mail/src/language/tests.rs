#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
use super::*;

const SAMPLES: &[(&str, &str)] = &[
    ("en", "Hello, my order has not arrived yet. Could you please check where it is? Thank you!"),
    ("en", "Where is my parcel"),
    ("es", "Hola, todavía no he recibido mi pedido. ¿Pueden decirme dónde está? Muchas gracias."),
    ("fr", "Bonjour, je n'ai toujours pas reçu mon colis. Pouvez-vous vérifier où il se trouve ?"),
    ("de", "Guten Tag, meine Bestellung ist noch nicht angekommen. Können Sie bitte prüfen, wo sie ist?"),
    ("it", "Buongiorno, non ho ancora ricevuto il mio ordine. Potete dirmi dove si trova il pacco?"),
    ("pt", "Olá, ainda não recebi a minha encomenda. Podem verificar onde ela está, por favor?"),
    ("nl", "Hallo, ik heb mijn bestelling nog niet ontvangen. Kunt u nakijken waar het pakket is?"),
    ("pl", "Dzień dobry, nie otrzymałem jeszcze mojego zamówienia. Proszę sprawdzić, gdzie jest paczka."),
    ("sv", "Hej, jag har inte fått min beställning ännu. Kan ni kontrollera var paketet är?"),
    ("da", "Hej, jeg har ikke modtaget min bestilling endnu. Kan I se, hvor pakken er?"),
    ("no", "Hei, jeg har ikke fått bestillingen min ennå. Kan dere sjekke hvor pakken er?"),
    ("fi", "Hei, en ole vielä saanut tilaustani. Voitteko tarkistaa, missä paketti on?"),
    ("cs", "Dobrý den, ještě jsem neobdržel svou objednávku. Můžete prosím ověřit, kde je balík?"),
    ("hu", "Jó napot! Még nem kaptam meg a rendelésemet. Meg tudnák nézni, hol van a csomag?"),
    ("ro", "Bună ziua, nu am primit încă comanda mea. Puteți verifica unde este coletul?"),
    ("tr", "Merhaba, siparişim henüz gelmedi. Kargonun nerede olduğunu kontrol edebilir misiniz?"),
    ("vi", "Xin chào, tôi vẫn chưa nhận được đơn hàng của mình. Bạn có thể kiểm tra giúp tôi không?"),
    ("id", "Halo, pesanan saya belum sampai. Bisa tolong dicek paket saya ada di mana?"),
    ("ru", "Здравствуйте, мой заказ ещё не пришёл. Проверьте, пожалуйста, где посылка."),
    ("uk", "Добрий день, моє замовлення ще не прийшло. Перевірте, будь ласка, де посилка."),
    ("bg", "Здравейте, поръчката ми все още не е пристигнала. Къде се намира пратката?"),
    ("el", "Καλησπέρα, δεν έχω λάβει ακόμα την παραγγελία μου."),
    ("he", "שלום, ההזמנה שלי עדיין לא הגיעה."),
    ("ar", "مرحبا، لم يصل طلبي بعد. هل يمكنكم التحقق من مكان الطرد؟"),
    ("th", "สวัสดีค่ะ ยังไม่ได้รับสินค้าที่สั่งเลยค่ะ"),
    ("ko", "안녕하세요, 주문한 상품이 아직 도착하지 않았습니다."),
    ("ja", "こんにちは。注文した商品がまだ届いていません。確認をお願いします。"),
    ("zh", "您好，我的订单还没有收到，请问现在到哪里了？"),
    ("zh", "你好 退款"),
    ("zh", "您好，iPhone 15 Pro Max 的手机壳 (order AB-1234) 什么时候发货？"),
];

#[test]
fn languages_are_told() {
    let wrong: Vec<String> = SAMPLES
        .iter()
        .filter(|(expected, text)| detect(text).as_deref() != Some(*expected))
        .map(|(expected, text)| format!("{expected}: {:?} for {text}", detect(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsure_is_none() {
    for text in [
        "",
        "12345 67890",
        "AB-1234",
        "ok",
        "https://shop.example/order?id=5 ana@x.example",
        "Hello, my order is late, please have a look where it is. 您好，我的订单晚了，请帮我看一下现在到哪里。",
        "👍👍👍",
        "SKU XK DD QQ",
    ] {
        assert_eq!(detect(text), None, "{text}");
    }
}

#[test]
fn what_it_costs() {
    let rss = || {
        let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        text.split(' ').nth(1).and_then(|p| p.parse::<usize>().ok()).unwrap_or(0) * 4 / 1024
    };
    let before = rss();
    let long: String = SAMPLES[0].1.repeat(24);
    let median = |text: &str, model: bool| {
        let mut times: Vec<_> = (0..50)
            .map(|_| {
                let started = std::time::Instant::now();
                let _ = if model { by_model(&sample(text)).map(str::to_owned) } else { detect(text) };
                started.elapsed()
            })
            .collect();
        times.sort();
        (times[0], times[25], times[49])
    };
    println!("detect {} bytes: {:?} (least, median, most)", long.len(), median(&long, false));
    println!("RSS {before} MiB before, {} MiB after little words", rss());
    println!("model: {:?}", median(&long, true));
    for (_, text) in SAMPLES.iter().filter(|(_, t)| t.is_ascii()) {
        let _ = by_model(&sample(text));
    }
    println!("RSS {} MiB after the model", rss());
}
