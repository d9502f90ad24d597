//! What is done to the server under test, and the frames that the neighbour sends.

use core::fmt;

use serde_json::{Map, Value, json};

use super::peer::{EVERYBODY, GROUP, OWN, STRANGER, Setup};

/// One thing that happens to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A VC to the neighbour is up.
    VcUp,
    /// The VC that is in use is gone.
    VcDown,
    /// Time passes until then.
    Until(u64),
    /// A frame of the neighbour arrives.
    Frame(Body, Fault),
}

impl Input {
    /// A frame with nothing wrong.
    pub(super) const fn right(body: Body) -> Self {
        Self::Frame(body, Fault::None)
    }

    /// A Hello.
    pub(super) const fn hello(listing: Listing) -> Self {
        Self::right(Body::Hello(listing))
    }

    /// A CA.
    pub(super) const fn ca(number: Number, form: Form) -> Self {
        Self::right(Body::Ca(number, form))
    }
}

/// Whom a Hello of the neighbour lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// The server under test.
    Us,
    /// It, in an additional record behind another server.
    UsBehind,
    /// Nobody.
    Nobody,
    /// Another server only.
    Another,
}

impl Listing {
    /// Whether the server's id is among those listed.
    pub(super) const fn lists_us(self) -> bool {
        matches!(self, Self::Us | Self::UsBehind)
    }
}

/// The number of a CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// So far from the server's current one.
    From(i64),
    /// One that the neighbour has not used yet.
    Fresh,
    /// That of the bid which made the server the slave.
    Bid,
    /// The server's last one of the round before.
    Late,
    /// This one, as the relation counts.
    Exactly(u32),
}

/// Flags and number of summaries of a CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Form {
    /// M bit.
    pub(super) master: bool,
    /// I bit.
    pub(super) init: bool,
    /// O bit.
    pub(super) more: bool,
    /// Summaries, each of a record that the server does not know.
    pub(super) records: u8,
}

impl Form {
    /// From the letters of the bits that are set.
    pub(super) const fn new(bits: &str, records: u8) -> Self {
        let (mut master, mut init, mut more) = (false, false, false);
        let mut left = bits.as_bytes();
        while let [bit, rest @ ..] = left {
            match bit {
                b'M' => master = true,
                b'I' => init = true,
                _ => more = true,
            }
            left = rest;
        }
        Self {
            master,
            init,
            more,
            records,
        }
    }

    /// The opening of a negotiation.
    pub(super) const BID: Self = Self::new("MIO", 0);

    /// The flags field (RFC 2334, B.2.1).
    pub(super) fn flags(self) -> u64 {
        let bit = |set, at| u64::from(set) << at;
        bit(self.master, 15) | bit(self.init, 14) | bit(self.more, 13)
    }

    /// No conforming server sends these flags, or these with summaries.
    pub(super) const fn is_nonsense(self) -> bool {
        self.init && !(self.master && self.more && self.records == 0)
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (set, letter) in [(self.master, 'M'), (self.init, 'I'), (self.more, 'O')] {
            write!(f, "{}", if set { letter } else { '-' })?;
        }
        write!(f, "{}", self.records)
    }
}

/// A record in a message of the neighbour, or of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Record {
    /// The server's own Redirect Entry.
    Own,
    /// One that the neighbour originates.
    Theirs(u8),
    /// One of a server behind the neighbour, of a kind that nobody knows (register C24).
    Odd(u8),
}

/// An instance of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Instance {
    /// Of which.
    pub(super) record: Record,
    /// Its number; of an own record the distance from the one that was bound.
    pub(super) number: i64,
    /// N bit.
    pub(super) null: bool,
}

impl Instance {
    /// The instance that most traces use of a record.
    pub(super) const fn of(record: Record) -> Self {
        Self {
            record,
            number: match record {
                Record::Own => 0,
                Record::Theirs(_) | Record::Odd(_) => 1000,
            },
            null: false,
        }
    }

    /// So much newer.
    pub(super) const fn newer(self, by: i64) -> Self {
        Self {
            number: self.number + by,
            ..self
        }
    }

    /// As a null record.
    pub(super) const fn nothing(self) -> Self {
        Self { null: true, ..self }
    }
}

/// A message of the neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Type 5.
    Hello(Listing),
    /// Type 1.
    Ca(Number, Form),
    /// Type 2.
    Request(Vec<Instance>),
    /// Type 3.
    Reply(Vec<Instance>),
    /// Type 4.
    Csus(Vec<Instance>),
}

impl Body {
    /// What people call it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "Hello",
            Self::Ca(..) => "CA",
            Self::Request(_) => "CSU Request",
            Self::Reply(_) => "CSU Reply",
            Self::Csus(_) => "CSUS",
        }
    }
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// For every server: right in a CSU Request only (register C31).
    ToAll,
    /// For another server.
    Receiver,
    /// From another server.
    Sender,
    /// From an id that is the server's own.
    OwnSender,
    /// From the id that stands for all.
    AllSender,
    /// Another protocol over SCSP.
    Protocol,
    /// Another server group.
    Group,
    /// The checksum is wrong.
    Checksum,
    /// A version that nobody speaks.
    Version,
    /// A type that does not exist.
    Type,
    /// Longer than the frame by its own account.
    Size,
    /// One record more by its own account.
    Count,
    /// Octets behind the last record.
    LeftOver,
    /// A Sender ID of five octets.
    IdLength,
    /// An extension that runs past the end.
    Extension,
    /// A HelloInterval of zero.
    Zero,
}

impl Fault {
    /// Faults that are no abnormal event: dropped, whatever the state (register C25, C30, D13, D14).
    pub(super) const QUIET: [Self; 7] = [
        Self::Receiver,
        Self::Sender,
        Self::Protocol,
        Self::Group,
        Self::Checksum,
        Self::Version,
        Self::Type,
    ];

    /// Faults that are one (register C25, C29).
    pub(super) const ABNORMAL: [Self; 5] = [
        Self::Size,
        Self::Count,
        Self::LeftOver,
        Self::IdLength,
        Self::Extension,
    ];

    /// What people call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::ToAll => "to all",
            Self::Receiver => "other receiver",
            Self::Sender => "other sender",
            Self::OwnSender => "own id as sender",
            Self::AllSender => "all ones as sender",
            Self::Protocol => "other protocol",
            Self::Group => "other group",
            Self::Checksum => "bad checksum",
            Self::Version => "unknown version",
            Self::Type => "unknown type",
            Self::Size => "size beyond the frame",
            Self::Count => "count beyond the packet",
            Self::LeftOver => "octets left over",
            Self::IdLength => "bad id length",
            Self::Extension => "extension beyond the packet",
            Self::Zero => "interval zero",
        }
    }

    /// Spoils a message.
    fn spoil(self, message: &mut Map<String, Value>) {
        let (name, value) = match self {
            Self::None => return,
            Self::ToAll => ("receiver_id", json!(EVERYBODY)),
            Self::Receiver => ("receiver_id", json!(STRANGER)),
            Self::Sender => ("sender_id", json!(STRANGER)),
            Self::OwnSender => ("sender_id", json!(OWN)),
            Self::AllSender => ("sender_id", json!(EVERYBODY)),
            Self::Protocol => ("protocol_id", json!(1)),
            Self::Group => ("server_group_id", json!(GROUP + 1)),
            Self::Checksum => ("checksum", json!(1)),
            Self::Version => ("version", json!(2)),
            Self::Type => ("type_code", json!(6)),
            Self::Size => ("packet_size", json!(60_000)),
            Self::Count => {
                let there = message.get("records").and_then(Value::as_array);
                ("number_of_records", json!(there.map_or(0, Vec::len) + 1))
            }
            Self::LeftOver => ("trailing", json!("00000000")),
            Self::IdLength => ("sender_id_len", json!(5)),
            Self::Extension => (
                "extensions",
                json!([{"type": 9, "length": 99, "value": "00"}]),
            ),
            Self::Zero => ("hello_interval", json!(0)),
        };
        message.insert(name.to_owned(), value);
    }
}

/// The frame of a message; `number` is that of a CA, `record` gives the fields of an instance.
pub(super) fn frame(
    body: &Body,
    fault: Fault,
    setup: Setup,
    number: Value,
    records: &[Value],
) -> Value {
    let mut message = Map::new();
    let mut put = |name: &str, value: Value| message.insert(name.to_owned(), value);
    put("sender_id", json!(setup.id()));
    let receiver = match body {
        Body::Hello(Listing::Nobody) => "",
        Body::Hello(Listing::Another | Listing::UsBehind) => STRANGER,
        _ => OWN,
    };
    put("receiver_id", json!(receiver));
    put("server_group_id", json!(GROUP));
    match body {
        Body::Hello(listing) => {
            put("type_code", json!(5));
            put("hello_interval", json!(setup.told.0));
            put("dead_factor", json!(setup.told.1));
            if *listing == Listing::UsBehind {
                put("records", json!([{"id": OWN}]));
            }
        }
        Body::Ca(_, form) => {
            put("type_code", json!(1));
            put("flags", json!(form.flags()));
            put("ca_sequence_number", number);
        }
        Body::Request(_) => {
            put("type_code", json!(2));
        }
        Body::Reply(_) => {
            put("type_code", json!(3));
        }
        Body::Csus(_) => {
            put("type_code", json!(4));
        }
    }
    if !records.is_empty() {
        put("records", json!(records));
    }
    fault.spoil(&mut message);
    json!({"protocol": "scsp", "message": message})
}
