//! What a step carries from one node to another, in the words of the RFCs: for charts and captures of paths.

/// A message that arrives, or is lost, in one step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Carried {
    /// The sender: a letter for a server or a client, `MARS` for the one server of a cluster.
    pub from: String,
    /// Who receives it, or would have.
    pub to: String,
    /// It does not arrive.
    pub lost: bool,
    /// What it says.
    pub what: Said,
}

/// What a message says, as far as its model knows.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they hold")]
pub enum Said {
    /// Hello; whether it lists the receiver.
    Hello { lists: bool },
    /// CA with its three bits.
    Ca {
        master: bool,
        init: bool,
        more: bool,
        number: u8,
        summaries: Vec<Version>,
    },
    /// CSUS.
    Csus(Vec<Version>),
    /// CSU Request.
    CsuRequest(Vec<Version>),
    /// CSU Reply.
    CsuReply(Vec<Version>),
    /// `MARS_JOIN` or `MARS_LEAVE` of a node (on ClusterControlVC, or its own message coming back); a registration has no groups.
    Change {
        leave: bool,
        node: String,
        groups: u8,
        punched: bool,
        cmi: u8,
    },
    /// `MARS_MIGRATE` of a group to a multicast server.
    Migrate { group: u8, mcs: String },
    /// `MARS_REDIRECT_MAP`.
    Map,
    /// `MARS_MULTI` with these leaves; `MARS_NAK` without.
    Answer { group: u8, leaves: Vec<String> },
}

/// One instance of a cache key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Version {
    /// Its key, from 0.
    pub key: u8,
    /// Its number, from 1.
    pub number: u8,
    /// What it says holds; false: it is withdrawn.
    pub live: bool,
    /// It is a null record.
    pub null: bool,
    /// Servers that it may still reach, the receiver among them; 0: the model does not count them.
    pub hops: u8,
}

/// The letter of a server or client, counted from 0.
#[must_use]
pub fn letter(node: u8) -> String {
    char::from(b'A' + node.min(25)).to_string()
}
