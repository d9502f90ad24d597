//! A whole server among neighbours and clients that behave, misbehave and lie.
//!
//! | module | what it is |
//! | --- | --- |
//! | `world` | the server, its VCs and its peers; one input at a time |
//! | `acts` | inputs made of the fuzzer's octets |
//! | [`watch`] | what must hold of every input, and of all of them together |
//! | [`expect`] | which inputs must leave the server as it was |

mod acts;
pub mod expect;
#[cfg(test)]
mod tests;
pub mod watch;
mod world;

use arbitrary::Unstructured;

/// Inputs to one server at most; what a fuzzer's octets say beyond is left out.
const LONGEST: usize = 120;

/// Drives a server with what `octets` say.
///
/// # Panics
///
/// When the server breaks a rule of [`watch`].
pub fn group(octets: &[u8]) {
    let mut source = Unstructured::new(octets);
    let Ok(mut world) = acts::world(&mut source) else {
        return;
    };
    while world.inputs() < LONGEST && !source.is_empty() {
        // Running out of octets ends the attempt.
        if acts::act(&mut world, &mut source).is_err() {
            return;
        }
    }
}
