//! Words by which mail clients introduce history, by language. All lower case, fullwidth colons as plain ones.

/// How "… wrote" ends or stands in an attribution. Matched as whole words where the script has them.
pub(super) const WROTE: &[&str] = &[
    // English, German, Dutch, Scandinavian
    "wrote", "writes", "said", "schrieb", "schrieb am", "hat geschrieben", "geschrieben", "schreef", "schreef op", "skrev", "skreiv",
    "har skrevet", "har skrivit", "skrifaði",
    // Romance
    "a écrit", "écrit", "ecrit", "a ecrit", "escribió", "escribio", "ha escrito", "escreveu", "escreveu no dia", "ha scritto", "scrive",
    "va escriure", "ha escrit", "a scris", "escribiu",
    // Slavic and Baltic
    "napisał", "napisała", "napisał(a)", "napisał/a", "pisze", "napisana przez", "şunları yazdı", "napsal", "napsala", "napsal(a)", "napísal", "napísala",
    "napísal(a)", "je napisao", "je napisala", "je napisao/la", "napisao je", "napisao/la je", "je napisal", "je napisal/a", "пишет", "написал", "написала",
    "написал(а)", "писал", "писал(а)", "пише", "написав", "написала", "написав(ла)", "написа", "написао је", "је написао", "rašė",
    "parašė", "rakstīja", "kirjutas",
    // Others in Latin script
    "kirjoitti", "írta", "ezt írta", "a következőt írta", "yazdı", "şunu yazdı", "yazmış", "yazdi", "sunu yazdi", "đã viết", "viết", "menulis", "menulis pada",
    "tulis", "sumulat", "idatzi du",
    // Greek, Hebrew, Arabic, Thai, Indic
    "έγραψε", "έγραψες", "כתב", "כתבה", "כתב/ה", "כתב\u{200f}", "מאת", "כתב:", "كتب", "كتبت", "تمت كتابة ما يلي بواسطة", "نوشت", "เขียนว่า", "เขียน",
    "ได้เขียนว่า", "ने लिखा", "লিখেছেন",
    // East Asian
    "写道", "寫道", "写到", "寫到", "写", "来信", "のメール", "さんのメール", "は書きました", "が書きました", "さんは書きました", "さんが書いたメッセージ",
    "のメッセージ", "wrote:", "님이 작성", "님이 작성한 메시지", "작성", "님이 쓴 글", "썼습니다", "님이 쓰신", "님의 말",
];

/// How an attribution begins.
pub(super) const BEGINS: &[&str] = &[
    "on ", "at ", "in reply to", "am ", "op ", "le ", "el ", "em ", "a ", "il ", "il giorno ", "in data ", "den ", "på ", "w dniu ", "dnia ",
    "dne ", "dňa ", "dana ", "v ", "v(e) ", "în ", "in ", "la ", "pe ", "στις ", "στη ", "vào ", "pada ", "ในวันที่", "เมื่อ", "ที่ ", "في ", "بتاريخ", "בתאריך", "ב-", "ב",
    "在", "於", "于", "2", "1", "quoting ", "citando ", "zitat von ", "citation de ", "citat", "citace", "cytowanie ", "цитирую ", "---- on ",
    "--- on ", "il giorno", "data:", "lör", "sø", "mån", "tis", "ons", "tor", "fre", "sön", "man", "tir", "lør", "søn",
];

/// Words on a separator line: `----- Original Message -----`.
pub(super) const ORIGINAL: &[&str] = &[
    "original message", "original mail", "original email", "original e-mail", "original", "original appointment", "original meeting request",
    "reply message", "replied message", "previous message", "message history", "forwarded message", "forwarded mail",
    "ursprüngliche nachricht", "originalnachricht", "original-nachricht", "originale nachricht", "ursprüngliche mail", "weitergeleitete nachricht",
    "ursprünglicher termin",
    "message d'origine", "message d’origine", "message original", "courriel original", "message initial", "message transféré",
    "message transmis", "e-mail d'origine", "mail original",
    "mensaje original", "mensaje reenviado", "mensaje origen", "correo original", "mensagem original", "mensagem encaminhada", "mensagem reencaminhada", "e-mail original",
    "messaggio originale", "messaggio inoltrato", "messaggio originario", "missatge original", "missatge reenviat", "mensaxe orixinal",
    "oorspronkelijk bericht", "origineel bericht", "oorspronkelijke bericht", "doorgestuurd bericht",
    "ursprungligt meddelande", "originalmeddelande", "vidarebefordrat meddelande", "original meddelelse", "oprindelig meddelelse",
    "oprindelig besked", "oprindelig mail", "videresendt meddelelse", "videresendt besked", "opprinnelig melding", "original melding", "videresendt melding",
    "alkuperäinen viesti", "välitetty viesti", "edelleenlähetetty viesti", "upprunaleg skilaboð",
    "oryginalna wiadomość", "wiadomość oryginalna", "treść oryginalnej wiadomości", "wiadomość przekazana", "przekazana wiadomość",
    "původní zpráva", "původní e-mail", "přeposlaná zpráva", "pôvodná správa", "preposlaná správa", "izvorna poruka", "originalna poruka",
    "proslijeđena poruka", "izvirno sporočilo", "posredovano sporočilo", "eredeti üzenet", "továbbított üzenet", "mesaj original", "mesajul original", "mesaj redirecționat",
    "orijinal mesaj", "özgün ileti", "orijinal ileti", "iletilen mesaj", "yönlendirilmiş ileti", "originali žinutė", "sākotnējais ziņojums", "algne kiri", "algsõnum",
    "исходное сообщение", "оригинальное сообщение", "пересылаемое сообщение", "пересланное сообщение", "исходное письмо", "конец пересылаемого сообщения",
    "початкове повідомлення", "оригінальне повідомлення", "вихідне повідомлення", "переслане повідомлення", "оригинално съобщение", "препратено съобщение", "оригинална порука",
    "αρχικό μήνυμα", "προωθημένο μήνυμα", "μήνυμα προς προώθηση", "הודעה מקורית", "ההודעה המקורית", "הודעה מועברת", "הודעה שהועברה",
    "الرسالة الأصلية", "رسالة أصلية", "رسالة معاد توجيهها", "رسالة مُعاد توجيهها", "پیام اصلی",
    "thư gốc", "tin nhắn gốc", "thư ban đầu", "tin nhắn đã chuyển tiếp", "thư đã chuyển tiếp", "forwarded message", "pesan asli", "pesan yang diteruskan", "pesan terusan", "mesej asal",
    "ข้อความต้นฉบับ", "ข้อความเดิม", "ข้อความที่ส่งต่อ", "มูลข้อความต้นฉบับ",
    "原始邮件", "原邮件", "邮件原件", "原始信件", "原始消息", "原始訊息", "原始郵件", "原文", "原始郵件內容", "回复的原邮件", "回复的邮件", "回覆的原郵件",
    "转发邮件", "转发的邮件", "转发邮件信息", "转发的原邮件", "轉寄郵件", "轉寄的郵件", "轉寄者", "已轉寄郵件", "以下是原邮件",
    "元のメッセージ", "元のメール", "オリジナルメッセージ", "オリジナルのメッセージ", "転送メッセージ", "転送されたメッセージ", "転送メール",
    "원본 메시지", "원본 메일", "원본메일", "원본 이메일", "원래 메시지", "전달된 메시지", "전달된 메일",
];

/// Lines without dashes that introduce history all the same.
pub(super) const INTRODUCES: &[&str] = &[
    "begin forwarded message:", "anfang der weitergeleiteten nachricht:", "beginn der weitergeleiteten nachricht:", "début du message réexpédié :", "début du message transféré :",
    "début du message réexpédié:", "début du message transféré:", "inicio del mensaje reenviado:", "início da mensagem encaminhada:",
    "início da mensagem reencaminhada:", "inizio messaggio inoltrato:", "begin doorgestuurd bericht:", "vidarebefordrat brev:",
    "vidarebefordrat mejl:", "start på videresendt besked:", "start på videresendt e-mail:", "videresendt melding:", "välitetty viesti alkaa:", "początek przekazywanej wiadomości:",
    "начало переадресованного сообщения:", "начало пересылаемого сообщения:", "başlangıç iletilen ileti:", "iletilen ileti başlangıcı:", "開始轉寄郵件:", "下面是被转发的邮件:", "开始转发的邮件:",
    "転送されたメッセージ:", "전달된 메시지 시작:", "อีเมลที่ส่งต่อเริ่มต้นที่นี่:",
];

/// Lines of help desks above their history, parts of them.
pub(super) const REPLY_ABOVE: &[&str] = &[
    "reply above this line", "type your reply above", "please reply above", "write above this line", "do not write below this line", "please do not edit below", "reply above the line", "please type your response above", "add your reply above", "respond above this line",
    "oberhalb dieser linie", "oberhalb dieser zeile", "über dieser linie", "au-dessus de cette ligne", "por encima de esta línea", "por encima de esta linea",
    "acima desta linha", "sopra questa riga", "sopra questa linea", "boven deze regel", "boven deze lijn", "ovanför denna linje", "ovanför den här raden", "over denne linje",
    "powyżej tej linii", "выше этой линии", "выше этой строки", "bu satırın üzerine", "bu satırın üstüne", "请在此行上方回复", "請在此行上方回覆", "在此行以上输入回复", "此行上方",
    "この線より上に", "この行より上に", "이 줄 위에", "-##", "##-",
];

/// Labels of header lines that history begins with, by what they name. Without the colon.
pub(super) const FROM: &[&str] = &[
    "from", "von", "de", "da", "van", "från", "fra", "frå", "lähettäjä", "od", "feladó", "kimden", "gönderen", "kimden/gönderen", "от", "от кого", "отправитель", "від", "від кого", "відправник", "από", "מאת", "من", "از",
    "từ", "người gửi", "dari", "จาก", "发件人", "寄件者", "寄件人", "發件人", "发信人", "来自", "發送者", "差出人", "送信者", "送信元", "보낸 사람", "보낸사람", "발신", "발신자", "보낸이", "nuo", "no", "saatja", "frá", "expéditeur", "absender", "afzender",
    "remitente", "remetente", "mittente", "avsändare", "afsender", "avsender", "nadawca", "odesílatel", "odesilatel", "odosielateľ", "expeditor", "expeditorul", "de la", "pengirim", "šalje",
];
/// When.
pub(super) const SENT: &[&str] = &[
    "sent", "date", "sent on", "sent at", "gesendet", "datum", "gesendet am", "envoyé", "envoyé le", "date d'envoi", "enviado", "enviado el", "enviado em", "enviada em", "enviada",
    "fecha", "data", "inviato", "inviato il", "data invio", "verzonden", "verzonden op", "skickat", "skickat den", "dato", "sendt", "lähetetty", "päivämäärä", "päiväys", "wysłano", "data wysłania",
    "odesláno", "odoslané", "dátum", "elküldve", "küldve", "trimis", "trimisă", "tarih", "gönderildi", "gönderilme tarihi", "gönderme tarihi", "дата", "отправлено", "дата отправки", "надіслано", "відправлено", "изпратено", "послано",
    "ημερομηνία", "στάλθηκε", "εστάλη", "נשלח", "תאריך", "تاريخ الإرسال", "التاريخ", "تم الإرسال", "أرسلت", "أُرسلت", "đã gửi", "ngày", "thời gian gửi", "ngày gửi", "gửi lúc", "dikirim", "tanggal", "terkirim", "ส่ง", "วันที่", "ส่งเมื่อ", "วันที่ส่ง",
    "发送时间", "日期", "时间", "傳送時間", "寄件日期", "寄送日期", "發送時間", "发送日期", "发信时间", "送信日時", "日時", "送信日", "日付", "送信日付", "보낸 날짜", "보낸날짜", "날짜", "보낸 시간", "보낸시간", "일시", "보낸일", "message du", "išsiųsta", "nosūtīts", "saadetud", "poslano", "poslané", "vrijeme", "sent time",
];
/// To whom.
pub(super) const TO: &[&str] = &[
    "to", "an", "à", "a", "para", "per", "aan", "till", "til", "vastaanottaja", "kenelle", "do", "komu", "címzett", "către", "catre", "kime", "alıcı", "kime/alıcı", "кому", "до", "до кого", "для", "προς", "אל", "إلى", "الى", "به", "đến", "tới", "người nhận", "kepada", "untuk", "ถึง",
    "收件人", "收件者", "收信人", "致", "宛先", "送信先", "받는 사람", "받는사람", "수신", "수신자", "받는이", "cc", "抄送", "抄送人", "副本", "参照", "참조", "kam", "kopie", "copie", "copie à", "kopia", "copia", "za", "prima", "empfänger", "destinataire", "destinatario",
    "destinatário", "ontvanger", "mottagare", "modtager", "mottaker", "odbiorca", "příjemce", "adresát", "к", "копия", "копія", "kopio", "kopi", "másolatot kap", "dw", "udw", "cc:",
];
/// About what.
pub(super) const SUBJECT: &[&str] = &[
    "subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "ämne", "emne", "aihe", "temat", "předmět", "predmet", "tárgy", "subiect", "subiectul", "konu", "тема", "предмет",
    "относно", "θέμα", "נושא", "الموضوع", "موضوع", "chủ đề", "tiêu đề", "perihal", "subjek", "เรื่อง", "หัวเรื่อง", "หัวข้อ", "主题", "主旨", "主題", "标题", "標題", "件名", "題名", "제목", "tema", "teema", "zadeva", "naslov", "assumpte", "efni", "sujet", "re",
];

/// How "sent from my phone" begins.
pub(super) const SENT_FROM: &[&str] = &[
    "sent from my ", "sent from mail ", "sent from mail for", "sent from yahoo", "sent from outlook", "sent from proton", "sent from samsung", "sent from the ", "sent from a ", "sent from an ", "sent from gmail", "sent from typeapp", "sent from bluemail", "sent from aol", "sent from blue",
    "sent from spark", "sent from email", "sent from galaxy", "sent from iphone", "sent from ipad", "sent from android", "sent from huawei", "sent from xiaomi", "sent from ", "sent via ", "sent using ", "sent with ", "sent by my ", "get outlook for", "get bluemail for", "get typeapp for", "download outlook",
    "sent on the new sprint", "this message was sent from my",
    "von meinem ", "von meiner ", "gesendet von ", "gesendet mit ", "gesendet vom ", "gesendet aus ", "gesendet über ", "diese nachricht wurde von mein", "holen sie sich outlook", "outlook für android herunterladen", "outlook für ios herunterladen",
    "envoyé de mon ", "envoyé de ma ", "envoyé depuis ", "envoyé à partir ", "envoyé avec ", "envoyé d'un", "envoyé de ", "envoyé via ", "provenance : courrier pour windows", "provenance :", "télécharger outlook pour", "obtenez outlook pour", "obtenir outlook pour",
    "enviado desde ", "enviado de ", "enviado do ", "enviado da ", "enviado a partir ", "enviado con ", "enviado com ", "enviado por mi ", "enviado via ", "enviado mediante ", "enviado pelo ", "obtener outlook para", "obter o outlook para", "baixar o outlook para", "descargar outlook",
    "inviato da ", "inviato dal ", "inviato con ", "inviato tramite ", "inviato dall", "ottieni outlook per", "scarica outlook per",
    "verzonden vanaf ", "verzonden vanuit ", "verzonden met ", "verstuurd vanaf ", "verstuurd met ", "verzonden via ", "verstuurd via ", "outlook voor android downloaden", "outlook voor ios downloaden", "outlook downloaden",
    "skickat från ", "skickades från ", "skickat med ", "skickat via ", "hämta outlook för", "sendt fra ", "sendt med ", "sendt via ", "hent outlook", "få outlook for", "skaff deg outlook", "last ned outlook",
    "lähetetty ", "hanki outlook", "wysłane z ", "wysłano z ", "wysłane przez ", "wysłano za pomocą", "pobierz outlook", "pobierz aplikację outlook", "odesláno z ", "odesláno přes", "získat outlook", "odoslané z ", "odoslané zo ", "získať outlook", "poslano z ", "poslano s ", "poslano iz ", "trimis de pe ", "trimis din ", "trimis prin ", "descărcați outlook",
    "elküldve ", "küldve ", "az én iphone", "iphone-omról küldve", "išsiųsta iš", "nosūtīts no", "saadetud minu",
    "отправлено с ", "отправлено из ", "отправлено через ", "послано с ", "скачать outlook", "надіслано з ", "надіслано із ", "відправлено з ", "изпратено от ", "στάλθηκε από ", "εστάλη από ", "αποστολή από ", "λήψη του outlook",
    "发自我的", "发送自", "发自", "从我的", "來自我的", "傳送自", "寄自我的", "我的iphone发送", "获取 outlook for", "獲取 outlook", "取得 outlook", "從我的", "发送自 windows", "从 windows 版邮件发送", "来自 ", "由我的",
    "나의 ", "내 ", "gửi từ ", "được gửi từ ", "đã gửi từ ", "tải outlook", "dikirim dari ", "terkirim dari ", "dapatkan outlook", "ส่งจาก", "รับ outlook", "أُرسلت من", "أرسلت من", "تم الإرسال من", "مرسل من", "مُرسل من", "الحصول على outlook", "נשלח מ", "קבל את outlook", "ارسال شده از",
];

/// How "sent from my phone" ends, where the verb stands last.
pub(super) const SENT_FROM_ENDS: &[&str] = &[
    "gesendet", "gesendet.", "gönderildi", "gönderildi.", "から送信", "から送信。", "より送信", "から送信されました", "から送信しました", "에서 보냄", "에서 보냄.", "에서 보냈습니다", "에서 보냈습니다.", "에서 전송", "에서 발송", "küldve", "küldve.", "发送", "发送。", "發送", "傳送", "outlook for android", "outlook for ios",
];
