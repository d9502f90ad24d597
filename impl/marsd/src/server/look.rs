//! What others can see of a server: status, counters, changes.

use std::collections::BTreeSet;
use std::time::Duration;

use distributed_mars::group::DistributedMars;
use distributed_mars::io::Time;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Server;
use crate::atm;
use crate::metrics::{Kind, Metrics};

/// Those who want to be told of changes.
#[derive(Debug, Default)]
pub(super) struct Followers {
    followers: Vec<mpsc::Sender<String>>,
    last: BTreeSet<(&'static str, String)>,
    next: Option<Instant>,
}

const LOOK: Duration = Duration::from_millis(50);

/// The lines of a view, each a fact that is or is not.
fn facts(core: &DistributedMars) -> BTreeSet<(&'static str, String)> {
    fn add<T: Serialize>(
        facts: &mut BTreeSet<(&'static str, String)>,
        what: &'static str,
        items: impl IntoIterator<Item = T>,
    ) {
        for item in items {
            if let Ok(text) = serde_json::to_string(&item) {
                facts.insert((what, text));
            }
        }
    }
    let view = core.view();
    let mut all = BTreeSet::new();
    add(&mut all, "member", &view.membership);
    add(&mut all, "registration", &view.registrations);
    add(&mut all, "mcs", &view.mcs_registrations);
    add(&mut all, "server", &view.live);
    add(&mut all, "redirect-map", &view.redirect_map);
    let neighbors = view.cafsm.iter().map(|(id, state)| {
        let hello = view.hfsm.get(id);
        json!({"id": id, "hello": hello, "alignment": state})
    });
    add(&mut all, "neighbor", neighbors);
    all
}

fn line(now: Time, change: &str, what: &str, item: &str) -> String {
    format!(
        "{{\"at\":{},\"change\":\"{change}\",\"what\":\"{what}\",\"item\":{item}}}\n",
        now.0
    )
}

impl Followers {
    /// One more, who is told first what there is.
    pub(super) fn add(
        &mut self,
        follower: mpsc::Sender<String>,
        core: &DistributedMars,
        now: Time,
    ) {
        let facts = facts(core);
        let present: String = facts
            .iter()
            .map(|(what, item)| line(now, "is", what, item))
            .collect();
        if follower.try_send(present).is_err() {
            return;
        }
        if self.followers.is_empty() {
            self.last = facts;
        }
        self.followers.push(follower);
        self.next = Some(Instant::now() + LOOK);
    }

    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.next
    }

    /// Tells what has changed. Who does not listen fast enough is dropped.
    pub(super) fn look(&mut self, core: &DistributedMars, now: Time) {
        let instant = Instant::now();
        if self.next.is_none_or(|next| next > instant) {
            return;
        }
        self.followers.retain(|follower| !follower.is_closed());
        if self.followers.is_empty() {
            self.next = None;
            self.last.clear();
            return;
        }
        let facts = facts(core);
        // Looking takes no more than a tenth of the server's time, however much there is to see.
        self.next = Some(Instant::now() + LOOK.max(instant.elapsed() * 10));
        let gone = self.last.difference(&facts);
        let mut text: String = gone
            .map(|(what, item)| line(now, "gone", what, item))
            .collect();
        text.extend(
            facts
                .difference(&self.last)
                .map(|(what, item)| line(now, "new", what, item)),
        );
        if !text.is_empty() {
            self.followers
                .retain(|follower| follower.try_send(text.clone()).is_ok());
            self.last = facts;
        }
    }
}

impl Server {
    pub(super) fn status(&self) -> Value {
        let config = self.core.config();
        let (callers, strangers) = self.fabric.connections();
        let (frames, octets) = self.links.waiting();
        json!({
            "server": {
                "id": std::net::Ipv4Addr::from(config.server_id.0).to_string(),
                "atm": atm::text(config.atm),
                "incarnation": config.incarnation,
                "up_ms": self.clock.now().0,
                "speed": self.config.test.speed,
                "version": env!("CARGO_PKG_VERSION"),
            },
            "view": self.core.view(),
            "meters": self.core.meters(),
            "scsp": crate::metrics::scsp_json(self.core.scsp_meters()),
            "vcs": {
                "point": self.links.points(),
                "leaves": self.links.leaves(),
                "neighbors": self.links.neighbors_up(),
                "called": callers,
                "strangers": strangers,
                "waiting_sdus": frames,
                "waiting_octets": octets,
                "overflows": self.links.dropped.overflows,
                "unsent": self.links.dropped.unsent,
                "ends": self.links.ends,
                "refused": self.fabric.refused(),
            },
            "longest_delay_ms": self.late.0,
        })
    }

    pub(super) fn metrics(&self) -> String {
        let mut metrics = Metrics::default();
        metrics.protocol(&self.core, &self.tally);
        let (callers, strangers) = self.fabric.connections();
        let (frames, octets) = self.links.waiting();
        let gauges = [
            (
                "marsd_point_vcs",
                "Point-to-point VCs.",
                self.links.points(),
            ),
            (
                "marsd_leaves",
                "Leaves of control VCs.",
                self.links.leaves(),
            ),
            (
                "marsd_neighbors_up",
                "Neighbours with a VC.",
                self.links.neighbors_up(),
            ),
            ("marsd_called_vcs", "VCs that others have set up.", callers),
            (
                "marsd_strangers",
                "Connections that have not said who they are.",
                strangers,
            ),
            ("marsd_queue_sdus", "SDUs that wait to be sent.", frames),
            ("marsd_queue_octets", "Octets that wait to be sent.", octets),
        ];
        for (name, help, value) in gauges {
            metrics.put(name, Kind::Gauge, help, &[], value as u64);
        }
        metrics.put(
            "marsd_queue_overflows_total",
            Kind::Counter,
            "SDUs dropped because the peer is slow.",
            &[],
            self.links.dropped.overflows,
        );
        metrics.put(
            "marsd_longest_timer_delay_ms",
            Kind::Gauge,
            "Longest time that a timer was late.",
            &[],
            self.late.0,
        );
        for (how, count) in &self.links.ends {
            metrics.put(
                "marsd_vc_ends_total",
                Kind::Counter,
                "VCs that ended, by how.",
                &[("how", how)],
                *count,
            );
        }
        for (why, count) in self.fabric.refused() {
            metrics.put(
                "marsd_refused_calls_total",
                Kind::Counter,
                "Connections that became no VC, by why.",
                &[("why", why)],
                count,
            );
        }
        metrics.text()
    }
}
