//! How long, how much and with what hash `check` searches.

use std::num::NonZeroUsize;
use std::time::Duration;

use mars_model::explore::{Options, available_memory};

/// Limits of a search, and its hash.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Limits {
    /// Ends each search after about this many different states
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_states: Option<u64>,
    /// Ends each search after this time
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub max_seconds: Option<Duration>,
    /// Ends a search before it uses more, such as 500M or 8G; three quarters of what is available if not given
    #[arg(long, value_name = "OCTETS", value_parser = octets)]
    pub max_memory: Option<u64>,
    /// Seed of the fingerprints: another one is another hash
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

impl Limits {
    /// Options of a search within these limits.
    #[must_use]
    pub fn options(&self, threads: NonZeroUsize) -> Options {
        Options {
            threads,
            max_states: self.max_states,
            max_time: self.max_seconds,
            max_memory: self
                .max_memory
                .or_else(|| available_memory().map(|octets| octets / 4 * 3)),
            seed: self.seed,
            ..Options::default()
        }
    }
}

/// As many threads as asked for, or as there are processors.
#[must_use]
pub fn threads(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| format!("`{text}` is not a number of seconds, such as 60 or 0.5"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// A number of octets, with K, M, G or T for powers of 1024.
fn octets(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a number of octets, such as 800000000, 500M or 8G");
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let factor: u64 = match text
        .get(digits.len()..)
        .unwrap_or("")
        .to_ascii_uppercase()
        .as_str()
    {
        "" => 1,
        "K" | "KIB" => 1 << 10,
        "M" | "MIB" => 1 << 20,
        "G" | "GIB" => 1 << 30,
        "T" | "TIB" => 1 << 40,
        _ => return Err(wrong()),
    };
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    count.checked_mul(factor).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_nonsense_is_named() {
        assert_eq!(octets("800"), Ok(800));
        assert_eq!(octets("8G"), Ok(8 << 30));
        assert_eq!(octets("3mib"), Ok(3 << 20));
        for wrong in ["", "G", "8X", "-1", "99999999999T", "1.5G"] {
            assert!(
                octets(wrong).is_err_and(|why| why.contains(wrong)),
                "{wrong}"
            );
        }
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(seconds("-1").is_err() && seconds("long").is_err() && seconds("inf").is_err());
    }

    #[test]
    fn there_is_a_memory_limit_unless_nobody_knows() {
        let options = Limits::default().options(NonZeroUsize::MIN);
        assert_eq!(options.max_memory.is_some(), available_memory().is_some());
        let limits = Limits {
            max_memory: Some(5),
            ..Limits::default()
        };
        assert_eq!(limits.options(NonZeroUsize::MIN).max_memory, Some(5));
    }
}
