//! A state for people, as stateright's Explorer and paths show it: servers, records and clients by name, and only what is
//! there. Numbers of records are ranks: 1 is the oldest of its key that is anywhere.

use super::{State, server_numbers};
use crate::server_group::action::{Client, Server};
use crate::server_group::observation::RecordKind;
use crate::server_group::packed::{CLIENTS, Entry, Key};
use std::fmt::{Debug, Formatter, Result};

fn clients() -> impl Iterator<Item = Client> {
    (0..).take(CLIENTS).map(Client)
}

/// A record with its number, such as `join c1 r1 of s1 #2 cmi 1`.
fn record(state: &State, key: Key, entry: Entry) -> String {
    let what = match key.kind() {
        RecordKind::RedirectEntry => "redirect entry".to_owned(),
        RecordKind::Register { client: c } => format!("register {c}"),
        RecordKind::Join { client: c, range } => format!("join {c} {range}"),
    };
    let origin = state.oid(key.origin());
    let life = if origin == key.origin() {
        ""
    } else {
        " in its earlier life"
    };
    let cmi = match entry.slot() {
        0 => String::new(),
        slot => format!(" cmi {slot}"),
    };
    let withdrawn = if entry.live() { "" } else { " withdrawn" };
    format!(
        "{what} of {}{life} #{}{cmi}{withdrawn}",
        origin,
        entry.rank()
    )
}

/// One server.
struct ServerText<'a>(&'a State, Server);

impl Debug for ServerText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self(state, at) = *self;
        if !state.is_alive(at) {
            let intervals = state.dead_for(at);
            return write!(f, "stopped, {intervals} intervals ago");
        }
        let mut text = f.debug_struct("Runs");
        let marks = [
            ("drained", state.is_drained(at)),
            ("hung", state.is_hung(at)),
        ];
        for (mark, _) in marks.iter().filter(|(_, set)| *set) {
            text.field(mark, &true);
        }
        let leaves: Vec<String> = clients()
            .filter(|&one| state.is_leaf(at, one))
            .map(|one| one.to_string())
            .collect();
        text.field("leaves", &leaves);
        let silent = server_numbers().filter(|&other| other != at && state.age(at, other) > 0);
        let silent: Vec<String> = silent
            .map(|other| format!("{other} for {} intervals", state.age(at, other)))
            .collect();
        if !silent.is_empty() {
            text.field("silent", &silent);
        }
        let cmis = state.cmis(at);
        let held: Vec<String> = (1..=4)
            .filter(|&slot| cmis.hold(slot) > 0)
            .map(|slot| format!("{slot} for {} intervals", cmis.hold(slot)))
            .collect();
        if !held.is_empty() {
            text.field("cmis_held", &held);
        }
        let records = Key::canonical().map(|key| (key, state.entry(at, key)));
        let records: Vec<String> = records
            .filter(|(_, entry)| *entry != Entry::NONE)
            .map(|(key, entry)| record(state, key, entry))
            .collect();
        text.field("cache", &records).finish()
    }
}

/// One client.
struct ClientText<'a>(&'a State, Client);

impl Debug for ClientText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let this = self.0.client(self.1);
        if !this.is_alive() {
            return f.write_str("stopped");
        }
        let ranges = |set: u8| -> Vec<String> {
            let inside = (0..4).filter(|range| set & (1 << range) != 0);
            inside.map(|range| format!("r{}", range + 1)).collect()
        };
        let map: Vec<String> = this.map().iter().map(|one| one.to_string()).collect();
        f.debug_struct("Client")
            .field("home", &this.home().map(|one| one.to_string()))
            .field("joined", &ranges(this.joined()))
            .field("has_to_join", &ranges(this.wants()))
            .field("map", &map)
            .field("redirects", &this.redirects())
            .finish()
    }
}

impl Debug for State {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut text = f.debug_struct("Group");
        let there = |at: &Server| self.is_alive(*at) || self.dead_for(*at) > 0;
        for at in server_numbers().filter(there) {
            text.field(&at.to_string(), &ServerText(self, at));
        }
        for one in clients() {
            text.field(&one.to_string(), &ClientText(self, one));
        }
        let pairs = server_numbers().flat_map(|from| server_numbers().map(move |to| (from, to)));
        let pairs: Vec<(Server, Server)> = pairs.filter(|(from, to)| from != to).collect();
        let up: Vec<String> = pairs
            .iter()
            .filter(|(a, b)| a < b && self.is_linked(*a, *b))
            .map(|(a, b)| format!("{a}-{b}"))
            .collect();
        text.field("links", &up);
        let way: Vec<String> = pairs
            .iter()
            .flat_map(|&(from, to)| {
                self.in_flight(from, to).map(move |flight| {
                    let asked = if flight.solicited() {
                        ", asked for"
                    } else {
                        ""
                    };
                    let what = record(self, flight.key(), flight.entry());
                    format!("{from} to {to}: {what}{asked}")
                })
            })
            .collect();
        text.field("on_its_way", &way)
            .field("left", &self.left)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::Rules;
    use crate::scenario::by_name;
    use crate::server_group::{Action, Client, Range, Server, step};

    #[test]
    fn a_state_is_readable() {
        let model = by_name("two_servers_moving_client")
            .unwrap()
            .model(Rules::resolved());
        let (client, server, range) = (Client(0), Server(0), Range(0));
        let mut state = model.initial();
        for action in [
            Action::Register { client, server },
            Action::Deliver {
                from: server,
                to: Server(1),
            },
            Action::Join { client, range },
        ] {
            state = step(&model, &state, action, &mut ()).unwrap();
        }
        let text = format!("{state:#?}");
        for wanted in [
            "s1: Runs",
            "\"register c1 of s1 #1 cmi 1\"",
            "\"s1-s2\"",
            "\"s1 to s2: join c1 r1 of s1 #1 cmi 1\"",
            "home: Some(",
        ] {
            assert!(text.contains(wanted), "{wanted} is not in {text}");
        }
        // No packed octets.
        assert!(
            !text.contains("Entry(") && !text.contains("Flight("),
            "{text}"
        );
    }
}
