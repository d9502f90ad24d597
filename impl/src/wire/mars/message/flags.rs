//! mar$flags of the messages about membership.

use core::fmt;

use serde::{Deserialize, Serialize};

/// mar$flags. Bits are numbered from the right (R2022-1.4-02).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MembershipFlags(pub u16);

impl fmt::Debug for MembershipFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}

impl MembershipFlags {
    // R2022-5.2.1-02
    /// The member is a layer 3 group member.
    pub const LAYER3GRP: u16 = 0x8000;
    /// Sent by a MARS.
    pub const COPY: u16 = 0x4000;
    /// About a registration.
    pub const REGISTER: u16 = 0x2000;
    /// Blocks had holes cut into them.
    pub const PUNCHED: u16 = 0x1000;
    /// The member's own sequence number.
    pub const SEQUENCE: u16 = 0x00ff;
    /// Sent zero: R2022-5.2.1-03. Kept on receipt.
    pub const RESERVED: u16 = 0x0f00;

    /// True when every bit of `bits` is set.
    #[must_use]
    pub const fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }

    /// These flags with `bits` set.
    #[must_use]
    pub const fn with(self, bits: u16) -> Self {
        Self(self.0 | bits)
    }

    /// These flags with `bits` clear.
    #[must_use]
    pub const fn without(self, bits: u16) -> Self {
        Self(self.0 & !bits)
    }

    /// The layer3grp bit.
    #[must_use]
    pub const fn layer3grp(self) -> bool {
        self.has(Self::LAYER3GRP)
    }

    /// The copy bit.
    #[must_use]
    pub const fn copy(self) -> bool {
        self.has(Self::COPY)
    }

    /// The register bit.
    #[must_use]
    pub const fn register(self) -> bool {
        self.has(Self::REGISTER)
    }

    /// The punched bit.
    #[must_use]
    pub const fn punched(self) -> bool {
        self.has(Self::PUNCHED)
    }

    /// The sequence bits.
    #[must_use]
    pub const fn sequence(self) -> u8 {
        self.0.to_be_bytes()[1]
    }
}
