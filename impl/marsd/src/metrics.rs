//! Prometheus' text form. Counters of RFC 2417 keep their objects' names, in the spelling of Prometheus: `marsStatRxJoinMsgs` is
//! `mars_stat_rx_join_msgs_total`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use distributed_mars::group::DistributedMars;
use distributed_mars::scsp;
use distributed_mars::wire::codepoints::{Op, ScspType};
use serde_json::{Value, json};

use crate::tally::{Tally, Way};

/// What a number means over time.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

#[derive(Debug)]
struct Family {
    kind: Kind,
    help: String,
    lines: Vec<(String, u64)>,
}

/// A page of metrics, sorted by name.
#[derive(Debug, Default)]
pub struct Metrics(BTreeMap<String, Family>);

/// Objects of RFC 2417's marsStatTable, what they count, and which way.
const STAT_TABLE: [(&str, Op, Way); 17] = [
    ("marsStatTxMultiMsgs", Op::Multi, Way::Out),
    ("marsStatTxGrpLstRplyMsgs", Op::GrouplistReply, Way::Out),
    ("marsStatTxRedirectMapMsgs", Op::RedirectMap, Way::Out),
    ("marsStatTxMigrateMsgs", Op::Migrate, Way::Out),
    ("marsStatTxNakMsgs", Op::Nak, Way::Out),
    ("marsStatTxJoinMsgs", Op::Join, Way::Out),
    ("marsStatTxLeaveMsgs", Op::Leave, Way::Out),
    ("marsStatTxSjoinMsgs", Op::Sjoin, Way::Out),
    ("marsStatTxSleaveMsgs", Op::Sleave, Way::Out),
    ("marsStatTxMservMsgs", Op::Mserv, Way::Out),
    ("marsStatTxUnservMsgs", Op::Unserv, Way::Out),
    ("marsStatRxReqMsgs", Op::Request, Way::In),
    ("marsStatRxGrpLstReqMsgs", Op::GrouplistRequest, Way::In),
    ("marsStatRxJoinMsgs", Op::Join, Way::In),
    ("marsStatRxLeaveMsgs", Op::Leave, Way::In),
    ("marsStatRxMservMsgs", Op::Mserv, Way::In),
    ("marsStatRxUnservMsgs", Op::Unserv, Way::In),
];

/// `marsStatRxJoinMsgs` to `mars_stat_rx_join_msgs`.
fn snake(object: &str) -> String {
    object.chars().fold(String::new(), |mut text, c| {
        if c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
        text
    })
}

impl Metrics {
    /// One number.
    pub fn put(&mut self, name: &str, kind: Kind, help: &str, labels: &[(&str, &str)], value: u64) {
        let family = self.0.entry(name.to_owned()).or_insert_with(|| Family {
            kind,
            help: help.replace('\\', "\\\\").replace('\n', "\\n"),
            lines: Vec::new(),
        });
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| {
                let value = value
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n");
                format!("{label}=\"{value}\"")
            })
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        family.lines.push((labels, value));
    }

    fn counter(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: u64) {
        self.put(name, Kind::Counter, help, labels, value);
    }

    /// The page.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, family) in &self.0 {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
            };
            let _ = writeln!(text, "# HELP {name} {}", family.help);
            let _ = writeln!(text, "# TYPE {name} {kind}");
            for (labels, value) in &family.lines {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        }
        text
    }

    /// All that the protocol's parts count.
    pub fn protocol(&mut self, core: &DistributedMars, tally: &Tally) {
        for (object, op, way) in STAT_TABLE {
            let name = format!("{}_total", snake(object));
            let help = format!("RFC 2417, {object}.");
            self.counter(&name, &help, &[], tally.mars(op, way));
        }
        for kind in ScspType::ALL {
            for (way, name) in [(Way::In, "in"), (Way::Out, "out")] {
                let labels = [("type", format!("{kind:?}")), ("way", name.to_owned())];
                let labels = labels
                    .each_ref()
                    .map(|(label, value)| (*label, value.as_str()));
                let help = "Packets of SCSP, by type and way.";
                self.counter("scsp_packets_total", help, &labels, tally.scsp(*kind, way));
            }
        }
        for (way, octets) in ["in", "out"].into_iter().zip(tally.octets) {
            let help = "Octets of SDUs, LLC/SNAP included; those of a control VC count once.";
            self.counter("marsd_sdu_octets_total", help, &[("way", way)], octets);
        }
        let view = core.view();
        let gauges = [
            (
                "mars_registered_clients",
                "Rows of RFC 2417's marsRegClientTable and what other servers say.",
                view.registrations.len(),
            ),
            (
                "mars_registered_mcss",
                "Rows of RFC 2417's marsRegMcsTable and what other servers say.",
                view.mcs_registrations.len(),
            ),
            (
                "mars_memberships",
                "Rows of RFC 2417's marsHostMapTable and marsServerMapTable, blocks counted once.",
                view.membership.len(),
            ),
            (
                "mars_live_servers",
                "Other servers of the group that beat.",
                view.live.len(),
            ),
            (
                "scsp_cache_entries",
                "Entries of the SCSP cache.",
                view.cache.len(),
            ),
            (
                "scsp_aligned_neighbors",
                "Neighbours in state Aligned.",
                view.cafsm
                    .values()
                    .filter(|state| *state == "aligned")
                    .count(),
            ),
        ];
        for (name, help, value) in gauges {
            self.put(name, Kind::Gauge, help, &[], value as u64);
        }
        let meters = core.meters();
        let plain = [
            ("frames_in", meters.frames_in),
            ("frames_out", meters.frames_out),
            ("registrations", meters.registrations),
            ("deregistrations", meters.deregistrations),
            ("cmi_exhausted", meters.cmi_exhausted),
            ("cmi_conflicts", meters.cmi_conflicts),
            ("flushes", meters.flushes),
            ("restores", meters.restores),
            ("given_up", meters.given_up),
            ("withdrawals", meters.withdrawals),
            ("reoriginations", meters.reoriginations),
            ("renewals", meters.renewals),
        ];
        for (name, value) in plain {
            let help = format!("The server's counter {name}.");
            self.counter(&format!("mars_{name}_total"), &help, &[], value);
        }
        for (reason, count) in &meters.dropped {
            let help = "SDUs without an effect, by reason.";
            self.counter("mars_dropped_total", help, &[("reason", reason)], *count);
        }
        for (name, value) in scsp_counters(core.scsp_meters()) {
            let help = format!("SCSP's counter {name}.");
            self.counter(&format!("scsp_{name}_total"), &help, &[], value);
        }
        for (reason, count) in &core.scsp_meters().dropped {
            let reason = format!("{reason:?}");
            let help = "Packets of SCSP without an effect, by reason.";
            self.counter("scsp_dropped_total", help, &[("reason", &reason)], *count);
        }
    }
}

/// The counters of SCSP that are plain numbers.
fn scsp_counters(meters: &scsp::Meters) -> [(&'static str, u64); 17] {
    [
        ("sent", meters.sent),
        ("withheld", meters.withheld),
        ("received", meters.received),
        ("abnormal", meters.abnormal),
        ("renegotiations", meters.renegotiations),
        ("accepted", meters.accepted),
        ("acknowledged_only", meters.acknowledged_only),
        ("stale", meters.stale),
        ("duplicate", meters.duplicate),
        ("unasked_nulls", meters.unasked_nulls),
        ("own_returned", meters.own_returned),
        ("hops_used_up", meters.hops_used_up),
        ("ca_duplicates", meters.ca_duplicates),
        ("idle_acknowledgements", meters.idle_acknowledgements),
        ("expired", meters.expired),
        ("conflicting", meters.conflicting),
        ("csa_repeats", meters.csa_repeats),
    ]
}

/// The same as JSON.
#[must_use]
pub fn scsp_json(meters: &scsp::Meters) -> Value {
    let counters = scsp_counters(meters);
    let dropped: BTreeMap<String, u64> = meters
        .dropped
        .iter()
        .map(|(reason, count)| (format!("{reason:?}"), *count))
        .collect();
    let mut all: serde_json::Map<String, Value> = counters
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    all.insert("dropped".to_owned(), json!(dropped));
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_prometheus_ones() {
        assert_eq!(
            snake("marsStatRxGrpLstReqMsgs"),
            "mars_stat_rx_grp_lst_req_msgs"
        );
        let mut metrics = Metrics::default();
        metrics.put("b", Kind::Gauge, "Two\nlines.", &[("x", "a\"b\\")], 3);
        metrics.counter("a_total", "One.", &[], 1);
        metrics.put("b", Kind::Gauge, "", &[("x", "c")], 4);
        assert_eq!(
            metrics.text(),
            "# HELP a_total One.\n# TYPE a_total counter\na_total 1\n\
             # HELP b Two\\nlines.\n# TYPE b gauge\nb{x=\"a\\\"b\\\\\"} 3\nb{x=\"c\"} 4\n"
        );
    }

    /// The names are those of the RFC, as far as our copy of it says.
    #[test]
    fn every_object_is_one_of_the_table() {
        let mut names: Vec<&str> = STAT_TABLE.iter().map(|(object, ..)| *object).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STAT_TABLE.len());
        assert!(
            names
                .iter()
                .all(|name| name.starts_with("marsStat") && name.ends_with("Msgs"))
        );
    }
}
