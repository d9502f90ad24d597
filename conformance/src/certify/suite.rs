//! The cases of the suite: every local trace of one server, what each needs, and its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::octets;
use crate::frames;
use crate::trace::{Stimulus, Trace, TraceError, find, load};

/// Cases of the profile `smoke`.
pub const SMOKE: usize = 50;

/// The `incarnation` of servers that never restarted, in traces that come from paths of the model. Such a case shows
/// nothing of a restart, so whoever ignores the key is asked all the same.
pub const FIRST_LIFE: u64 = 1;

/// The closed list of claims (contract, `hello`).
pub const CLAIMS: [&str; 9] = [
    "server",
    "scsp.auth",
    "scsp.p2mp",
    "mars.mcs",
    "mars.grouplist",
    "mars.tlv",
    "multi-protocol",
    "long-form",
    "restart",
];

/// How much of the suite is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// 50 cases, spread over the areas.
    Smoke,
    /// Every case.
    #[default]
    Standard,
}

impl Profile {
    /// Its word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Standard => "standard",
        }
    }
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its file.
    pub file: PathBuf,
    /// The script.
    pub trace: Trace,
    /// The claims of the protocol's closed list that a server must make to be asked.
    pub needs: BTreeSet<&'static str>,
}

/// The whole suite.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Cases in the order of their areas and ids.
    pub cases: Vec<Case>,
    /// SHA-256 over the area, the id and the octets of every case, in hex.
    pub digest: String,
    /// Traces of clients and MCSs, which are tested in process.
    pub endpoints: usize,
    /// Traces of several servers, which `replay` plays.
    pub global: usize,
}

/// Why the suite cannot be read.
#[derive(Debug)]
pub enum SuiteError {
    /// A trace is wrong.
    Trace(TraceError),
    /// A file cannot be read.
    Io(PathBuf, std::io::Error),
}

impl std::fmt::Display for SuiteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Trace(error) => error.fmt(f),
            Self::Io(file, error) => write!(f, "{}: {error}", file.display()),
        }
    }
}

impl std::error::Error for SuiteError {}

impl From<TraceError> for SuiteError {
    fn from(error: TraceError) -> Self {
        Self::Trace(error)
    }
}

impl Suite {
    /// Reads every trace below `folder`.
    ///
    /// # Errors
    /// The first file that is wrong.
    pub fn load(folder: &Path) -> Result<Self, SuiteError> {
        let mut suite = Self {
            cases: Vec::new(),
            digest: String::new(),
            endpoints: 0,
            global: 0,
        };
        for file in find(folder)? {
            let mut trace = load(&file)?;
            if trace.steps.iter().any(|step| step.act.is_some()) {
                suite.global += 1;
            } else if role(&trace) == "server" {
                let needs = needs(&trace);
                let more = octets::about(&trace).into_iter().map(str::to_owned);
                trace.requirements.extend(more);
                trace.requirements.sort();
                trace.requirements.dedup();
                suite.cases.push(Case { file, trace, needs });
            } else {
                suite.endpoints += 1;
            }
        }
        let key = |case: &Case| (case.trace.area.clone(), case.trace.id.clone());
        suite.cases.sort_by_key(key);
        let mut hash = Sha256::new();
        for case in &suite.cases {
            let octets = std::fs::read(&case.file)
                .map_err(|error| SuiteError::Io(case.file.clone(), error))?;
            for part in [
                case.trace.area.as_bytes(),
                case.trace.id.as_bytes(),
                &octets,
            ] {
                hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
                hash.update(part);
            }
        }
        suite.digest = frames::hex(&hash.finalize());
        Ok(suite)
    }

    /// The cases of a profile.
    #[must_use]
    pub fn of(&self, profile: Profile) -> Vec<&Case> {
        match profile {
            Profile::Standard => self.cases.iter().collect(),
            Profile::Smoke => {
                let areas: Vec<&str> = self.cases.iter().map(|c| c.trace.area.as_str()).collect();
                let chosen = spread(&areas, SMOKE);
                let all = self.cases.iter().enumerate();
                all.filter(|(at, _)| chosen.contains(at))
                    .map(|(_, case)| case)
                    .collect()
            }
        }
    }

    /// The case of this id.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.trace.id == id)
    }
}

/// `wanted` positions of `areas`: each area in turn gets one more, and within an area they lie evenly.
fn spread(areas: &[&str], wanted: usize) -> BTreeSet<usize> {
    let mut of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, area) in areas.iter().enumerate() {
        of.entry(area).or_default().push(at);
    }
    let mut quota: BTreeMap<&str, usize> = of.keys().map(|&area| (area, 0)).collect();
    let mut left = wanted.min(areas.len());
    while left > 0 {
        for (area, count) in &mut quota {
            if left > 0 && *count < of.get(area).map_or(0, Vec::len) {
                *count += 1;
                left -= 1;
            }
        }
    }
    let chosen = quota.iter().flat_map(|(area, &count)| {
        let places = of.get(area).map(Vec::as_slice).unwrap_or_default();
        (0..count).filter_map(move |one| places.get(one * places.len() / count.max(1)).copied())
    });
    chosen.collect()
}

/// What the subject of a trace is.
fn role(trace: &Trace) -> &str {
    let config = trace.servers.first().map(|server| &server.config);
    let role = config.and_then(|config| config.get("role")?.as_str());
    role.unwrap_or("server")
}

/// The claims that a trace needs, read off its configuration and its stimuli.
fn needs(trace: &Trace) -> BTreeSet<&'static str> {
    let mut needs = BTreeSet::from(["server"]);
    let none = Value::Null;
    let config = trace.servers.first().map_or(&none, |server| &server.config);
    let list = |key: &str| {
        let list = config.get(key).and_then(Value::as_array);
        list.map(Vec::as_slice).unwrap_or_default()
    };
    if !list("auth").is_empty() {
        needs.insert("scsp.auth");
    }
    if list("protocols").len() > 1 {
        needs.insert("multi-protocol");
    }
    let long = |one: &Value| one.get("type").and_then(Value::as_u64) == Some(0x80);
    if list("protocols").iter().any(long) {
        needs.insert("long-form");
    }
    if config
        .get("incarnation")
        .and_then(Value::as_u64)
        .is_some_and(|life| life > FIRST_LIFE)
    {
        needs.insert("restart");
    }
    if trace.area == "mars.mcs" {
        needs.insert("mars.mcs");
    }
    for step in &trace.steps {
        let frame = match &step.stimulus {
            Some(Stimulus::Deliver { hex: Some(hex), .. }) => frames::unhex(hex)
                .and_then(|octets| frames::read(&octets).ok())
                .unwrap_or_default(),
            Some(Stimulus::Deliver {
                frame: Some(frame), ..
            }) => frame.clone(),
            _ => continue,
        };
        needs.extend(frame_needs(&frame));
    }
    needs
}

/// The claims that a frame needs.
fn frame_needs(frame: &Value) -> Vec<&'static str> {
    let message = frame.get("message").unwrap_or(frame);
    let number = |key: &str| message.get(key).and_then(Value::as_u64).unwrap_or(0);
    if frame.get("protocol").and_then(Value::as_str) != Some("mars") {
        let records = message.get("records").and_then(Value::as_array);
        let state = |one: &Value| one.pointer("/mars/state").and_then(Value::as_u64);
        let of_mcs = |one: &Value| matches!(state(one), Some(2 | 5));
        let any = records.is_some_and(|records| records.iter().any(of_mcs));
        return if any { vec!["mars.mcs"] } else { Vec::new() };
    }
    let mut needs = Vec::new();
    match number("op_type") {
        3 | 7 => needs.push("mars.mcs"),
        10 => needs.push("mars.grouplist"),
        _ => {}
    }
    if number("extoff") > 0 || message.get("tlvs").is_some() {
        needs.push("mars.tlv");
    }
    if number("pro_type") == 0x80 {
        needs.push("long-form");
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite() -> Suite {
        Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces")).unwrap()
    }

    #[test]
    fn every_local_trace_of_a_server_is_a_case_and_nothing_else_is() {
        let suite = suite();
        assert!(suite.cases.len() >= 190, "{}", suite.cases.len());
        assert!(suite.endpoints > 0 && suite.global > 0);
        let files = find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces")).unwrap();
        assert_eq!(
            files.len(),
            suite.cases.len() + suite.endpoints + suite.global
        );
        assert_eq!(suite.digest.len(), 64);
        for area in [
            "scsp.hello",
            "scsp.alignment",
            "scsp.update",
            "mars.cluster",
            "mars.mcs",
            "group.membership",
            "group.mcs",
        ] {
            assert!(
                suite.cases.iter().any(|case| case.trace.area == area),
                "{area}"
            );
        }
    }

    #[test]
    fn a_case_says_which_claims_it_needs() {
        let suite = suite();
        let needs = |id: &str| {
            let case = suite.case(id).unwrap_or_else(|| panic!("no case {id}"));
            case.needs.iter().copied().collect::<Vec<_>>()
        };
        assert_eq!(needs("register-two"), ["server"]);
        assert_eq!(needs("grouplist-in-parts"), ["mars.grouplist", "server"]);
        assert_eq!(needs("first-mcs-migrates"), ["mars.mcs", "server"]);
        assert_eq!(needs("one-learned-idle-mcs-goes"), ["mars.mcs", "server"]);
        assert_eq!(needs("one-learned-join-is-told"), ["server"]);
        assert_eq!(needs("crash_and_failover-001-at-s1"), ["server"]);
        assert!(needs("one-wrong-mac-is-thrown-away").contains(&"scsp.auth"));
        assert!(needs("maps-per-protocol").contains(&"multi-protocol"));
        assert!(needs("long-form-protocol").contains(&"long-form"));
        assert!(needs("tlv-unknown-skipped").contains(&"mars.tlv"));
    }

    #[test]
    fn smoke_is_spread_over_the_areas_and_always_the_same() {
        let suite = suite();
        let ids = |cases: Vec<&Case>| {
            let ids = cases.into_iter().map(|case| case.trace.id.clone());
            ids.collect::<Vec<_>>()
        };
        let smoke = ids(suite.of(Profile::Smoke));
        assert_eq!(smoke.len(), SMOKE);
        assert_eq!(smoke, ids(suite.of(Profile::Smoke)));
        let areas: BTreeSet<&str> = suite.cases.iter().map(|c| c.trace.area.as_str()).collect();
        let hit = suite
            .of(Profile::Smoke)
            .into_iter()
            .map(|case| case.trace.area.as_str());
        assert_eq!(hit.collect::<BTreeSet<&str>>(), areas);
        // Few of one, many of another: the first all, the second evenly.
        let areas = ["a", "b", "b", "b", "b", "b", "b"];
        assert_eq!(
            spread(&areas, 4).into_iter().collect::<Vec<_>>(),
            [0, 1, 3, 5]
        );
        assert_eq!(spread(&areas, 100).len(), areas.len());
    }
}
