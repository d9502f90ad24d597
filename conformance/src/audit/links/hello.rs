//! What a Hello that the server sends says.

use mars_model::hello::hfsm::State as Hello;

use super::super::finding::{Sink, Wrong};
use super::super::view::Scsp;
use super::super::world::World;
use super::{HELLO, Links};

impl Links {
    pub(super) fn hello_sent(
        &mut self,
        world: &World,
        vc: &str,
        message: &Scsp,
        at: u64,
        sink: &mut Sink,
    ) {
        let Some(watch) = self.watches.get_mut(vc) else {
            return sink.skip(HELLO);
        };
        for id in &message.receivers {
            // R2334-B.2.5-09, R2334-B.2.5-12; in a capture it may have been heard before.
            let known = world.capture || watch.ever.contains(id);
            sink.judge(HELLO, known, || Wrong {
                vc,
                code: "wrong-field:receiver_id",
                ids: &["R2334-B.2.5-09", "R2334-2.1-18"],
                wanted: "IDs of servers that were heard on this VC".to_owned(),
                got: id.clone(),
            });
        }
        match &watch.heard {
            Some((id, heard, dead)) if *heard < at => {
                let lists = message.receivers.iter().any(|one| one == id);
                let deadline = heard + dead;
                if at > deadline + world.grace {
                    sink.judge(HELLO, !lists, || Wrong {
                        vc,
                        code: "wrong-field:receiver_id",
                        ids: &["R2334-2.1-15", "R2334-B.2.5-12"],
                        wanted: format!("{id} left out: its dead time ended at {deadline} ms"),
                        got: "it is listed".to_owned(),
                    });
                } else if at < deadline && !watch.doubt && !watch.may_be(Hello::Waiting) {
                    // D02: one that lists nobody may be called stalled by some, so only Bidirectional is sure.
                    let sure = !watch.may_be(Hello::Unidirectional) || watch.listed.is_none();
                    sink.judge(HELLO, lists || !sure, || Wrong {
                        vc,
                        code: "wrong-field:receiver_id",
                        ids: &["R2334-2.1-11", "R2334-B.2.5-12"],
                        wanted: format!("{id}, heard at {heard} ms"),
                        got: format!("{:?}", message.receivers),
                    });
                }
            }
            _ => sink.skip(HELLO),
        }
        if let Some(config) = &world.config {
            let given = (message.interval_s * 1000, message.dead_factor);
            sink.judge(HELLO, given == (config.hello, config.dead_factor), || {
                Wrong {
                    vc,
                    code: "wrong-field:hello_interval",
                    ids: &["R2334-2.1-07", "R2334-2.1-12"],
                    wanted: format!("{} s, factor {}", config.hello / 1000, config.dead_factor),
                    got: format!("{} s, factor {}", message.interval_s, message.dead_factor),
                }
            });
        }
        watch.interval = Some(message.interval_s.max(1) * 1000);
        watch.hello = at;
    }
}
