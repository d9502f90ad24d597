//! What happens at a server, in the order in which it happened.

use super::view::{Atm, View};
use serde_json::Value;

/// One thing that happened.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Virtual milliseconds.
    pub(super) at: u64,
    /// What.
    pub(super) what: What,
}

/// The kinds of thing. What the server does is `Out`, `Leaf` and `Hangup`; all else happens to it.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A fresh server; its configuration, if it is known.
    Reset { config: Option<Value> },
    /// A point-to-point VC is up.
    VcUp { vc: String, peer: Atm },
    /// It is gone.
    VcDown { vc: String },
    /// A leaf dropped off a control VC.
    LeafGone { group: String, peer: Atm },
    /// A frame arrives.
    In { vc: String, view: View },
    /// A frame is sent.
    Out { vc: String, view: View },
    /// A leaf is added or dropped.
    Leaf { add: bool, group: String, peer: Atm },
    /// The server releases a VC.
    Hangup { vc: String },
    /// Time passes and nothing else.
    Advance,
    /// Something that an operator or an extension does, after which less is known.
    Other,
    /// The answer is complete; where there are no answers, time for a reply has passed.
    End,
}

/// The name of a control VC without its protocol: `ccvc`, `scvc`, or none for any other VC.
pub(super) fn control(vc: &str) -> Option<&'static str> {
    match vc.split(':').next() {
        Some("ccvc") => Some("ccvc"),
        Some("scvc") => Some("scvc"),
        _ => None,
    }
}
