//! Refusals that one provider is known for. The source of each stands above it.

use super::{Refusal, Said};

/// The first that fits wins.
pub(super) const TABLE: &[Refusal] = &[
    // https://support.google.com/accounts/answer/185833
    Refusal {
        key: "gmail-app-password",
        signs: &[&["application-specific password required"], &["invalidsecondfactor"]],
        en: Said {
            means: "Google takes no account password from programs",
            mend: "switch 2-step verification on, make an app password in the Google account, and keep it with `posthouse secret set`",
        },
        zh: Said {
            means: "Google 不接受程序使用账号密码登录",
            mend: "请开启两步验证，在 Google 账号中生成应用专用密码，并用 `posthouse secret set` 保存",
        },
    },
    // https://support.google.com/mail/answer/7126229
    Refusal {
        key: "gmail-web-login",
        signs: &[&["web login required"], &["webloginrequired"], &["log in via your web browser"], &["webalert"]],
        en: Said {
            means: "Google wants the owner of the account to sign in once in a browser",
            mend: "sign in to the account in a browser, confirm that it was you, and try again; an app password or OAuth2 avoids this",
        },
        zh: Said {
            means: "Google 要求账号所有者先在浏览器中登录一次",
            mend: "请在浏览器中登录该账号并确认是本人操作，然后重试；使用应用专用密码或 OAuth2 可避免此问题",
        },
    },
    // https://support.google.com/mail/answer/7126229
    Refusal {
        key: "gmail-imap-off",
        signs: &[&["not enabled for imap use"], &["imap access is disabled for your domain"]],
        en: Said {
            means: "IMAP is switched off for this account",
            mend: "switch it on in Gmail's settings, or have the Workspace administrator do it",
        },
        zh: Said {
            means: "该账号未开启 IMAP", mend: "请在 Gmail 设置中开启，或请 Workspace 管理员开启"
        },
    },
    // https://support.google.com/mail/answer/7126229
    Refusal {
        key: "gmail-connections",
        signs: &[&["too many simultaneous connections"]],
        en: Said {
            means: "more programs are signed in to the account than Google allows (15)",
            mend: "end other mail programs on this account; the mailbox is tried again by itself",
        },
        zh: Said {
            means: "同时登录该账号的程序超过 Google 允许的数量（15 个）",
            mend: "请关闭使用该账号的其他邮件程序；系统会自动重试",
        },
    },
    // https://support.google.com/a/answer/1071518
    Refusal {
        key: "gmail-bandwidth",
        signs: &[&["exceeded command or bandwidth limits"], &["account exceeded", "bandwidth"]],
        en: Said {
            means: "the account has moved more data in a day than Google allows",
            mend: "nothing: it opens again by itself within 24 hours; import old mail more slowly",
        },
        zh: Said {
            means: "该账号一天内的传输量超过 Google 上限",
            mend: "无需处理，24 小时内会自动恢复；导入历史邮件请放慢速度",
        },
    },
    // https://support.google.com/a/answer/166852
    Refusal {
        key: "gmail-daily-limit",
        signs: &[
            &["daily user sending limit exceeded"],
            &["daily sending quota exceeded"],
            &["daily smtp relay limit exceeded"],
        ],
        en: Said {
            means: "the account has sent as many mails in a day as Google allows",
            mend: "wait up to 24 hours; set send_per_day of the mailbox below the limit so that replies wait instead of failing",
        },
        zh: Said {
            means: "该账号当天发信量已达 Google 上限",
            mend: "请等待最多 24 小时；将该邮箱的 send_per_day 设为低于上限，超出的回复就会排队等待而不会失败",
        },
    },
    // https://support.google.com/mail/answer/81126
    Refusal {
        key: "gmail-unauthenticated",
        signs: &[&["5.7.26"]],
        en: Said {
            means: "the receiver takes no mail from this domain without SPF or DKIM",
            mend: "set up SPF and DKIM for the domain; `posthouse doctor` shows what is missing",
        },
        zh: Said {
            means: "收件方拒收未通过 SPF 或 DKIM 验证的域名来信",
            mend: "请为域名配置 SPF 和 DKIM；`posthouse doctor` 会指出缺少什么",
        },
    },
    // https://support.google.com/mail/?p=BadCredentials
    Refusal {
        key: "gmail-bad-credentials",
        signs: &[
            &["p=badcredentials"],
            &["[authenticationfailed] invalid credentials (failure)"],
            &["username and password not accepted"],
        ],
        en: Said {
            means: "user name or password is wrong for Google",
            mend: "use the whole address as the user and an app password as the password; after a changed account password make a new app password",
        },
        zh: Said {
            means: "Google 认为用户名或密码错误",
            mend: "用户名请填完整邮箱地址，密码请用应用专用密码；修改账号密码后需重新生成",
        },
    },
    // https://aka.ms/smtp_auth_disabled
    Refusal {
        key: "m365-smtp-off-tenant",
        signs: &[&["smtpclientauthentication is disabled"], &["smtp_auth_disabled"]],
        en: Said {
            means: "sending by SMTP is switched off in this Microsoft 365",
            mend: "have the administrator allow authenticated SMTP for this mailbox (Set-CASMailbox -SmtpClientAuthenticationDisabled $false)",
        },
        zh: Said {
            means: "该 Microsoft 365 组织关闭了 SMTP 发信",
            mend: "请管理员为此邮箱允许 SMTP 身份验证（Set-CASMailbox -SmtpClientAuthenticationDisabled $false）",
        },
    },
    // https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online
    Refusal {
        key: "m365-basic-off",
        signs: &[&["basic authentication is disabled"], &["5.7.139", "basic"], &["basicauthblocked"]],
        en: Said {
            means: "Microsoft 365 takes no passwords any more",
            mend: "give the mailbox a table [mailbox.oauth] and sign in with `posthouse mailbox sign-in`",
        },
        zh: Said {
            means: "Microsoft 365 已不再接受密码登录",
            mend: "请为邮箱配置 [mailbox.oauth]，并用 `posthouse mailbox sign-in` 登录",
        },
    },
    // https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission
    Refusal {
        key: "m365-locked",
        signs: &[&["5.7.139"], &["logondenied"]],
        en: Said {
            means: "Microsoft 365 refused to sign in: user unknown, locked, or kept out by a rule",
            mend: "look at the user's sign-in log in Entra and at conditional access; then sign in again with `posthouse mailbox sign-in`",
        },
        zh: Said {
            means: "Microsoft 365 拒绝登录：用户不存在、被锁定或被访问策略拦截",
            mend: "请在 Entra 登录日志和条件访问中查看原因，然后重新运行 `posthouse mailbox sign-in`",
        },
    },
    // https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
    Refusal {
        key: "m365-not-connected",
        signs: &[&["user is authenticated but not connected"]],
        en: Said {
            means: "the sign-in is right, but there is no such mailbox, it has no licence, or IMAP is off for it",
            mend: "have the administrator look at the mailbox's licence and at IMAP among its mail apps; for a shared mailbox sign in as a user who may open it",
        },
        zh: Said {
            means: "登录成功，但该邮箱不存在、没有许可证或未开启 IMAP",
            mend: "请管理员检查邮箱许可证和“电子邮件应用”中的 IMAP；共享邮箱请用有权限的用户登录",
        },
    },
    // https://learn.microsoft.com/exchange/mail-flow-best-practices/how-to-set-up-a-multifunction-device-or-application-to-send-email-using-microsoft-365-or-office-365
    Refusal {
        key: "m365-anonymous",
        signs: &[&["5.7.57"]],
        en: Said {
            means: "Microsoft 365 wants a sign-in before it sends",
            mend: "give smtp a user and OAuth2, and use port 587 with starttls",
        },
        zh: Said {
            means: "Microsoft 365 要求先登录再发信",
            mend: "请为 smtp 配置用户和 OAuth2，并使用 587 端口 starttls",
        },
    },
    // https://learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr/fix-error-code-550-5-7-60
    Refusal {
        key: "m365-send-as",
        signs: &[&["5.7.60"], &["sendasdenied"], &["send as this sender"], &["5.2.252"]],
        en: Said {
            means: "the signed-in user may not send as this address",
            mend: "have the administrator grant Send As on the mailbox, or set the mailbox's address to that of the user",
        },
        zh: Said {
            means: "登录的用户无权以该地址发信",
            mend: "请管理员授予“代理发送（Send As）”权限，或将邮箱地址改为登录用户的地址",
        },
    },
    // https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits
    Refusal {
        key: "m365-quota",
        signs: &[&["submissionquotaexceeded"], &["submission quota exceeded"], &["5.1.90"]],
        en: Said {
            means: "the mailbox has sent to as many recipients in a day as Microsoft 365 allows",
            mend: "wait up to 24 hours; set send_per_day of the mailbox below the limit",
        },
        zh: Said {
            means: "该邮箱当天收件人数已达 Microsoft 365 上限",
            mend: "请等待最多 24 小时；将邮箱的 send_per_day 设为低于上限",
        },
    },
    // https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits
    Refusal {
        key: "m365-throttled",
        signs: &[
            &["4.3.2", "concurrent connections"],
            &["concurrent connections limit"],
            &["storedrv.clientsubmit"],
            &["5.2.122"],
            &["server busy", "throttl"],
        ],
        en: Said {
            means: "Microsoft 365 slows this mailbox down",
            mend: "nothing: it is tried again; set send_per_minute of the mailbox to 30 or less",
        },
        zh: Said {
            means: "Microsoft 365 正在限制该邮箱的速度",
            mend: "无需处理，系统会自动重试；请将 send_per_minute 设为 30 或更小",
        },
    },
    // https://techcommunity.microsoft.com/blog/microsoftdefenderforoffice365blog/strengthening-email-ecosystem-outlook%E2%80%99s-new-requirements-for-high%E2%80%90volume-senders/4399730
    Refusal {
        key: "outlook-sender-rules",
        signs: &[&["5.7.515"]],
        en: Said {
            means: "Outlook.com takes no mail from this domain before SPF, DKIM and DMARC pass",
            mend: "set all three up for the domain; `posthouse doctor` shows what is missing",
        },
        zh: Said {
            means: "Outlook.com 要求发信域名通过 SPF、DKIM 和 DMARC 验证",
            mend: "请为域名全部配置；`posthouse doctor` 会指出缺少什么",
        },
    },
    // https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    Refusal {
        key: "oauth-expired",
        signs: &[&["aadsts700082"], &["aadsts70008"], &["aadsts700081"]],
        en: Said {
            means: "the sign-in has lapsed because it was not used for a long time",
            mend: "sign in again with `posthouse mailbox sign-in`",
        },
        zh: Said {
            means: "登录授权因长期未使用已失效", mend: "请重新运行 `posthouse mailbox sign-in`"
        },
    },
    // https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    Refusal {
        key: "oauth-password-changed",
        signs: &[&["aadsts50173"], &["aadsts50133"], &["aadsts50132"]],
        en: Said {
            means: "the sign-in was ended by a changed password or by an administrator",
            mend: "sign in again with `posthouse mailbox sign-in`",
        },
        zh: Said {
            means: "账号密码已修改或管理员已撤销授权", mend: "请重新运行 `posthouse mailbox sign-in`"
        },
    },
    // https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    Refusal {
        key: "oauth-consent",
        signs: &[&["aadsts65001"], &["aadsts65004"], &["aadsts90094"], &["aadsts90095"], &["consent_required"]],
        en: Said {
            means: "nobody has agreed that the app may read and send this mail",
            mend: "have the administrator grant consent to the app registration, then sign in again with `posthouse mailbox sign-in`",
        },
        zh: Said {
            means: "尚未有人同意该应用读取和发送邮件",
            mend: "请管理员为应用注册授予同意，然后重新运行 `posthouse mailbox sign-in`",
        },
    },
    // https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    Refusal {
        key: "oauth-interaction",
        signs: &[&["aadsts50076"], &["aadsts50079"], &["aadsts53003"], &["aadsts50158"], &["interaction_required"]],
        en: Said {
            means: "Microsoft wants a second factor or another check by the person",
            mend: "sign in again with `posthouse mailbox sign-in`; if a conditional access rule keeps the app out, the administrator must exempt it",
        },
        zh: Said {
            means: "Microsoft 要求本人进行多重验证或其他确认",
            mend: "请重新运行 `posthouse mailbox sign-in`；若被条件访问策略拦截，需管理员放行",
        },
    },
    // https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    Refusal {
        key: "oauth-public-client",
        signs: &[&["aadsts7000218"]],
        en: Said {
            means: "the app registration is not one for programs without a secret",
            mend: "allow public client flows in the app registration (Authentication), or give oauth.client_secret",
        },
        zh: Said {
            means: "该应用注册不允许无密钥的客户端",
            mend: "请在应用注册的“身份验证”中允许公共客户端流，或填写 oauth.client_secret",
        },
    },
    // RFC 6749, 5.2
    Refusal {
        key: "oauth-client-secret",
        signs: &[&["aadsts7000215"], &["aadsts7000222"], &["invalid_client"]],
        en: Said {
            means: "the provider does not know the app, or its secret is wrong or has expired",
            mend: "compare oauth.client_id with the app registration, and keep a current client secret with `posthouse secret set`",
        },
        zh: Said {
            means: "服务商不认识该应用，或应用密钥错误或已过期",
            mend: "请核对 oauth.client_id，并用 `posthouse secret set` 保存有效的应用密钥",
        },
    },
    // https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    Refusal {
        key: "oauth-no-app",
        signs: &[&["aadsts700016"], &["aadsts90002"], &["aadsts900023"], &["aadsts50194"]],
        en: Said {
            means: "there is no such app in that Microsoft directory",
            mend: "compare oauth.client_id with the app registration, and put the directory's id instead of `common` into token_url, authorize_url and device_url",
        },
        zh: Said {
            means: "该 Microsoft 目录中没有此应用",
            mend: "请核对 oauth.client_id，并把 token_url、authorize_url、device_url 中的 `common` 换成目录 ID",
        },
    },
    // https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    Refusal {
        key: "oauth-code-used",
        signs: &[&["aadsts54005"], &["code was already redeemed"], &["malformed auth code"]],
        en: Said {
            means: "what the browser brought back was used before or came too late",
            mend: "sign in once more with the button on the desk's status page",
        },
        zh: Said {
            means: "浏览器带回的授权码已被使用或已过期", mend: "请在工作台的状态页重新登录一次"
        },
    },
    // https://learn.microsoft.com/entra/identity-platform/reference-error-codes,
    // https://developers.google.com/identity/protocols/oauth2/web-server#authorization-errors-redirect-uri-mismatch
    Refusal {
        key: "oauth-redirect",
        signs: &[&["aadsts50011"], &["aadsts500112"], &["redirect_uri"]],
        en: Said {
            means: "the address that the browser comes back to is not the one that is registered at the provider",
            mend: "register the address that the desk's status page shows beside the button, to the letter; it follows from public_url in posthouse.toml",
        },
        zh: Said {
            means: "浏览器返回的地址与服务商处登记的不一致",
            mend: "请在服务商处逐字登记状态页按钮旁显示的地址；该地址由 posthouse.toml 的 public_url 决定",
        },
    },
    // RFC 6749, 1.5; https://developers.google.com/identity/protocols/oauth2/web-server#offline
    Refusal {
        key: "oauth-no-refresh",
        signs: &[&["gave no refresh token"]],
        en: Said {
            means: "with what the provider gave, this host could not sign in again in an hour",
            mend: "for Microsoft add offline_access to oauth.scopes; for Google take the app out of the account's list of connected apps, then sign in again",
        },
        zh: Said {
            means: "服务商没有给出刷新令牌，一小时后将无法再次登录",
            mend: "Microsoft 请在 oauth.scopes 中加入 offline_access；Google 请先在账号的已连接应用中移除该应用，然后重新登录",
        },
    },
    // RFC 6749, 4.1.2
    Refusal {
        key: "oauth-nothing",
        signs: &[&["invalid_response"]],
        en: Said {
            means: "the browser came back with nothing to sign in with",
            mend: "sign in again; if it happens twice, compare oauth.authorize_url with the provider's page",
        },
        zh: Said {
            means: "浏览器返回时没有带回授权码",
            mend: "请重新登录；若再次发生，请对照服务商文档核对 oauth.authorize_url",
        },
    },
    // RFC 6749, 5.2; https://developers.google.com/identity/protocols/oauth2#expiration
    Refusal {
        key: "oauth-invalid-grant",
        signs: &[&["invalid_grant"], &["token has been expired or revoked"]],
        en: Said {
            means: "the sign-in was revoked, has expired, or was replaced by a newer one",
            mend: "sign in again with `posthouse mailbox sign-in`; a Google app in testing lets sign-ins expire after 7 days: publish it",
        },
        zh: Said {
            means: "登录授权已被撤销、过期或被新的授权取代",
            mend: "请重新运行 `posthouse mailbox sign-in`；处于测试状态的 Google 应用授权 7 天后过期，请将其发布",
        },
    },
    // RFC 6749, 5.2
    Refusal {
        key: "oauth-scope",
        signs: &[&["invalid_scope"], &["aadsts70011"]],
        en: Said {
            means: "the provider does not know what the app asks for",
            mend: "compare oauth.scopes with the provider's page",
        },
        zh: Said {
            means: "服务商不认识应用请求的权限", mend: "请对照服务商文档核对 oauth.scopes"
        },
    },
    // RFC 6749, 4.1.2.1
    Refusal {
        key: "oauth-denied",
        signs: &[&["access_denied"], &["authorization_declined"]],
        en: Said {
            means: "the person at the browser said no",
            mend: "sign in again with `posthouse mailbox sign-in` and agree",
        },
        zh: Said {
            means: "浏览器中的操作者拒绝了授权", mend: "请重新运行 `posthouse mailbox sign-in` 并同意授权"
        },
    },
    // RFC 6749, 5.2
    Refusal {
        key: "oauth-flow",
        signs: &[&["unauthorized_client"], &["unsupported_grant_type"]],
        en: Said {
            means: "the app may not sign in this way",
            mend: "for a Google app choose the kind “desktop app”; for Microsoft allow public client flows",
        },
        zh: Said {
            means: "该应用不允许使用这种登录方式",
            mend: "Google 应用请选择“桌面应用”类型；Microsoft 请允许公共客户端流",
        },
    },
    // RFC 8628, 3.5
    Refusal {
        key: "oauth-code-expired",
        signs: &[&["expired_token"], &["aadsts70020"]],
        en: Said { means: "the code was not entered in time", mend: "begin again with `posthouse mailbox sign-in`" },
        zh: Said { means: "验证码未在有效期内输入", mend: "请重新运行 `posthouse mailbox sign-in`" },
    },
    // https://help.mail.163.com/faqDetail.do?code=d7a5dc8471cd0c0e8b4b8f4f8e49998b374173cfe9171305fa1ce630d7f67ac2eda07326646e6eb0
    Refusal {
        key: "netease-unsafe",
        signs: &[&["unsafe login"]],
        en: Said {
            means: "NetEase lets no program into a folder that does not say who it is, or distrusts the place it signs in from",
            mend: "Posthouse says who it is; so switch IMAP on in the web settings, use its authorisation code (授权码) as the password, and sign in once in a browser",
        },
        zh: Said {
            means: "网易要求客户端表明身份，或认为登录环境不安全",
            mend: "Posthouse 已发送客户端身份；请在网页设置中开启 IMAP，用授权码作为密码，并在浏览器中登录一次",
        },
    },
    // https://help.mail.163.com/faq.do?m=list&categoryID=90
    Refusal {
        key: "netease-sender",
        signs: &[
            &["mail from must equal authorized user"],
            &["mail from address must be same as authorization user"],
            &["sender address", "not owned by", "user"],
        ],
        en: Said {
            means: "the provider sends only from the address that is signed in",
            mend: "make smtp.user and the mailbox's address the same",
        },
        zh: Said {
            means: "服务商只允许以登录账号的地址发信", mend: "请让 smtp.user 与邮箱地址一致"
        },
    },
    // https://help.mail.163.com/faq.do?m=list&categoryID=90
    Refusal {
        key: "netease-no-permission",
        signs: &[&["user has no permission"], &["has no permission"]],
        en: Said {
            means: "SMTP or IMAP is switched off for this mailbox",
            mend: "switch IMAP/SMTP on in the mailbox's web settings and use the authorisation code (授权码) as the password",
        },
        zh: Said {
            means: "该邮箱未开启 SMTP 或 IMAP 服务", mend: "请在网页设置中开启 IMAP/SMTP，并用授权码作为密码"
        },
    },
    // https://help.mail.163.com/faq.do?m=list&categoryID=90
    Refusal {
        key: "netease-spam",
        signs: &[&["dt:spm"], &["mi:spb"], &["spm", "163"]],
        en: Said {
            means: "NetEase takes the mail for spam",
            mend: "change the text (links, wording), and send more slowly",
        },
        zh: Said {
            means: "网易判定该邮件为垃圾邮件", mend: "请修改内容（链接、用语），并放慢发送速度"
        },
    },
    // https://help.mail.163.com/faq.do?m=list&categoryID=90
    Refusal {
        key: "netease-too-many",
        signs: &[&["mi:stc"], &["mi:nhd"], &["mi:dmc"], &["mi:nrc"], &["rp:trl"], &["rp:qrc"], &["dt:sum"]],
        en: Said {
            means: "NetEase has taken as many mails from this mailbox as it allows for now",
            mend: "wait; set send_per_minute and send_per_day of the mailbox lower",
        },
        zh: Said {
            means: "该邮箱当前发信量已达网易上限",
            mend: "请等待，并调低该邮箱的 send_per_minute 和 send_per_day",
        },
    },
    // https://service.mail.qq.com/detail/0/75
    Refusal {
        key: "qq-code",
        signs: &[&["authorized code"], &["authorization code"], &["授权码"]],
        en: Said {
            means: "the provider wants its authorisation code (授权码) instead of the password",
            mend: "make one in the mailbox's web settings and keep it with `posthouse secret set`; a changed QQ password voids it",
        },
        zh: Said {
            means: "服务商要求使用授权码而不是密码",
            mend: "请在网页设置中生成授权码，并用 `posthouse secret set` 保存；修改 QQ 密码后授权码会失效",
        },
    },
    // https://service.mail.qq.com/detail/0/428
    Refusal {
        key: "qq-abnormal",
        signs: &[&["account is abnormal"], &["service is not open"], &["login frequency limited"]],
        en: Said {
            means: "QQ refused: IMAP is off, the authorisation code (授权码) is wrong, or sign-ins came too often",
            mend: "switch IMAP/SMTP on in the web settings, use a current authorisation code, and wait some minutes",
        },
        zh: Said {
            means: "QQ 拒绝登录：未开启 IMAP、授权码错误或登录过于频繁",
            mend: "请在网页设置中开启 IMAP/SMTP 服务，使用有效的授权码，并等待几分钟",
        },
    },
    // https://service.mail.qq.com/detail/0/1030
    Refusal {
        key: "qq-frequency",
        signs: &[&["frequency limited"], &["ip frequency"], &["too many mail"]],
        en: Said {
            means: "the provider limits how often is sent from this mailbox or network address",
            mend: "wait; set send_per_minute of the mailbox lower",
        },
        zh: Said {
            means: "服务商限制了该邮箱或 IP 的发信频率", mend: "请等待，并调低该邮箱的 send_per_minute"
        },
    },
    // https://open.work.weixin.qq.com/help2/pc/19885
    Refusal {
        key: "exmail-client-password",
        signs: &[&["please login with client password"], &["客户端专用密码"], &["安全登录"]],
        en: Said {
            means: "the company's mail wants a client password",
            mend: "make one in the web mailbox (settings, account) and use it as the password",
        },
        zh: Said {
            means: "企业邮箱要求使用客户端专用密码", mend: "请在网页邮箱的“设置—账户”中生成并作为密码使用"
        },
    },
    // https://support.apple.com/102654
    Refusal {
        key: "icloud",
        signs: &[&["mail.me.com", "authentication failed"], &["icloud", "app-specific"], &["app-specific password"]],
        en: Said {
            means: "Apple takes an app-specific password only",
            mend: "make one at account.apple.com under sign-in and security, and keep it with `posthouse secret set`",
        },
        zh: Said {
            means: "Apple 只接受 App 专用密码",
            mend: "请在 account.apple.com 的“登录和安全”中生成，并用 `posthouse secret set` 保存",
        },
    },
    // https://help.yahoo.com/kb/SLN15241.html
    Refusal {
        key: "yahoo-app-password",
        signs: &[&["mail.yahoo.com"], &["#auth005"], &["#mbr1212"], &["login invalid credentials"]],
        en: Said {
            means: "Yahoo takes an app password only, or locked sign-ins for a while",
            mend: "make an app password in the account's security settings and use it; after many tries wait an hour",
        },
        zh: Said {
            means: "Yahoo 只接受应用密码，或因尝试过多暂时锁定",
            mend: "请在账号安全设置中生成应用密码；尝试过多请等待一小时",
        },
    },
    // https://senders.yahooinc.com/smtp-error-codes/
    Refusal {
        key: "yahoo-policy",
        signs: &[&["message not accepted for policy reasons"], &["[ts04]"], &["[tss04]"]],
        en: Said {
            means: "Yahoo refused for the sender's reputation or missing SPF, DKIM or DMARC",
            mend: "set all three up for the domain (see `posthouse doctor`) and send more slowly",
        },
        zh: Said {
            means: "Yahoo 因发信信誉或缺少 SPF、DKIM、DMARC 而拒收",
            mend: "请为域名全部配置（见 `posthouse doctor`），并放慢发送速度",
        },
    },
    // https://www.zoho.com/mail/help/imap-access.html
    Refusal {
        key: "zoho-imap-off",
        signs: &[&["yet to enable imap"], &["imap access", "not enabled"]],
        en: Said {
            means: "IMAP is switched off in Zoho",
            mend: "switch it on in Zoho Mail's settings (mail accounts, IMAP), or have the administrator do it",
        },
        zh: Said {
            means: "Zoho 未开启 IMAP", mend: "请在 Zoho Mail 设置（邮件账户—IMAP）中开启，或请管理员开启"
        },
    },
    // https://www.zoho.com/mail/help/zoho-smtp.html
    Refusal {
        key: "zoho-relay",
        signs: &[&["relaying disallowed"]],
        en: Said {
            means: "Zoho sends only from addresses of the signed-in account",
            mend: "add the address to the account as an alias, or sign in as its owner; with two factors use an app password",
        },
        zh: Said {
            means: "Zoho 只允许以登录账号的地址发信",
            mend: "请将该地址添加为账号别名，或用其所有者登录；开启两步验证后需使用应用密码",
        },
    },
    // https://www.zoho.com/mail/help/usage-policy.html
    Refusal {
        key: "zoho-unusual",
        signs: &[&["unusual sending activity"]],
        en: Said {
            means: "Zoho has stopped sending from this account for a while",
            mend: "sign in to Zoho in a browser and follow its notice; then send more slowly",
        },
        zh: Said {
            means: "Zoho 暂时禁止该账号发信", mend: "请在浏览器中登录 Zoho 按提示处理，之后放慢发送速度"
        },
    },
];
