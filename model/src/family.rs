//! What a family of models has in common with the others, so that the same tools run them all: named configurations,
//! rules to read, sentences that hold always, once or again and again.
//!
//! A new family implements [`Configuration`] for the type of its scenarios, its model implements [`Space`], and
//! [`crate::registry`] lists its scenarios. Everything else follows.

use crate::carried::Carried;
use crate::explore::liveness::Class;
use crate::explore::timely::{self, Cluster, Error, Outcome, Portable};
use crate::explore::{Kinds, Options, Progress, Space};
use crate::reading::{Readers, Readings};
use stateright::{Expectation, Model, Property};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::atomic::AtomicBool;
use zerocopy::{Immutable, IntoBytes};

/// An octet that is always 0: it fills the place between the octets of a state where there would be a gap otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(u8)]
pub(crate) enum Spare {
    /// Its only value.
    #[default]
    Zero,
}

/// How long a scenario takes, and so when it is run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Profile {
    /// All of these together within 20 s on one core.
    Quick,
    /// All of these and the quick ones within minutes.
    Ci,
    /// As long as it takes.
    Deep,
}

impl Profile {
    /// The profile's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Ci => "ci",
            Self::Deep => "deep",
        }
    }
}

/// Whether a sentence must hold always or must be seen once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Holds in every reachable state.
    Always,
    /// Holds in some reachable state: the cause of another property, or a fault that must have struck.
    Witness,
}

/// A property of a family of models.
pub struct Claim<M: Model> {
    /// A short name, unique in the family.
    pub name: &'static str,
    /// The property in one sentence.
    pub sentence: &'static str,
    /// The requirements of the ledger that it stands for.
    pub requirements: &'static [&'static str],
    /// Always or once.
    pub kind: Kind,
    /// The property itself.
    pub holds: fn(&M, &M::State) -> bool,
}

/// The properties of a scenario for the search: every safety property, and the witnesses that it names.
pub fn properties<M: Model + 'static>(
    claims: &'static [Claim<M>],
    witnesses: &[&str],
) -> Vec<Property<M>> {
    meant(claims, witnesses)
        .map(|claim| Property {
            expectation: match claim.kind {
                Kind::Always => Expectation::Always,
                Kind::Witness => Expectation::Sometimes,
            },
            name: claim.name,
            condition: claim.holds,
        })
        .collect()
}

/// Every safety property, and the witnesses that are named.
pub fn meant<'a, M>(
    claims: &'static [Claim<M>],
    witnesses: &'a [&str],
) -> impl Iterator<Item = &'static Claim<M>> + 'a
where
    M: Model + 'static,
{
    claims.iter().filter(|claim| match claim.kind {
        Kind::Always => true,
        Kind::Witness => witnesses.contains(&claim.name),
    })
}

/// A set of states.
pub type Goal<M> = fn(&M, &<M as Model>::State) -> bool;
/// The class of an action in a state; `None`: it may be put off for ever.
pub type Fair<M> = fn(&<M as Model>::State, &<M as Model>::Action) -> Option<Class>;

/// What is asked about the future. The exact meanings stand in [`crate::explore::liveness`].
pub enum Question<M: Model> {
    /// From every reachable state the goal can be reached.
    Reach(Goal<M>),
    /// Every fair run comes to the goal again and again.
    Again(Goal<M>, Fair<M>),
    /// On every fair run, where the first holds, the second holds then or later.
    LeadsTo(Goal<M>, Goal<M>, Fair<M>),
    /// Where `asks` holds, `answers` holds within a count of `within`.
    Within {
        /// What asks for an answer.
        asks: Goal<M>,
        /// The answer.
        answers: Goal<M>,
        /// The bound.
        within: u32,
        /// What an action counts towards it.
        counts: fn(&M::Action) -> u32,
    },
}

/// Something that must happen.
pub struct Duty<M: Model> {
    /// A short name, unique in the family.
    pub name: &'static str,
    /// The claim in one sentence.
    pub sentence: &'static str,
    /// The requirements of the ledger that it stands for.
    pub requirements: &'static [&'static str],
    /// The claim itself.
    pub question: Question<M>,
    /// Why it must fail, where a fault that is known stays visible.
    pub refuted: Option<&'static str>,
}

/// A bounded configuration of one family of models.
pub trait Configuration: Copy + Debug + Send + Sync + 'static {
    /// The family's readings of the RFCs.
    type Rules: Readings;
    /// The model.
    type Model: Model<
            State: Clone + Eq + Hash + Debug + Send + Sync + Portable + 'static,
            Action: Clone + PartialEq + Debug + Kinds + Send + Sync + 'static,
        > + Space<Model = Self::Model>
        + Send
        + Sync
        + 'static;

    /// The family's name: `hello`, `alignment`, `flooding`, `cluster`, `server_group`, `implementation`.
    const MODEL: &'static str;

    /// The name, a word for the command line, unique among all families.
    fn name(&self) -> &'static str;
    /// What it is about, one sentence.
    fn title(&self) -> &'static str;
    /// When it is run.
    fn profile(&self) -> Profile;
    /// The kinds of action ([`Kinds::KINDS`]) that must occur; all others must not.
    fn actions(&self) -> &'static [&'static str];
    /// The witnesses that must be found, by name.
    fn witnesses(&self) -> &'static [&'static str];
    /// The model under the given rules, the same for all nodes or not.
    fn model(&self, rules: impl Into<Readers<Self::Rules>>) -> Self::Model;
    /// Who can follow rules of their own: how many nodes, or none where a mixed group makes no sense.
    fn readers(&self) -> u8;
    /// All properties and witnesses of the family.
    fn claims() -> &'static [Claim<Self::Model>];
    /// What must happen in this scenario.
    fn duties(&self) -> Vec<Duty<Self::Model>>;

    /// An action for people or, for the server group, for charts.
    fn act(
        model: &Self::Model,
        before: &<Self::Model as Model>::State,
        action: &<Self::Model as Model>::Action,
    ) -> crate::registry::Act {
        crate::registry::Act::Words(
            model.format_action(action),
            Self::carried(model, before, action),
        )
    }

    /// The message that an action takes off its way, if it does.
    fn carried(
        _: &Self::Model,
        _: &<Self::Model as Model>::State,
        _: &<Self::Model as Model>::Action,
    ) -> Option<Carried> {
        None
    }

    /// The distributed search; a family whose fingerprint is better than that of `Hash` says so here.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    fn together(
        model: &Self::Model,
        options: &Options,
        cluster: &Cluster,
        progress: &mut dyn FnMut(&Progress),
        stop: &AtomicBool,
    ) -> Result<Outcome<Self::Model>, Error> {
        timely::search(model, options, cluster, progress, stop)
    }

    /// A stable 64-bit number (FNV-1a) that changes with the scenario or the rules, and with nothing else.
    fn fingerprint(&self, rules: &Readers<Self::Rules>) -> u64 {
        let mut text = format!("{self:?}|{:?}", rules.of(0).fields());
        if rules.odd() != 0 {
            let fields = |node| rules.of(node).fields();
            let odd = (0..self.readers()).map(fields);
            text = format!("{text}|{:?}", odd.collect::<Vec<_>>());
        }
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }
}
