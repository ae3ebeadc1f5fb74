#![allow(clippy::unwrap_used)]
use super::*;
use std::collections::BTreeSet;

/// As servers say it, and what it is.
const SAID: &[(&str, Option<Provider>, &str)] = &[
    (
        "[ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)",
        None,
        "gmail-app-password",
    ),
    (
        "534 5.7.9 Application-specific password required. For more information, go to 5.7.9 https://support.google.com/mail/?p=InvalidSecondFactor",
        None,
        "gmail-app-password",
    ),
    ("[WEBALERT https://accounts.google.com/signin/continue] Web login required. (Failure)", None, "gmail-web-login"),
    ("534 5.7.14 Please log in via your web browser and then try again.", None, "gmail-web-login"),
    ("[AUTHENTICATIONFAILED] Invalid credentials (Failure)", None, "gmail-bad-credentials"),
    (
        "535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials",
        None,
        "gmail-bad-credentials",
    ),
    ("[ALERT] Too many simultaneous connections. (Failure)", None, "gmail-connections"),
    ("[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", None, "gmail-bandwidth"),
    (
        "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to https://support.google.com/a/answer/166852",
        None,
        "gmail-daily-limit",
    ),
    ("550 5.7.26 Your email has been blocked because the sender is unauthenticated.", None, "gmail-unauthenticated"),
    (
        "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [AM0PR01CA0113]",
        None,
        "m365-basic-off",
    ),
    (
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.",
        None,
        "m365-smtp-off-tenant",
    ),
    ("535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", None, "m365-locked"),
    ("AUTHENTICATE failed.", Some(Provider::Microsoft), "sign-in-oauth"),
    ("User is authenticated but not connected.", None, "m365-not-connected"),
    ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", None, "m365-send-as"),
    ("554 5.2.252 SendAsDenied; a@b.example not allowed to send as c@b.example", None, "m365-send-as"),
    (
        "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending",
        None,
        "m365-throttled",
    ),
    ("554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", None, "m365-quota"),
    (
        "550 5.7.515 Access denied, sending domain example.com does not meet the required authentication level.",
        None,
        "outlook-sender-rules",
    ),
    ("invalid_grant: AADSTS700082: The refresh token has expired due to inactivity.", None, "oauth-expired"),
    (
        "invalid_grant: AADSTS50173: The provided grant has expired due to it being revoked",
        None,
        "oauth-password-changed",
    ),
    ("invalid_grant: Token has been expired or revoked.", None, "oauth-invalid-grant"),
    (
        "invalid_client: AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'",
        None,
        "oauth-public-client",
    ),
    (
        "invalid_grant: AADSTS54005: OAuth2 Authorization code was already redeemed, please retry",
        None,
        "oauth-code-used",
    ),
    ("invalid_grant: Malformed auth code.", None, "oauth-code-used"),
    ("invalid_request: AADSTS50011: The redirect URI specified in the request does not match", None, "oauth-redirect"),
    ("redirect_uri_mismatch: Bad Request", None, "oauth-redirect"),
    ("the provider gave no refresh token: add the scope that asks for one to oauth.scopes", None, "oauth-no-refresh"),
    ("invalid_response: the provider sent neither a code nor an error", None, "oauth-nothing"),
    ("SELECT Unsafe Login. Please contact kefu@188.com for help", None, "netease-unsafe"),
    ("553 Mail from must equal authorized user", None, "netease-sender"),
    ("550 User has no permission", None, "netease-no-permission"),
    ("554 DT:SPM 163 smtp10,DsCowABHX, please see http://mail.163.com/help/help_spam_16.htm", None, "netease-spam"),
    ("LOGIN Login error or password error", Some(Provider::Netease163), "sign-in-code"),
    (
        "Login fail. Please using authorized code to login. More information at http://service.mail.qq.com",
        None,
        "qq-code",
    ),
    ("535 Login Fail. Please enter your authorization code to login.", None, "qq-code"),
    (
        "535 Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, or system is busy.",
        None,
        "qq-abnormal",
    ),
    ("501 mail from address must be same as authorization user", None, "netease-sender"),
    (
        "smtp.mail.me.com:587 refused to sign in: 535 5.7.8 Error: authentication failed: authentication failed",
        None,
        "icloud",
    ),
    ("[AUTHENTICATIONFAILED] Authentication Failed", Some(Provider::Icloud), "sign-in-app-password"),
    ("[AUTHENTICATIONFAILED] LOGIN Invalid credentials", Some(Provider::Yahoo), "yahoo-app-password"),
    ("535 5.7.0 (#MBR1212) Incorrect username or password.", None, "yahoo-app-password"),
    ("You are yet to enable IMAP for your account. Please contact your administrator (Failure)", None, "zoho-imap-off"),
    ("553 Relaying disallowed as support@shop.example", None, "zoho-relay"),
    ("550 5.4.6 Unusual sending activity detected. Please try after sometime", None, "zoho-unusual"),
    (
        "550 5.1.1 <ana@x.example>: Recipient address rejected: User unknown in virtual mailbox table",
        None,
        "unknown-user",
    ),
    ("552 5.2.2 Mailbox full", None, "mailbox-full"),
    ("450 4.2.0 Greylisted, see http://postgrey.schweikert.ch", None, "greylisted"),
    ("TLS with mail.example failed: invalid peer certificate: UnknownIssuer", None, "certificate"),
    ("the mail server refused to sign in: no", Some(Provider::Generic), "sign-in"),
    ("[AUTHENTICATIONFAILED] Authentication failed.", None, "sign-in"),
];

#[test]
fn servers_own_words_are_known() {
    for (words, provider, key) in SAID {
        assert_eq!(explain(words, *provider).map(|found| found.key), Some(*key), "{words}");
        // Case and what stands around it do not matter.
        let around = format!("the mail server said: {} !", words.to_uppercase());
        assert_eq!(explain(&around, *provider).map(|found| found.key), Some(*key), "{around}");
    }
}

#[test]
fn what_is_not_known_is_not_explained() {
    for words in ["", "451 4.3.0 Temporary lookup failure", "no answer to the greeting within 60 s", "文件不存在"]
    {
        assert_eq!(explain(words, Some(Provider::Gmail)), None, "{words}");
    }
    // Beyond the limit nothing is looked at, and the cut may fall inside a letter.
    let long = format!("{}{}", "邮".repeat(LOOKED_AT_MAX), "Unsafe Login");
    assert_eq!(explain(&long, None), None);
}

#[test]
fn every_entry_can_be_found_and_speaks_both_languages() {
    let mut keys = BTreeSet::new();
    for refusal in all().chain([&general::APP_PASSWORD, &general::AUTHORISATION_CODE, &general::NO_PASSWORDS]) {
        assert!(keys.insert(refusal.key), "{} stands twice", refusal.key);
        for said in [refusal.en, refusal.zh] {
            assert!(!said.means.is_empty() && !said.mend.is_empty(), "{}", refusal.key);
            assert!(!said.mend.ends_with(['.', '。']), "{}", refusal.key);
        }
        assert!(refusal.text("zh-CN").contains(refusal.zh.mend) && refusal.text("fr").contains(refusal.en.mend));
        assert_ne!(refusal.text("zh"), refusal.text("en"));
        assert!(!refusal.en.mend.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c) && !"授权码".contains(c)));
    }
    for refusal in all() {
        for signs in refusal.signs {
            let words = signs.join(" … ");
            assert_eq!(words, words.to_lowercase(), "signs are looked for in lower case");
            assert!(explain(&words, None).is_some(), "{words}");
        }
    }
}
