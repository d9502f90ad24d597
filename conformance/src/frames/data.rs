//! Data frames (RFC 2022, 5.5): type 1 with the CMI of its sender, type 2 with its address.

use serde_json::Value;

use super::error::FrameError;
use super::layout::{
    Absent, Cursor, Field, Scope, fixed, number, object, octets_at, plain, read, write,
};
use super::octets::hex;

/// One data encapsulation: what comes first, and the paddings of its two forms.
pub(super) struct Encapsulated {
    head: &'static [Field],
    long: &'static [Field],
    short: &'static [Field],
}

const PROTOCOL: Field = number("pro_type", 2, Absent::Is(0x0800));
/// RFC 2022, 5.5.1.
pub(super) const TYPE1: Encapsulated = Encapsulated {
    head: &[plain("cmi", 2), PROTOCOL],
    long: &[fixed("pro_snap", 5), fixed("padding", 3)],
    short: &[],
};
/// RFC 2022, 5.5.2.
pub(super) const TYPE2: Encapsulated = Encapsulated {
    head: &[fixed("source_id", 8), PROTOCOL],
    long: &[fixed("pro_snap", 5), fixed("padding", 1)],
    short: &[fixed("padding", 2)],
};
/// `mar$pro.type` of the long form, in which a SNAP extension names the protocol.
const LONG_FORM: u64 = 0x0080;

/// Reads what follows the LLC/SNAP header, which ended at `base`.
pub(super) fn read_data(
    form: &Encapsulated,
    octets: &[u8],
    base: usize,
) -> Result<Value, FrameError> {
    let mut cursor = Cursor::new(octets, base);
    let mut scope = Scope::default();
    read(form.head, &mut cursor, &mut scope, None)?;
    let long = scope.number("pro_type") == LONG_FORM;
    let tail = if long { form.long } else { form.short };
    read(tail, &mut cursor, &mut scope, None)?;
    let packet = hex(cursor.take_rest());
    scope.fields.insert("packet".to_owned(), packet.into());
    Ok(scope.fields.into())
}

/// Appends what follows the LLC/SNAP header.
pub(super) fn write_data(
    form: &Encapsulated,
    message: &Value,
    out: &mut Vec<u8>,
) -> Result<(), FrameError> {
    let fields = object(message, "message")?;
    write(form.head, fields, out)?;
    let long = fields.get("pro_type").and_then(Value::as_u64) == Some(LONG_FORM);
    write(if long { form.long } else { form.short }, fields, out)?;
    out.extend(octets_at(fields, "packet")?);
    Ok(())
}
