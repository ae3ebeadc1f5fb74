//! The little words that a language cannot do without.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Function words and a few that support mail is full of. A word that several languages have counts for each of them,
/// less.
const WORDS: &[(&str, &str)] = &[
    (
        "en",
        "the of and to is that it was for are with his they have this from had not but what all were when we there can an your which their if do will each about how up out them then she many some so these would other into has her two him see could been my than first who now its people made over did down only may you i my me hello hi please order thanks thank where don't can't cannot i'm i'd it's help need needed want wish account payment payments refund cancel canceling cancelling address shipping delivery purchase purchased purchases card change get getting issue issues problem problems question questions would like assistance check make orders product products received receive item items wrong track tracking package shipped return returns exchange invoice bill money back new several still waiting yet status update updating edit remove delete customer service support speak talk someone report information user switch tell more modify submit see using want know money's broken damaged missing size",
    ),
    (
        "es",
        "el la de que y en los se del las por un para con no una su al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros ese eso ante ellos e esto mí antes algunos qué unos yo otro otras otra él tanto esa estos mucho quienes nada mi pedido hola gracias he ha quiero está favor buenos días reembolso dirección cancelar devolver devolución cuenta pago quiero necesito ayuda envío paquete producto tarjeta factura dinero recibido talla llegado todavía enviar cambiar",
    ),
    (
        "fr",
        "le la de et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont la je avec ou son cette aux mais comme dit elle ses été fait était nous cela même vous tout bien leur mon ma mes votre bonjour merci commande j'ai c'est n'ai suis colis ai reçu voudrais toujours remboursement adresse annuler retour compte paiement veux besoin aide livraison produit carte facture article taille argent changer reçue livré",
    ),
    (
        "de",
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei ich habe mir mich mein meine bitte danke hallo bestellung guten tag ihre können wo wann rückerstattung adresse stornieren rücksendung konto zahlung möchte brauche hilfe lieferung paket produkt rechnung artikel sendung größe geld zurück erhalten angekommen falsch kaputt beschädigt retoure",
    ),
    (
        "it",
        "di e il la che è in un per non una sono del con si da come al le dei nel alla più anche della lo ma gli ha delle se su questo suo mi io ho o i a ordine ciao grazie buongiorno mio mia vorrei ancora pacco dove quando stato salve rimborso indirizzo annullare reso conto pagamento voglio bisogno aiuto spedizione prodotto fattura articolo taglia soldi ricevuto arrivato",
    ),
    (
        "pt",
        "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem nas me esse eles estão você tinha foram meu minha pedido olá obrigado obrigada encomenda onde reembolso endereço cancelar devolver devolução conta pagamento quero preciso ajuda envio entrega produto fatura tamanho dinheiro recebi chegou",
    ),
    (
        "nl",
        "de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om hem dan zou of wat mijn men dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft hebben deze u want nog zal me zij nu ge geen omdat iets worden toch al waren veel meer doen toen moet ben zonder kan hun dus alles onder ja bestelling bedankt hallo goedendag pakket waar graag terugbetaling adres annuleren retour betaling wil nodig hulp levering factuur maat geld ontvangen aangekomen kapot terug",
    ),
    (
        "pl",
        "w i na z do się nie to że jest o od po za jak ale dla co tym przez tego jego przy są być tak już czy tylko jeszcze może ich jej był była było proszę dzień dobry zamówienie zamówienia mam moje paczka gdzie dziękuję bardzo mnie ze zwrot adres anulować konto płatność chcę potrzebuję pomoc dostawa produkt faktura rozmiar pieniądze otrzymałem otrzymałam",
    ),
    (
        "sv",
        "och i att det som en på är av för med den till inte har de om ett han men var jag från så kan man när nu ska vi eller sig bara hade min mitt mina hej tack beställning beställde vill paket paketet har mig är inte fått var återbetalning adress avboka retur konto betalning behöver hjälp leverans produkt faktura storlek pengar fått",
    ),
    (
        "da",
        "og i at det er en til på som for af med de den der ikke har jeg et han men var fra så kan man når nu skal vi eller sig kun havde min mit mine hej tak bestilling bestilt vil pakke pakken mig fået hvor hvornår jeg endnu modtaget jer jeres noget nu hvad hvorfor venlig",
    ),
    (
        "no",
        "og i å det er en til på som for av med de den ikke har jeg et han men var fra så kan man når nå skal vi eller seg bare hadde min mitt mine hei takk bestilling bestilte vil pakke pakken meg fått hvor hva noe ennå enda dere deres sjekke mottatt bestillingen hvorfor vennlig",
    ),
    (
        "fi",
        "ja on ei se että en hän oli ole mutta kun ovat tai jos niin kuin mitä sen olen nyt vain joka myös minun tilaus tilauksen tilasin kiitos hei missä minä olisi sitä tämä paketti vielä saanut voitteko",
    ),
    (
        "cs",
        "a se v na je že s z do o k i jako ale za to by tak po od při jsem jsou byl bylo jsme není jen již také pro který která které prosím dobrý den objednávka objednávku děkuji mám můj moje kde balík ještě nebo",
    ),
    (
        "sk",
        "a sa v na je že s z do o k i ako ale za to by tak po od pri som sú bol bolo sme nie len už aj pre ktorý ktorá ktoré prosím dobrý deň objednávka objednávku ďakujem mám môj moja kde balík ešte alebo",
    ),
    (
        "hu",
        "a az és hogy nem is egy van de ez azt meg csak már még mint el ha volt vagy ki én mi lesz most nagyon kérem köszönöm rendelés rendelésem hol csomag jó napot szeretném nekem kaptam meg üdvözlettel",
    ),
    (
        "ro",
        "și de la în a o că nu cu este un pe pentru din care să mai ce se au fost sau ca am dar prin după sunt lui fi foarte dacă mi vă bună ziua comanda comandă mulțumesc unde vreau coletul încă meu mea nu-i",
    ),
    (
        "tr",
        "ve bir bu da de için ile çok ne o gibi daha var ama ben mi en olan olarak sonra kadar değil benim siparişim sipariş merhaba teşekkürler teşekkür lütfen nerede kargo ürün iyi günler henüz yok ya şey her iade adres iptal hesap ödeme istiyorum yardım teslimat fatura beden para ulaşmadı gelmedi",
    ),
    (
        "vi",
        "và của là có không được cho một các tôi này đã với trong người khi đến như từ về những nhưng sẽ đơn hàng xin chào cảm ơn ở đâu bạn chưa nhận vui lòng",
    ),
    (
        "id",
        "yang dan di ini itu dengan untuk tidak dari dalam akan pada juga saya ke karena ada bisa kami sudah oleh atau anda telah belum pesanan saya terima kasih mohon halo barang mana kapan",
    ),
    (
        "ca",
        "el la de que i en els a per un una les amb no és del al com més però ha són pel aquest aquesta seva seu també bon dia gràcies comanda meva meu encara hola on",
    ),
    ("et", "ja on ei et see ta ma oli mis kui aga või ka siis mind minu tellimus tere aitäh palun kus veel olen"),
    (
        "hr",
        "i u je se na da za su od s ne što kao ali bi sam iz o do ili može molim hvala dobar dan narudžba gdje moja moj paket još nije",
    ),
    ("lt", "ir į kad yra su iš bet ne aš tai per mano užsakymas užsakymą labas ačiū prašau kur dar nuo"),
    ("lv", "un ir ka no ar uz es par bet nav mans mans pasūtījums labdien paldies lūdzu kur vēl tas"),
    (
        "sl",
        "in je v na se da za so od z ne ki kot ali bi sem iz o do lahko prosim hvala dober dan naročilo kje moja moj paket še ni",
    ),
];

/// Languages that share so many words that a smaller lead has to do.
const SIBLINGS: &[(&str, &str)] =
    &[("da", "no"), ("cs", "sk"), ("hr", "sl"), ("es", "ca"), ("sv", "no"), ("sv", "da"), ("es", "pt")];

type Weights = HashMap<&'static str, Vec<(usize, f64)>>;

static INDEX: LazyLock<Weights> = LazyLock::new(|| {
    let mut index: Weights = HashMap::new();
    for (language, (_, words)) in WORDS.iter().enumerate() {
        for word in words.split_whitespace() {
            let entry = index.entry(word).or_default();
            if !entry.iter().any(|(l, _)| *l == language) {
                entry.push((language, 1.0));
            }
        }
    }
    for languages in index.values_mut() {
        let weight = 1.0 / languages.len() as f64;
        for (_, w) in languages.iter_mut() {
            *w = weight;
        }
    }
    index
});

/// The language whose little words clearly prevail; none when there are too few of them or two languages are close.
pub(super) fn by_little_words(sample: &str) -> Option<&'static str> {
    let mut scores = [0.0f64; WORDS.len()];
    let mut hits = [0usize; WORDS.len()];
    let mut total = 0;
    let lower = sample.to_lowercase();
    for word in lower.split(|c: char| !c.is_alphabetic() && c != '\'' && c != '’' && c != '-') {
        if word.is_empty() {
            continue;
        }
        total += 1;
        let known = INDEX.get(word).or_else(|| INDEX.get(word.split(['\'', '’']).next().unwrap_or(word)));
        for (language, weight) in known.into_iter().flatten() {
            scores[*language] += weight;
            hits[*language] += 1;
        }
    }
    let mut order: Vec<usize> = (0..WORDS.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let (best, second) = (order[0], order[1]);
    // Every fourth word of running text is a little word; a list of names has none.
    let enough = (hits[best] >= 4 && scores[best] >= 2.0 && hits[best] * 6 >= total)
        || (hits[best] >= 3 && scores[best] >= 1.4 && hits[best] * 2 >= total)
        || (hits[best] >= 2 && scores[best] >= 1.8 && hits[best] * 2 >= total);
    let pair = (WORDS[best].0, WORDS[second].0);
    let related = SIBLINGS.iter().any(|(a, b)| pair == (*a, *b) || pair == (*b, *a));
    let ahead = scores[best] >= scores[second] * if related { 1.25 } else { 1.8 };
    (enough && ahead && hits[best] > hits[second]).then(|| WORDS[best].0)
}
