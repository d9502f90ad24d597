//! The requirement ledger and the register of ambiguities as data, and who cites them.
//!
//! The ledger has one entry for each testable rule of the three RFCs; the register has one for each
//! place where they are unclear, with the readings and what was chosen. Both are files of their own
//! (`conformance/requirements/`) that are compiled in, so that what is judged and what is listed are
//! the same text.

mod citations;
mod coverage;
mod file;

use std::collections::BTreeMap;
use std::sync::OnceLock;

pub use citations::{Citation, Home, citations};
pub use coverage::{CoverageRow, coverage};
pub use file::LedgerError;
use serde::Deserialize;

use crate::trace::Level;

/// One testable rule of an RFC.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// `R<rfc>-<section>-<number>`, permanent.
    pub id: String,
    /// The section of the RFC that states it.
    pub section: String,
    /// How strongly it is stated.
    pub level: Word,
    /// Whom it binds.
    pub actor: Actor,
    /// What kind of rule it is.
    pub kind: Kind,
    /// The rule in our own words.
    pub text: String,
    /// What a black box would show.
    pub observable: String,
    /// Where the RFC says more, or less, than it seems.
    pub note: Option<String>,
    /// Why no black box test covers it, if none does.
    pub excuse: Option<String>,
    /// Why no black box shows it, though something tests it in process: who could test it, and how.
    pub unseen: Option<String>,
}

/// RFC 2119 words as the ledger has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Word {
    /// Optional.
    #[serde(rename = "MAY")]
    May,
    /// Advised, by the word RECOMMENDED.
    #[serde(rename = "RECOMMENDED")]
    Recommended,
    /// Advised.
    #[serde(rename = "SHOULD")]
    Should,
    /// Stated without a key word, or forced by a format.
    #[serde(rename = "implied")]
    Implied,
    /// Forbidden.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// Mandatory.
    #[serde(rename = "MUST")]
    Must,
}

impl Word {
    /// The word as the ledger writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::May => "MAY",
            Self::Recommended => "RECOMMENDED",
            Self::Should => "SHOULD",
            Self::Implied => "implied",
            Self::MustNot => "MUST NOT",
            Self::Must => "MUST",
        }
    }

    /// How a verdict weighs it: SHOULD and RECOMMENDED alike, MUST and MUST NOT alike.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::May => Level::May,
            Self::Recommended | Self::Should => Level::Should,
            Self::Implied => Level::Implied,
            Self::MustNot | Self::Must => Level::Must,
        }
    }
}

/// Whom a requirement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// Everybody.
    Any,
    /// A MARS client (RFC 2022).
    MarsClient,
    /// A MARS (RFC 2022, RFC 2443).
    MarsServer,
    /// A multicast server (RFC 2022).
    Mcs,
    /// A server as a speaker of SCSP (RFC 2334).
    ScspServer,
}

/// What kind of rule a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What an operator sets.
    Config,
    /// Authentication and trust.
    Security,
    /// What follows what.
    Sequence,
    /// What is kept.
    State,
    /// When.
    Timing,
    /// Octets.
    Wire,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Config,
        Self::Security,
        Self::Sequence,
        Self::State,
        Self::Timing,
        Self::Wire,
    ];

    /// The word as the ledger writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Security => "security",
            Self::Sequence => "sequence",
            Self::State => "state",
            Self::Timing => "timing",
            Self::Wire => "wire",
        }
    }
}

impl Requirement {
    /// Whether a black box can be judged by it: it binds a server, an output shows it, and the ledger
    /// does not excuse it.
    #[must_use]
    pub const fn is_black_box(&self) -> bool {
        !matches!(self.actor, Actor::MarsClient | Actor::Mcs)
            && !matches!(self.kind, Kind::Config)
            && self.excuse.is_none()
            && self.unseen.is_none()
    }
}

/// One place where the RFCs are unclear, silent or at odds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ambiguity {
    /// Letter of the section and two digits, permanent.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// Sections; M, S and R are RFC 2443, 2334 and 2022.
    #[serde(default, rename = "where")]
    pub places: String,
    /// What is unclear.
    #[serde(default)]
    pub unclear: String,
    /// The readings that are possible.
    #[serde(default)]
    pub readings: String,
    /// Which property which reading breaks.
    #[serde(default)]
    pub breaks: String,
    /// What this project does.
    #[serde(default)]
    pub resolve: String,
    /// Anything else.
    #[serde(default)]
    pub note: String,
    /// Which readings pass (item H00).
    pub judge: Judge,
}

/// Which readings of an ambiguity pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    /// Every one that is listed; which one is recorded as a choice.
    Any,
    /// The resolution alone.
    Resolved,
    /// The letter of the RFC alone.
    Literal,
    /// Nothing a black box shows.
    NotTested,
}

/// The sentence of a requirement in our own words, with its level before it.
#[must_use]
pub fn sentence(id: &str) -> Option<&'static str> {
    static SENTENCES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    let sentences = SENTENCES.get_or_init(|| {
        let all = Ledger::load().map(|ledger| ledger.requirements);
        let all = all.unwrap_or_default().into_iter();
        all.map(|entry| {
            let says = format!("{}: {}", entry.level.as_str(), entry.text);
            (entry.id, says)
        })
        .collect()
    });
    sentences.get(id).map(String::as_str)
}

/// The ledger and the register.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// Every requirement, RFC 2443 first, then RFC 2334, then RFC 2022, in the order of the sections.
    pub requirements: Vec<Requirement>,
    /// Every item of the register in order.
    pub ambiguities: Vec<Ambiguity>,
}

impl Ledger {
    /// The files that are compiled in.
    ///
    /// # Errors
    /// Which file and which entry are wrong; a test sees to it that none is.
    pub fn load() -> Result<Self, LedgerError> {
        file::load(&file::FILES)
    }

    /// The requirement of that id.
    #[must_use]
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|entry| entry.id == id)
    }

    /// The register's item of that id.
    #[must_use]
    pub fn ambiguity(&self, id: &str) -> Option<&Ambiguity> {
        self.ambiguities.iter().find(|entry| entry.id == id)
    }

    /// Whether either has that id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.requirement(id).is_some() || self.ambiguity(id).is_some()
    }
}
