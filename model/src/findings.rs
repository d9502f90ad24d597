//! Findings: what goes wrong where one ambiguity of the RFCs is read the other way.
//!
//! Each is the resolved rules of its family with exactly one field changed. On the named scenario the named property then fails, at
//! the end of a shortest path; with that field resolved the same scenario holds.

use crate::explore::{Options, Path};
use crate::reading::{Choice, FieldValue};
use crate::registry::{self, Case, Told};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

/// One finding.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// The item of the register of ambiguities.
    pub id: &'static str,
    /// What happens, in a few words.
    pub title: &'static str,
    /// Where the RFCs are silent or wrong.
    pub sections: &'static [&'static str],
    /// The field that is changed, and its hurtful value.
    pub rules_field: FieldValue,
    /// The scenario.
    pub scenario: &'static str,
    /// The property that fails.
    pub property: &'static str,
    /// What the failure means to people.
    pub consequence: &'static str,
    /// What we do instead.
    pub resolution: &'static str,
}

impl Finding {
    /// The resolved rules with this finding's field changed.
    pub const fn choice(&self) -> Choice {
        Choice::But(self.rules_field)
    }
    /// The finding's scenario.
    pub fn in_scenario(&self) -> Option<&'static dyn Case> {
        registry::by_name(self.scenario)
    }
}

/// A finding derived anew.
pub struct Derived {
    /// Whether the scenario, exhausted under the resolved rules, keeps the property. `None`: the search was stopped.
    pub holds_under_resolved: Option<bool>,
    /// The same under the changed rules.
    pub holds_under_literal: Option<bool>,
    /// A shortest path to the failure under the changed rules. `None`: there is none, or the search was stopped.
    pub path: Option<Path<Told>>,
}

impl Derived {
    /// Whether the finding stands: it fails one way and holds the other.
    pub const fn stands(&self) -> bool {
        matches!(self.holds_under_resolved, Some(true)) && self.path.is_some()
    }
    /// How many actions the path has; 0 without a path.
    pub fn trace_length(&self) -> usize {
        self.path.as_ref().map_or(0, Path::len)
    }
}

/// Searches for the failure only. `None`: there is none, or the search was stopped.
pub fn failure(finding: &Finding, stop: &AtomicBool) -> Option<Path<Told>> {
    let case = finding.in_scenario()?;
    let choice = finding.choice();
    ask(case, choice, finding.property, NonZeroUsize::MIN, stop).1
}

/// Whether a finding's scenario, exhausted under the resolved rules, keeps its property. `None`: the search was stopped.
pub fn resolved(finding: &Finding, threads: NonZeroUsize, stop: &AtomicBool) -> Option<bool> {
    let case = finding.in_scenario()?;
    ask(case, Choice::Resolved, finding.property, threads, stop).0
}

/// Derives a finding anew: searches for the failure under the changed rules. What [`resolved`] says is the caller's to
/// know, since findings share scenarios.
pub fn derive(
    finding: &Finding,
    holds_under_resolved: Option<bool>,
    threads: NonZeroUsize,
    stop: &AtomicBool,
) -> Derived {
    let (holds_under_literal, path) = match finding.in_scenario() {
        Some(case) => ask(case, finding.choice(), finding.property, threads, stop),
        None => (None, None),
    };
    Derived {
        holds_under_resolved,
        holds_under_literal,
        path,
    }
}

/// A finding in groups that have both: servers that read the RFCs as the finding does, and servers that do not.
pub struct Mixed {
    /// Whether the property holds in all of these groups. `None`: a search was stopped, and none of the others fails.
    pub holds: Option<bool>,
    /// The groups in which it fails: who reads it so there, one bit each, bit 0: the first server.
    pub harmful: Vec<u8>,
}

/// Asks the question of a finding for every group that has servers of both kinds. What a server that reads it literally
/// does to its own clients alone is no failure there (see [`crate::server_group::ServerGroup::literal`]). `None`: the
/// family has no servers that could differ.
pub fn mixed(finding: &Finding, threads: NonZeroUsize, stop: &AtomicBool) -> Option<Mixed> {
    let case = finding.in_scenario()?;
    let servers = case.readers();
    if servers < 2 {
        return None;
    }
    let (mut decided, mut harmful) = (true, Vec::new());
    for odd in 1..(1u8 << servers) - 1 {
        let choice = Choice::Mixed(finding.rules_field, odd);
        match ask(case, choice, finding.property, threads, stop).0 {
            Some(true) => {}
            Some(false) => harmful.push(odd),
            None => decided = false,
        }
    }
    let holds = harmful.is_empty();
    Some(Mixed {
        holds: (decided || !holds).then_some(holds),
        harmful,
    })
}

/// Whether a property holds in every state under the given rules, and if not, a shortest way to where it fails.
fn ask(
    case: &dyn Case,
    choice: Choice,
    property: &'static str,
    threads: NonZeroUsize,
    stop: &AtomicBool,
) -> (Option<bool>, Option<Path<Told>>) {
    let options = Options {
        threads,
        until: Some(property.into()),
        ..Options::default()
    };
    let report = case.search(choice, &options, &mut |_| {}, stop);
    let held = report.exhausted().then_some(true);
    let found = report
        .discoveries
        .into_iter()
        .find(|discovery| discovery.violation && discovery.property == property);
    match found {
        Some(found) => (Some(false), Some(found.path)),
        None => (held, None),
    }
}

/// All findings of all families.
pub fn findings() -> impl Iterator<Item = &'static Finding> + Clone {
    FINDINGS
        .iter()
        .chain(crate::hello::findings::findings())
        .chain(crate::alignment::findings::findings())
        .chain(crate::flooding::findings::findings())
        .chain(crate::cluster::findings::findings())
}

/// Those of the server group.
const FINDINGS: &[Finding] = &[
    Finding {
        id: "A01",
        title: "Two servers that list only each other hand a client back and forth",
        sections: &["RFC 2443, 2 and 5.1", "RFC 2022, 5.4.3 and 6.1.3"],
        rules_field: ("redirect_order", "learned-only"),
        scenario: "two_servers_moving_client",
        property: "home-stable",
        consequence: "Each map that a client sees starts with a server that is not its own, so the client must move, \
                      and again with the next map: every minute or two it registers and joins everything anew.",
        resolution: "A server puts its own address first and the learned servers after it in ascending order.",
    },
    Finding {
        id: "A05",
        title: "After a soft redirect the old server's proxy deregister removes the memberships",
        sections: &["RFC 2443, 2 and 5.4", "RFC 2022, 5.4.3"],
        rules_field: ("redirect_flag", "soft"),
        scenario: "drain",
        property: "no-lost-member",
        consequence: "The client registers at the new server and, as it was told, joins nothing again. The joins are \
                      still the old server's records; when the client leaves the old control VC they go, everywhere. \
                      The client receives no more traffic and nothing tells it so.",
        resolution: "redirf always asks for a hard redirect (A04), so the client joins again.",
    },
    Finding {
        id: "A08",
        title: "A late proxy deregister from the old home wipes the registration at the new one",
        sections: &["RFC 2443, 2, 5.4 and 5.5"],
        rules_field: ("purge_scope", "all"),
        scenario: "proxy_deregister_race",
        property: "no-lost-member",
        consequence: "A client has moved and joined again. Then the old home notices that its leaf is gone and says so; \
                      if that purges everything about the client, the new registration is gone too, for good.",
        resolution: "A deregister ends what its originator supplied under that CMI, and nothing else.",
    },
    Finding {
        id: "A08b",
        title: "A peer that purges everything keeps a moved client off its map, unless the new home repeats itself",
        sections: &["RFC 2443, 2 and 5.4"],
        rules_field: ("foreign_deregister", "ignore"),
        scenario: "among_literal_peers",
        property: "no-lost-member",
        consequence: "One literal server in the group is enough: at that server the client's new registration is gone, \
                      and nobody sends it again.",
        resolution: "A server that has the client as its own leaf answers a foreign deregister by sending its own \
                     register and join records once more, with the next number.",
    },
    Finding {
        id: "A10",
        title: "A learned server that is never taken out of the redirect map outlives itself there",
        sections: &["RFC 2443, 2 and 5.1", "RFC 2022, 5.4.2"],
        rules_field: ("map_removal", "never"),
        scenario: "crash_and_failover",
        property: "redirect-map-true",
        consequence: "Clients of a failed server try dead servers first; each costs them several timeouts.",
        resolution: "A learned server leaves the map when it is flushed.",
    },
    Finding {
        id: "B02",
        title: "A flush without a new alignment loses the members behind a working link",
        sections: &["RFC 2443, 2 and 5.1", "RFC 2334, 2.2 and 2.3"],
        rules_field: ("flush", "delete"),
        scenario: "line_with_a_hung_heartbeat",
        property: "no-lost-member",
        consequence: "A server's heartbeat pauses while its adjacencies stay up. The others delete what it supplied. \
                      When it beats again nobody sends the joins once more: its clients stay unknown elsewhere.",
        resolution: "A flush puts the entries into quarantine; a newer Redirect Entry brings them back and floods them once.",
    },
    Finding {
        id: "B09",
        title: "A neighbour that is flushed because one link to it failed, though its heartbeats come another way",
        sections: &["RFC 2334, 2.1", "RFC 2443, 2"],
        rules_field: ("link_loss", "flush"),
        scenario: "ring_with_a_cut",
        property: "flush-exact",
        consequence: "The loss of one VC takes the members of a running, connected server out of service.",
        resolution: "Only missed heartbeats flush an originator, whatever its links do.",
    },
    Finding {
        id: "C04",
        title: "A deregister alone leaves the join records of the registration in every cache",
        sections: &["RFC 2443, 5.4", "RFC 2334, 2.3"],
        rules_field: ("deregister_records", "register-only"),
        scenario: "two_servers_moving_client",
        property: "proxy-deregister-precise",
        consequence: "The joins stay as live records that nothing ever withdraws: only the binding to a registration by \
                      CMI keeps them from counting again.",
        resolution: "The originator withdraws the register record first and then every join record under its own key.",
    },
    Finding {
        id: "C07",
        title: "Where only a cached record can be outdone, nothing new is ever learned",
        sections: &["RFC 2334, 2.4"],
        rules_field: ("unknown_key", "never-newer"),
        scenario: "three_in_a_line",
        property: "converged-when-quiet",
        consequence: "Read to the letter, a record under an unknown key is not newer than anything, so no server ever \
                      learns a registration from another.",
        resolution: "A record under an unknown key counts as newer.",
    },
    Finding {
        id: "C13",
        title: "A hop count of one on solicited records stops news at the border of a healed partition",
        sections: &["RFC 2334, 2.3 and B.2.0.2"],
        rules_field: ("solicited_hop", "one"),
        scenario: "partition_and_heal",
        property: "no-lost-member",
        consequence: "The server at the border learns the other side's changes by asking for them and may not pass them \
                      on; its other adjacencies are up and do not run again. The servers behind it never learn.",
        resolution: "News that was learned by asking for it is flooded with the configured hop count.",
    },
    Finding {
        id: "E02",
        title: "A server without a free CMI that registers a client under CMI 0",
        sections: &["RFC 2443, 2", "RFC 2022, 6.1.2"],
        rules_field: ("exhausted", "zero-cmi"),
        scenario: "cmi_range_nearly_used_up",
        property: "cmi-unique",
        consequence: "CMI 0 names no client: a second one gets it too, and neither can tell its reflected packets.",
        resolution: "Silence: no leaf, no record, no answer. The client tries again and then the next server.",
    },
    Finding {
        id: "E04",
        title: "A CMI given out again at once belongs to two clients where the old registration is still known",
        sections: &["RFC 2022, 5.2.3 and 6.1.2", "RFC 2443, 2"],
        rules_field: ("cmi_reuse", "at-once"),
        scenario: "cmi_range_nearly_used_up",
        property: "cmi-unique",
        consequence: "A server cut off from the giver still serves the old registration when the value names another \
                      client: each of the two takes the other's packets for its own reflections and drops them.",
        resolution: "A value given up is held for twice the dead time before it is given again.",
    },
    Finding {
        id: "E08",
        title: "A join taken for a duplicate of another server's record is lost with that record",
        sections: &["RFC 2443, 5.3"],
        rules_field: ("duplicate_join", "everything"),
        scenario: "two_servers_moving_client",
        property: "no-lost-member",
        consequence: "A client that moved joins again; the new home knows the membership from the old home's record and \
                      sends none of its own. When the old home withdraws its record the membership is gone.",
        resolution: "A join is a duplicate only of a join in the same registration at the same server.",
    },
    Finding {
        id: "A02",
        title: "Maps ordered by the Sender ID of the message differ from server to server",
        sections: &["RFC 2443, 2 and 5.1", "RFC 2334, B.2.0.1 and B.2.0.2"],
        rules_field: ("map_key", "sender"),
        scenario: "ring_with_a_cut",
        property: "redirect-map-true",
        consequence: "What a neighbour relays bears the neighbour's Sender ID: a server that is two hops away comes after \
                      the relay whatever its own ID. Clients of one group get the backups in different orders.",
        resolution: "Order and account by the originator ID of the Redirect Entry.",
    },
    Finding {
        id: "B01",
        title: "A server that beats every two minutes, as it may, is flushed by one that waits for two of one minute",
        sections: &["RFC 2443, 2 and 5.1"],
        rules_field: ("hold", "usual"),
        scenario: "slow_heartbeat",
        property: "flush-exact",
        consequence: "The interval is not in the record. A receiver that takes the recommended one for granted drops all \
                      members of a conforming server, and takes them up again, every other minute.",
        resolution: "Two of the longest interval allowed, and some slack, after the last update.",
    },
    Finding {
        id: "B04",
        title: "A server that stopped lives on for as long as others align with each other",
        sections: &["RFC 2443, 2", "RFC 2334, 2.2 and 2.4"],
        rules_field: ("same_beat", "counts"),
        scenario: "realigned_after_a_crash",
        property: "flush-exact",
        consequence: "Each alignment shows the last Redirect Entry again; if that restarts the timer, a link that comes and \
                      goes keeps the dead server's members in service and its address in the maps.",
        resolution: "Only a number that is larger than the cached one is an update.",
    },
    Finding {
        id: "B06",
        title: "Senders stay with the multicast servers of a flushed server, which hear of no member any more",
        sections: &["RFC 2443, 2 and 5.5", "RFC 2022, 5.4.1 and 6.2"],
        rules_field: ("flush_tells", "nothing"),
        scenario: "mcs_at_the_other_server",
        property: "server-map-told",
        consequence: "The flush takes the multicast server out of the map that answers requests, but those who send already \
                      are not told. They keep their VC to it while new senders use the mesh.",
        resolution: "A flush of server map entries is told like an end of service; one of host map entries is not.",
    },
    Finding {
        id: "B07",
        title: "Joins of a server whose heartbeats are missed are acknowledged, dropped, and never sent again",
        sections: &["RFC 2443, 5.1", "RFC 2334, 2.3"],
        rules_field: ("early_records", "dropped"),
        scenario: "line_with_a_hung_heartbeat",
        property: "no-lost-member",
        consequence: "A heartbeat pauses while clients go on joining. When it comes back the server counts as alive, \
                      without the members of the pause.",
        resolution: "Records are cached whoever made them, and used from the next newer Redirect Entry on.",
    },
    Finding {
        id: "B11b",
        title: "A client of the earlier life that does not come back stays registered in every other server's books",
        sections: &["RFC 2334, B.2.0.2", "RFC 2443, 2"],
        rules_field: ("after_restart", "nothing"),
        scenario: "restart",
        property: "no-phantom",
        consequence: "A server that is back before it is missed is not flushed, and later its first Redirect Entry brings \
                      back what was: its old clients are members for good, with CMIs that it may give again.",
        resolution: "After its first alignment a server withdraws what it learns under its own ID and does not hold.",
    },
    Finding {
        id: "E01",
        title: "A multicast server's records with CMI 0",
        sections: &["RFC 2443, 5.2", "RFC 2022, 6.2.3"],
        rules_field: ("mcs_cmi", "zero"),
        scenario: "two_multicast_servers",
        property: "cmi-unique",
        consequence: "Two multicast servers have one CMI, and two registrations of one of them cannot be told apart.",
        resolution: "A CMI of the server's own range in the records, zero in the messages.",
    },
    Finding {
        id: "E05",
        title: "A CMI taken over from another server's range is that server's to give again",
        sections: &["RFC 2022, 6.1.2", "RFC 2443, 2"],
        rules_field: ("known_elsewhere", "its-cmi"),
        scenario: "two_servers_moving_client",
        property: "cmi-unique",
        consequence: "The value is outside the range of the server that uses it; when the old home notices that its leaf \
                      is gone it is free there, for the next client.",
        resolution: "A client that is new at a server gets a new CMI of that server's range.",
    },
    Finding {
        id: "E13b",
        title: "Every service record answered by MARS_MIGRATE repeats it when a multicast server moves",
        sections: &["RFC 2443, 5.2", "RFC 2022, 6.2.2"],
        rules_field: ("migrate", "every-serve"),
        scenario: "mcs_that_moves",
        property: "migrate-exactly",
        consequence: "A multicast server that moved, or whose record is refreshed, makes all senders of the group release and \
                      build their VCs again; with a second one they leave the first, at some servers and not at others.",
        resolution: "MARS_MIGRATE when the group-wide server map gets its first entry, MARS_JOIN for a further one, nothing \
                     for what is known.",
    },
    Finding {
        id: "E16b",
        title: "A multicast server that deregisters or drops off is not taken from the own cluster's senders",
        sections: &["RFC 2443, 5.5", "RFC 2022, 6.2.3"],
        rules_field: ("server_gone", "nothing"),
        scenario: "mcs_at_the_other_server",
        property: "server-map-told",
        consequence: "The other servers tell their clients, as RFC 2443 demands; those of the home server, where RFC 2022 \
                      names no message, send on into the void.",
        resolution: "One MARS_LEAVE with all groups that it served, at the home server too.",
    },
    Finding {
        id: "E18b",
        title: "Joins go out to multicast servers that do not serve the group",
        sections: &["RFC 2443, 5.3 and 5.4", "RFC 2022, 6.2.4"],
        rules_field: ("sjoin", "always"),
        scenario: "mcs_at_the_other_server",
        property: "sjoin-where-served",
        consequence: "Every multicast server of the group hears of every join at every server.",
        resolution: "On ServerControlVC only where an own multicast server serves a group of the range.",
    },
    Finding {
        id: "H06",
        title: "The first heartbeat after a restart is no update, because its key is new",
        sections: &["RFC 2334, 2.4", "RFC 2443, 2 and 5.1"],
        rules_field: ("new_beat_key", "ignored"),
        scenario: "restart",
        property: "flush-exact",
        consequence: "A server that was flushed, started again and is aligned stays flushed although its heartbeat is there.",
        resolution: "Larger and smaller are for one key; a Redirect Entry under a new key counts.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;
    use crate::server_group::{Action, property};

    fn anew(finding: &Finding, stop: &AtomicBool) -> Derived {
        let one = NonZeroUsize::MIN;
        derive(finding, resolved(finding, one, stop), one, stop)
    }

    fn by_id(id: &str) -> &'static Finding {
        findings().find(|finding| finding.id == id).unwrap()
    }

    #[test]
    fn each_finding_changes_one_field_and_names_what_exists() {
        for finding in findings() {
            let case = finding.in_scenario();
            let case = case.unwrap_or_else(|| panic!("{}: no such scenario", finding.id));
            assert_eq!(
                case.differences(finding.choice()),
                [finding.rules_field],
                "{}",
                finding.id
            );
            let known = case.properties();
            assert!(
                known.iter().any(|about| about.name == finding.property),
                "{}",
                finding.id
            );
        }
    }

    #[test]
    fn each_finding_of_the_other_families_fails() {
        for finding in findings().skip(FINDINGS.len()) {
            let path = failure(finding, &AtomicBool::new(false));
            assert!(
                path.is_some_and(|path| !path.is_empty()),
                "{} does not fail",
                finding.id
            );
        }
    }

    #[test]
    fn each_finding_of_the_group_fails_by_a_path_that_can_be_followed_again() {
        for finding in FINDINGS {
            let path = failure(finding, &AtomicBool::new(false));
            let path = path.unwrap_or_else(|| panic!("{} does not fail", finding.id));
            let scenario = crate::scenario::by_name(finding.scenario).unwrap();
            let model = scenario.model(finding.choice().rules::<Rules>());
            let steps = crate::trace::record(&model, &group(&path)).unwrap();
            let property = property::by_name(finding.property).unwrap();
            assert!(
                !(property.holds)(&model, &steps.last().unwrap().state),
                "{}",
                finding.id
            );
            // A shortest path fails at its end and nowhere before.
            assert!(
                steps
                    .iter()
                    .rev()
                    .skip(1)
                    .all(|step| (property.holds)(&model, &step.state)),
                "{}",
                finding.id
            );
        }
    }

    fn group(path: &Path<Told>) -> Vec<Action> {
        path.actions()
            .iter()
            .map(|act| act.group().unwrap())
            .collect()
    }

    #[test]
    fn soft_redirect_needs_a_drain_a_redirect_and_a_leaf_that_goes() {
        let path = failure(by_id("A05"), &AtomicBool::new(false)).unwrap();
        let actions = group(&path);
        let kinds: Vec<_> = actions.iter().map(Action::label).collect();
        for kind in ["register", "join", "drain", "tick", "redirect", "leaf-gone"] {
            assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
        }
    }

    #[test]
    fn a_finding_of_a_small_scenario_holds_where_resolved() {
        let derived = anew(by_id("A08b"), &AtomicBool::new(false));
        assert!(derived.stands() && derived.trace_length() > 0);
    }

    #[test]
    fn a_stopped_derivation_says_so() {
        let derived = anew(by_id("A01"), &AtomicBool::new(true));
        assert!(derived.holds_under_resolved.is_none() && !derived.stands());
    }
}
