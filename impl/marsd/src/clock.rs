//! The protocol's time: milliseconds since the start, faster than real ones where a test wants that.

use std::time::Duration;

use distributed_mars::io::Time;
use tokio::time::Instant;

/// Turns real time into the protocol's and back.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    speed: u32,
}

impl Clock {
    /// One that starts now.
    #[must_use]
    pub fn new(speed: u32) -> Self {
        Self {
            start: Instant::now(),
            speed: speed.max(1),
        }
    }

    /// The protocol's time.
    #[must_use]
    pub fn now(&self) -> Time {
        let micros = self
            .start
            .elapsed()
            .as_micros()
            .saturating_mul(u128::from(self.speed));
        Time(u64::try_from(micros / 1000).unwrap_or(u64::MAX))
    }

    /// The first real instant at which [`Self::now`] has reached `time`.
    #[must_use]
    pub fn instant(&self, time: Time) -> Instant {
        let micros = time.0.saturating_mul(1000).div_ceil(u64::from(self.speed));
        let far = Duration::from_secs(365 * 24 * 3600);
        self.start + Duration::from_micros(micros).min(far)
    }

    /// How long so many of the protocol's milliseconds really take.
    #[must_use]
    pub fn real(&self, ms: u64) -> Duration {
        Duration::from_millis(ms) / self.speed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_is_reached_when_it_is_slept_until() {
        for speed in [1, 7, 20, 1000] {
            let clock = Clock::new(speed);
            for at in [1, 3, 999, 60_001] {
                tokio::time::sleep_until(clock.instant(Time(at))).await;
                let now = clock.now();
                // Tokio's clock ticks in milliseconds.
                assert!(now >= Time(at), "{speed}: {now:?} is before {at}");
                assert!(
                    now.0 <= at + 2 * u64::from(speed),
                    "{speed}: {now:?} for {at}"
                );
            }
        }
    }
}
