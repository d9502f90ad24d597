//! REQUEST and NAK.

use super::{Source, length, no_target, read_source};
use crate::address::{Endpoint, ProtocolAddress};
use crate::wire::error::WireError;
use crate::wire::mars::address::protocol_address;
use crate::wire::mars::lists::write_endpoint;
use crate::wire::mars::message::Reserved;
use crate::wire::reader::{Put, Reader};

/// REQUEST and NAK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// mar$spa; may be null.
    pub source_protocol: ProtocolAddress,
    /// mar$tpa, the group asked for.
    pub target: ProtocolAddress,
    /// The eight octets where a MULTI has its counters; any value (register F22).
    pub padding: [u8; 8],
}

impl Query {
    pub(super) fn put(&self, sender: &Endpoint, [thtl, tstl]: [u8; 2], out: &mut Vec<u8>) {
        let (source, target) = (self.source_protocol, self.target);
        out.put(&[length(source), thtl, tstl, length(target)]);
        out.put(&self.padding);
        write_endpoint(sender, out);
        out.put(source.octets());
        out.put(target.octets());
    }

    pub(super) fn read(
        reader: &mut Reader<'_>,
        shape: Source,
        reserved: &mut Reserved<'_>,
    ) -> Result<(Endpoint, Self), WireError> {
        let source_length = reader.u8("spln")?;
        reserved.target_forms = no_target(reader)?;
        let target_length = reader.u8("tpln")?;
        let padding = reader.array("padding")?;
        let source = read_source(reader, shape)?;
        let query = Self {
            source_protocol: protocol_address(reader, "spa", source_length)?,
            target: protocol_address(reader, "tpa", target_length)?,
            padding,
        };
        Ok((source, query))
    }
}
