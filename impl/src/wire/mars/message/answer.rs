//! MULTI and MIGRATE.

use super::{SeqXy, Source, length, read_source};
use crate::address::{Endpoint, ProtocolAddress};
use crate::wire::error::WireError;
use crate::wire::mars::address::{Shape, protocol_address};
use crate::wire::mars::lists::{EndpointList, write_endpoint};
use crate::wire::reader::{Put, Reader};

/// MULTI and MIGRATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// mar$spa: in a MULTI that of the REQUEST (R2022-5.1.2-09).
    pub source_protocol: ProtocolAddress,
    /// mar$tpa, the group.
    pub target: ProtocolAddress,
    /// x of mar$seqxy: the last part (R2022-5.1.1-04). Reserved, false, in a MIGRATE.
    pub last: bool,
    /// y of mar$seqxy: the part, 1 to 32767 (R2022-5.1.2-10). Reserved, 0, in a MIGRATE.
    pub part: u16,
    /// mar$msn.
    pub msn: u32,
    /// The group's members or servers: R2022-5.1.2-11.
    pub targets: EndpointList<'a>,
}

impl<'a> Answer<'a> {
    pub(super) fn put(&self, sender: &Endpoint, out: &mut Vec<u8>) {
        let (thtl, tstl) = self.targets.type_lengths();
        let (source, target) = (self.source_protocol, self.target);
        out.put(&[length(source), thtl, tstl, length(target)]);
        out.put_count(self.targets.len());
        SeqXy::put(self.last, self.part, out);
        out.put_u32(self.msn);
        write_endpoint(sender, out);
        out.put(source.octets());
        out.put(target.octets());
        self.targets.write(out);
    }

    pub(super) fn read(
        reader: &mut Reader<'a>,
        shape: Source,
    ) -> Result<(Endpoint, Self), WireError> {
        let source_length = reader.u8("spln")?;
        let target_shape = (Shape::read(reader, "thtl")?, Shape::read(reader, "tstl")?);
        let target_length = reader.u8("tpln")?;
        let count = reader.u16("tnum")?;
        let SeqXy { last, part } = SeqXy::read(reader)?;
        let msn = reader.u32("msn")?;
        let source = read_source(reader, shape)?;
        let answer = Self {
            source_protocol: protocol_address(reader, "spa", source_length)?,
            target: protocol_address(reader, "tpa", target_length)?,
            last,
            part,
            msn,
            targets: EndpointList::read(reader, target_shape, count)?,
        };
        Ok((source, answer))
    }
}
