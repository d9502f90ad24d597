//! What records and summaries do to a server's cache, request list and retransmit queue.

use super::Alignment;
use super::action::Server;
use super::message::{Instances, Keys, Message};
use super::rules::{Acknowledgement, Discarded, NullReply};
use super::state::Machine;

impl Alignment {
    /// The server after the records of a CSU Request, and what it acknowledges.
    pub(super) fn applied(
        &self,
        server: Server,
        machine: Machine,
        message: Message,
    ) -> (Machine, Instances) {
        let (mut after, mut reply) = (machine, Instances::NONE);
        for key in message.instances().keys().iter() {
            let unusable = self.scenario.unusable.contains(key);
            // C24
            if unusable && self.rules(server.0).discarded == Discarded::Refuse {
                continue;
            }
            let received = message.instances().get(key);
            let null = message.null().contains(key);
            let cached = if null {
                after.cache.get(key)
            } else {
                // R2334-2.3-10; C07: what is not cached is older than anything.
                after.cache.get(key).max(received)
            };
            after.cache = after.cache.with(key, cached);
            // R2334-2.3-22; C15: a null record is echoed.
            let acknowledged = if null { received } else { cached };
            reply = reply.with(key, acknowledged);
            // R2334-2.3-18, -25: what was queued is the same, or older than what is cached now.
            let queued = after.queue.get(key);
            if !null && queued > 0 && queued <= received {
                after.dequeue(key);
            }
            // C26
            if after.wanted.get(key) <= received.max(cached) {
                after.satisfied(key);
            }
        }
        (after, reply)
    }

    /// The server after the summaries of a CSU Reply, and what they show that it has not.
    pub(super) fn dequeued(
        &self,
        server: Server,
        machine: Machine,
        message: Message,
    ) -> (Machine, Instances) {
        let (mut after, mut newer) = (machine, Instances::NONE);
        // C14
        if self.rules(server.0).acknowledgement == Acknowledgement::WholeSummary {
            return (after, newer);
        }
        let said = match self.rules(server.0).null_reply {
            // N03
            NullReply::Apart => message.instances().keys().without(message.null()),
            NullReply::Alike => message.instances().keys(),
        };
        for key in said.iter() {
            let (queued, received) = (after.queue.get(key), message.instances().get(key));
            // R2334-2.3-19, -20, -21
            if queued > 0 && queued <= received {
                after.dequeue(key);
                if received > after.cache.get(key) {
                    newer = newer.with(key, received);
                }
            }
        }
        (after, newer)
    }
}

/// The instances of these keys only.
pub(super) fn only(instances: Instances, keys: Keys) -> Instances {
    keys.iter().fold(Instances::NONE, |some, key| {
        some.with(key, instances.get(key))
    })
}

/// The request list with the summaries that are newer than the cache (R2334-2.2.2.1-01).
pub(super) fn compared(wanted: Instances, cache: Instances, summaries: Instances) -> Instances {
    summaries.keys().iter().fold(wanted, |wanted, key| {
        let told = summaries.get(key);
        if told > cache.get(key) && told > wanted.get(key) {
            wanted.with(key, told)
        } else {
            wanted
        }
    })
}
