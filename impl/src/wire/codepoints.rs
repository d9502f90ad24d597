//! Numbers that the three RFCs assign.

/// Protocol ID of MARS in SCSP (RFC 2334, B.2.0.1; RFC 2443, 4.1): R2443-4.1-01, R2334-B.2.0.1-02.
pub const PROTOCOL_ID_MARS: u16 = 3;
/// Hardware type of ATM: mar$afn and the CSA's Hardware Type (R2022-4.3.1-01, R2443-3-02).
pub const HARDWARE_ATM: u16 = 0x000f;
/// mar$pro.type that says "look at the SNAP part" (R2022-4.3.2-01).
pub const PROTOCOL_LONG_FORM: u16 = 0x0080;
/// SCSP version (R2334-B.1-01).
pub const SCSP_VERSION: u8 = 1;
/// mar$op.version and the CSA's Version (R2022-4.3.5-01, R2443-3-06).
pub const MARS_VERSION: u8 = 0;

macro_rules! closed_code {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $value:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant = $value,)* }

        impl $name {
            /// Every code, ascending.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The octet on the wire.
            #[must_use]
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The code that an octet stands for.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($value => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use closed_code;

closed_code! {
    /// SCSP type codes (RFC 2334, B.1): R2334-B.1-02.
    ScspType {
        /// Cache Alignment.
        Ca = 1,
        /// Cache State Update Request.
        CsuRequest = 2,
        /// Cache State Update Reply.
        CsuReply = 3,
        /// Cache State Update Solicit.
        Csus = 4,
        /// Hello.
        Hello = 5,
    }
}

closed_code! {
    /// MARS op types of version 0 (RFC 2022, 11): R2022-11-01.
    Op {
        /// MARS_REQUEST.
        Request = 1,
        /// MARS_MULTI.
        Multi = 2,
        /// MARS_MSERV.
        Mserv = 3,
        /// MARS_JOIN.
        Join = 4,
        /// MARS_LEAVE.
        Leave = 5,
        /// MARS_NAK.
        Nak = 6,
        /// MARS_UNSERV (RFC 2443, 5.5 writes MARS_MUNSERV).
        Unserv = 7,
        /// MARS_SJOIN; 18 is read as this too (register F01).
        Sjoin = 8,
        /// MARS_SLEAVE; 19 is read as this too (register F01).
        Sleave = 9,
        /// MARS_GROUPLIST_REQUEST.
        GrouplistRequest = 10,
        /// MARS_GROUPLIST_REPLY.
        GrouplistReply = 11,
        /// MARS_REDIRECT_MAP.
        RedirectMap = 12,
        /// MARS_MIGRATE.
        Migrate = 13,
    }
}
