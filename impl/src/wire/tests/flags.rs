//! Flags: one bit at a time, by their places in the RFCs.

use crate::wire::csa::RecordFlags;
use crate::wire::mars::MembershipFlags;

#[test]
fn record_flags_are_single_bits() {
    // R2443-3-10, R2443-3-11; R2022-1.4-02: bit 15 is the leftmost.
    for bit in 0..16 {
        let flags = RecordFlags(1 << bit);
        assert_eq!(flags.layer3grp(), bit == 15, "bit {bit}");
        assert_eq!(flags.register(), bit == 13, "bit {bit}");
        assert_eq!(u16::from(flags.sequence()), (1 << bit) & 0xff, "bit {bit}");
        let reserved = flags.0 & RecordFlags::RESERVED != 0;
        assert_eq!(reserved, matches!(bit, 14 | 8..=12), "bit {bit}");
    }
    let both = RecordFlags(0xa0a5);
    assert!(both.layer3grp() && both.register());
    assert!(both.has(RecordFlags::LAYER3GRP | RecordFlags::REGISTER));
    assert!(!RecordFlags(0x8000).has(RecordFlags::LAYER3GRP | RecordFlags::REGISTER));
    assert_eq!(both.sequence(), 0xa5);
}

#[test]
fn membership_flags_are_single_bits() {
    // R2022-5.2.1-02, R2022-5.2.1-03
    for bit in 0..16 {
        let flags = MembershipFlags(1 << bit);
        assert_eq!(flags.layer3grp(), bit == 15, "bit {bit}");
        assert_eq!(flags.copy(), bit == 14, "bit {bit}");
        assert_eq!(flags.register(), bit == 13, "bit {bit}");
        assert_eq!(flags.punched(), bit == 12, "bit {bit}");
        assert_eq!(u16::from(flags.sequence()), (1 << bit) & 0xff, "bit {bit}");
        let reserved = flags.0 & MembershipFlags::RESERVED != 0;
        assert_eq!(reserved, matches!(bit, 8..=11), "bit {bit}");
    }
    let (copy, punched) = (MembershipFlags::COPY, MembershipFlags::PUNCHED);
    let flags = MembershipFlags(0xffff).without(copy);
    assert_eq!(flags, MembershipFlags(0xbfff));
    assert!(!flags.copy() && flags.punched() && !flags.has(copy | punched));
    assert_eq!(flags.without(copy), flags);
    assert_eq!(flags.with(copy), MembershipFlags(0xffff));
    assert_eq!(
        MembershipFlags(0x00a5).with(punched).with(punched).0,
        0x10a5
    );
    assert_eq!(MembershipFlags(0x80a5).sequence(), 0xa5);
}
