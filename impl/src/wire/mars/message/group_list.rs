//! GROUPLIST_REPLY.

use super::{Reserved, SeqXy, Source, length, read_source};
use crate::address::{Endpoint, ProtocolAddress};
use crate::wire::error::WireError;
use crate::wire::mars::address::protocol_address;
use crate::wire::mars::lists::{AddressList, write_endpoint};
use crate::wire::reader::{Put, Reader};

/// GROUPLIST_REPLY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupList<'a> {
    /// mar$spa: that of the request.
    pub source_protocol: ProtocolAddress,
    /// x of mar$seqxy.
    pub last: bool,
    /// y of mar$seqxy.
    pub part: u16,
    /// mar$msn.
    pub msn: u32,
    /// The groups.
    pub groups: AddressList<'a>,
}

impl<'a> GroupList<'a> {
    pub(super) fn put(&self, sender: &Endpoint, [thtl, tstl]: [u8; 2], out: &mut Vec<u8>) {
        let source = self.source_protocol;
        out.put(&[length(source), thtl, tstl, self.groups.group_len()]);
        out.put_count(self.groups.len());
        SeqXy::put(self.last, self.part, out);
        out.put_u32(self.msn);
        write_endpoint(sender, out);
        out.put(source.octets());
        self.groups.write(out);
    }

    pub(super) fn read(
        reader: &mut Reader<'a>,
        shape: Source,
        reserved: &mut Reserved<'a>,
    ) -> Result<(Endpoint, Self), WireError> {
        let source_length = reader.u8("spln")?;
        // R2022-5.3-06: unused, so ignored, and kept.
        reserved.target_forms = [reader.u8("thtl")?, reader.u8("tstl")?];
        let group_length = reader.u8("tpln")?;
        let count = reader.u16("tnum")?;
        let SeqXy { last, part } = SeqXy::read(reader)?;
        let msn = reader.u32("msn")?;
        let source = read_source(reader, shape)?;
        let list = Self {
            source_protocol: protocol_address(reader, "spa", source_length)?,
            last,
            part,
            msn,
            groups: AddressList::read(reader, group_length, count)?,
        };
        Ok((source, list))
    }
}
