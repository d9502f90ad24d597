//! A redirect map as the model sees it: some servers in order.

use super::action::Server;
use std::fmt::{Debug, Formatter, Result};

/// A short list of servers. In one word, since several are made for every state: the number of entries, then the first, the
/// second and the third, four bits each; where there is no entry they are 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ServerList(u16);

impl ServerList {
    /// An empty list.
    pub const EMPTY: Self = Self(0);
    /// The most servers.
    const MOST: usize = 3;

    /// Appends a server, unless the list is full (there are never more than three servers).
    pub fn push(&mut self, server: Server) {
        self.insert(self.len(), server);
    }

    /// Puts a server before the one at a place, or at the end, unless the list is full.
    pub(super) fn insert(&mut self, place: usize, server: Server) {
        let len = self.len();
        if len < Self::MOST && place <= len {
            // The entries from the place on.
            let behind = 0x0fff >> (4 * place);
            let moved = (self.0 & behind) >> 4;
            let new = u16::from(server.0 & 0xf) << (8 - 4 * place);
            self.0 = (self.0 & !behind | moved | new) + 0x1000;
        }
    }

    /// Brings the servers into the order of a key; those with the same stay as they are.
    pub(super) fn sort_by_key<K: Ord>(&mut self, key: impl Fn(&Server) -> K) {
        let mut servers = [Server(0); Self::MOST];
        for (place, server) in servers.iter_mut().zip(self.iter()) {
            *place = server;
        }
        let (listed, _) = servers.split_at_mut(self.len().min(Self::MOST));
        listed.sort_by_key(key);
        *self = Self::EMPTY;
        listed.iter().for_each(|&server| self.push(server));
    }

    /// The servers in order.
    pub fn iter(self) -> impl Iterator<Item = Server> {
        (0..self.len()).map(move |place| {
            let [low, _] = (self.0 >> (8 - 4 * place)).to_le_bytes();
            Server(low & 0xf)
        })
    }

    /// The first server.
    pub fn first(self) -> Option<Server> {
        self.iter().next()
    }

    /// How many servers the list has.
    pub const fn len(self) -> usize {
        (self.0 >> 12) as usize
    }

    /// Whether the list is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the server is in the list.
    pub fn contains(self, server: Server) -> bool {
        self.iter().any(|entry| entry == server)
    }
}

impl Debug for ServerList {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists of up to three of four servers, with repetitions.
    fn lists() -> Vec<Vec<Server>> {
        let mut all = vec![Vec::new()];
        for len in 1..=3 {
            for number in 0..4u8.pow(len) {
                let server = |place| Server(number >> (2 * place) & 3);
                all.push((0..len).map(server).collect());
            }
        }
        all
    }

    fn list(servers: &[Server]) -> ServerList {
        let mut list = ServerList::EMPTY;
        servers.iter().for_each(|&server| list.push(server));
        list
    }

    #[test]
    fn lists_are_what_a_vector_would_be() {
        for servers in lists() {
            let packed = list(&servers);
            assert_eq!(packed.iter().collect::<Vec<_>>(), servers);
            assert_eq!(packed.first(), servers.first().copied());
            assert_eq!(
                (packed.len(), packed.is_empty()),
                (servers.len(), servers.is_empty())
            );
            for server in (0..4).map(Server) {
                assert_eq!(packed.contains(server), servers.contains(&server));
                for place in 0..=4 {
                    let (mut packed, mut servers) = (packed, servers.clone());
                    packed.insert(place, server);
                    if place <= servers.len() && servers.len() < 3 {
                        servers.insert(place, server);
                    }
                    assert_eq!(
                        packed.iter().collect::<Vec<_>>(),
                        servers,
                        "{place} {server}"
                    );
                }
            }
            let (mut packed, mut sorted) = (packed, servers.clone());
            packed.sort_by_key(|server| server.0 / 2);
            sorted.sort_by_key(|server| server.0 / 2);
            assert_eq!(packed.iter().collect::<Vec<_>>(), sorted);
            assert_eq!(format!("{packed:?}"), format!("{sorted:?}"));
        }
    }

    #[test]
    fn shorter_lists_come_first_and_equal_lists_are_equal() {
        for one in lists() {
            for other in lists() {
                let wanted = (one.len(), &one).cmp(&(other.len(), &other));
                assert_eq!(list(&one).cmp(&list(&other)), wanted);
            }
        }
    }
}
