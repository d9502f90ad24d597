//! What the operating system says about memory; nothing where there is no `/proc`.

/// Octets that can still be used before the machine swaps.
#[must_use]
pub fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    available_in(&text)
}

fn available_in(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibioctets: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibioctets * 1024)
}

/// Octets of this process that are in memory now.
pub(super) fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibioctets: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibioctets * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_nonsense_is_not() {
        assert_eq!(
            available_in("MemTotal: 9 kB\nMemAvailable:   23912000 kB\n"),
            Some(23_912_000 * 1024)
        );
        assert_eq!(available_in("MemAvailable: many kB\n"), None);
        assert_eq!(available_in("MemTotal: 9 kB\n"), None);
    }
}
