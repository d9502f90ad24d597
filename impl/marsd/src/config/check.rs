//! Reading with a place for each fault: those of TOML, those of single values, and those between values.

use std::path::Path;

use distributed_mars::group::ConfigError;

use super::{Config, Fault};
use crate::atm;

/// A key, and what is wrong with its value.
type Complaint = (Vec<Step>, String);

/// One step of the way to a value.
enum Step {
    Key(&'static str),
    Index(usize),
}

pub(super) fn parse(file: &Path, text: &str) -> Result<Config, Box<Fault>> {
    let fault = |span: Option<std::ops::Range<usize>>, key: String, what: &str| {
        Box::new(Fault {
            file: file.to_owned(),
            line: span.map(|span| line(text, span.start)),
            key,
            what: what.trim_end().replace('\n', " "),
        })
    };
    let reader = toml::Deserializer::parse(text)
        .map_err(|error| fault(error.span(), String::new(), error.message()))?;
    let config: Config = serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        let key = if path == "." { String::new() } else { path };
        let inner = error.inner();
        fault(inner.span(), key, inner.message())
    })?;
    match complaint(&config) {
        None => Ok(config),
        Some((path, what)) => Err(fault(find(text, &path), spell(&path), &what)),
    }
}

fn line(text: &str, at: usize) -> usize {
    1 + text
        .as_bytes()
        .iter()
        .take(at)
        .filter(|octet| **octet == b'\n')
        .count()
}

fn spell(path: &[Step]) -> String {
    use std::fmt::Write as _;
    path.iter().fold(String::new(), |mut text, step| {
        let _ = match step {
            Step::Key(key) if text.is_empty() => write!(text, "{key}"),
            Step::Key(key) => write!(text, ".{key}"),
            Step::Index(index) => write!(text, "[{index}]"),
        };
        text
    })
}

/// Where the last part of the path that the file has stands.
fn find(text: &str, path: &[Step]) -> Option<std::ops::Range<usize>> {
    use toml::de::{DeTable, DeValue};
    let root = DeTable::parse(text).ok()?;
    let mut value = DeValue::Table(root.get_ref().clone());
    let mut span = None;
    for step in path {
        let next = match (step, &value) {
            (Step::Key(key), DeValue::Table(table)) => table.get(*key).cloned(),
            (Step::Index(index), DeValue::Array(list)) => list.get(*index).cloned(),
            _ => None,
        };
        let Some(next) = next else { break };
        span = Some(next.span());
        value = next.into_inner();
    }
    span
}

fn at(table: &'static str, key: &'static str) -> Vec<Step> {
    vec![Step::Key(table), Step::Key(key)]
}

fn at_entry(table: &'static str, index: usize, key: &'static str) -> Vec<Step> {
    vec![Step::Key(table), Step::Index(index), Step::Key(key)]
}

fn complaint(config: &Config) -> Option<Complaint> {
    // A port that is not known before the start stands for any.
    let bound = config.listen();
    if config.server.atm.is_none() && bound.ip().is_unspecified() {
        let what = format!("is needed, since nobody can reach {}", bound.ip());
        return Some((at("server", "atm"), what));
    }
    let group = match config.group(bound, 0) {
        Ok(group) => group,
        Err(fault) => {
            let number = (0..config.auth.len())
                .find(|number| fault.key.contains(&format!("[{number}]")))
                .unwrap_or(0);
            return Some((vec![Step::Key("auth"), Step::Index(number)], fault.what));
        }
    };
    if let Err(error) = group.validate() {
        return Some((place(config, &error), error.to_string()));
    }
    for (number, neighbor) in config.neighbor.iter().enumerate() {
        let known = config.routes().contains_key(&neighbor.atm.0)
            || atm::socket_of(neighbor.atm.0).is_some();
        if !known && group.atm < neighbor.atm.0 {
            let what = "says not where it is; a [[route]] is needed".to_owned();
            return Some((at_entry("neighbor", number, "atm"), what));
        }
    }
    limits(config, usize::from(group.mtu))
        .map(|(key, what)| (at("limits", key), what))
        .or_else(|| {
            (!(1..=1000).contains(&config.test.speed))
                .then(|| (at("test", "speed"), "is not 1 to 1000".to_owned()))
        })
        .or_else(|| {
            tracing_subscriber::EnvFilter::try_new(&config.log.filter)
                .err()
                .map(|error| (at("log", "filter"), error.to_string()))
        })
}

fn limits(config: &Config, mtu: usize) -> Option<(&'static str, String)> {
    let limits = &config.limits;
    let positive = [
        ("connections", limits.connections),
        ("per_peer", limits.per_peer),
        ("strangers", limits.strangers),
        ("queue_frames", limits.queue_frames),
    ];
    if let Some((key, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
        return Some((key, "is zero".to_owned()));
    }
    let times = [
        ("setup_ms", limits.setup_ms),
        ("stall_ms", limits.stall_ms),
        ("idle_ms", limits.idle_ms),
    ];
    if let Some((key, _)) = times.into_iter().find(|(_, value)| *value < 10) {
        return Some((key, "is less than 10".to_owned()));
    }
    let [least, most] = crate::frame::KEEP_ALIVE;
    if !(least..=most).contains(&limits.keep_alive_ms) {
        return Some(("keep_alive_ms", format!("is not {least} to {most}")));
    }
    if limits.sdu_octets < mtu + 8 || limits.sdu_octets > usize::from(u16::MAX) {
        return Some((
            "sdu_octets",
            format!("is not {} (server.mtu and LLC/SNAP) to 65535", mtu + 8),
        ));
    }
    if limits.queue_octets < limits.sdu_octets {
        return Some(("queue_octets", "is less than sdu_octets".to_owned()));
    }
    None
}

/// Where the value stands that the server refuses.
fn place(config: &Config, error: &ConfigError) -> Vec<Step> {
    let last = |found: Option<usize>| found.unwrap_or(0);
    match error {
        ConfigError::ReservedServerId => at("server", "id"),
        ConfigError::NoProtocol | ConfigError::RepeatedProtocol(_) => at("server", "protocols"),
        ConfigError::CmiRange { .. } => at("server", "cmi_range"),
        ConfigError::HopCount { .. } => at("server", "hop_count"),
        ConfigError::Mtu { .. } => at("server", "mtu"),
        ConfigError::Zero { key } | ConfigError::TooLong { key, .. } => at("timers", key),
        ConfigError::HoldTooShort { .. } => at("timers", "redirect_hold_ms"),
        ConfigError::NeighborId(id) => {
            let found = config.neighbor.iter().rposition(|n| n.id.0 == *id);
            at_entry("neighbor", last(found), "id")
        }
        ConfigError::NeighborAddress(atm) => {
            let found = config.neighbor.iter().rposition(|n| n.atm.0 == *atm);
            at_entry("neighbor", last(found), "atm")
        }
        ConfigError::Authentication { peer, spi, .. } => {
            let found = config
                .auth
                .iter()
                .rposition(|entry| entry.peer.0 == *peer && entry.spi == *spi);
            at_entry("auth", last(found), "peer")
        }
    }
}
