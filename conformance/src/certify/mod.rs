//! Black-box certification: any implementation behind `mars-sut/1`, judged case by case and requirement
//! by requirement (contract: `conformance/ADAPTERS.md`).
//!
//! [`suite`] says which cases there are, [`run`] plays them, [`play`] judges one, [`results`] are what
//! comes of it. Clients and MCSs are tested in process and have no part here.

pub mod account;
pub mod badge;
mod canonical;
pub mod certificate;
pub mod control;
pub mod diagnose;
pub mod doctor;
mod explain;
pub mod groups;
pub mod junit;
mod octets;
pub mod out;
pub mod page;
mod periodic;
pub mod play;
pub mod results;
pub mod run;
pub mod sanity;
pub mod shrink;
pub mod suite;
pub mod target;
pub mod transcript;
pub mod verdict;
pub mod verify;
pub mod words;
