//! How much each plugin of each tenant may log in a minute, whatever its calls may log each.

use posthouse_model::decision::{LogLevel, LogLine};
use posthouse_model::{TenantId, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Lines of one plugin of one tenant that are kept of a minute.
pub const LINES_PER_MINUTE_MAX: u32 = 300;

const MINUTE_US: i64 = 60_000_000;

#[derive(Debug, Default)]
struct Minute {
    begun: i64,
    lines: u32,
    dropped: u32,
}

/// Counts what was logged.
#[derive(Debug, Default)]
pub struct Logbook {
    minutes: Mutex<HashMap<(TenantId, String), Minute>>,
}

impl Logbook {
    /// Takes a line in; what is to be kept of it: the line, nothing when there is no room in this minute, and before the first
    /// line of a new minute how many were dropped in the last.
    pub fn take(&self, tenant: TenantId, plugin: &str, now: Timestamp, line: LogLine) -> Vec<LogLine> {
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.entry((tenant, plugin.to_owned())).or_default();
        let begun = now.0.div_euclid(MINUTE_US);
        let mut kept = Vec::new();
        if minute.begun != begun {
            if minute.dropped > 0 {
                let text =
                    format!("{} lines were dropped: at most {LINES_PER_MINUTE_MAX} a minute are kept", minute.dropped);
                kept.push(LogLine { level: LogLevel::Warn, text });
            }
            *minute = Minute { begun, lines: 0, dropped: 0 };
        }
        if minute.lines < LINES_PER_MINUTE_MAX {
            minute.lines += 1;
            kept.push(line);
        } else {
            minute.dropped = minute.dropped.saturating_add(1);
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> LogLine {
        LogLine { level: LogLevel::Info, text: text.to_owned() }
    }

    #[test]
    fn a_minute_has_room_for_so_many_lines_of_each_plugin() {
        let book = Logbook::default();
        let (tenant, now) = (TenantId(1), Timestamp(5 * MINUTE_US));
        for n in 0..LINES_PER_MINUTE_MAX {
            assert_eq!(book.take(tenant, "a", now, line("x")).len(), 1, "{n}");
        }
        assert!(book.take(tenant, "a", Timestamp(now.0 + MINUTE_US - 1), line("x")).is_empty());
        assert!(book.take(tenant, "a", now, line("x")).is_empty());
        assert_eq!(book.take(tenant, "b", now, line("x")).len(), 1);
        assert_eq!(book.take(TenantId(2), "a", now, line("x")).len(), 1);
        let next = book.take(tenant, "a", Timestamp(now.0 + MINUTE_US), line("y"));
        assert_eq!(next[0].text, "2 lines were dropped: at most 300 a minute are kept");
        assert_eq!(next[1], line("y"));
        assert_eq!(book.take(tenant, "a", Timestamp(now.0 + 2 * MINUTE_US), line("z")), [line("z")]);
    }
}
