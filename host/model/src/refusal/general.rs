//! Refusals that any server may give. The source of each stands above it.

use super::{Refusal, Said};

/// Signing in failed, at a provider whose passwords are known.
pub(super) const APP_PASSWORD: Refusal = Refusal {
    key: "sign-in-app-password",
    signs: &[],
    en: Said {
        means: "user name or password was refused; this provider takes an app password only",
        mend: "make one in the account's security settings and keep it with `posthouse secret set`",
    },
    zh: Said {
        means: "用户名或密码被拒绝；该服务商只接受应用专用密码",
        mend: "请在账号安全设置中生成应用专用密码，并用 `posthouse secret set` 保存",
    },
};

/// Signing in failed, at a provider whose passwords are known.
pub(super) const AUTHORISATION_CODE: Refusal = Refusal {
    key: "sign-in-code",
    signs: &[],
    en: Said {
        means: "user name or password was refused; this provider takes an authorisation code (授权码) only",
        mend: "switch IMAP/SMTP on in the mailbox's web settings, make an authorisation code there and keep it with `posthouse secret set`",
    },
    zh: Said {
        means: "用户名或密码被拒绝；该服务商只接受授权码",
        mend: "请在网页设置中开启 IMAP/SMTP 并生成授权码，用 `posthouse secret set` 保存",
    },
};

/// Signing in failed, at a provider whose passwords are known.
pub(super) const NO_PASSWORDS: Refusal = Refusal {
    key: "sign-in-oauth",
    signs: &[],
    en: Said {
        means: "the sign-in was refused; this provider takes OAuth2 only",
        mend: "give the mailbox a table [mailbox.oauth] and sign in with `posthouse mailbox sign-in`",
    },
    zh: Said {
        means: "登录被拒绝；该服务商只接受 OAuth2",
        mend: "请为邮箱配置 [mailbox.oauth]，并用 `posthouse mailbox sign-in` 登录",
    },
};

/// The first that fits wins.
pub(super) const TABLE: &[Refusal] = &[
    // RFC 6471
    Refusal {
        key: "listed",
        signs: &[&["spamhaus"], &["blocklist"], &["blacklist"], &["listed at", "rbl"], &["dnsbl"]],
        en: Said {
            means: "the sending server's network address is on a block list",
            mend: "send through the provider's SMTP server; on a server of your own, ask the list to take it off",
        },
        zh: Said {
            means: "发信服务器的 IP 被列入黑名单",
            mend: "请通过服务商的 SMTP 发信；自建服务器请向黑名单机构申请移除",
        },
    },
    // RFC 7489
    Refusal {
        key: "auth-policy",
        signs: &[&["dmarc"], &["spf", "fail"], &["dkim", "fail"]],
        en: Said {
            means: "the receiver found that the domain's own rules forbid this mail",
            mend: "run `posthouse doctor`: it compares SPF, DKIM and DMARC of the domain with this mailbox",
        },
        zh: Said {
            means: "收件方发现该邮件不符合发信域名自身的策略",
            mend: "请运行 `posthouse doctor`，核对域名的 SPF、DKIM 和 DMARC",
        },
    },
    // RFC 3463, 3.2
    Refusal {
        key: "unknown-user",
        signs: &[
            &["5.1.1"],
            &["user unknown"],
            &["no such user"],
            &["mailbox not found"],
            &["user not found"],
            &["recipient address rejected: user"],
            &["mailbox unavailable"],
        ],
        en: Said {
            means: "there is no such address at the receiver",
            mend: "compare the address with the customer's mail, and ask them another way",
        },
        zh: Said {
            means: "收件方没有这个地址", mend: "请核对客户邮件中的地址，并通过其他方式联系客户"
        },
    },
    // RFC 3463, 3.3
    Refusal {
        key: "mailbox-full",
        signs: &[&["5.2.2"], &["over quota"], &["mailbox full"], &["mailbox is full"], &["quota exceeded"]],
        en: Said {
            means: "the receiver's mailbox is full",
            mend: "try again later, or reach the customer another way",
        },
        zh: Said { means: "收件方邮箱已满", mend: "请稍后重试，或通过其他方式联系客户" },
    },
    // RFC 3463, 3.3
    Refusal {
        key: "too-large",
        signs: &[
            &["5.3.4"],
            &["5.2.3"],
            &["message too big"],
            &["message size exceeds"],
            &["exceeds size limit"],
            &["too large"],
        ],
        en: Said {
            means: "the mail is larger than the server takes",
            mend: "leave attachments out or send a link instead",
        },
        zh: Said { means: "邮件超过服务器允许的大小", mend: "请去掉附件，或改用链接发送" },
    },
    // RFC 6409
    Refusal {
        key: "relay",
        signs: &[&["relay access denied"], &["relaying denied"], &["unable to relay"]],
        en: Said {
            means: "the server sends for signed-in users only",
            mend: "give smtp a user and a password, and use the submission port (465 or 587)",
        },
        zh: Said {
            means: "服务器只为已登录用户发信", mend: "请为 smtp 配置用户和密码，并使用提交端口（465 或 587）"
        },
    },
    // RFC 6647
    Refusal {
        key: "greylisted",
        signs: &[&["greylist"], &["graylist"], &["4.7.1", "try again"]],
        en: Said {
            means: "the receiver takes mail from new senders only at the second try",
            mend: "nothing: it is tried again by itself",
        },
        zh: Said {
            means: "收件方启用灰名单，首次来信需稍后重试", mend: "无需处理，系统会自动重试"
        },
    },
    Refusal {
        key: "too-many-sign-ins",
        signs: &[
            &["too many login"],
            &["too many auth"],
            &["too many bad auth"],
            &["too many connections"],
            &["too many concurrent"],
            &["maximum number of connections"],
            &["login attempts"],
            &["system busy"],
        ],
        en: Said {
            means: "the provider limits sign-ins or connections",
            mend: "wait some minutes, and look whether another program uses the same mailbox",
        },
        zh: Said {
            means: "服务商限制登录次数或连接数", mend: "请等待几分钟，并检查是否有其他程序在使用该邮箱"
        },
    },
    // RFC 5280
    Refusal {
        key: "certificate",
        signs: &[&["unknownissuer"], &["self-signed"], &["self signed"], &["unable to get local issuer"]],
        en: Said {
            means: "the server's certificate is signed by an authority that this machine does not know",
            mend: "name the authority's file as ca_file of the server, if it is your own",
        },
        zh: Said {
            means: "服务器证书的签发机构不受本机信任", mend: "若是自建机构，请用 ca_file 指定其证书文件"
        },
    },
    // RFC 5280
    Refusal {
        key: "certificate-expired",
        signs: &[&["certificate expired"], &["invalid peer certificate: expired"], &["certificate has expired"]],
        en: Said {
            means: "the server's certificate has expired, or this machine's clock is wrong",
            mend: "look at this machine's clock, then tell whoever runs the mail server",
        },
        zh: Said {
            means: "服务器证书已过期，或本机时间有误", mend: "请先检查本机时间，再联系邮件服务器管理员"
        },
    },
    // RFC 9525
    Refusal {
        key: "certificate-name",
        signs: &[&["notvalidforname"], &["not valid for name"]],
        en: Said {
            means: "the server's certificate is for another name",
            mend: "write the host by the name that the provider's help page gives",
        },
        zh: Said { means: "服务器证书与主机名不符", mend: "请按服务商帮助页面填写主机名" },
    },
    // RFC 4954, 6; RFC 5530, 3
    Refusal {
        key: super::SIGN_IN,
        signs: &[
            &["authenticationfailed"],
            &["authentication failed"],
            &["authenticate failed"],
            &["authentication unsuccessful"],
            &["authentication failure"],
            &["invalid credentials"],
            &["login error"],
            &["login fail"],
            &["login failed"],
            &["incorrect username or password"],
            &["password error"],
            &["5.7.8"],
            &["535 "],
            &["refused to sign in"],
        ],
        en: Said {
            means: "user name or password was refused",
            mend: "compare user and password; many providers want an app password or authorisation code, and IMAP switched on",
        },
        zh: Said {
            means: "用户名或密码被拒绝",
            mend: "请核对用户名和密码；许多服务商要求使用应用专用密码或授权码，并开启 IMAP",
        },
    },
];
