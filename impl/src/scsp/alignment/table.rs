//! The machine's whole relation as a table, for people and for the comparison with that of the model
//! (`conformance/tests/tables.rs`).
//!
//! A block is a state and what else counts there. A line is what follows: the next state, what is done, and
//! all events that lead to it. A CA is written as its bits, a digit for its summaries (0 none, 1 some), and
//! its number against the own one: `=` the same, `+` one more, `-` one less, `?` any other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::address::ServerId;
use crate::wire::scsp::CacheKey;

/// Summaries that fit into a CA here.
const LIMIT: usize = 2;
/// Own first number, and that of the neighbour's bid.
const OWN: u32 = 100;
const BID: u32 = 5000;

fn cache(entries: u8) -> Cache {
    let mut cache = Cache::default();
    for n in 0..entries {
        let id = RecordId {
            origin: ServerId([10, 0, 0, 9]),
            key: CacheKey([0, 0, 0, n]),
        };
        cache.store(id, SequenceNumber(1), Arc::from([].as_slice()));
    }
    cache
}

/// How many CAs so many summaries fill.
fn amount(summaries: usize) -> &'static str {
    match summaries.div_ceil(LIMIT) {
        0 => "none",
        1 => "one",
        _ => "more",
    }
}

/// A machine with what the table says of it.
struct Case {
    machine: Alignment,
    larger: bool,
    entries: u8,
    cache: Cache,
    first: bool,
    wanted: bool,
}

impl Case {
    fn context(&self) -> CaContext<'_> {
        CaContext {
            peer_is_larger: self.larger,
            cache: &self.cache,
            limit: LIMIT,
        }
    }

    fn is_told(&self) -> bool {
        matches!(self.machine.state, CafsmState::Summarize(_))
    }

    /// The slave's last CA is kept after the summaries.
    fn held(&self) -> bool {
        self.machine.state.is_open() && self.machine.last.is_some()
    }

    /// Summaries not sent yet, by what the machine would send if it were asked.
    fn left(&self) -> usize {
        if !self.is_told() || self.machine.finished {
            return 0;
        }
        self.cache
            .summaries(self.machine.cursor, usize::MAX)
            .0
            .len()
    }

    fn heading(&self) -> String {
        let word = |set, name: &'static str| if set { name } else { "-" };
        let state = self.machine.state;
        // What cannot matter in a state has one value.
        let larger = match state {
            CafsmState::Down | CafsmState::Summarize(Role::Master) => false,
            _ => self.larger,
        };
        format!(
            "{} {} cache={} left={} {} {} {}",
            name(state),
            if larger { "larger" } else { "smaller" },
            amount(usize::from(self.entries)),
            amount(self.left()),
            word(self.first, "first"),
            word(self.held(), "held"),
            word(self.wanted, "wanted"),
        )
    }
}

fn name(state: CafsmState) -> &'static str {
    match state {
        CafsmState::Summarize(Role::Master) => "master",
        CafsmState::Summarize(Role::Slave) => "slave",
        other => other.name(),
    }
}

fn ca(sequence: u32, flags: &str, records: usize) -> CaMessage {
    let (records, _) = cache(1).summaries(None, records);
    CaMessage {
        sequence,
        master: flags.contains('M'),
        init: flags.contains('I'),
        more: flags.contains('O'),
        records,
    }
}

/// What is done, in a fixed order; of a timer only what becomes of it.
fn done(before: &Alignment, received: Option<u32>, actions: &[CaAction], wanted: bool) -> String {
    let has = |action: &CaAction| actions.contains(action);
    let mut words = Vec::new();
    let is_down = before.state == CafsmState::Down;
    // In Down there is nothing to forget.
    if has(&CaAction::Reset) && !is_down {
        words.push("forget".to_owned());
    }
    if has(&CaAction::Process) {
        words.push("process".to_owned());
    }
    for action in actions {
        let CaAction::Send(message) = action else {
            continue;
        };
        if !has(&CaAction::Reset) && before.last.as_ref() == Some(message) {
            words.push("repeat".to_owned());
            continue;
        }
        let number = match message.sequence {
            // Nothing was sent in Down.
            n if message.is_bid() && (n != before.sequence || is_down) => "new",
            n if !message.master && Some(n) == received => "received",
            n if message.master && n == before.sequence.wrapping_add(1) => "own+1",
            _ => "wrong",
        };
        let kind = match (message.is_bid(), message.more, message.records.is_empty()) {
            (true, ..) => "bid",
            (_, true, _) => "more",
            (_, false, false) => "last",
            (_, false, true) => "empty",
        };
        words.push(format!("{kind}({number})"));
    }
    let timer = actions
        .iter()
        .rev()
        .find(|action| matches!(action, CaAction::StartTimer | CaAction::StopTimer));
    match timer {
        Some(CaAction::StartTimer) => words.push("start-ca-timer".to_owned()),
        Some(_) if !has(&CaAction::Reset) => words.push("stop-ca-timer".to_owned()),
        _ => {}
    }
    if has(&CaAction::StartPatience) {
        words.push("start-patience".to_owned());
    }
    if has(&CaAction::StartHold) {
        words.push("keep-copy".to_owned());
    }
    let held = before.state.is_open() && before.last.is_some();
    if has(&CaAction::StopHold) && !has(&CaAction::Reset) && held {
        words.push("free-copy".to_owned());
    }
    if has(&CaAction::EnterUpdate) {
        words.push("release".to_owned());
        if wanted {
            words.push("solicit".to_owned());
        }
    }
    words.join(" ")
}

/// A machine that has taken these CAs; as many entries as that.
fn run(larger: bool, entries: u8, steps: &[CaMessage]) -> Case {
    let mut case = Case {
        machine: Alignment::new(OWN),
        larger,
        entries,
        cache: cache(entries),
        first: steps.len() == 1 && larger,
        wanted: false,
    };
    case.machine.start();
    for step in steps {
        let mut machine = case.machine.clone();
        machine.receive(step, case.context());
        case.machine = machine;
    }
    case.first &= case.is_told();
    case
}

/// Every case that can be reached, once for an empty request list and once for one that is not.
fn cases() -> Vec<Case> {
    let down = Case {
        machine: Alignment::new(OWN),
        larger: false,
        entries: 0,
        cache: cache(0),
        first: false,
        wanted: false,
    };
    let mut all = vec![down];
    let turns = u32::from(u8::MAX);
    for entries in [0, 2, 3, 5, 7, 9] {
        let own = |n: u32| ca(OWN + n, "O", 1);
        let given = |n: u32| {
            ca(
                BID + n,
                if n == 0 { "MIO" } else { "MO" },
                usize::from(n > 0),
            )
        };
        let as_master: Vec<CaMessage> = (0..turns).map(own).collect();
        let as_slave: Vec<CaMessage> = (0..turns).map(given).collect();
        for (larger, talk) in [(false, &as_master), (true, &as_slave)] {
            // As slave not after two: one less would be the bid.
            for steps in [0, 1, 2, 3].into_iter().filter(|&n| !larger || n != 2) {
                for wanted in [false, true] {
                    // In Negotiation nothing is wanted yet.
                    if steps > 0 || !wanted {
                        all.push(Case {
                            wanted,
                            ..run(larger, entries, &talk[..steps])
                        });
                    }
                }
            }
            let mut ending: Vec<CaMessage> = talk[..6].to_vec();
            if let Some(last) = ending.last_mut() {
                last.more = false;
            }
            for wanted in [false, true] {
                for aligned in [false, true] {
                    for freed in [false, true] {
                        let mut case = run(larger, entries, &ending);
                        assert_eq!(case.machine.state, CafsmState::Update);
                        if aligned {
                            assert!(case.machine.satisfied());
                        }
                        if freed {
                            case.machine.release();
                        }
                        all.push(Case { wanted, ..case });
                    }
                }
            }
        }
    }
    all
}

type Lines = BTreeMap<String, BTreeMap<String, String>>;

/// All that can happen to a machine, by what follows.
fn lines(case: &Case) -> Lines {
    let mut lines = Lines::new();
    let mut put =
        |event: (String, &str), received, act: &dyn Fn(&mut Alignment) -> Vec<CaAction>| {
            let mut machine = case.machine.clone();
            let actions = act(&mut machine);
            if actions.contains(&CaAction::EnterUpdate) && !case.wanted {
                assert!(machine.satisfied());
            }
            let done = done(&case.machine, received, &actions, case.wanted);
            let follows = format!("{} [{done}]", name(machine.state));
            let (event, number) = event;
            let events = lines.entry(follows).or_default();
            events.entry(event).or_default().push_str(number);
        };
    for form in 0_u8..16 {
        let bit = |n: u8, letter: char| if form >> n & 1 == 1 { letter } else { '-' };
        let bits: String = [bit(3, 'M'), bit(2, 'I'), bit(1, 'O')].iter().collect();
        let records = usize::from(form & 1);
        for (mark, distance) in [("=", 0), ("+", 1), ("-", u32::MAX), ("?", 1000)] {
            let number = case.machine.sequence.wrapping_add(distance);
            let message = ca(number, &bits, records);
            put((format!("{bits}{records}"), mark), Some(number), &|m| {
                m.receive(&message, case.context())
            });
        }
    }
    let event = |name: &str| (name.to_owned(), "");
    put(event("ca-timer"), None, &Alignment::timer);
    put(event("hold-timer"), None, &Alignment::release);
    put(event("patience"), None, &Alignment::lose_patience);
    if case.machine.state == CafsmState::Down {
        put(event("up"), None, &Alignment::start);
    } else {
        put(event("down"), None, &Alignment::stop);
    }
    lines
}

// R2334-2.2-02, R2334-2.2-03, R2334-2.2-07, R2334-2.2-08, R2334-2.2.1-13, R2334-2.2.2-02, R2334-2.2.2-03,
// R2334-2.2.2-19
#[test]
fn the_whole_relation() {
    let mut blocks: BTreeMap<String, Lines> = BTreeMap::new();
    for case in cases() {
        let lines = lines(&case);
        // Whatever else is different, what the table tells apart is all that counts.
        if let Some(same) = blocks.insert(case.heading(), lines.clone()) {
            assert_eq!(same, lines, "{}", case.heading());
        }
    }
    let mut table = String::new();
    for (heading, lines) in blocks {
        table += &format!("{heading}\n");
        for (follows, events) in lines {
            let events: Vec<String> = events
                .into_iter()
                .map(|(form, numbers)| format!("{form}{numbers}"))
                .collect();
            table += &format!("  {follows} < {}\n", events.join(" "));
        }
    }
    insta::assert_snapshot!("cafsm", table);
}
