//! TLS on VCs. Not built in yet.

use distributed_mars::address::Endpoint;
use tokio::net::TcpStream;

use crate::vc::{End, Stream};

/// Never there.
#[derive(Debug)]
pub enum Tls {}

/// Never there.
#[derive(Debug)]
pub enum Certificate {}

impl Tls {
    pub(crate) fn read(_: &crate::config::Tls) -> Result<Self, String> {
        Err("not built in".to_owned())
    }
    pub(crate) async fn accept(&self, _: TcpStream) -> Result<(Box<dyn Stream>, Certificate), End> {
        match *self {}
    }
    pub(crate) async fn connect(&self, _: TcpStream, _: Endpoint) -> Result<Box<dyn Stream>, End> {
        match *self {}
    }
}

impl Certificate {
    pub(crate) fn stands_for(&self, _: Endpoint) -> Result<(), End> {
        match *self {}
    }
}
