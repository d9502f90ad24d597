//! A hundred million states whose number anyone can check: an odometer of eight decimal digits, each of which can be
//! turned up until it shows 9. It has 10^8 states, 8 x 9 x 10^7 transitions, and 72 levels below the first.
//!
//! `cargo run --release -p mars-explore --example odometer -- 8 2` searches with 8 digits and 2 threads, by all bits of a
//! state; a third argument is the seed of a search by fingerprints instead.

use mars_explore::{
    Exact, Hashed, Kinds, Options, Packed, Progress, Report, Space, Successors, search_space,
};
use stateright::{Model, Property};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The odometer, with so many digits.
struct Odometer(u32);

/// Turns one digit up.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Turn(u32);

impl Kinds for Turn {
    const KINDS: &'static [&'static str] = &["turn"];
    fn kind(&self) -> usize {
        0
    }
}

impl Odometer {
    fn turned(digits: u64, place: u32) -> Option<u64> {
        let shift = 4 * place;
        (digits >> shift & 0xf < 9).then(|| digits + (1 << shift))
    }
}

impl Model for Odometer {
    /// Four bits a digit.
    type State = u64;
    type Action = Turn;
    fn init_states(&self) -> Vec<u64> {
        vec![0]
    }
    fn actions(&self, _: &u64, actions: &mut Vec<Turn>) {
        actions.extend((0..self.0).map(Turn));
    }
    fn next_state(&self, &digits: &u64, Turn(place): Turn) -> Option<u64> {
        Self::turned(digits, place)
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("digits are decimal", |odometer: &Self, &digits: &u64| {
                (0..odometer.0).all(|place| digits >> (4 * place) & 0xf <= 9)
            }),
            Property::sometimes("all nines", |odometer: &Self, &digits: &u64| {
                (0..odometer.0).all(|place| digits >> (4 * place) & 0xf == 9)
            }),
        ]
    }
}

impl Packed for Odometer {
    type Word = u64;
    fn pack(&self, &digits: &u64) -> u64 {
        digits
    }
}

/// The exact space, with successors made in place.
struct InPlace<'a>(Exact<'a, Odometer>);

impl Space for InPlace<'_> {
    type Model = Odometer;
    type Key = u64;
    const EXACT: bool = true;
    fn model(&self) -> &Odometer {
        self.0.model()
    }
    fn key(&self, seed: u64, state: &u64) -> u64 {
        self.0.key(seed, state)
    }
    fn expand(&self, &digits: &u64, _: &mut Vec<Turn>, successors: &mut impl Successors<u64>) {
        for place in 0..self.model().0 {
            if let Some(next) = Odometer::turned(digits, place) {
                successors.take(place, 0, next);
            }
        }
    }
}

fn tell(now: &Progress) {
    eprintln!(
        "{:>6.1} s {:>11} states {:>9.0}/s depth {} queue {} table {:.0} % full, {} MiB",
        now.seconds,
        now.unique,
        now.unique as f64 / now.seconds.max(1e-9),
        now.depth,
        now.queue,
        now.load * 100.0,
        now.octets >> 20
    );
}

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|word| word.parse::<u64>().unwrap_or(1));
    let digits = arguments
        .next()
        .and_then(|digits| u32::try_from(digits).ok())
        .unwrap_or(6)
        .clamp(1, 15);
    let threads = arguments
        .next()
        .and_then(|threads| usize::try_from(threads).ok());
    let odometer = Odometer(digits);
    let seed = arguments.next();
    let options = Options {
        threads: threads
            .and_then(NonZeroUsize::new)
            .unwrap_or(NonZeroUsize::MIN),
        seed: seed.unwrap_or(0),
        max_memory: mars_explore::available_memory().map(|octets| octets / 4 * 3),
        progress_every: Duration::from_secs(5),
        ..Options::default()
    };
    let stop = AtomicBool::new(false);
    let report: Report<Odometer> = match seed {
        None => search_space(&InPlace(Exact(&odometer)), &options, None, &mut tell, &stop),
        Some(_) => search_space(&Hashed(&odometer), &options, None, &mut tell, &stop),
    };
    println!(
        "{} digits, {} threads, {}: {} states, {} transitions, depth {}, {}; {:.1} s, {:.0} states/s; \
         {:.1} octets a visited state, {:.1} with the frontier at its peak",
        digits,
        report.threads,
        if report.exact {
            "exact"
        } else {
            "by fingerprints"
        },
        report.unique,
        report.states - 1,
        report.depth,
        report.stopped_by.as_str(),
        report.seconds,
        report.rate(),
        report.visited_octets as f64 / report.unique as f64,
        report.bytes_per_state
    );
    let expected = (
        10u64.pow(digits),
        9 * u64::from(digits) * 10u64.pow(digits - 1),
        9 * digits as usize,
    );
    let found = (report.unique, report.states - 1, report.depth);
    let verdict = if found == expected && report.is_clean() {
        "as it must be"
    } else {
        "NOT as it must be"
    };
    println!("{verdict}");
}
