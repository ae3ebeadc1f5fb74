//! Reasons for agents, in Chinese for those who read it and in English for all others.

use posthouse_sdk::CivilTime;

/// In which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Simplified Chinese.
    Chinese,
    /// English.
    English,
}

impl Words {
    /// For the language that agents read (BCP 47).
    #[must_use]
    pub fn of(language: &str) -> Self {
        if language.to_lowercase().starts_with("zh") { Self::Chinese } else { Self::English }
    }

    /// Why it is due when it is due.
    #[must_use]
    pub fn due(self, marketplace: &str, hours: u32, from: &str, due: &str) -> String {
        match self {
            Self::Chinese => format!("{marketplace} 要求 {hours} 小时内回复：客户邮件 {from}，最晚 {due} 回复"),
            Self::English => {
                format!("{marketplace} gives {hours} hours: waiting since {from}, so the answer is due {due}")
            }
        }
    }

    /// Why the night shift has it.
    #[must_use]
    pub fn night(self, from: u16, to: u16) -> String {
        let shift = format!("{:02}:{:02}–{:02}:{:02}", from / 60, from % 60, to / 60, to % 60);
        match self {
            Self::Chinese => format!("到期时间在夜班时段（{shift}）：交给夜班"),
            Self::English => format!("it is due within the night shift ({shift}): the night shift takes it"),
        }
    }

    /// The time has run out.
    #[must_use]
    pub fn late(self) -> &'static str {
        match self {
            Self::Chinese => "已经超过平台的回复时限",
            Self::English => "the marketplace's time has run out",
        }
    }

    /// The zone in the settings is none.
    #[must_use]
    pub fn unknown_zone(self, zone: &str) -> String {
        match self {
            Self::Chinese => format!("设置中的时区 {zone} 无法识别：不判断夜班"),
            Self::English => format!("the time zone `{zone}` in the settings is unknown: no night is considered"),
        }
    }
}

/// `17 Nov 20:20` is written `11-17 20:20`: the same in both languages.
#[must_use]
pub fn moment(time: &CivilTime) -> String {
    format!("{:02}-{:02} {:02}:{:02}", time.date.month, time.date.day, time.hour, time.minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_in_the_agents_language() {
        let english = Words::of("de").due("Bazaar", 24, "11-17 20:20", "11-18 20:20");
        assert_eq!(english, "Bazaar gives 24 hours: waiting since 11-17 20:20, so the answer is due 11-18 20:20");
        assert!(Words::of("zh-Hans").due("Bazaar", 24, "11-17 20:20", "11-18 20:20").contains("24 小时"));
        assert!(Words::English.night(18 * 60, 125).contains("(18:00–02:05)"));
    }
}
