//! What a message may carry without meaning anything.

use core::fmt;

use crate::wire::reader::Hex;

/// What a sender leaves zero or out and a receiver ignores; kept, so that a copy is exact.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Reserved<'a> {
    /// mar$hdrrsv: R2022-4.3-03.
    pub hdrrsv: [u8; 3],
    /// mar$pro.snap beside a short-form type: R2022-4.3.2-03.
    pub snap: [u8; 5],
    /// The two low bits of mar$extoff: R2022-10.1-02.
    pub extoff: u8,
    /// Bit 6 of mar$sstl when there is no source subaddress: R2022-5.1.2-06.
    pub subaddress_form: bool,
    /// mar$thtl and mar$tstl where no target ATM address follows: in a REQUEST and its NAK bit 6 may be
    /// set, in a GROUPLIST_REPLY they are unused (R2022-5.3-06).
    pub target_forms: [u8; 2],
    /// The octet of a REDIRECT_MAP where others have mar$spln.
    pub spln: u8,
    /// The low seven bits of mar$redirf.
    pub redirf: u8,
    /// Op type 18 or 19 in place of 8 or 9 (register F01).
    pub long_op: bool,
    /// The checksum came as 0xFFFF where the sum gives 0x0000.
    pub negative_zero: bool,
    /// Octets between addresses and TLVs, when they are not just the zeros up to 32 bits.
    pub padding: Option<&'a [u8]>,
    /// Octets after everything else.
    pub trailing: &'a [u8],
}

impl fmt::Debug for Reserved<'_> {
    /// Only what is not as it should be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut odd = f.debug_struct("Reserved");
        let padding = self.padding.unwrap_or_default();
        for (name, octets) in [
            ("hdrrsv", &self.hdrrsv[..]),
            ("snap", &self.snap),
            ("extoff", &[self.extoff]),
            ("target_forms", &self.target_forms),
            ("spln", &[self.spln]),
            ("redirf", &[self.redirf]),
            ("padding", padding),
            ("trailing", self.trailing),
        ] {
            if octets.iter().any(|octet| *octet != 0)
                || (name == "trailing" && !octets.is_empty())
                || (name == "padding" && self.padding.is_some())
            {
                odd.field(name, &Hex(octets));
            }
        }
        for (name, is_set) in [
            ("subaddress_form", self.subaddress_form),
            ("long_op", self.long_op),
            ("negative_zero", self.negative_zero),
        ] {
            if is_set {
                odd.field(name, &is_set);
            }
        }
        odd.finish()
    }
}
