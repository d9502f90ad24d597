//! What has to outlive the process: the incarnation, and nothing else.
//!
//! * **CSA sequence numbers, keys.** The octet that heads every cache key changes with the incarnation (register H08), so
//!   that a new life never says other things under an old key with a low number; own records of the life
//!   before come back with the alignment and are withdrawn (B11, C08). The model checks just that: `check` of the
//!   scenarios with `restart`.
//! * **CMIs in use.** The same: a registration of the old life is known to the neighbours, its CMI counts as used until it
//!   is withdrawn, and clients register anew when their control VC is gone.
//! * **CSN and SSN.** Clients take them up with each registration (RFC 2022, 5.4.1).
//!
//! The incarnation is raised and committed before the server says a word, so that a kill at any instant leaves the
//! old number or the new one, and both are good.

use std::path::Path;

use distributed_mars::address::ServerId;
use redb::{Database, ReadableTable as _, TableDefinition};

const TABLE: TableDefinition<'_, &str, u64> = TableDefinition::new("marsd");
const INCARNATION: &str = "incarnation";
const SERVER: &str = "server";

/// The open store; while it is held no other process can open it.
#[derive(Debug)]
pub struct Store {
    _database: Database,
    /// The incarnation of this life, from 1.
    pub incarnation: u64,
}

/// Why a store is of no use.
#[derive(Debug)]
pub enum StoreError {
    /// Opening, reading or writing failed.
    Failed(Box<redb::Error>),
    /// It belongs to another server.
    OtherServer(u32),
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "{error}"),
            Self::OtherServer(id) => {
                write!(f, "belongs to server {}", std::net::Ipv4Addr::from(*id))
            }
        }
    }
}

impl std::error::Error for StoreError {}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Failed(Box::new(error.into()))
    }
}

impl Store {
    /// Opens or makes the store and begins the next life.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    pub fn open(path: &Path, server: ServerId) -> Result<Self, StoreError> {
        let database = Database::create(path)?;
        let own = u32::from_be_bytes(server.0);
        let write = database.begin_write()?;
        let incarnation = {
            let mut table = write.open_table(TABLE)?;
            let owner = table.get(SERVER)?.map(|owner| owner.value());
            if let Some(owner) = owner
                && owner != u64::from(own)
            {
                return Err(StoreError::OtherServer(
                    u32::try_from(owner).unwrap_or_default(),
                ));
            }
            let last = table.get(INCARNATION)?.map_or(0, |last| last.value());
            let next = last.wrapping_add(1);
            table.insert(SERVER, u64::from(own))?;
            table.insert(INCARNATION, next)?;
            next
        };
        write.commit()?;
        Ok(Self {
            _database: database,
            incarnation,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scratch;

    const ONE: ServerId = ServerId([10, 0, 0, 1]);

    #[test]
    fn every_life_has_a_number_of_its_own() {
        let scratch = Scratch::new();
        let path = scratch.path("state.redb");
        let seen: Vec<u64> = (0..3)
            .map(|_| Store::open(&path, ONE).unwrap().incarnation)
            .collect();
        assert_eq!(seen, [1, 2, 3]);
    }

    #[test]
    fn a_store_is_of_one_server_and_of_one_process() {
        let scratch = Scratch::new();
        let path = scratch.path("state.redb");
        let held = Store::open(&path, ONE).unwrap();
        assert!(matches!(
            Store::open(&path, ONE),
            Err(StoreError::Failed(_))
        ));
        drop(held);
        let other = Store::open(&path, ServerId([10, 0, 0, 2]));
        assert!(matches!(other, Err(StoreError::OtherServer(0x0a00_0001))));
        assert_eq!(Store::open(&path, ONE).unwrap().incarnation, 2);
        std::fs::write(&path, b"not a store").unwrap();
        assert!(matches!(
            Store::open(&path, ONE),
            Err(StoreError::Failed(_))
        ));
    }
}
