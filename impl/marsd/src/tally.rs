//! Messages by kind, as RFC 2417 counts them.

use std::collections::BTreeMap;

use distributed_mars::wire::codepoints::{Op, ScspType};
use distributed_mars::wire::llc_snap::{Encapsulation, split};

/// Messages received and sent.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    mars: BTreeMap<Op, [u64; 2]>,
    scsp: BTreeMap<ScspType, [u64; 2]>,
    /// Octets received and sent, LLC/SNAP included.
    pub octets: [u64; 2],
}

/// Which way.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// Received.
    In,
    /// Sent.
    Out,
}

impl Tally {
    /// Counts one SDU by what its first octets say.
    pub fn count(&mut self, way: Way, sdu: &[u8]) {
        if let Some(octets) = self.octets.get_mut(way as usize) {
            *octets += sdu.len() as u64;
        }
        let counts = match split(sdu) {
            // mar$op.type is the 18th octet (RFC 2022, 4.3), the type of SCSP the second (RFC 2334, B.1).
            Ok((Encapsulation::Mars, message)) => message
                .get(17)
                .and_then(|code| Op::from_code(*code))
                .map(|op| self.mars.entry(op).or_default()),
            Ok((Encapsulation::Scsp, packet)) => packet
                .get(1)
                .and_then(|code| ScspType::from_code(*code))
                .map(|kind| self.scsp.entry(kind).or_default()),
            _ => None,
        };
        if let Some(count) = counts.and_then(|counts| counts.get_mut(way as usize)) {
            *count += 1;
        }
    }

    /// Messages of that kind.
    #[must_use]
    pub fn mars(&self, op: Op, way: Way) -> u64 {
        let counts = self.mars.get(&op).copied().unwrap_or_default();
        counts.get(way as usize).copied().unwrap_or_default()
    }

    /// Packets of that kind.
    #[must_use]
    pub fn scsp(&self, kind: ScspType, way: Way) -> u64 {
        let counts = self.scsp.get(&kind).copied().unwrap_or_default();
        counts.get(way as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atm::unhex;

    #[test]
    fn messages_are_told_apart() {
        let mut tally = Tally::default();
        // A JOIN with the register flag, and a Hello.
        let join = "aaaa0300005e0003000f08000000000000000000e4c000000004140004000001";
        let hello = "aaaa0300005e000501050020f0cf0000";
        for hex in [join, join, hello, "aaaa0300005e0003000f", "00", ""] {
            tally.count(Way::In, &unhex(hex).unwrap());
        }
        tally.count(Way::Out, &unhex(hello).unwrap());
        assert_eq!(tally.mars(Op::Join, Way::In), 2);
        assert_eq!(tally.mars(Op::Join, Way::Out), 0);
        assert_eq!(tally.scsp(ScspType::Hello, Way::In), 1);
        assert_eq!(tally.scsp(ScspType::Hello, Way::Out), 1);
        assert_eq!(tally.mars(Op::Leave, Way::In), 0);
        assert_eq!(tally.octets, [32 + 32 + 16 + 10 + 1, 16]);
    }
}
