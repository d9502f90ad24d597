//! REDIRECT_MAP.

use super::{Reserved, SeqXy, Source, read_source};
use crate::address::Endpoint;
use crate::wire::error::WireError;
use crate::wire::mars::address::Shape;
use crate::wire::mars::lists::{EndpointList, write_endpoint};
use crate::wire::reader::{Put, Reader};

/// REDIRECT_MAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedirectMap<'a> {
    /// Top bit of mar$redirf: clients rejoin and revalidate.
    pub hard: bool,
    /// x of mar$seqxy.
    pub last: bool,
    /// y of mar$seqxy.
    pub part: u16,
    /// mar$msn.
    pub msn: u32,
    /// The MARSs, the one to use first.
    pub servers: EndpointList<'a>,
}

impl<'a> RedirectMap<'a> {
    pub(super) fn put(&self, sender: &Endpoint, reserved: &Reserved<'_>, out: &mut Vec<u8>) {
        let (thtl, tstl) = self.servers.type_lengths();
        let redirf = u8::from(self.hard) << 7 | reserved.redirf & 0x7f;
        out.put(&[reserved.spln, thtl, tstl, redirf]);
        out.put_count(self.servers.len());
        SeqXy::put(self.last, self.part, out);
        out.put_u32(self.msn);
        write_endpoint(sender, out);
        self.servers.write(out);
    }

    pub(super) fn read(
        reader: &mut Reader<'a>,
        shape: Source,
        reserved: &mut Reserved<'a>,
    ) -> Result<(Endpoint, Self), WireError> {
        // R2022-5.4.3-02: no mar$spa follows, whatever this octet says.
        reserved.spln = reader.u8("spln")?;
        let target_shape = (Shape::read(reader, "thtl")?, Shape::read(reader, "tstl")?);
        let redirf = reader.u8("redirf")?;
        reserved.redirf = redirf & 0x7f;
        let count = reader.u16("tnum")?;
        let SeqXy { last, part } = SeqXy::read(reader)?;
        let msn = reader.u32("msn")?;
        let source = read_source(reader, shape)?;
        let map = Self {
            hard: redirf & 0x80 != 0,
            last,
            part,
            msn,
            servers: EndpointList::read(reader, target_shape, count)?,
        };
        Ok((source, map))
    }
}
