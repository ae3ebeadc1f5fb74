//! The desk on a local port with a store of its own and a handful of mails, for working on its pages:
//! `cargo run -p posthouse-web --example desk`, then http://127.0.0.1:8098/t/luma (mei@luma.example).

#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

#[path = "../tests/desk/support.rs"]
mod support;

use std::net::SocketAddr;
use std::time::Duration;
use support::{House, PASSWORD, file, mail};

const MAILS: &[(&str, &str, &str, &str)] = &[
    (
        "Ana García",
        "es",
        "¿Dónde está mi paquete?",
        "Hola,\n\nhice el pedido 1042-88 el 3 de febrero y todavía no ha llegado nada. Si no llega antes del viernes, quiero que me devuelvan el dinero.\n\nUn saludo,\nAna García",
    ),
    (
        "Greg Paulsen",
        "en",
        "Broken zip on arrival, 2nd time",
        "This is the second bag with the same fault, order 1042-88. I attach three photos. I expect a refund this time.\n\nGreg",
    ),
    (
        "渡辺 さくら",
        "ja",
        "返品の送料について",
        "先日購入したランプ（注文 1042-88）ですが、色が写真と違うため返品を希望します。送料はどちらの負担になりますか。",
    ),
    (
        "Julia Brandt",
        "de",
        "Rechnung fehlt",
        "Guten Tag,\n\nfür die Buchhaltung brauche ich eine Rechnung mit ausgewiesener Mehrwertsteuer zur Bestellung 1042-88.\n\nMit freundlichen Grüßen\nJulia Brandt",
    ),
    (
        "Chloé Martin",
        "fr",
        "Changer l'adresse de livraison",
        "Bonjour,\n\nje viens de déménager, merci d'envoyer la commande 1042-88 à ma nouvelle adresse.\n\nChloé",
    ),
    ("王 建国", "zh", "发票抬头能改吗", "你好，\n\n上周买的两盏灯（订单 1042-88），发票抬头写错了，能不能重新开一张？"),
];

#[tokio::main]
async fn main() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    for (i, (name, language, subject, body)) in MAILS.iter().enumerate() {
        let mut read = mail(&format!("m{i}"), subject, body);
        let from = read.from.as_mut().unwrap();
        from.name = Some((*name).to_owned());
        from.address = format!("customer{i}@example.com");
        read.language = Some((*language).to_owned());
        read.html = Some(format!(
            "<p style=\"color:#084a47\"><b>{subject}</b></p><p>{body}</p><img src=\"https://example.com/p.gif\">"
        ));
        read.attachments = vec![file("note.txt", "text/plain", 0, b"hello")];
        luma.sorted(read, b"hello", vec![]).await;
        house.hands.forward(Duration::from_secs(400));
    }
    let address = SocketAddr::from(([127, 0, 0, 1], 8098));
    println!("http://{address}/t/luma  mei@luma.example  {PASSWORD}");
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    axum::serve(listener, house.router.clone().into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
}
