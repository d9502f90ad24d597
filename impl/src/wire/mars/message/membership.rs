//! The seven messages that share the layout of a JOIN.

use super::{MembershipFlags, Source, length, read_source};
use crate::address::{Endpoint, ProtocolAddress};
use crate::wire::error::WireError;
use crate::wire::mars::address::protocol_address;
use crate::wire::mars::lists::{PairList, write_endpoint};
use crate::wire::reader::{Put, Reader};

/// JOIN, LEAVE, MSERV, UNSERV, SJOIN, SLEAVE and GROUPLIST_REQUEST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership<'a> {
    /// mar$spa; may be null.
    pub source_protocol: ProtocolAddress,
    /// mar$flags.
    pub flags: MembershipFlags,
    /// mar$cmi.
    pub cmi: u16,
    /// mar$msn.
    pub msn: u32,
    /// The blocks; gives mar$tpln and mar$pnum.
    pub pairs: PairList<'a>,
}

impl<'a> Membership<'a> {
    /// mar$tpln.
    #[must_use]
    pub fn group_len(&self) -> u8 {
        self.pairs.group_len()
    }

    pub(super) fn put(&self, sender: &Endpoint, out: &mut Vec<u8>) {
        let source = self.source_protocol;
        out.put(&[length(source), self.pairs.group_len()]);
        out.put_count(self.pairs.len());
        out.put_u16(self.flags.0);
        out.put_u16(self.cmi);
        out.put_u32(self.msn);
        write_endpoint(sender, out);
        out.put(source.octets());
        self.pairs.write(out);
    }

    pub(super) fn read(
        reader: &mut Reader<'a>,
        shape: Source,
    ) -> Result<(Endpoint, Self), WireError> {
        let source_length = reader.u8("spln")?;
        let group_length = reader.u8("tpln")?;
        let count = reader.u16("pnum")?;
        let flags = MembershipFlags(reader.u16("flags")?);
        let cmi = reader.u16("cmi")?;
        let msn = reader.u32("msn")?;
        let source = read_source(reader, shape)?;
        let membership = Self {
            source_protocol: protocol_address(reader, "spa", source_length)?,
            flags,
            cmi,
            msn,
            pairs: PairList::read(reader, group_length, count)?,
        };
        Ok((source, membership))
    }
}
