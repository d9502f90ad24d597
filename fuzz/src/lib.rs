//! Fuzz target bodies: plain functions of octets that panic when something is wrong.
//!
//! * Under libFuzzer (feature `libfuzzer`, nightly) `fuzz_targets/` calls them, one line each.
//! * On stable `cargo test -p mars-fuzz` replays `corpus/<target>/`, so that the seeds do not rot.
//!
//! A target never switches off a check of the shipped decoder: where a checksum would stop the
//! fuzzer, the target writes the right one into the input and decodes that too.
//!
//! | module | what it is |
//! | --- | --- |
//! | `decode_any`, `roundtrip`, `structured`, `lists`, `auth`, [`group`] | one target each |
//! | `checks` | what holds of any octets that a decoder takes |
//! | `messages` | values made of the fuzzer's octets |

#![expect(clippy::panic, reason = "how a target says what is wrong")]

mod auth;
mod checks;
mod decode_any;
pub mod group;
mod lists;
mod messages;
mod roundtrip;
mod structured;

pub use auth::auth;
pub use decode_any::decode_any;
pub use lists::lists;
pub use roundtrip::roundtrip;
pub use structured::structured;

/// A target: its name, which is that of its corpus, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 6] = [
    ("auth", auth),
    ("decode_any", decode_any),
    ("group", group::group),
    ("lists", lists),
    ("roundtrip", roundtrip),
    ("structured", structured),
];
