//! Which servers a redirect map lists, and in which order (RFC 2443, 2 and 5.1; RFC 2022, 5.4.3 and
//! 6.1.3; register A01, A10).

use super::RedirectOrder;
use crate::address::{Endpoint, ServerId};

/// What goes into a map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sources<'a> {
    /// This server.
    pub(crate) own: (ServerId, Endpoint),
    /// Live learned servers, ascending by id.
    pub(crate) learned: &'a [(ServerId, Endpoint)],
    /// Configured backups.
    pub(crate) backups: &'a [Endpoint],
    /// Configured order.
    pub(crate) order: RedirectOrder,
    /// An administrator wants the clients to move away.
    pub(crate) drain: bool,
}

/// The list of addresses, each once, in the place where it comes first.
// R2443-2-19 R2443-2-20 R2443-2-21 R2443-5.1-06
pub(crate) fn servers(sources: Sources<'_>) -> Vec<Endpoint> {
    let Sources { own, learned, .. } = sources;
    let known = learned.iter().map(|(_, atm)| *atm);
    let mut list: Vec<Endpoint> = match sources.order {
        RedirectOrder::SelfFirst => core::iter::once(own.1).chain(known).collect(),
        RedirectOrder::Ascending => {
            let mut all: Vec<_> = learned.iter().copied().chain([own]).collect();
            all.sort_unstable();
            all.into_iter().map(|(_, atm)| atm).collect()
        }
        RedirectOrder::LearnedOnly => known.collect(),
    };
    list.extend(sources.backups);
    if sources.drain
        && let Some((_, refuge)) = learned.iter().find(|(_, atm)| *atm != own.1)
    {
        list.insert(0, *refuge);
    }
    // R2022-6.1.3-02
    if list.is_empty() {
        list.push(own.1);
    }
    let mut once = Vec::with_capacity(list.len());
    for server in list {
        if !once.contains(&server) {
            once.push(server);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{AtmForm, AtmNumber};

    fn atm(number: u8) -> Endpoint {
        Endpoint {
            number: AtmNumber::new(AtmForm::Nsapa, &[number]).unwrap(),
            subaddress: None,
        }
    }

    fn id(last: u8) -> ServerId {
        ServerId([0, 0, 0, last])
    }

    /// Server 2 among servers 1 and 3, with two backups of which one is also learned.
    fn listed(order: RedirectOrder, drain: bool) -> Vec<Endpoint> {
        servers(Sources {
            own: (id(2), atm(2)),
            learned: &[(id(1), atm(1)), (id(3), atm(3))],
            backups: &[atm(9), atm(3)],
            order,
            drain,
        })
    }

    // R2443-2-19 R2443-2-20 R2443-2-21 R2443-5.1-06
    #[test]
    fn orders_three_servers() {
        let own_first = [atm(2), atm(1), atm(3), atm(9)];
        assert_eq!(listed(RedirectOrder::SelfFirst, false), own_first);
        let ascending = [atm(1), atm(2), atm(3), atm(9)];
        assert_eq!(listed(RedirectOrder::Ascending, false), ascending);
        let learned = [atm(1), atm(3), atm(9)];
        assert_eq!(listed(RedirectOrder::LearnedOnly, false), learned);
    }

    // Register A01, A04: the first other live server at the head, then the own, then the rest.
    #[test]
    fn a_drain_puts_another_server_first() {
        let drained = [atm(1), atm(2), atm(3), atm(9)];
        assert_eq!(listed(RedirectOrder::SelfFirst, true), drained);
    }

    // R2022-6.1.3-02
    #[test]
    fn knows_at_least_itself() {
        for order in [
            RedirectOrder::SelfFirst,
            RedirectOrder::Ascending,
            RedirectOrder::LearnedOnly,
        ] {
            for drain in [false, true] {
                let alone = servers(Sources {
                    own: (id(2), atm(2)),
                    learned: &[],
                    backups: &[],
                    order,
                    drain,
                });
                assert_eq!(alone, [atm(2)]);
            }
        }
    }
}
