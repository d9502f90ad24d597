//! What the server must say, as patterns of frames.

use serde_json::{Value, json};

use super::input::{Form, Instance, Record};
use super::peer::{GROUP, OWN, Setup, number};
use crate::trace::Expected;

/// The number of a CA: what a trace can say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaNumber {
    /// The server's choice, in the first CA of its bid of this round.
    Chosen(u32),
    /// So far from what it chose in that round.
    From(u32, i64),
    /// The neighbour's.
    Given(u32),
}

impl CaNumber {
    /// In a frame that the harness makes, or in a pattern.
    pub(super) fn value(self) -> Value {
        let name = |round| format!("ca{round}");
        match self {
            Self::Chosen(round) => json!({"bind": name(round)}),
            Self::From(round, 0) => json!({"ref": name(round)}),
            Self::From(round, add) => json!({"ref": name(round), "add": add}),
            Self::Given(number) => json!(number),
        }
    }
}

/// A CSA that the server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Csa {
    /// Which.
    pub(super) instance: Instance,
    /// With this hop count.
    pub(super) hops: u64,
}

/// Whether a Hello lists the neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// It does.
    Yes,
    /// It lists nobody.
    No,
    /// It may (register D03).
    Either,
}

/// One message of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// A Hello.
    Hello(Listed),
    /// A CA. `own` is set when its one summary is that of the server's own record, seen for the first time; `all` when
    /// it has every summary that there is.
    Ca {
        number: CaNumber,
        form: Form,
        own: bool,
        all: bool,
    },
    /// A CSU Request.
    Request(Vec<Csa>),
    /// A CSU Reply.
    Reply(Vec<Instance>),
    /// A CSUS.
    Csus(Vec<Instance>),
}

/// A record as a field of a frame that the harness makes; whole for a CSU Request.
pub(super) fn instance(instance: Instance, whole: bool, setup: Setup) -> Value {
    let mut fields = identity(instance, setup);
    if let Some(map) = fields.as_object_mut() {
        if instance.null {
            map.insert("flags".to_owned(), json!(NULL));
        } else if whole {
            map.insert("mars".to_owned(), part(instance.record));
        }
    }
    fields
}

/// N bit (RFC 2334, B.2.0.2).
const NULL: u64 = 0x8000;

/// Number, key and originator.
fn identity(instance: Instance, setup: Setup) -> Value {
    match instance.record {
        Record::Own => {
            let number = match instance.number {
                0 => json!({"ref": "number"}),
                add => json!({"ref": "number", "add": add}),
            };
            json!({"csa_sequence_number": number, "cache_key": {"ref": "key"}, "originator_id": OWN})
        }
        Record::Theirs(key) | Record::Odd(key) => json!({
            "csa_sequence_number": instance.number,
            "cache_key": format!("{key:08x}"),
            "originator_id": setup.id(),
        }),
    }
}

/// The protocol-specific part of RFC 2443, section 3.
fn part(record: Record) -> Value {
    match record {
        Record::Own => json!({"state": 1, "source_atm_address": number(0x0a)}),
        Record::Theirs(key) => json!({
            "state": 3, "flags": 0x2000, "cluster_member_id": 512 + u64::from(key),
            "source_atm_address": number(key.wrapping_add(0x40)),
        }),
        // A hardware type that nobody has.
        Record::Odd(key) => json!({
            "hardware_type": 9, "state": 3, "flags": 0x2000, "source_atm_address": number(key.wrapping_add(0x40)),
        }),
    }
}

impl Listed {
    fn choose(self, yes: Value, no: Value) -> Value {
        match self {
            Self::Yes => yes,
            Self::No => no,
            Self::Either => json!({"one_of": [no, yes]}),
        }
    }
}

impl Output {
    /// As a pattern for what comes on `vc`; `brief` on the way to where a trace wants to go: what tells the
    /// server's place, and no more.
    pub(super) fn expected(&self, vc: &str, setup: Setup, brief: bool) -> Expected {
        let mut message = if brief {
            json!({})
        } else {
            json!({"server_group_id": GROUP, "sender_id": OWN, "receiver_id": setup.id()})
        };
        let fields = match self {
            Self::Hello(listed) if brief => json!({
                "type_code": 5, "receiver_id": listed.choose(json!(setup.id()), json!("")),
            }),
            Self::Hello(listed) => json!({
                "receiver_id": listed.choose(json!(setup.id()), json!("")),
                "recvr_id_len": listed.choose(json!(4), json!(0)),
                "version": 1, "protocol_id": 3, "unused": 0,
                "type_code": 5, "flags": 0, "hello_unused": 0,
                "hello_interval": setup.hello_s, "dead_factor": 3, "number_of_records": 0,
            }),
            Self::Ca {
                number,
                form,
                own,
                all,
            } => {
                // Register C22: by the letter the master's first CA with summaries has O, whether or not more follow.
                let flags = if *all && form.master {
                    json!({"one_of": [form.flags(), Form { more: true, ..*form }.flags()]})
                } else {
                    json!(form.flags())
                };
                let mut fields = json!({
                    "type_code": 1, "flags": flags, "ca_sequence_number": number.value(),
                    "number_of_records": form.records,
                });
                if *own && let Some(map) = fields.as_object_mut() {
                    let summary = json!([{
                        "hop_count": 1, "record_length": 20, "flags": 0, "originator_id": OWN,
                        "csa_sequence_number": {"bind": "number"}, "cache_key": {"bind": "key"},
                    }]);
                    map.insert("records".to_owned(), summary);
                }
                fields
            }
            Self::Request(csas) if brief => {
                let one = |csa: &Csa| identity(csa.instance, setup);
                let records: Vec<Value> = csas.iter().map(one).collect();
                json!({"type_code": 2, "records": records})
            }
            Self::Request(csas) => {
                let records: Vec<Value> = csas.iter().map(|csa| whole(*csa, setup)).collect();
                json!({"type_code": 2, "flags": 0, "records": records})
            }
            Self::Reply(instances) => {
                json!({"type_code": 3, "flags": 0, "records": summaries(instances, setup)})
            }
            Self::Csus(instances) => {
                json!({"type_code": 4, "flags": 0, "records": summaries(instances, setup)})
            }
        };
        if let (Some(all), Value::Object(more)) = (message.as_object_mut(), fields) {
            all.extend(more);
        }
        let matches = if brief {
            if !matches!(self, Self::Ca { own: true, .. })
                && let Some(fields) = message.as_object_mut()
            {
                fields.remove("number_of_records");
            }
            json!({"message": message})
        } else {
            json!({"protocol": "scsp", "message": message})
        };
        Expected::Frame {
            vc: vc.to_owned(),
            matches,
        }
    }
}

/// Summaries that stand alone (RFC 2334, B.2.0.2): hop count 1, length 20.
fn summaries(instances: &[Instance], setup: Setup) -> Vec<Value> {
    let one = |instance: &Instance| {
        let mut fields = json!({
            "hop_count": 1, "record_length": 20, "flags": if instance.null { NULL } else { 0 },
        });
        if let (Some(all), Value::Object(more)) =
            (fields.as_object_mut(), identity(*instance, setup))
        {
            all.extend(more);
        }
        fields
    };
    instances.iter().map(one).collect()
}

/// A CSA of the server, with its content where it has any.
fn whole(csa: Csa, setup: Setup) -> Value {
    let mut fields = json!({
        "hop_count": csa.hops, "flags": if csa.instance.null { NULL } else { 0 },
    });
    if let Some(all) = fields.as_object_mut() {
        if csa.instance.null {
            // R2334-2.3-24
            all.insert("record_length".to_owned(), json!(20));
        } else {
            all.insert("mars".to_owned(), part(csa.instance.record));
        }
        if let Value::Object(more) = identity(csa.instance, setup) {
            all.extend(more);
        }
    }
    fields
}
