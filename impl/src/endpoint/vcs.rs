//! Trees and their leaves (RFC 2022, 5.1.3, 5.1.4.1, 5.1.5.1, 5.1.6).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::core::{Core, Timer};
use super::io::{OutputAction, TreeId};
use super::resolve::Query;
use crate::address::{Endpoint, ProtocolAddress};

/// Limits of the wait before a leaf is asked for again (RFC 2022, 5.1.3).
const RETRY_MS: [u64; 2] = [5_000, 10_000];
/// The doubled wait stops growing here: a day.
const LONGEST_RETRY_MS: u64 = 86_400_000;
/// Causes of UNI 3.0 and 3.1 that may pass: no QoS, no cell rate (two numbers), temporary failure.
const PASSING: [u8; 4] = [49, 51, 37, 41];

/// What is known of one group that is sent to. An entry has a tree, a query, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Group {
    pub(super) tree: Option<Tree>,
    pub(super) query: Option<Query>,
    /// `VC_revalidate`.
    pub(super) revalidate: bool,
    /// Packets that wait for the tree.
    pub(super) queue: VecDeque<Vec<u8>>,
}

impl Group {
    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }
}

/// A point-to-multipoint VC.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tree {
    pub(super) id: TreeId,
    /// Its first leaf is there.
    pub(super) up: bool,
    pub(super) leaves: BTreeMap<Endpoint, Leaf>,
}

/// One member of the leaf set. `wait_ms` is the last wait before asking again; 0 before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Leaf {
    /// To be asked for when the tree is up.
    Wanted { wait_ms: u64 },
    /// Asked for.
    Asked { wait_ms: u64 },
    /// There.
    Up,
    /// Failed, to be asked for again.
    Resting { wait_ms: u64 },
}

impl Core {
    fn tree_mut(&mut self, group: ProtocolAddress) -> Option<&mut Tree> {
        self.groups.get_mut(&group)?.tree.as_mut()
    }

    /// Makes these the leaves of the group's tree, which is set up if need be.
    // R2022-5.1.3-01 R2022-5.1.5-02
    pub(super) fn set_leaves(&mut self, group: ProtocolAddress, members: &BTreeSet<Endpoint>) {
        let Some(tree) = self.tree_mut(group) else {
            return self.open_tree(group, members);
        };
        let gone: Vec<Endpoint> = tree
            .leaves
            .keys()
            .filter(|leaf| !members.contains(leaf))
            .copied()
            .collect();
        // Additions first: a tree without a leaf would be closed.
        for member in members {
            self.add_leaf(group, *member);
        }
        for member in gone {
            self.drop_leaf(group, member);
        }
    }

    fn open_tree(&mut self, group: ProtocolAddress, members: &BTreeSet<Endpoint>) {
        let id = TreeId(self.next_tree);
        self.next_tree = self.next_tree.wrapping_add(1);
        self.trees.insert(id, group);
        let leaves = members
            .iter()
            .map(|member| (*member, Leaf::Wanted { wait_ms: 0 }))
            .collect();
        let state = self.groups.entry(group).or_default();
        state.revalidate = false;
        state.tree = Some(Tree {
            id,
            up: false,
            leaves,
        });
        self.arm(Timer::TreeIdle(group), self.config.tree_idle_ms);
        self.ask_for_leaves(group);
    }

    /// Asks for every leaf that waits to be asked for; for one only as long as the tree is not up.
    fn ask_for_leaves(&mut self, group: ProtocolAddress) {
        let Some(tree) = self.tree_mut(group) else {
            return;
        };
        let (tree_id, up) = (tree.id, tree.up);
        let asking = |tree: &Tree| {
            let mut leaves = tree.leaves.values();
            leaves.any(|leaf| matches!(leaf, Leaf::Asked { .. }))
        };
        let mut asked = Vec::new();
        if up || !asking(tree) {
            for (peer, leaf) in &mut tree.leaves {
                if let Leaf::Wanted { wait_ms } = *leaf {
                    *leaf = Leaf::Asked { wait_ms };
                    asked.push(*peer);
                    if !up {
                        break;
                    }
                }
            }
        }
        for peer in asked {
            self.emit(if up {
                OutputAction::AddLeaf {
                    tree: tree_id,
                    peer,
                }
            } else {
                OutputAction::OpenTree {
                    tree: tree_id,
                    group,
                    peer,
                }
            });
        }
    }

    /// Adds a member to the tree, if the group has one.
    // R2022-5.1.4.1-01
    pub(super) fn add_leaf(&mut self, group: ProtocolAddress, member: Endpoint) {
        let Some(tree) = self.tree_mut(group) else {
            return;
        };
        // R2022-5.1.4-01
        tree.leaves
            .entry(member)
            .or_insert(Leaf::Wanted { wait_ms: 0 });
        self.ask_for_leaves(group);
    }

    /// Drops a member from the tree, if the group has one; with the last one the tree.
    // R2022-5.1.4.1-02
    pub(super) fn drop_leaf(&mut self, group: ProtocolAddress, member: Endpoint) {
        self.timers.cancel(Timer::Leaf(group, member));
        let Some(tree) = self.tree_mut(group) else {
            return;
        };
        let Some(leaf) = tree.leaves.remove(&member) else {
            return;
        };
        let (tree_id, up) = (tree.id, tree.up);
        let rest: BTreeSet<Endpoint> = tree.leaves.keys().copied().collect();
        if rest.is_empty() {
            self.close_tree(group);
        } else if !matches!(leaf, Leaf::Asked { .. } | Leaf::Up) {
            // The network does not know it.
        } else if up {
            self.emit(OutputAction::DropLeaf {
                tree: tree_id,
                peer: member,
            });
        } else {
            // The call that was to open the tree: another one, with the rest.
            let queue = self.release_tree(group, true);
            self.open_tree(group, &rest);
            if let Some(state) = self.groups.get_mut(&group) {
                state.queue = queue;
            }
        }
    }

    pub(super) fn leaf_up(&mut self, tree: TreeId, peer: Endpoint) {
        let Some((group, tree)) = self.find(tree) else {
            return self.drop("unknown-tree");
        };
        let Some(leaf) = tree.leaves.get_mut(&peer) else {
            return self.drop("unknown-leaf");
        };
        *leaf = Leaf::Up;
        if tree.up {
            return;
        }
        tree.up = true;
        // R2022-5.1.3-04
        let queue = self
            .groups
            .get_mut(&group)
            .map(|state| core::mem::take(&mut state.queue));
        for packet in queue.into_iter().flatten() {
            self.send_data(group, packet);
        }
        self.ask_for_leaves(group);
    }

    // R2022-5.1.3-01 R2022-5.1.3-02 R2022-5.1.3-03
    pub(super) fn leaf_failed(&mut self, tree: TreeId, peer: Endpoint, cause: u8) {
        let first = self.chance.between(RETRY_MS[0], RETRY_MS[1]);
        let Some((group, tree)) = self.find(tree) else {
            return self.drop("unknown-tree");
        };
        let Some(leaf) = tree.leaves.get_mut(&peer) else {
            return self.drop("unknown-leaf");
        };
        let up = tree.up;
        if PASSING.contains(&cause) {
            let wait_ms = match *leaf {
                Leaf::Asked { wait_ms } if wait_ms > 0 => {
                    wait_ms.saturating_mul(2).min(LONGEST_RETRY_MS)
                }
                _ => first,
            };
            *leaf = Leaf::Resting { wait_ms };
            self.arm(Timer::Leaf(group, peer), wait_ms);
        } else {
            tree.leaves.remove(&peer);
            if tree.leaves.is_empty() {
                let queue = self.release_tree(group, up);
                queue.iter().for_each(|_| self.meters.drop("no-leaf"));
                self.tidy(group);
                return;
            }
        }
        self.ask_for_leaves(group);
    }

    pub(super) fn leaf_due(&mut self, group: ProtocolAddress, peer: Endpoint) {
        if let Some(tree) = self.tree_mut(group)
            && let Some(leaf) = tree.leaves.get_mut(&peer)
            && let Leaf::Resting { wait_ms } = *leaf
        {
            *leaf = Leaf::Wanted { wait_ms };
            self.ask_for_leaves(group);
        }
    }

    // R2022-5.1.5.1-01 R2022-5.1.5.1-02
    pub(super) fn leaf_gone(&mut self, tree: TreeId, peer: Endpoint) {
        let Some((group, tree)) = self.find(tree) else {
            return self.drop("unknown-tree");
        };
        if tree.leaves.remove(&peer).is_none() {
            return self.drop("unknown-leaf");
        }
        let last = tree.leaves.is_empty();
        self.timers.cancel(Timer::Leaf(group, peer));
        if last {
            self.close_tree(group);
        } else {
            self.revalidate(group);
        }
    }

    // R2022-5.1.5.1-03
    pub(super) fn tree_down(&mut self, tree: TreeId) {
        let Some((group, _)) = self.find(tree) else {
            return self.drop("unknown-tree");
        };
        let queue = self.release_tree(group, false);
        queue.iter().for_each(|_| self.meters.drop("tree-down"));
        self.tidy(group);
    }

    fn find(&mut self, tree: TreeId) -> Option<(ProtocolAddress, &mut Tree)> {
        let group = *self.trees.get(&tree)?;
        Some((group, self.tree_mut(group)?))
    }

    /// Takes the tree away, with its timers. Gives back the packets that waited for it.
    fn release_tree(&mut self, group: ProtocolAddress, tell: bool) -> VecDeque<Vec<u8>> {
        let Some(state) = self.groups.get_mut(&group) else {
            return VecDeque::new();
        };
        let queue = core::mem::take(&mut state.queue);
        state.revalidate = false;
        let Some(tree) = state.tree.take() else {
            return queue;
        };
        self.timers.cancel(Timer::TreeIdle(group));
        self.timers.cancel(Timer::Revalidate(group));
        for leaf in tree.leaves.keys() {
            self.timers.cancel(Timer::Leaf(group, *leaf));
        }
        self.trees.remove(&tree.id);
        if tell {
            self.emit(OutputAction::CloseTree { tree: tree.id });
        }
        queue
    }

    /// Closes the group's tree. A query for the group goes on, and so do the packets that wait for
    /// its answer.
    pub(super) fn close_tree(&mut self, group: ProtocolAddress) {
        let queue = self.release_tree(group, true);
        match self.groups.get_mut(&group) {
            Some(state) if state.query.is_some() => state.queue = queue,
            _ => queue.iter().for_each(|_| self.meters.drop("no-leaf")),
        }
        self.tidy(group);
    }

    /// Closes the group's tree and forgets all about it.
    pub(super) fn forget(&mut self, group: ProtocolAddress) {
        self.timers.cancel(Timer::Query(group));
        let queue = self.release_tree(group, true);
        queue.iter().for_each(|_| self.meters.drop("no-members"));
        self.groups.remove(&group);
    }

    fn tidy(&mut self, group: ProtocolAddress) {
        if self
            .groups
            .get(&group)
            .is_some_and(|state| state.tree.is_none() && state.query.is_none())
        {
            self.groups.remove(&group);
        }
    }

    /// A MIGRATE: another tree, for exactly these leaves. Without a tree or packets there is nothing
    /// to migrate (register E14).
    // R2022-5.1.6-02 R2022-5.1.6-03
    pub(super) fn migrate(&mut self, group: ProtocolAddress, targets: &BTreeSet<Endpoint>) {
        if !self.groups.contains_key(&group) {
            return;
        }
        self.timers.cancel(Timer::Query(group));
        let queue = self.release_tree(group, true);
        self.groups.remove(&group);
        if targets.is_empty() {
            queue.iter().for_each(|_| self.meters.drop("no-members"));
            return;
        }
        self.open_tree(group, targets);
        if let Some(state) = self.groups.get_mut(&group) {
            state.queue = queue;
        }
    }
}
