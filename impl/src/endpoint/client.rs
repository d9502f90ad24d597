//! The client: a cluster member (RFC 2022, 5).

use super::config::{ConfigError, EndpointConfig};
use super::core::{Core, Role};
use super::io::{Input, Output};
use super::view::{Meters, View};
use crate::io::Time;

/// A cluster member, for one layer 3 protocol over one ATM address.
///
/// Takes [`super::Command::Join`], `Leave`, `Send` and `GroupList`; refuses `Serve` and `Unserve`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client(Core);

impl Client {
    /// One that does nothing before [`super::Command::Register`].
    ///
    /// # Errors
    /// See [`EndpointConfig::validate`].
    pub fn new(config: EndpointConfig) -> Result<Self, ConfigError> {
        Core::new(Role::Member, config).map(Self)
    }

    /// Fires what is due at or before `now`, then takes `input`. See [`crate::io`].
    pub fn handle(&mut self, now: Time, input: Input) {
        self.0.handle(now, input);
    }

    /// The next output in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.0.poll_output()
    }

    /// When it will do something by itself.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.0.next_deadline()
    }

    /// What it believes.
    #[must_use]
    pub fn view(&self) -> View {
        self.0.view()
    }

    /// Its counters.
    #[must_use]
    pub const fn meters(&self) -> &Meters {
        self.0.meters()
    }
}
