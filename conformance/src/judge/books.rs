//! What the judge remembers of a case: values that servers were free to choose.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::trace::{About, ExpectedCsa};

/// A record's identity in the trace: its originator and what it is about.
pub type Identity = (String, About);

/// One instance of a record as it was first seen.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The whole record but for its hop count, which changes on the way.
    pub record: Value,
    /// Its CSA sequence number.
    pub sequence: i64,
    /// Its cache key.
    pub key: Value,
}

/// The judge's memory of one case.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// All instances seen of each record, oldest first.
    instances: BTreeMap<Identity, Vec<Instance>>,
    /// CMI of the last registration of a client at a server, and whether it still lives.
    cmis: BTreeMap<(String, String), (Value, bool)>,
    /// Number of the last message on each control VC of each server: cluster and server sequence numbers.
    numbers: BTreeMap<(String, String), u32>,
    /// Sequence bits (mar$flags.sequence) of each client's last message.
    marks: BTreeMap<String, u8>,
}

/// How the judge names the earlier life of an originator.
#[must_use]
pub fn earlier(origin: &str) -> String {
    format!("{origin} before")
}

/// The identity of a record that a trace speaks of.
#[must_use]
pub fn identity(csa: &ExpectedCsa) -> Identity {
    let origin = if csa.earlier {
        earlier(&csa.origin)
    } else {
        csa.origin.clone()
    };
    (origin, csa.about.clone())
}

impl Books {
    /// The newest instance seen of a record.
    #[must_use]
    pub fn newest(&self, identity: &Identity) -> Option<&Instance> {
        self.instances
            .get(identity)?
            .iter()
            .max_by_key(|instance| instance.sequence)
    }

    /// True when exactly these octets (hop count aside) were seen before.
    #[must_use]
    pub fn knows(&self, identity: &Identity, record: &Value) -> bool {
        self.instances
            .get(identity)
            .is_some_and(|all| all.iter().any(|instance| instance.record == *record))
    }

    /// The identity that a cache key of an originator was first used for.
    #[must_use]
    pub fn key_owner(&self, origin: &str, key: &Value) -> Option<&Identity> {
        let of_origin = self
            .instances
            .iter()
            .filter(|((owner, _), _)| owner == origin);
        of_origin
            .into_iter()
            .find(|(_, all)| all.iter().any(|one| one.key == *key))
            .map(|(identity, _)| identity)
    }

    /// Remembers an instance.
    pub fn remember(&mut self, identity: Identity, instance: Instance) {
        self.instances.entry(identity).or_default().push(instance);
    }

    /// The CMI of a client's last registration at a server.
    #[must_use]
    pub fn cmi(&self, server: &str, client: &str) -> Option<&Value> {
        self.cmis
            .get(&(server.to_owned(), client.to_owned()))
            .map(|(cmi, _)| cmi)
    }

    /// Binds the CMI of a registration.
    ///
    /// # Errors
    /// Server and client of the live registration that already has this CMI.
    pub fn bind_cmi(
        &mut self,
        server: &str,
        client: &str,
        cmi: &Value,
    ) -> Result<(), (String, String)> {
        let key = (server.to_owned(), client.to_owned());
        let taken = |other: &(String, String), value: &(Value, bool)| {
            *other != key && value.1 && value.0 == *cmi
        };
        if let Some((other, _)) = self.cmis.iter().find(|(other, value)| taken(other, value)) {
            return Err(other.clone());
        }
        self.cmis.insert(key, (cmi.clone(), true));
        Ok(())
    }

    /// Takes note that a registration ended; its records may still be on their way.
    pub fn end_cmi(&mut self, server: &str, client: &str) {
        if let Some((_, live)) = self.cmis.get_mut(&(server.to_owned(), client.to_owned())) {
            *live = false;
        }
    }

    /// Number of the last message on a control VC (`ccvc`, `scvc`) of a server, if there was one.
    #[must_use]
    pub fn last_number(&self, server: &str, vc: &str) -> Option<u32> {
        let of_vc = self.numbers.get(&(server.to_owned(), vc.to_owned()));
        of_vc.copied()
    }

    /// Takes note of a message on a control VC.
    pub fn set_number(&mut self, server: &str, vc: &str, number: u32) {
        self.numbers
            .insert((server.to_owned(), vc.to_owned()), number);
    }

    /// A server starts again: its numbers begin anew, its registrations are over, and what it has said belongs to its
    /// earlier life.
    pub fn restart(&mut self, server: &str) {
        self.numbers.retain(|(of, _), _| of != server);
        self.cmis.retain(|(of, _), _| of != server);
        let (old, rest) = core::mem::take(&mut self.instances)
            .into_iter()
            .partition(|((origin, _), _)| origin == server);
        self.instances = rest;
        let old: BTreeMap<Identity, Vec<Instance>> = old;
        for ((origin, about), all) in old {
            self.instances
                .entry((earlier(&origin), about))
                .or_default()
                .extend(all);
        }
    }

    /// The identity of a record whose key is known from the originator's earlier life.
    #[must_use]
    pub fn life(&self, identity: Identity, key: &Value) -> Identity {
        let before = (earlier(&identity.0), identity.1.clone());
        let all = self.instances.get(&before).into_iter().flatten();
        if all.into_iter().any(|one| one.key == *key) {
            before
        } else {
            identity
        }
    }

    /// A new value for the sequence bits of a client's next message.
    pub fn next_mark(&mut self, client: &str) -> u8 {
        let mark = self.marks.entry(client.to_owned()).or_insert(0x50);
        *mark = mark.wrapping_add(1);
        *mark
    }

    /// The sequence bits of a client's last message.
    #[must_use]
    pub fn mark(&self, client: &str) -> u8 {
        self.marks.get(client).copied().unwrap_or_default()
    }
}
