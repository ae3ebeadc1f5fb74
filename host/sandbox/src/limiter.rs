//! Counts what a call's instances hold in linear memory and tables, all of them together, and refuses growth
//! past the limit. The refusal is remembered: a guest usually crashes on it in its own way, and the reason shown
//! must be the limit, not the crash.

use wasmtime::{ResourceLimiter, Result};

/// How many core instances, memories and tables one component may have. JavaScript and Python components need
/// a handful.
const INSTANCES_MAX: usize = 64;

#[derive(Debug)]
pub(crate) struct Limiter {
    memory_limit: u64,
    table_limit: u64,
    memory: u64,
    table: u64,
    /// The most bytes of linear memory there were at once; it never shrinks.
    pub(crate) memory_peak: u64,
    /// Growth of a memory was refused.
    pub(crate) memory_refused: bool,
    /// Growth of a table was refused.
    pub(crate) table_refused: bool,
}

impl Limiter {
    pub(crate) fn new(memory_limit: u64, table_limit: u32) -> Self {
        Self {
            memory_limit,
            table_limit: u64::from(table_limit),
            memory: 0,
            table: 0,
            memory_peak: 0,
            memory_refused: false,
            table_refused: false,
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let after = self.memory.saturating_add((desired.saturating_sub(current)) as u64);
        if after > self.memory_limit || maximum.is_some_and(|m| desired > m) {
            self.memory_refused = true;
            return Ok(false);
        }
        self.memory = after;
        self.memory_peak = self.memory_peak.max(after);
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let after = self.table.saturating_add((desired.saturating_sub(current)) as u64);
        if after > self.table_limit || maximum.is_some_and(|m| desired > m) {
            self.table_refused = true;
            return Ok(false);
        }
        self.table = after;
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        INSTANCES_MAX
    }

    fn memories(&self) -> usize {
        INSTANCES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together() {
        let mut limiter = Limiter::new(300, 10);
        assert!(limiter.memory_growing(0, 100, None).unwrap());
        assert!(limiter.memory_growing(0, 100, None).unwrap());
        assert!(limiter.memory_growing(100, 200, None).unwrap());
        assert!(!limiter.memory_growing(100, 101, None).unwrap());
        assert!(limiter.memory_refused && !limiter.table_refused);
        assert_eq!(limiter.memory_peak, 300);
        assert!(!limiter.table_growing(0, 11, None).unwrap());
        assert!(limiter.table_refused);
    }
}
