//! This project's server in this process, behind the same request handling as the adapter.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Map, Value};

use super::contract::Contract;
use super::reply::{self, Exchange};
use super::{Answer, SutError};
use crate::adapter::{Identity, Op, Request, Session};

/// A server in this process.
#[derive(Debug)]
pub struct InProcess {
    session: Session,
    contract: Contract,
    id: i64,
}

impl Default for InProcess {
    fn default() -> Self {
        Self::new()
    }
}

impl InProcess {
    /// No server until the first `reset`.
    #[must_use]
    pub fn new() -> Self {
        let identity = Identity {
            name: "distributed-mars".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Self {
            session: Session::new(identity),
            contract: Contract::default(),
            id: 0,
        }
    }
}

impl Exchange for InProcess {
    fn exchange(&mut self, op: Op) -> Result<(Answer, Map<String, Value>), SutError> {
        self.id += 1;
        let (id, name) = (self.id, reply::name(&op));
        let session = &mut self.session;
        // After a panic the server is whatever it is; the harness drops or resets it.
        let response = catch_unwind(AssertUnwindSafe(|| session.handle(Request { id, op })))
            .map_err(|panic| SutError::Crash {
                detail: format!("panic: {}", panic_text(&*panic)),
                stderr: Vec::new(),
            })?;
        reply::answer(name, id, response)
    }

    fn contract(&mut self) -> &mut Contract {
        &mut self.contract
    }
}

/// What a panic said.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}
