//! A trace in the making: the harness as MARS and network, the endpoint under test, virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::say::{self, CMI, MARS, OWN, SOURCE, atm, number, op};
use crate::requirements::Ledger;
use crate::sut::{TreeOp, VcKind, Wish};
use crate::trace::{
    Alternative, Class, Expected, FORMAT, Level, ServerSpec, Source, Step, Stimulus, Topology,
    Trace, canonical,
};

/// Name of the endpoint under test.
const SUBJECT: &str = "e1";
/// Its private VC with its MARS, and the control VC of which it is a leaf.
pub(super) const PRIVATE: &str = "mars";
pub(super) const CONTROL: &str = "control";
/// The first mar$msn of the scripted MARS.
const FIRST: u64 = 100;
/// Milliseconds.
pub(super) const S: u64 = 1_000;
pub(super) const MIN: u64 = 60 * S;

/// Levels by ledger id.
static LEVELS: LazyLock<BTreeMap<String, Level>> = LazyLock::new(|| {
    let ledger = Ledger::load().map(|ledger| ledger.requirements);
    let all = ledger.unwrap_or_default().into_iter();
    all.map(|entry| (entry.id, entry.level.level())).collect()
});

/// The trace so far.
pub(super) struct Stage {
    id: String,
    title: String,
    class: Class,
    area: &'static str,
    /// Operations of registration and its end: JOIN and LEAVE, or MSERV and UNSERV.
    ops: (u64, u64),
    config: Value,
    steps: Vec<Step>,
    now: u64,
    /// The mar$msn of the next message on the control VC; private ones carry it too (register F02).
    pub(super) msn: u64,
}

impl Stage {
    fn new(role: &str, id: &str, title: &str) -> Self {
        let client = role == "client";
        let config = json!({
            "role": role, "atm": atm(OWN), "protocol_address": SOURCE,
            "protocols": [{"type": 0x0800, "snap": "0000000000"}], "mars": [atm(MARS)],
        });
        Self {
            id: format!("{role}-{id}"),
            title: title.to_owned(),
            class: Class::Valid,
            area: if client {
                "mars.client"
            } else {
                "mars.endpoint-mcs"
            },
            ops: if client {
                (op::JOIN, op::LEAVE)
            } else {
                (op::MSERV, op::UNSERV)
            },
            config,
            steps: Vec::new(),
            now: 0,
            msn: FIRST,
        }
    }

    /// A trace of a client.
    pub(super) fn client(id: &str, title: &str) -> Self {
        Self::new("client", id, title)
    }

    /// A trace of an MCS.
    pub(super) fn mcs(id: &str, title: &str) -> Self {
        Self::new("mcs", id, title)
    }

    /// With invalid input.
    pub(super) fn invalid(mut self) -> Self {
        self.class = Class::Invalid;
        self
    }

    /// With input at the wrong moment.
    pub(super) fn inopportune(mut self) -> Self {
        self.class = Class::Inopportune;
        self
    }

    /// With another value in the configuration.
    pub(super) fn config(mut self, key: &str, value: Value) -> Self {
        if let Some(config) = self.config.as_object_mut() {
            config.insert(key.to_owned(), value);
        }
        self
    }

    /// With these MARSs.
    pub(super) fn list(self, mars: &[u8]) -> Self {
        let mars: Value = mars.iter().map(|octet| atm(*octet)).collect();
        self.config("mars", mars)
    }

    fn push(
        &mut self,
        stimulus: Stimulus,
        window: Option<(u64, u64)>,
        ids: &[&str],
        outputs: Vec<Expected>,
    ) {
        // An id of another RFC is given in full.
        let whole = |id: &&str| match id.strip_prefix('R') {
            Some(_) => (*id).to_owned(),
            None => format!("R2022-{id}"),
        };
        let requirements: Vec<String> = ids.iter().map(whole).collect();
        let levels = requirements.iter().filter_map(|id| LEVELS.get(id)).copied();
        let alternative = Alternative {
            level: levels.max().unwrap_or(Level::Implied),
            requirements,
            window,
            outputs,
        };
        self.steps.push(Step {
            at: self.now,
            act: None,
            stimulus: Some(stimulus),
            expect: vec![alternative],
            state: BTreeMap::new(),
        });
    }

    /// Something happens, and this is seen at once.
    pub(super) fn give(&mut self, stimulus: Stimulus, ids: &[&str], outputs: Vec<Expected>) {
        self.push(stimulus, None, ids, outputs);
    }

    /// Time passes, and at its end exactly this is due; nothing is before.
    pub(super) fn due(&mut self, ms: u64, ids: &[&str], outputs: Vec<Expected>) {
        self.quiet(ms - 1, ids);
        self.now += 1;
        self.push(
            Stimulus::Advance {},
            Some((self.now, self.now)),
            ids,
            outputs,
        );
    }

    /// Time passes in silence.
    pub(super) fn quiet(&mut self, ms: u64, ids: &[&str]) {
        self.now += ms;
        self.push(Stimulus::Advance {}, None, ids, Vec::new());
    }

    /// Time passes, and all this comes from `from` to `to` milliseconds from now.
    pub(super) fn within(&mut self, (from, to): (u64, u64), ids: &[&str], outputs: Vec<Expected>) {
        let window = (self.now + from, self.now + to);
        self.now += to;
        self.push(Stimulus::Advance {}, Some(window), ids, outputs);
    }

    /// The layer above wants something.
    pub(super) fn wish(&mut self, wish: Wish, ids: &[&str], outputs: Vec<Expected>) {
        self.give(Stimulus::Command(wish), ids, outputs);
    }

    /// A frame on a VC.
    pub(super) fn hear(&mut self, vc: &str, frame: Value, ids: &[&str], outputs: Vec<Expected>) {
        let stimulus = Stimulus::Deliver {
            vc: vc.to_owned(),
            hex: None,
            frame: Some(frame),
        };
        self.give(stimulus, ids, outputs);
    }

    /// A frame of the MARS on the private VC.
    pub(super) fn private(&mut self, frame: Value, ids: &[&str], outputs: Vec<Expected>) {
        self.hear(PRIVATE, frame, ids, outputs);
    }

    /// A frame on the control VC that carries the current number, which is raised after.
    pub(super) fn control(
        &mut self,
        frame: impl FnOnce(u64) -> Value,
        ids: &[&str],
        outputs: Vec<Expected>,
    ) {
        let frame = frame(self.msn);
        self.msn = (self.msn + 1) & 0xffff_ffff;
        self.hear(CONTROL, frame, ids, outputs);
    }

    /// A VC comes up, both ways.
    pub(super) fn up(&mut self, vc: &str, peer: u8, ids: &[&str], outputs: Vec<Expected>) {
        let stimulus = Stimulus::VcUp {
            vc: vc.to_owned(),
            peer: atm(peer),
            kind: None,
        };
        self.give(stimulus, ids, outputs);
    }

    /// The endpoint is made a leaf of a VC of `peer`.
    pub(super) fn leaf_of(&mut self, vc: &str, peer: u8) {
        let stimulus = Stimulus::VcUp {
            vc: vc.to_owned(),
            peer: atm(peer),
            kind: Some(VcKind::Leaf),
        };
        self.give(stimulus, &[], Vec::new());
    }

    /// A VC goes.
    pub(super) fn down(&mut self, vc: &str, ids: &[&str], outputs: Vec<Expected>) {
        self.give(Stimulus::VcDown { vc: vc.to_owned() }, ids, outputs);
    }

    /// A call comes to nothing.
    pub(super) fn no_call(&mut self, peer: u8, ids: &[&str], outputs: Vec<Expected>) {
        self.give(Stimulus::CallFailed { peer: atm(peer) }, ids, outputs);
    }

    /// A leaf is there.
    pub(super) fn leaf_up(&mut self, tree: &str, peer: u8, ids: &[&str], outputs: Vec<Expected>) {
        let (tree, peer) = (tree.to_owned(), atm(peer));
        self.give(Stimulus::LeafUp { tree, peer }, ids, outputs);
    }

    /// A leaf is not to be had.
    pub(super) fn leaf_failed(
        &mut self,
        (tree, peer, cause): (&str, u8, u8),
        ids: &[&str],
        outputs: Vec<Expected>,
    ) {
        let stimulus = Stimulus::LeafFailed {
            tree: tree.to_owned(),
            peer: atm(peer),
            cause,
        };
        self.give(stimulus, ids, outputs);
    }

    /// A leaf leaves a tree.
    pub(super) fn leaf_gone(&mut self, tree: &str, peer: u8, ids: &[&str], outputs: Vec<Expected>) {
        let (group, peer) = (tree.to_owned(), atm(peer));
        self.give(Stimulus::LeafGone { group, peer }, ids, outputs);
    }

    /// Registers with the first MARS, which answers at once.
    pub(super) fn register(&mut self) {
        let (join, _) = self.ops;
        self.wish(Wish::Register {}, &[], vec![call(MARS)]);
        let said = said(PRIVATE, say::registration(join, "register"));
        self.up(PRIVATE, MARS, &[], vec![said]);
        self.leaf_of(CONTROL, MARS);
        let cmi = if join == op::JOIN { CMI } else { 0 };
        let copy = say::registered(join, "register", cmi, self.msn);
        self.private(copy, &[], Vec::new());
    }

    /// The layer above sends a packet, and this is seen at once.
    pub(super) fn send(&mut self, to: u8, hex: &str, ids: &[&str], outputs: Vec<Expected>) {
        let wish = Wish::Send {
            group: say::group(to),
            hex: hex.to_owned(),
        };
        self.wish(wish, ids, outputs);
    }

    /// Joins a group, which the MARS confirms.
    pub(super) fn joined(&mut self, octet: u8) {
        let one = say::one(octet);
        let name = format!("join {octet}");
        let said = said(PRIVATE, say::member(op::JOIN, &one, say::LAYER3GRP, &name));
        self.wish(join(&one, true), &[], vec![said]);
        let copy = say::copy(op::JOIN, &one, &name, 0, self.msn);
        self.private(copy, &[], Vec::new());
    }

    /// A packet for a group; the MARS names its members; the tree of that name comes up with them.
    pub(super) fn tree(&mut self, tree: &str, of: u8, members: &[u8]) {
        self.send(of, "00", &[], vec![said(PRIVATE, say::request(of))]);
        self.answered(tree, of, members, vec![said(tree, say::data1(CMI, "00"))]);
    }

    /// The MARS answers a REQUEST; the tree comes up with all members, and with its first one this is seen.
    pub(super) fn answered(
        &mut self,
        tree: &str,
        of: u8,
        members: &[u8],
        mut outputs: Vec<Expected>,
    ) {
        let Some((first, rest)) = members.split_first() else {
            return;
        };
        let answer = say::members(of, self.msn, members);
        self.private(answer, &[], vec![open(tree, of, *first)]);
        outputs.extend(rest.iter().map(|peer| add(tree, *peer)));
        self.leaf_up(tree, *first, &[], outputs);
        for peer in rest {
            self.leaf_up(tree, *peer, &[], Vec::new());
        }
    }

    /// A packet goes out on a tree and nothing else happens.
    pub(super) fn flows(&mut self, tree: &str, to: u8, hex: &str, ids: &[&str]) {
        let packet = said(tree, say::data1(CMI, hex));
        self.send(to, hex, ids, vec![packet]);
    }

    /// A packet goes out on a tree, and the group's members are asked for.
    pub(super) fn revalidates(&mut self, tree: &str, to: u8, hex: &str, ids: &[&str]) {
        let packet = said(tree, say::data1(CMI, hex));
        let request = said(PRIVATE, say::request(to));
        self.send(to, hex, ids, vec![packet, request]);
    }

    /// Minutes pass in which the MARS sends its redirect map every two.
    pub(super) fn minutes(&mut self, minutes: u64) {
        let mut left = minutes;
        while left > 0 {
            let next = left.min(2);
            self.quiet(next * MIN, &[]);
            self.control(|msn| say::map(MARS, msn, &[MARS]), &[], Vec::new());
            left -= next;
        }
    }

    /// The trace.
    pub(super) fn trace(self) -> Trace {
        let cited: BTreeSet<String> = self
            .steps
            .iter()
            .flat_map(|step| &step.expect)
            .flat_map(|alternative| alternative.requirements.clone())
            .collect();
        let level = cited.iter().filter_map(|id| LEVELS.get(id)).copied().max();
        let script = serde_json::to_value((&self.config, &self.steps)).unwrap_or_default();
        Trace {
            format: FORMAT.to_owned(),
            id: self.id,
            title: self.title.clone(),
            area: self.area.to_owned(),
            class: self.class,
            level: level.unwrap_or(Level::Implied),
            requirements: cited.into_iter().collect(),
            source: Some(Source {
                scenario: "rfc2022-ends".to_owned(),
                fingerprint: digest(&canonical(&script)),
                goals: vec![self.title],
            }),
            topology: Topology::default(),
            servers: vec![ServerSpec {
                name: SUBJECT.to_owned(),
                config: self.config,
            }],
            steps: self.steps,
        }
    }
}

/// 16 hex digits of a script (FNV-1a).
fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// A wish to join a block.
pub(super) fn join((min, max): &say::Block, layer3grp: bool) -> Wish {
    Wish::Join {
        min: min.clone(),
        max: max.clone(),
        layer3grp,
    }
}

/// A wish to leave one.
pub(super) fn leave((min, max): &say::Block) -> Wish {
    Wish::Leave {
        min: min.clone(),
        max: max.clone(),
    }
}

/// A frame is seen on a VC or tree.
pub(super) fn said(vc: &str, matches: Value) -> Expected {
    Expected::Frame {
        vc: vc.to_owned(),
        matches,
    }
}

/// A call is seen.
pub(super) fn call(peer: u8) -> Expected {
    Expected::Call { peer: number(peer) }
}

/// A hangup is seen.
pub(super) fn hangup(vc: &str) -> Expected {
    Expected::Hangup { vc: vc.to_owned() }
}

/// A notice is seen.
pub(super) fn notice(kind: &str, fields: Value) -> Expected {
    Expected::Notice {
        matches: Value::Object([(kind.to_owned(), fields)].into_iter().collect()),
    }
}

/// A packet is handed up.
pub(super) fn handed_up(cmi: Option<u16>, hex: &str) -> Expected {
    Expected::Deliver {
        cmi,
        hex: hex.to_owned(),
    }
}

fn tree_op(op: TreeOp, tree: &str, peer: Option<u8>) -> Expected {
    Expected::Tree {
        op,
        tree: tree.to_owned(),
        group: None,
        peer: peer.map(number),
    }
}

/// A tree is set up.
pub(super) fn open(tree: &str, of: u8, peer: u8) -> Expected {
    Expected::Tree {
        op: TreeOp::Open,
        tree: tree.to_owned(),
        group: Some(say::group(of)),
        peer: Some(number(peer)),
    }
}

/// A leaf is added.
pub(super) fn add(tree: &str, peer: u8) -> Expected {
    tree_op(TreeOp::Add, tree, Some(peer))
}

/// A leaf is dropped.
pub(super) fn drop_leaf(tree: &str, peer: u8) -> Expected {
    tree_op(TreeOp::Drop, tree, Some(peer))
}

/// A tree is released.
pub(super) fn close(tree: &str) -> Expected {
    tree_op(TreeOp::Close, tree, None)
}
