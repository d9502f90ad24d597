//! The vocabulary in which message layouts are written down as data, and the two small engines that
//! read and write a table of fields.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::{ErrorCode, FrameError};
use super::octets::{hex, unhex};

/// One field of a layout: its name in the JSON form and how it lies in the octets.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// How a field lies in the octets.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Big-endian number of that many octets (at most 4), and what is written when it is absent.
    Number(usize, Absent),
    /// Big-endian two's complement number of 4 octets.
    Signed,
    /// That many opaque octets; zero when absent.
    Fixed(usize),
    /// Octets whose number is the value of the named field.
    Sized(&'static str),
    /// Octets whose number is in the low six bits of the named type/length field.
    Typed(&'static str),
}

/// What is written for a number that the JSON does not give.
#[derive(Clone, Copy)]
pub(super) enum Absent {
    /// This constant.
    Is(u32),
    /// The octets of a field, here or (`LengthIn`) in the first element of a list.
    LengthOf(&'static str),
    /// The same.
    LengthIn(&'static str, &'static str),
    /// A type/length octet (NSAPA) for a field.
    TlOf(&'static str),
    /// The same for a field of the first element of a list.
    TlIn(&'static str, &'static str),
    /// The number of elements of a list.
    CountOf(&'static str),
    /// Known only when the whole is written; zero until then.
    Later,
}

/// Shorthand for tables.
pub(super) const fn number(name: &'static str, width: usize, absent: Absent) -> Field {
    Field {
        name,
        kind: Kind::Number(width, absent),
    }
}

/// A number that defaults to zero.
pub(super) const fn plain(name: &'static str, width: usize) -> Field {
    number(name, width, Absent::Is(0))
}

/// Octets counted by the field `length`.
pub(super) const fn sized(name: &'static str, length: &'static str) -> Field {
    Field {
        name,
        kind: Kind::Sized(length),
    }
}

/// Octets counted by the type/length field `tl`.
pub(super) const fn typed(name: &'static str, tl: &'static str) -> Field {
    Field {
        name,
        kind: Kind::Typed(tl),
    }
}

/// A fixed number of opaque octets.
pub(super) const fn fixed(name: &'static str, octets: usize) -> Field {
    Field {
        name,
        kind: Kind::Fixed(octets),
    }
}

/// Low six bits of a type/length octet.
const TL_LENGTH: u64 = 0x3f;
/// The bit of a type/length octet that is always zero.
const TL_RESERVED: u64 = 0x80;

/// Octets of an NSAPA, the longest of ATM numbers and subaddresses.
const LONGEST_ATM: usize = 20;

/// Octets still to be read, with their distance from the start of the input.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// All of `octets`, which lie `at` octets into the input.
    pub(super) const fn new(octets: &'a [u8], at: usize) -> Self {
        Self { rest: octets, at }
    }

    /// Offset of the next octet.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// What is left.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` octets, as the value of `field`.
    pub(super) fn take(&mut self, count: usize, field: &str) -> Result<&'a [u8], FrameError> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(FrameError::new(
                ErrorCode::Truncated,
                field,
                self.at,
                format!("wanted {count} octets, {} left", self.rest.len()),
            ));
        };
        self.rest = rest;
        self.at += count;
        Ok(taken)
    }

    /// The rest of the input.
    pub(super) fn take_rest(&mut self) -> &'a [u8] {
        let rest = self.rest;
        self.at += rest.len();
        self.rest = &[];
        rest
    }
}

/// Fields read so far, in order, and where each begins.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) fields: Map<String, Value>,
    places: BTreeMap<&'static str, usize>,
}

impl Scope {
    /// The value of a number read before; 0 for one that the table does not have.
    pub(super) fn number(&self, name: &str) -> u64 {
        self.fields.get(name).and_then(Value::as_u64).unwrap_or(0)
    }

    /// The text of an octet field read before; empty for one that the table does not have.
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or("")
    }

    /// A fault of a field read before.
    pub(super) fn fault(&self, code: ErrorCode, field: &'static str, wanted: &str) -> FrameError {
        let offset = self.places.get(field).copied().unwrap_or(0);
        let found = self.fields.get(field).unwrap_or(&Value::Null);
        FrameError::new(code, field, offset, format!("{found}, wanted {wanted}"))
    }

    /// Refuses the message unless the field has one of the `allowed` values.
    pub(super) fn require(
        &self,
        field: &'static str,
        allowed: &[u64],
        code: ErrorCode,
    ) -> Result<(), FrameError> {
        if allowed.contains(&self.number(field)) {
            return Ok(());
        }
        let list: Vec<String> = allowed.iter().map(u64::to_string).collect();
        Err(self.fault(code, field, &list.join(" or ")))
    }
}

/// Reads one table of fields; lengths come from fields read before, in `scope` or in `outer`.
pub(super) fn read(
    table: &'static [Field],
    cursor: &mut Cursor<'_>,
    scope: &mut Scope,
    outer: Option<&Scope>,
) -> Result<(), FrameError> {
    for field in table {
        let place = cursor.at();
        let length = |name: &str, mask: u64| {
            let here = scope.fields.contains_key(name);
            let home = if here { Some(&*scope) } else { outer };
            let octets = home.map_or(0, |scope| scope.number(name)) & mask;
            usize::try_from(octets).unwrap_or(usize::MAX)
        };
        let value = match field.kind {
            Kind::Number(width, absent) => {
                let value = unsigned(cursor.take(width, field.name)?);
                let is_tl = matches!(absent, Absent::TlOf(_) | Absent::TlIn(..));
                if is_tl && value & TL_RESERVED != 0 {
                    return Err(FrameError::new(
                        ErrorCode::BadValue,
                        field.name,
                        place,
                        format!("{value:#04x}, wanted bit 7 zero"),
                    ));
                }
                Value::from(value)
            }
            Kind::Signed => {
                let value = unsigned(cursor.take(4, field.name)?);
                let low = u32::try_from(value).unwrap_or(0);
                Value::from(low.cast_signed())
            }
            Kind::Fixed(octets) => Value::from(hex(cursor.take(octets, field.name)?)),
            Kind::Sized(name) => {
                let octets = length(name, u64::MAX);
                Value::from(hex(cursor.take(octets, field.name)?))
            }
            Kind::Typed(name) => {
                let octets = cursor.take(length(name, TL_LENGTH), field.name)?;
                if octets.len() > LONGEST_ATM {
                    let here = scope.fields.contains_key(name);
                    let home = if here { Some(&*scope) } else { outer };
                    let wanted = "at most 20 octets";
                    return Err(home
                        .unwrap_or(scope)
                        .fault(ErrorCode::BadLength, name, wanted));
                }
                Value::from(hex(octets))
            }
        };
        scope.places.insert(field.name, place);
        scope.fields.insert(field.name.to_owned(), value);
    }
    Ok(())
}

fn unsigned(octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(0, |value, octet| value << 8 | u64::from(*octet))
}

/// Appends one table of fields; what is present is written as it is, right or wrong.
pub(super) fn write(
    table: &'static [Field],
    fields: &Map<String, Value>,
    out: &mut Vec<u8>,
) -> Result<(), FrameError> {
    for field in table {
        let at = out.len();
        match field.kind {
            Kind::Number(width, absent) => {
                let value = match fields.get(field.name) {
                    Some(value) => value
                        .as_u64()
                        .ok_or_else(|| not(field.name, at, "a number"))?,
                    None => absent_number(fields, absent)?,
                };
                if value >> (8 * width) != 0 {
                    return Err(not(field.name, at, &format!("a number of {width} octets")));
                }
                out.extend(value.to_be_bytes().iter().skip(8 - width));
            }
            Kind::Signed => {
                let value = match fields.get(field.name) {
                    Some(value) => value.as_i64(),
                    None => Some(0),
                };
                let value = value
                    .and_then(|value| i32::try_from(value).ok())
                    .ok_or_else(|| not(field.name, at, "a signed number of 4 octets"))?;
                out.extend(value.to_be_bytes());
            }
            Kind::Fixed(count) => match fields.get(field.name) {
                Some(value) => {
                    let octets = octets_of(value).ok_or_else(|| not(field.name, at, "hex"))?;
                    if octets.len() != count {
                        return Err(not(field.name, at, &format!("hex of {count} octets")));
                    }
                    out.extend(octets);
                }
                None => out.extend(std::iter::repeat_n(0, count)),
            },
            Kind::Sized(_) | Kind::Typed(_) => {
                out.extend(octets_at(fields, field.name)?);
            }
        }
    }
    Ok(())
}

fn absent_number(fields: &Map<String, Value>, absent: Absent) -> Result<u64, FrameError> {
    let first = |list: &str, name: &str| -> Result<u64, FrameError> {
        let first = fields.get(list).and_then(|list| list.get(0));
        match first {
            Some(Value::Object(element)) => Ok(octets_at(element, name)?.len() as u64),
            Some(text) => Ok(octets_of(text).ok_or_else(|| not(list, 0, "hex"))?.len() as u64),
            None => Ok(0),
        }
    };
    Ok(match absent {
        Absent::Is(value) => u64::from(value),
        Absent::Later => 0,
        Absent::LengthOf(name) | Absent::TlOf(name) => octets_at(fields, name)?.len() as u64,
        Absent::LengthIn(list, name) | Absent::TlIn(list, name) => first(list, name)?,
        Absent::CountOf(list) => elements(fields, list)?.len() as u64,
    })
}

/// The elements of a list; none when it is absent.
pub(super) fn elements<'a>(
    fields: &'a Map<String, Value>,
    list: &str,
) -> Result<&'a [Value], FrameError> {
    match fields.get(list) {
        None => Ok(&[]),
        Some(Value::Array(elements)) => Ok(elements),
        Some(_) => Err(not(list, 0, "a list")),
    }
}

/// The octets of a hex field; none when it is absent.
pub(super) fn octets_at(fields: &Map<String, Value>, name: &str) -> Result<Vec<u8>, FrameError> {
    match fields.get(name) {
        None => Ok(Vec::new()),
        Some(value) => octets_of(value).ok_or_else(|| not(name, 0, "hex")),
    }
}

/// The octets of a hex string.
pub(super) fn octets_of(value: &Value) -> Option<Vec<u8>> {
    value.as_str().and_then(unhex)
}

/// The object that `value` is.
pub(super) fn object<'a>(
    value: &'a Value,
    name: &str,
) -> Result<&'a Map<String, Value>, FrameError> {
    value.as_object().ok_or_else(|| not(name, 0, "an object"))
}

/// A JSON fault.
pub(super) fn not(field: &str, offset: usize, wanted: &str) -> FrameError {
    FrameError::new(
        ErrorCode::BadJson,
        field,
        offset,
        format!("wanted {wanted}"),
    )
}

/// Overwrites the two octets at `offset` of what was written from `start` on with a value computed
/// after the rest, unless the JSON gives one itself.
pub(super) fn patch(
    fields: &Map<String, Value>,
    name: &str,
    out: &mut [u8],
    offset: usize,
    value: usize,
) -> Result<(), FrameError> {
    if fields.contains_key(name) {
        return Ok(());
    }
    let value = u16::try_from(value)
        .map_err(|_| FrameError::new(ErrorCode::BadLength, name, offset, "does not fit"))?;
    if let Some(place) = out.get_mut(offset..offset + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
    Ok(())
}
