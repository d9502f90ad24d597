//! The harness's names of VCs, and the numbers by which the machines know them.

use std::collections::BTreeMap;

use distributed_mars::address::Endpoint;
use distributed_mars::io::VcId;
use serde_json::Value;

/// An error response in the making.
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) reason: String,
}

pub(super) fn refuse<T>(code: &'static str, reason: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        code,
        reason: reason.into(),
    })
}

/// All VCs since the last reset.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    names: Vec<String>,
    vcs: BTreeMap<String, VcId>,
}

impl Names {
    /// A number for a new name.
    pub(super) fn add(&mut self, name: String) -> Result<VcId, Refusal> {
        if self.vcs.contains_key(&name) {
            return refuse("vc-name-reused", format!("there was a VC `{name}` before"));
        }
        let Ok(number) = u32::try_from(self.names.len()) else {
            return refuse("too-many-vcs", "2^32 VCs in one case");
        };
        self.vcs.insert(name.clone(), VcId(number));
        self.names.push(name);
        Ok(VcId(number))
    }

    pub(super) fn vc(&self, name: &str) -> Result<VcId, Refusal> {
        match self.vcs.get(name) {
            Some(&vc) => Ok(vc),
            None => refuse("unknown-vc", format!("no VC `{name}` was ever up")),
        }
    }

    pub(super) fn name(&self, vc: VcId) -> String {
        let position = usize::try_from(vc.0).ok();
        position
            .and_then(|position| self.names.get(position))
            .cloned()
            .unwrap_or_default()
    }
}

/// An ATM address on the line.
pub(super) fn endpoint(peer: Value) -> Result<Endpoint, Refusal> {
    serde_json::from_value(peer).map_err(|error| Refusal {
        code: "malformed-request",
        reason: format!("peer: {error}"),
    })
}
