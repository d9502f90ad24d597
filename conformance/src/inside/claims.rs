//! What is claimed of every state and every step: one bit each in what a state remembers as broken.

/// A claim about the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: &'static str,
    /// In words.
    pub sentence: &'static str,
    /// Ledger entries it comes from.
    pub requirements: &'static [&'static str],
}

const fn claim(
    name: &'static str,
    sentence: &'static str,
    requirements: &'static [&'static str],
) -> Claim {
    Claim {
        name,
        sentence,
        requirements,
    }
}

/// Bit of `readable-frames`.
pub const READABLE: u16 = 1 << 0;
/// Bit of `no-storm`.
pub const STORM: u16 = 1 << 1;
/// Bit of `closed-means-silent`.
pub const CLOSED: u16 = 1 << 2;
/// Bit of `one-ca`.
pub const ONE_CA: u16 = 1 << 3;
/// Bit of `one-csus`.
pub const ONE_CSUS: u16 = 1 << 4;
/// Bit of `larger-is-master`.
pub const MASTER: u16 = 1 << 5;
/// Bit of `list-empty-when-aligned`.
pub const LIST: u16 = 1 << 6;
/// Bit of `no-regress`.
pub const REGRESS: u16 = 1 << 7;
/// Bit of `unique-versions`.
pub const VERSIONS: u16 = 1 << 8;
/// Bit of `hop-count-falls`.
pub const HOPS: u16 = 1 << 9;
/// Bit of `not-back`.
pub const BACK: u16 = 1 << 10;
/// Bit of `hello-on-time`.
pub const HELLO_TIME: u16 = 1 << 11;
/// Bit of `dead-on-time`.
pub const DEAD_TIME: u16 = 1 << 12;
/// Bit of `repeats-on-time`.
pub const REPEAT_TIME: u16 = 1 << 13;

/// All claims about steps, in the order of their bits.
pub const CLAIMS: &[Claim] = &[
    claim(
        "readable-frames",
        "every frame sent can be read, is from and to whom it says, and names known records only",
        &["R2334-2.1-07", "R2334-B.2.0.2-03"],
    ),
    claim(
        "no-storm",
        "a link never holds more than a few frames of one direction",
        &["R2334-B.2.1-03"],
    ),
    claim(
        "closed-means-silent",
        "outside Update Cache and Aligned no CSU or CSUS is sent, and one that comes changes nothing",
        &["R2334-2.3-01", "R2334-2.2.4-01"],
    ),
    claim(
        "one-ca",
        "a numbered CA answers the neighbour's CA before it, or is the last one once more",
        &["R2334-2.2.2-01", "R2334-B.2.1-03"],
    ),
    claim(
        "one-csus",
        "a new CSUS waits for all records of the one before; a repeated one asks for all that are missing",
        &["R2334-2.2.3-05", "R2334-2.2.3-07"],
    ),
    claim(
        "larger-is-master",
        "nobody is master towards a larger id",
        &["R2334-2.2.1-01", "R2334-2.2.1-07"],
    ),
    claim(
        "list-empty-when-aligned",
        "who becomes Aligned waits for no record",
        &["R2334-2.2.3-01"],
    ),
    claim(
        "no-regress",
        "no server goes back to an older instance, or loses one",
        &["R2334-2.4-02"],
    ),
    claim(
        "unique-versions",
        "what a server holds under a number is what its originator gave that number to",
        &["R2334-B.2.0.2-09", "R2334-B.2.0.2-10"],
    ),
    claim(
        "hop-count-falls",
        "who passes a record on lowers its hop count, and stops at zero",
        &["R2334-B.2.0.2-01"],
    ),
    claim(
        "not-back",
        "a record is not passed on to the neighbour that it came from",
        &["R2334-2.3-11"],
    ),
    claim(
        "hello-on-time",
        "a Hello goes out at once when a link comes up, and then every HelloInterval",
        &["R2334-2.1-01", "R2334-2.1-06"],
    ),
    claim(
        "dead-on-time",
        "a neighbour is given up when nothing was heard of it for its dead time, and not before",
        &["R2334-2.1-13"],
    ),
    claim(
        "repeats-on-time",
        "what is not answered is sent again after its interval: CA, CSUS, CSU Request",
        &["R2334-2.2-05", "R2334-2.2.3-06", "R2334-2.3-12"],
    ),
];

/// "Caches equal": judged in states, not in steps.
pub const EQUAL: Claim = Claim {
    name: "equal-when-aligned",
    sentence: "when all are Aligned and nothing is on its way or waited for, all caches hold what was originated last",
    requirements: &["R2334-2.2.4-01", "R2334-2.3-10"],
};

/// "No resurrection": judged in states, not in steps.
pub const ENDED_STAYS: Claim = Claim {
    name: "no-resurrection",
    sentence: "when all are Aligned and nothing is on its way or waited for, no ended record is in use anywhere",
    requirements: &["R2334-2.4-02"],
};

/// All of the above at once, where only the first failure is of interest.
pub const ALL: &str = "all-claims";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_follow_the_order() {
        assert_eq!(READABLE, 1);
        assert_eq!(REPEAT_TIME, 1 << (CLAIMS.len() - 1));
    }
}
