//! Mail providers whose servers are known: `provider = "gmail"` fills in what their help pages say.
//!
//! Where a fact comes from stands beside it as the address of the provider's page, and once more in `docs/mail-providers.md`.
//! What a tenant writes always goes first; [`super::TenantConfig::complete`] only fills what is left out.

use super::{ImapConfig, MailboxConfig, OAuthConfig, Security, SmtpConfig};
use crate::triage::named;

named! {
    /// A mail provider with known servers.
    pub enum Provider {
        /// Gmail and Google Workspace.
        Gmail = "gmail",
        /// Microsoft 365 and Outlook.com.
        Microsoft = "microsoft",
        /// NetEase 163.com.
        Netease163 = "163",
        /// NetEase 126.com.
        Netease126 = "126",
        /// NetEase yeah.net.
        Yeah = "yeah",
        /// QQ Mail.
        Qq = "qq",
        /// Tencent Exmail, mail on a company's own domain.
        Exmail = "exmail",
        /// Aliyun enterprise mail, on a company's own domain.
        Aliyun = "aliyun",
        /// Zoho Mail.
        Zoho = "zoho",
        /// Yahoo Mail.
        Yahoo = "yahoo",
        /// Apple iCloud Mail.
        Icloud = "icloud",
        /// Any other: nothing is filled in.
        Generic = "generic",
    }
}

/// A server and how one connects to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerPreset {
    /// Its name.
    pub host: &'static str,
    /// The port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
}

/// What stands where a password is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordKind {
    /// The account's own.
    Account,
    /// One made for a single program in the account's security settings.
    AppPassword,
    /// 授权码: made in the mailbox's web settings when IMAP is switched on.
    AuthorisationCode,
    /// None is taken: OAuth2 alone.
    None,
}

/// Where a provider's OAuth2 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OAuthPreset {
    /// Where a person agrees (RFC 6749, 3.1).
    pub authorize_url: &'static str,
    /// Where tokens are given (RFC 6749, 3.2).
    pub token_url: &'static str,
    /// Where a device's code is given (RFC 8628, 3.1); none: that flow is not open to mail.
    pub device_url: Option<&'static str>,
    /// What is asked for.
    pub scopes: &'static [&'static str],
}

/// What is known of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name for people.
    pub title: &'static str,
    /// In.
    pub imap: ServerPreset,
    /// Out.
    pub smtp: ServerPreset,
    /// What its passwords are.
    pub password: PasswordKind,
    /// False where the provider's SMTP server keeps a copy in Sent by itself.
    pub append_sent: bool,
    /// Mails that it takes in a minute, where it says so.
    pub send_per_minute: Option<u32>,
    /// Mails that it takes in a day, where it says so: for addresses at a domain of one's own.
    pub send_per_day: Option<u32>,
    /// The same for addresses at the provider's own domains.
    pub send_per_day_own: Option<u32>,
    /// Domains whose mail is surely there.
    pub domains: &'static [&'static str],
    /// What the SPF record of a domain that sends through it includes (RFC 7208, 5.2).
    pub spf_include: Option<&'static str>,
    /// Its OAuth2.
    pub oauth: Option<OAuthPreset>,
}

const fn tls(host: &'static str, port: u16) -> ServerPreset {
    ServerPreset { host, port, security: Security::Tls }
}

const fn starttls(host: &'static str, port: u16) -> ServerPreset {
    ServerPreset { host, port, security: Security::StartTls }
}

const fn netease(
    title: &'static str,
    imap: &'static str,
    smtp: &'static str,
    domains: &'static [&'static str],
) -> Preset {
    // https://help.mail.163.com/faqDetail.do?code=d7a5dc8471cd0c0e8b4b8f4f8e49998b374173cfe9171305fa1ce630d7f67ac2eda07326646e6eb0
    // (IMAP needs ID), https://help.mail.163.com/faq.do?m=list&categoryID=90 (servers and 授权码).
    Preset {
        title,
        imap: tls(imap, 993),
        smtp: tls(smtp, 465),
        password: PasswordKind::AuthorisationCode,
        append_sent: true,
        send_per_minute: None,
        send_per_day: None,
        send_per_day_own: None,
        domains,
        spf_include: None,
        oauth: None,
    }
}

impl Provider {
    /// What is known of it; none for [`Provider::Generic`].
    #[must_use]
    pub fn preset(self) -> Option<Preset> {
        Some(match self {
            Self::Gmail => GMAIL,
            Self::Microsoft => MICROSOFT,
            Self::Netease163 => netease("163", "imap.163.com", "smtp.163.com", &["163.com"]),
            Self::Netease126 => netease("126", "imap.126.com", "smtp.126.com", &["126.com"]),
            Self::Yeah => netease("yeah.net", "imap.yeah.net", "smtp.yeah.net", &["yeah.net"]),
            Self::Qq => QQ,
            Self::Exmail => EXMAIL,
            Self::Aliyun => ALIYUN,
            Self::Zoho => ZOHO,
            Self::Yahoo => YAHOO,
            Self::Icloud => ICLOUD,
            Self::Generic => return None,
        })
    }

    /// The provider at which an address surely is, by its domain; none for a domain of one's own.
    #[must_use]
    pub fn of_address(address: &str) -> Option<Self> {
        let domain = address.trim().rsplit_once('@')?.1.to_lowercase();
        Self::ALL.iter().copied().find(|p| p.preset().is_some_and(|preset| preset.domains.contains(&domain.as_str())))
    }

    /// The provider whose server this is; none for an unknown one.
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        let host = host.trim().to_lowercase();
        Self::ALL.iter().copied().find(|p| {
            p.preset().is_some_and(|preset| preset.imap.host == host || preset.smtp.host == host)
                || (*p == Self::Zoho && host.contains(".zoho."))
                || (*p == Self::Microsoft && host == OUTLOOK_COM_SMTP)
        })
    }
}

const GMAIL: Preset = Preset {
    title: "Gmail",
    // https://support.google.com/mail/answer/7126229
    imap: tls("imap.gmail.com", 993),
    smtp: tls("smtp.gmail.com", 465),
    // https://support.google.com/accounts/answer/185833
    password: PasswordKind::AppPassword,
    // https://support.google.com/mail/answer/78892: its SMTP server puts sent mail into Sent.
    append_sent: false,
    send_per_minute: None,
    // https://support.google.com/a/answer/166852: 2,000 a day with Google Workspace.
    send_per_day: Some(2_000),
    // https://support.google.com/mail/answer/22839: 500 a day with a free account.
    send_per_day_own: Some(500),
    domains: &["gmail.com", "googlemail.com"],
    // https://support.google.com/a/answer/33786
    spf_include: Some("_spf.google.com"),
    oauth: Some(OAuthPreset {
        // https://developers.google.com/identity/protocols/oauth2/native-app
        authorize_url: "https://accounts.google.com/o/oauth2/v2/auth",
        token_url: "https://oauth2.googleapis.com/token",
        // https://developers.google.com/identity/protocols/oauth2/limited-input-device#allowedscopes: mail is not among them.
        device_url: None,
        // https://developers.google.com/gmail/imap/xoauth2-protocol
        scopes: &["https://mail.google.com/"],
    }),
};

const OUTLOOK_COM_SMTP: &str = "smtp-mail.outlook.com";

const MICROSOFT: Preset = Preset {
    title: "Microsoft 365",
    // https://support.microsoft.com/office/pop-imap-and-smtp-settings-8361e398-8af4-4e97-b147-6c6c4ac95353
    imap: tls("outlook.office365.com", 993),
    smtp: starttls("smtp.office365.com", 587),
    // https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online
    password: PasswordKind::None,
    // Client submission keeps a copy in Sent Items:
    // https://learn.microsoft.com/exchange/mail-flow-best-practices/how-to-set-up-a-multifunction-device-or-application-to-send-email-using-microsoft-365-or-office-365
    append_sent: false,
    // https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits:
    // 30 messages a minute, 10,000 recipients a day.
    send_per_minute: Some(30),
    send_per_day: Some(10_000),
    // https://support.microsoft.com/office/sending-limits-in-outlook-com-279ee200-594c-40f0-9ec8-bb6af7735c2e
    send_per_day_own: Some(300),
    domains: &["outlook.com", "hotmail.com", "live.com", "msn.com"],
    // https://learn.microsoft.com/defender-office-365/email-authentication-spf-configure
    spf_include: Some("spf.protection.outlook.com"),
    oauth: Some(OAuthPreset {
        // https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow, …/v2-oauth2-device-code
        authorize_url: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        token_url: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        device_url: Some("https://login.microsoftonline.com/common/oauth2/v2.0/devicecode"),
        // https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
        scopes: &[
            "https://outlook.office.com/IMAP.AccessAsUser.All",
            "https://outlook.office.com/SMTP.Send",
            "offline_access",
        ],
    }),
};

const QQ: Preset = Preset {
    title: "QQ",
    // https://service.mail.qq.com/detail/0/428 (servers), https://service.mail.qq.com/detail/0/75 (授权码)
    imap: tls("imap.qq.com", 993),
    smtp: tls("smtp.qq.com", 465),
    password: PasswordKind::AuthorisationCode,
    append_sent: true,
    send_per_minute: None,
    send_per_day: None,
    send_per_day_own: None,
    domains: &["qq.com", "foxmail.com", "vip.qq.com"],
    spf_include: Some("spf.mail.qq.com"),
    oauth: None,
};

const EXMAIL: Preset = Preset {
    title: "Tencent Exmail",
    // https://open.work.weixin.qq.com/help2/pc/19885
    imap: tls("imap.exmail.qq.com", 993),
    smtp: tls("smtp.exmail.qq.com", 465),
    // A "client password" (客户端专用密码) once secure login is on.
    password: PasswordKind::AuthorisationCode,
    append_sent: true,
    send_per_minute: None,
    send_per_day: None,
    send_per_day_own: None,
    domains: &["exmail.qq.com"],
    // https://open.work.weixin.qq.com/help2/pc/19820
    spf_include: Some("spf.mail.qq.com"),
    oauth: None,
};

const ALIYUN: Preset = Preset {
    title: "Aliyun",
    // https://help.aliyun.com/document_detail/36576.html
    imap: tls("imap.qiye.aliyun.com", 993),
    smtp: tls("smtp.qiye.aliyun.com", 465),
    password: PasswordKind::AppPassword,
    append_sent: true,
    send_per_minute: None,
    send_per_day: None,
    send_per_day_own: None,
    domains: &[],
    // https://help.aliyun.com/document_detail/36622.html
    spf_include: Some("spf.qiye.aliyun.com"),
    oauth: None,
};

const ZOHO: Preset = Preset {
    title: "Zoho",
    // https://www.zoho.com/mail/help/imap-access.html; other data centres have other endings (imap.zoho.eu, imap.zoho.in):
    // write those as imap.host and smtp.host.
    imap: tls("imap.zoho.com", 993),
    smtp: tls("smtp.zoho.com", 465),
    // https://www.zoho.com/mail/help/adminconsole/two-factor-authentication.html
    password: PasswordKind::AppPassword,
    append_sent: true,
    send_per_minute: None,
    send_per_day: None,
    send_per_day_own: None,
    domains: &["zoho.com", "zohomail.com"],
    // https://www.zoho.com/mail/help/adminconsole/spf-configuration.html
    spf_include: Some("zohomail.com"),
    oauth: None,
};

const YAHOO: Preset = Preset {
    title: "Yahoo",
    // https://help.yahoo.com/kb/SLN4075.html (servers), https://help.yahoo.com/kb/SLN15241.html (app password)
    imap: tls("imap.mail.yahoo.com", 993),
    smtp: tls("smtp.mail.yahoo.com", 465),
    password: PasswordKind::AppPassword,
    append_sent: true,
    send_per_minute: None,
    send_per_day: None,
    send_per_day_own: None,
    domains: &["yahoo.com", "ymail.com", "rocketmail.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr"],
    spf_include: None,
    oauth: None,
};

const ICLOUD: Preset = Preset {
    title: "iCloud",
    // https://support.apple.com/102525
    imap: tls("imap.mail.me.com", 993),
    smtp: starttls("smtp.mail.me.com", 587),
    // https://support.apple.com/102654
    password: PasswordKind::AppPassword,
    append_sent: true,
    send_per_minute: None,
    // https://support.apple.com/102198: 1,000 messages a day.
    send_per_day: Some(1_000),
    send_per_day_own: Some(1_000),
    domains: &["icloud.com", "me.com", "mac.com"],
    // https://support.apple.com/102374
    spf_include: Some("icloud.com"),
    oauth: None,
};

impl MailboxConfig {
    /// Fills in what its provider is known for, wherever nothing is written; and the mailbox's own `oauth` where a server has
    /// no password. Doing it twice changes nothing.
    pub fn complete(&mut self) {
        let preset = self.provider.and_then(Provider::preset);
        let is_own = self.provider.is_some() && Provider::of_address(&self.address) == self.provider;
        if let Some(preset) = preset {
            if self.imap.is_none() && self.maildir.is_none() {
                self.imap = Some(ImapConfig::empty());
            }
            if self.smtp.is_none() && self.files.is_none() {
                // One account, one password: what signs in to fetch signs in to send.
                let (user, password) = match &self.imap {
                    Some(imap) => (Some(imap.user.clone()).filter(|user| !user.is_empty()), imap.password.clone()),
                    None => (None, None),
                };
                self.smtp = Some(SmtpConfig { user, password, ..SmtpConfig::empty() });
            }
            if let Some(imap) = &mut self.imap {
                fill_server(&preset.imap, &mut imap.host, &mut imap.port, &mut imap.security);
                if imap.user.is_empty() {
                    imap.user = self.address.clone();
                    // https://support.apple.com/102525: the name before the @.
                    if let (Provider::Icloud, true, Some((name, _))) =
                        (self.provider.unwrap_or(Provider::Generic), is_own, self.address.split_once('@'))
                    {
                        imap.user = name.to_owned();
                    }
                }
                imap.append_sent.get_or_insert(preset.append_sent);
            }
            if let Some(smtp) = &mut self.smtp {
                if self.provider == Some(Provider::Microsoft) && is_own && smtp.host.is_empty() {
                    smtp.host = OUTLOOK_COM_SMTP.to_owned();
                }
                fill_server(&preset.smtp, &mut smtp.host, &mut smtp.port, &mut smtp.security);
                if smtp.password.is_some() || self.oauth.is_some() {
                    smtp.user.get_or_insert_with(|| self.address.clone());
                }
            }
            self.send_per_minute = self.send_per_minute.or(preset.send_per_minute);
            let per_day = if is_own { preset.send_per_day_own } else { preset.send_per_day };
            self.send_per_day = self.send_per_day.or(per_day);
        }
        if let Some(oauth) = &mut self.oauth {
            complete_oauth(oauth, preset.and_then(|preset| preset.oauth));
        }
        let address = &self.address;
        if let Some(imap) = &mut self.imap
            && imap.password.is_none()
            && imap.oauth.is_none()
        {
            imap.oauth.clone_from(&self.oauth);
        }
        if let Some(smtp) = &mut self.smtp
            && smtp.password.is_none()
            && smtp.oauth.is_none()
            && self.oauth.is_some()
        {
            smtp.oauth.clone_from(&self.oauth);
            smtp.user.get_or_insert_with(|| address.clone());
        }
    }
}

fn fill_server(preset: &ServerPreset, host: &mut String, port: &mut Option<u16>, security: &mut Option<Security>) {
    // The port of a preset goes with its security: where one of them is written, the other follows from it.
    if port.is_none() && security.is_none() {
        *port = Some(preset.port);
        *security = Some(preset.security);
    }
    if host.is_empty() {
        preset.host.clone_into(host);
    }
}

fn complete_oauth(oauth: &mut OAuthConfig, preset: Option<OAuthPreset>) {
    let Some(preset) = preset else { return };
    if oauth.token_url.is_empty() {
        preset.token_url.clone_into(&mut oauth.token_url);
        // Three addresses of one server: a server of one's own has them all or none.
        oauth.authorize_url.get_or_insert_with(|| preset.authorize_url.to_owned());
        if oauth.device_url.is_none() {
            oauth.device_url = preset.device_url.map(str::to_owned);
        }
    }
    if oauth.scopes.is_empty() {
        oauth.scopes = preset.scopes.iter().map(|&scope| scope.to_owned()).collect();
    }
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
