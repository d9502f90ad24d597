//! Joins and leaves of own clients (RFC 2022, 6.1.2).

use super::{Changed, Effect, Ignored, Kind, Mars, MarsConfig, said};
use crate::address::{GroupRange, Protocol};
use crate::mars::ranges;
use crate::wire::mars::{Membership, Message};

impl Mars {
    /// A join or leave of one range by an own client.
    pub(super) fn update(
        &mut self,
        kind: Kind,
        octets: &[u8],
        message: &Message<'_>,
        body: &Membership<'_>,
    ) -> Result<Vec<Effect>, Ignored> {
        let client = message.source;
        let MarsConfig {
            origin, protocol, ..
        } = self.config;
        let member = self
            .cluster
            .member_mut(client)
            .ok_or(Ignored::NotRegistered)?;
        // R2443-5.3-18 R2443-5.4-09
        let range = asked(protocol, body)?;
        let mut said = said(body);
        // R2022-5.2.1-10
        said.layer3grp &= range.is_single();
        let changed = match (kind, member.joins.get(&range).copied()) {
            // R2443-5.3-17 R2022-6.1.2-12
            (Kind::Join, Some(old)) if old.layer3grp == said.layer3grp => {
                return Ok(vec![self.private_copy(octets, None)]);
            }
            // Register E08: the same range with another flag is news for the group only.
            (Kind::Join, Some(old)) => {
                member.joins.insert(range, said);
                self.map.remove(origin, client, range, old.layer3grp);
                self.map.insert(origin, client, range, said.layer3grp);
                return Ok(vec![
                    self.private_copy(octets, None),
                    Effect::Changed(Changed::Joined { client, range }),
                ]);
            }
            (Kind::Join, None) if self.server_map.ranges_of(client, range).next().is_some() => {
                return Err(Ignored::ServesGroup);
            }
            (Kind::Join, None) => {
                member.joins.insert(range, said);
                self.map.insert(origin, client, range, said.layer3grp);
                Changed::Joined { client, range }
            }
            // R2443-5.4-08, register F19
            (Kind::Leave, None) => return Ok(vec![self.private_copy(octets, None)]),
            (Kind::Leave, Some(old)) => {
                member.joins.remove(&range);
                self.map.remove(origin, client, range, old.layer3grp);
                Changed::Left {
                    client,
                    range,
                    said,
                }
            }
        };
        let mut effects = self.distribute(octets, message, body, range);
        effects.push(Effect::Changed(changed));
        Ok(effects)
    }
}

/// The range that a message is about: its first pair, of groups of this protocol.
// R2022-5.1.2-02 R2022-5.3-02 R2022-5.3-03
pub(in crate::mars) fn asked(
    protocol: Protocol,
    body: &Membership<'_>,
) -> Result<GroupRange, Ignored> {
    body.pairs
        .iter()
        .next()
        .filter(|range| ranges::fits(protocol, ranges::ends(*range).0))
        .ok_or(Ignored::NoGroup)
}
