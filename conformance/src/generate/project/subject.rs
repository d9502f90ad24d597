//! The server under test as its neighbours and clients see it: what they send it, and patterns of what it says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::mars::counter::Counter;
use super::world::{Carried, Instance};
use crate::frames;
use crate::judge::books::Books;
use crate::judge::pattern::{Bindings, resolve};
use crate::lower::{Lower, flag};
use crate::trace::{
    About, Alternative, Expected, ExpectedCsa, ExpectedMars, Level, Says, Step, Stimulus,
};

/// Numbers of the records of other servers begin behind this one.
const FIRST_NUMBER: i64 = 1000;
/// Hop count of a record at its originator.
const HOPS: u64 = 255;
/// mar$flags.sequence of nobody's message.
const NO_MARK: u64 = 0;

/// A local trace that is being written.
pub(super) struct Subject<'t> {
    pub(super) lower: &'t Lower<'t>,
    pub(super) name: String,
    pub(super) books: Books,
    counter: Counter,
    /// Clients with a VC.
    vcs: BTreeSet<String>,
    /// Registered clients and the names of their CMIs.
    pub(super) registered: BTreeMap<String, String>,
    registrations: u32,
    pub(super) at: u64,
    pub(super) steps: Vec<Step>,
}

/// Adds fields to those of an object, in place of its own of the same names.
fn extend(value: &mut Value, more: Value) {
    if let (Some(all), Value::Object(more)) = (value.as_object_mut(), more) {
        all.extend(more);
    }
}

/// A frame that names nothing the server has said is given as octets, which is a third of the size.
fn as_octets(stimulus: Stimulus) -> Stimulus {
    let Stimulus::Deliver {
        vc,
        hex: None,
        frame: Some(frame),
    } = stimulus
    else {
        return stimulus;
    };
    let none = Bindings::new();
    let octets = resolve(&frame, &none).ok();
    match octets.and_then(|frame| frames::write(&frame).ok()) {
        Some(octets) => Stimulus::Deliver {
            vc,
            hex: Some(frames::hex(&octets)),
            frame: None,
        },
        None => Stimulus::Deliver {
            vc,
            hex: None,
            frame: Some(frame),
        },
    }
}

/// The name of a record of the server under test.
fn label(server: &str, about: &About) -> String {
    match about {
        About::RedirectEntry => server.to_owned(),
        About::Register { client } => client.clone(),
        About::Join { client, range } => format!("{client}-{range}"),
    }
}

/// A later instance of an own record: under its key, or as a record of its own (registers C02, C03).
fn either(record: &Value, name: &str, number: i64) -> Value {
    let under = |key: Value, number: Value| {
        let mut record = record.clone();
        extend(
            &mut record,
            json!({"cache_key": key, "csa_sequence_number": number}),
        );
        record
    };
    let key = format!("{name}-key");
    let mut all = vec![record.clone()];
    let of = |kind: &str, number: i64| format!("{name}-{kind}-{number}");
    if number > 2 {
        all.push(under(
            json!({"ref": of("key", number - 1)}),
            json!({"ref": of("number", number - 1), "add": 1}),
        ));
    }
    all.push(under(
        json!({"bind": of("key", number), "unlike": [{"ref": key}]}),
        json!({"bind": of("number", number)}),
    ));
    json!({"one_of": all})
}

impl<'t> Subject<'t> {
    pub(super) fn new(lower: &'t Lower<'t>, name: &str) -> Self {
        Self {
            lower,
            name: name.to_owned(),
            books: Books::default(),
            counter: Counter::new("csn"),
            vcs: BTreeSet::new(),
            registered: BTreeMap::new(),
            registrations: 0,
            at: 0,
            steps: Vec::new(),
        }
    }

    /// Something happens, and one of these lists of outputs must be seen.
    pub(super) fn push(
        &mut self,
        stimulus: Stimulus,
        requirements: &[String],
        allowed: Vec<Vec<Expected>>,
    ) {
        let stimulus = as_octets(stimulus);
        let alternative = |outputs| Alternative {
            level: Level::Must,
            requirements: requirements.to_vec(),
            window: None,
            outputs,
        };
        self.steps.push(Step {
            at: self.at,
            act: None,
            stimulus: Some(stimulus),
            expect: allowed.into_iter().map(alternative).collect(),
            state: BTreeMap::new(),
        });
    }

    /// A client has a VC from its first message on.
    pub(super) fn client_up(&mut self, client: &str) {
        if !self.vcs.insert(client.to_owned()) {
            return;
        }
        let stimulus = Stimulus::VcUp {
            vc: client.to_owned(),
            peer: crate::lockstep::nsapa(self.lower.client(client).0),
            kind: None,
        };
        self.push(stimulus, &[], vec![Vec::new()]);
    }

    /// The name of the CMI of a new registration.
    pub(super) fn new_cmi(&mut self, client: &str) -> String {
        self.registrations += 1;
        let name = match self.registrations {
            1 => "cmi".to_owned(),
            more => format!("cmi-{more}"),
        };
        self.registered.insert(client.to_owned(), name.clone());
        name
    }

    /// A pattern of a CMI that is given: of the own range, and of no other registration (R2443-2-05,
    /// R2443-2-06).
    fn given(&self, client: &str) -> Value {
        let (low, high) = self.lower.cmi_range(&self.name);
        let others = self.registered.iter().filter(|(other, _)| *other != client);
        let others: Vec<Value> = others.map(|(_, name)| json!({"ref": name})).collect();
        let name = self.registered.get(client);
        match others.as_slice() {
            [] => json!({"bind": name, "in": [low, high]}),
            _ => json!({"bind": name, "in": [low, high], "unlike": others}),
        }
    }

    // SCSP.

    /// A packet of a neighbour.
    pub(super) fn says(&self, from: &str, fields: Value) -> Stimulus {
        let mut message = json!({
            "sender_id": self.lower.server_id(from), "receiver_id": self.lower.server_id(&self.name),
            "server_group_id": 1,
        });
        extend(&mut message, fields);
        Stimulus::Deliver {
            vc: from.to_owned(),
            hex: None,
            frame: Some(json!({"protocol": "scsp", "message": message})),
        }
    }

    /// A packet to a neighbour.
    pub(super) fn packet(&self, to: &str, fields: Value) -> Expected {
        let mut message = json!({
            "sender_id": self.lower.server_id(&self.name), "receiver_id": self.lower.server_id(to),
        });
        extend(&mut message, fields);
        Expected::Frame {
            vc: to.to_owned(),
            matches: json!({"protocol": "scsp", "message": message}),
        }
    }

    /// A neighbour sends a record.
    pub(super) fn csu(&self, from: &str, carried: &Carried) -> Stimulus {
        let mut record = self.summary(&carried.instance);
        extend(
            &mut record,
            json!({"hop_count": HOPS - u64::from(carried.hops), "mars": self.part(&carried.instance)}),
        );
        self.says(from, json!({"type_code": 2, "records": [record]}))
    }

    /// It is acknowledged (R2334-2.3-06).
    pub(super) fn acknowledgement(&self, to: &str, instance: &Instance) -> Expected {
        let mut record = self.summary(instance);
        extend(&mut record, json!({"hop_count": 1, "flags": 0}));
        self.packet(to, json!({"type_code": 3, "flags": 0, "records": [record]}))
    }

    /// What names an instance of another server.
    fn summary(&self, instance: &Instance) -> Value {
        json!({
            "cache_key": format!("{:08x}", instance.key),
            "originator_id": self.lower.server_id(&instance.identity.0),
            "csa_sequence_number": FIRST_NUMBER + instance.number,
        })
    }

    /// The MARS part of a record of another server; the writer of frames knows the rest.
    fn part(&self, instance: &Instance) -> Value {
        let (origin, about) = &instance.identity;
        let wanted = ExpectedCsa {
            from: origin.clone(),
            to: self.name.clone(),
            origin: origin.clone(),
            about: about.clone(),
            live: instance.live,
            earlier: false,
            fresh: false,
            hops: 0,
            solicited: false,
        };
        let mut part = self.exact(&wanted, instance);
        if let Some(part) = part.get_mut("mars").and_then(Value::as_object_mut) {
            for known in [
                "hardware_type",
                "protocol_type",
                "snap",
                "unused",
                "version",
            ] {
                part.shift_remove(known);
            }
        }
        part.get("mars").cloned().unwrap_or_default()
    }

    /// The pattern of a record without what its originator was free to choose and now is known.
    fn exact(&self, wanted: &ExpectedCsa, instance: &Instance) -> Value {
        let mut record = self.lower.record(wanted, &self.books);
        let (flags, address) = match &wanted.about {
            About::RedirectEntry => (0, ""),
            About::Register { client } => (flag::REGISTER, self.lower.client(client).1),
            About::Join { client, .. } => (NO_MARK, self.lower.client(client).1),
        };
        let known = json!({
            "flags": flags,
            "cluster_member_id": instance.cmi,
            "source_protocol_address": address,
        });
        if let Some(part) = record.get_mut("mars") {
            extend(part, known);
        }
        // The harness's reader refuses any other value of these, or the length of another field tells.
        for (of, known) in [
            ("", &["cache_key_len", "orig_id_len"][..]),
            ("/mars", &["hardware_type", "version", "group_addr_len"]),
        ] {
            let fields = record.pointer_mut(of).and_then(Value::as_object_mut);
            if let Some(fields) = fields {
                known.iter().for_each(|name| {
                    fields.shift_remove(*name);
                });
            }
        }
        record
    }

    /// A record in a CSU Request; `given`: it tells of the registration that this step makes.
    pub(super) fn told(
        &self,
        wanted: &ExpectedCsa,
        instance: &Instance,
        given: Option<&str>,
    ) -> Expected {
        let mut record = self.exact(wanted, instance);
        if instance.identity.0 == self.name {
            self.own(&mut record, wanted, instance, given);
        } else {
            extend(&mut record, self.summary(instance));
        }
        let record = match (instance.identity.0 == self.name, instance.number) {
            (true, 2..) if wanted.about != About::RedirectEntry => {
                either(&record, &label(&self.name, &wanted.about), instance.number)
            }
            _ => record,
        };
        self.packet(
            &wanted.to,
            json!({"type_code": 2, "flags": 0, "records": [record]}),
        )
    }

    /// Key, number, CMI and flags of an own record.
    fn own(
        &self,
        record: &mut Value,
        wanted: &ExpectedCsa,
        instance: &Instance,
        given: Option<&str>,
    ) {
        let name = label(&self.name, &wanted.about);
        let (key, number) = (format!("{name}-key"), format!("{name}-number"));
        let names = match (instance.number, &wanted.about) {
            (1, About::Register { .. } | About::Join { .. }) => {
                json!({"cache_key": {"bind": key}, "csa_sequence_number": {"bind": number}})
            }
            (more, _) => json!({
                "cache_key": {"ref": key}, "csa_sequence_number": {"ref": number, "add": more - 1},
            }),
        };
        extend(record, names);
        let mut part = json!({});
        match &wanted.about {
            // Register E11: the client's sequence bits, or none; of an earlier message of its they are not known here.
            About::Join { client, .. } => {
                let flags = if instance.number == 1 {
                    json!({"one_of": [u64::from(self.books.mark(client)), NO_MARK]})
                } else {
                    json!({"in": [0, 0xff]})
                };
                extend(&mut part, json!({"flags": flags}));
            }
            About::Register { client } if wanted.live && given == Some(client) => {
                extend(&mut part, json!({"cluster_member_id": self.given(client)}));
            }
            _ => {}
        }
        if let Some(all) = record.get_mut("mars") {
            extend(all, part);
        }
    }

    // MARS.

    /// A message; `by` is the client whose message made it, if one did, `cmi` that of a record it was made of.
    pub(super) fn mars(
        &mut self,
        wanted: &ExpectedMars,
        by: Option<&str>,
        cmi: Option<&Value>,
        now: u32,
    ) -> Expected {
        let mut frame = self.lower.mars(wanted, &self.books);
        let Some(message) = frame.get_mut("message") else {
            return Expected::Frame {
                vc: wanted.to.clone(),
                matches: frame,
            };
        };
        match &wanted.says {
            Says::RegisterCopy => extend(message, json!({"cmi": self.given(&wanted.to)})),
            Says::Join {
                client, punched, ..
            }
            | Says::Leave {
                client, punched, ..
            } => {
                let own = by == Some(client);
                let mark = if own { self.books.mark(client) } else { 0 };
                let holes = if *punched { flag::PUNCHED } else { 0 };
                // Register E12: the server's own numbers, and no CMI unless it is that of the record.
                let cmi = match cmi {
                    Some(cmi) if !own => json!({"one_of": [0, cmi]}),
                    _ => json!(0),
                };
                extend(
                    message,
                    json!({
                        "flags": flag::COPY | holes | u64::from(mark),
                        "cmi": cmi,
                        "spa": self.lower.client(client).1,
                    }),
                );
            }
            // Register A01: first the server itself, or in the place of its id, or only those that it learned of.
            Says::RedirectMap { order, .. } => {
                // Register A04.
                extend(message, json!({"redirf": {"one_of": [0, 0x80]}}));
                let targets = message.get("targets").cloned().unwrap_or_default();
                let all = targets.as_array().cloned().unwrap_or_default();
                if let Some((first, learned)) = all.split_first()
                    && order.first() == Some(&self.name)
                    && !learned.is_empty()
                {
                    let id = |name: &String| self.lower.server_id(name);
                    let place = order.iter().filter(|one| id(one) < id(&self.name)).count();
                    let counts = [all.len(), learned.len()];
                    let mut lists = vec![all.clone()];
                    if place > 0 {
                        let (lower, higher) = learned.split_at(place.min(learned.len()));
                        lists.push([lower, std::slice::from_ref(first), higher].concat());
                    }
                    lists.push(learned.to_vec());
                    extend(
                        message,
                        json!({"tnum": {"one_of": counts}, "targets": {"one_of": lists}}),
                    );
                }
            }
            _ => {}
        }
        let number = match (&wanted.says, wanted.to.as_str()) {
            (Says::Nak { .. }, _) => None,
            (_, "ccvc") => Some(self.counter.next()),
            _ => Some(self.counter.current(now)),
        };
        if let Some(number) = number {
            extend(message, json!({"msn": number}));
        }
        Expected::Frame {
            vc: wanted.to.clone(),
            matches: frame,
        }
    }

    /// What the numbers of the `ClusterControlVC` are now, and back to it.
    pub(super) fn counter(&mut self) -> &mut Counter {
        &mut self.counter
    }
}
