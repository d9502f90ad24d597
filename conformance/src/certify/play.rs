//! Playing one case: the judge with the freedom that the register and the contract give, and a full
//! account of the first step that is not as demanded.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::canonical;
use super::explain;
use super::octets;
use super::periodic::Periodic;
use super::verdict::{Choice, Explained, Verdict};
use super::words;
use crate::frames;
use crate::judge::pattern::{Bindings, differences, resolve};
use crate::judge::step::Failure;
use crate::lockstep::local::stimulate;
use crate::lockstep::observed::{Eyes, one};
use crate::sut::{Answer, Out, OutAction, Sut, SutError};
use crate::trace::{Alternative, Expected, Level, Step, Stimulus, Trace};

/// Frames shown before a failure.
const CONTEXT: usize = 5;
/// How much later something counts as late and no more as missing: shorter than any interval at which it would come again.
const LATE_MS: u64 = 1_500;
/// The harness never goes further past a deadline (contract).
const STRIDE_MS: u64 = 60_000;

/// How a case went.
#[derive(Clone, Debug)]
pub struct Played {
    /// The verdict.
    pub verdict: Verdict,
    /// Steps that were judged, the failing one included.
    pub steps: usize,
    /// What ended it.
    pub failure: Option<Explained>,
    /// Deviations from a SHOULD; the case went on after them.
    pub deviations: Vec<Explained>,
    /// What the server chose where it may.
    pub choices: Vec<Choice>,
}

/// One case while it is played.
struct Stage<'t> {
    trace: &'t Trace,
    eyes: Eyes,
    bindings: Bindings,
    periodic: Periodic,
    frames: Vec<String>,
    next: Option<u64>,
    now: u64,
    played: Played,
}

/// Plays a case on a server until the first step that fails, or the stop flag; `None` then.
pub fn play(trace: &Trace, sut: &mut dyn Sut, stop: &AtomicBool) -> Option<Played> {
    let mut stage = Stage {
        trace,
        eyes: Eyes::of(trace),
        bindings: Bindings::new(),
        periodic: Periodic::of(trace),
        frames: Vec::new(),
        next: None,
        now: 0,
        played: Played {
            verdict: Verdict::Pass,
            steps: 0,
            failure: None,
            deviations: Vec::new(),
            choices: Vec::new(),
        },
    };
    let ended = stage.run(sut, stop)?;
    let played = &mut stage.played;
    played.verdict = match ended {
        Some((verdict, failure)) => {
            played.failure = Some(failure);
            verdict
        }
        None if played.deviations.is_empty() => Verdict::Pass,
        None => Verdict::Nonstrict,
    };
    Some(stage.played)
}

/// What ends a case before its end.
type Ended = Option<(Verdict, Explained)>;

impl Stage<'_> {
    /// The outer `None`: stopped. The inner one: played to its end.
    fn run(&mut self, sut: &mut dyn Sut, stop: &AtomicBool) -> Option<Ended> {
        let none = Value::Null;
        let config = self.trace.servers.first().map_or(&none, |one| &one.config);
        let mut early = match sut.reset(&self.trace.id, 0, config) {
            Ok(answer) => self.take(answer, 0),
            Err(error) => return Some(self.broken(0, &error)),
        };
        for (position, step) in self.trace.steps.iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            self.played.steps = position + 1;
            let mut outs = core::mem::take(&mut early);
            match self.stimulus(step, sut) {
                Ok(Ok(more)) => outs.extend(more),
                Ok(Err(error)) => return Some(self.broken(position, &error)),
                // After a deviation the script may ask for what was never seen.
                Err(_) if !self.played.deviations.is_empty() => return Some(None),
                Err(why) => {
                    let failure = Failure::new("unseen-name", "", why);
                    let told = self.explain(position, step, &outs, &[(None, failure)]);
                    return Some(Some((Verdict::Inconclusive, told)));
                }
            }
            if let Some((verdict, mut told)) = self.judge(position, step, &outs) {
                self.look_for_late(step, &outs, sut, &mut told);
                return Some(Some((verdict, told)));
            }
            self.periodic.note(&outs);
            self.remember(&outs);
        }
        Some(self.last_look(sut))
    }

    /// Once more at the same time: nothing is left to say, and nobody said anything unasked.
    fn last_look(&mut self, sut: &mut dyn Sut) -> Ended {
        let step = self.trace.steps.last()?;
        let position = self.trace.steps.len() - 1;
        match sut.advance(self.now) {
            Err(error) => self.broken(position, &error),
            Ok(answer) => {
                let silence = Alternative {
                    level: Level::Must,
                    requirements: Vec::new(),
                    window: None,
                    outputs: Vec::new(),
                };
                let failure = one(&self.eyes, &silence, &answer.out, &mut self.bindings).err()?;
                let told = self.explain(position, step, &answer.out, &[(Some(&silence), failure)]);
                Some((Verdict::Fail, told))
            }
        }
    }

    /// What was missing may come later: at the next request, or when the server says that it has something to do.
    fn look_for_late(&self, step: &Step, outs: &[Out], sut: &mut dyn Sut, told: &mut Explained) {
        if told.code != "missing-output" {
            return;
        }
        let missing: Vec<(Expected, Bindings)> = step
            .expect
            .iter()
            .flat_map(|alternative| self.missing(alternative, outs))
            .collect();
        let mut came = Vec::new();
        let mut next = Some(self.now);
        for _ in 0..2 {
            let Some(at) = next.filter(|at| *at <= self.now + LATE_MS) else {
                break;
            };
            let Ok(answer) = sut.advance(at) else { break };
            came.extend(answer.out);
            next = answer.next;
        }
        let late = came.iter().find(|out| {
            let mut missing = missing.iter();
            missing.any(|(one, bound)| self.shows(one, out, &mut bound.clone()))
        });
        if let Some(late) = late {
            "late-output".clone_into(&mut told.code);
            told.detail = format!(
                "it came {} ms later: {}",
                late.at.saturating_sub(step.at),
                words::output(late)
            );
        }
    }

    /// What an alternative demands and is not there, each with the names that are known by then.
    fn missing(&self, alternative: &Alternative, outs: &[Out]) -> Vec<(Expected, Bindings)> {
        let mut bound = self.bindings.clone();
        let mut left: Vec<&Out> = outs.iter().collect();
        let mut missing = Vec::new();
        for one in &alternative.outputs {
            match left.iter().position(|out| self.shows(one, out, &mut bound)) {
                Some(place) => {
                    left.remove(place);
                }
                None => missing.push((one.clone(), bound.clone())),
            }
        }
        missing
    }

    /// Whether an output is what is expected.
    fn shows(&self, expected: &Expected, out: &Out, bound: &mut Bindings) -> bool {
        let only = Alternative {
            level: Level::Must,
            requirements: Vec::new(),
            window: None,
            outputs: vec![expected.clone()],
        };
        one(&self.eyes, &only, std::slice::from_ref(out), bound).is_ok()
    }

    /// The first frame of these that is not canonical.
    fn odd(&self, position: usize, step: &Step, outs: &[Out], matched: &Alternative) -> Ended {
        outs.iter().find_map(|out| {
            let OutAction::Send { hex, .. } = &out.action else {
                return None;
            };
            let frame = frames::read(&frames::unhex(hex)?).ok()?;
            let (failure, requirement) = canonical::fault(&frame, hex)?;
            let mut told = self.explain(position, step, outs, &[(Some(matched), failure)]);
            told.level = Level::Must;
            let blamed = octets::blamed(&told.code, hex);
            told.requirements = vec![requirement.to_owned()];
            told.requirements.extend(
                blamed
                    .into_iter()
                    .filter(|id| *id != requirement)
                    .map(str::to_owned),
            );
            Some((Verdict::Fail, told))
        })
    }

    /// Gives the stimulus, after what time passes before it in strides of a minute past a deadline.
    fn stimulus(
        &mut self,
        step: &Step,
        sut: &mut dyn Sut,
    ) -> Result<Result<Vec<Out>, SutError>, String> {
        let mut outs = Vec::new();
        while let Some(next) = self.next
            && next + STRIDE_MS < step.at
            && self.now < next + STRIDE_MS
        {
            match sut.advance(next + STRIDE_MS) {
                Ok(answer) => outs.extend(self.take(answer, next + STRIDE_MS)),
                Err(error) => return Ok(Err(error)),
            }
        }
        self.arriving(step);
        Ok(match stimulate(step, &self.bindings, sut)? {
            Ok(answer) => {
                outs.extend(self.take(answer, step.at));
                Ok(outs)
            }
            Err(error) => Err(error),
        })
    }

    fn take(&mut self, answer: Answer, now: u64) -> Vec<Out> {
        self.now = now;
        self.next = answer.next;
        answer.out
    }

    /// Notes a frame that is delivered.
    fn arriving(&mut self, step: &Step) {
        if let Some(Stimulus::Deliver { vc, hex, frame }) = &step.stimulus {
            let octets = match (hex, frame) {
                (Some(hex), _) => frames::unhex(hex),
                (None, Some(frame)) => resolve(frame, &self.bindings)
                    .ok()
                    .and_then(|frame| frames::write(&frame).ok()),
                (None, None) => None,
            };
            let hex = frames::hex(&octets.unwrap_or_default());
            let what = words::hex_frame(&hex);
            self.keep(format!(
                "{} ms to the server on {vc}: {what} ({hex})",
                step.at
            ));
        }
    }

    /// Notes frames that were sent.
    fn remember(&mut self, outs: &[Out]) {
        for out in outs {
            if matches!(out.action, OutAction::Send { .. }) {
                self.keep(format!("from the server: {}", words::output(out)));
            }
        }
    }

    fn keep(&mut self, frame: String) {
        self.frames.push(frame);
        if self.frames.len() > CONTEXT {
            self.frames.remove(0);
        }
    }

    /// Passes when an alternative matches; otherwise a deviation, or the end.
    fn judge(&mut self, position: usize, step: &Step, outs: &[Out]) -> Ended {
        let mut wrong = Vec::new();
        for (index, alternative) in step.expect.iter().enumerate() {
            match self.allowed(position, step, alternative, outs) {
                Ok((matched, bound)) => {
                    self.choices(position, step, index, &matched, outs, &bound);
                    self.bindings = bound;
                    return self.odd(position, step, outs, alternative);
                }
                Err(failure) => wrong.push((Some(alternative), failure)),
            }
        }
        let told = self.explain(position, step, outs, &wrong);
        match told.level {
            Level::Must | Level::Implied => Some((Verdict::Fail, told)),
            // R2022: a SHOULD that is not followed leaves a server conforming.
            Level::Should => {
                self.played.deviations.push(told);
                None
            }
            // What an RFC leaves open is a choice.
            Level::May => {
                self.played.choices.push(Choice {
                    step: position,
                    what: "not as the case has it".to_owned(),
                    taken: 2,
                    of: 2,
                    requirements: told.requirements,
                });
                None
            }
        }
    }

    /// One alternative as it stands, then without echoes, then with the freedom of the clock.
    fn allowed(
        &self,
        position: usize,
        step: &Step,
        alternative: &Alternative,
        outs: &[Out],
    ) -> Result<(Alternative, Bindings), Failure> {
        let mut bound = self.bindings.clone();
        let failure = match one(&self.eyes, alternative, outs, &mut bound) {
            Ok(()) => return Ok((alternative.clone(), bound)),
            Err(failure) => failure,
        };
        let heard = without_echo(step, outs);
        let mut bound = self.bindings.clone();
        if heard.len() < outs.len() && one(&self.eyes, alternative, &heard, &mut bound).is_ok() {
            return Ok((alternative.clone(), bound));
        }
        let mut bound = self.bindings.clone();
        match self
            .periodic
            .loosened(alternative, &heard, (position, step.at), &mut bound)
        {
            Some((rest, others)) if one(&self.eyes, &rest, &others, &mut bound).is_ok() => {
                Ok((rest, bound))
            }
            _ => Err(failure),
        }
    }

    /// Records which alternative was taken, and which of several values.
    fn choices(
        &mut self,
        position: usize,
        step: &Step,
        index: usize,
        matched: &Alternative,
        outs: &[Out],
        bound: &Bindings,
    ) {
        let mut choice = |what: &str, taken: usize, of: usize| {
            self.played.choices.push(Choice {
                step: position,
                what: what.to_owned(),
                taken: taken + 1,
                of,
                requirements: matched.requirements.clone(),
            });
        };
        if step.expect.len() > 1 {
            choice("alternative", index, step.expect.len());
        }
        let mut sent: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for out in outs {
            if let OutAction::Send { vc, hex } = &out.action {
                let value = frames::unhex(hex).and_then(|octets| frames::read(&octets).ok());
                sent.entry(vc).or_default().extend(value);
            }
        }
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for expected in &matched.outputs {
            if let Expected::Frame { vc, matches } = expected {
                let place = places.entry(vc).or_default();
                let value = sent.get(vc.as_str()).and_then(|list| list.get(*place));
                *place += 1;
                if let Some(value) = value {
                    options_of("", matches, value, bound, &mut choice);
                }
            }
        }
    }

    fn broken(&self, position: usize, error: &SutError) -> Ended {
        let (verdict, stderr) = match error {
            SutError::Unsupported { .. } => (Verdict::Drift, Vec::new()),
            SutError::Crash { stderr, .. } | SutError::Hang { stderr, .. } => {
                (Verdict::Error, stderr.clone())
            }
            SutError::Protocol { .. } | SutError::Refused { .. } => (Verdict::Error, Vec::new()),
        };
        let step = self.trace.steps.get(position)?;
        let mut told = explain::explain(self.trace, position, step, &[], &[], &self.bindings);
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        told.code = error.code();
        told.detail = first.to_owned();
        told.frames.clone_from(&self.frames);
        told.stderr = stderr;
        Some((verdict, told))
    }

    fn explain(
        &self,
        position: usize,
        step: &Step,
        outs: &[Out],
        wrong: &[(Option<&Alternative>, Failure)],
    ) -> Explained {
        let mut told = explain::explain(self.trace, position, step, outs, wrong, &self.bindings);
        told.frames.clone_from(&self.frames);
        told
    }
}

/// Outputs without those that only repeat what the network said (contract: an echo is not judged).
fn without_echo(step: &Step, outs: &[Out]) -> Vec<Out> {
    let is_echo = |out: &Out| match (&step.stimulus, &out.action) {
        (
            Some(Stimulus::LeafGone { group, peer }),
            OutAction::Leaf {
                add: false,
                group: on,
                peer: other,
            },
        ) => group == on && peer.get("number") == other.get("number"),
        (Some(Stimulus::VcDown { vc }), OutAction::Hangup { vc: other }) => vc == other,
        _ => false,
    };
    outs.iter().filter(|out| !is_echo(out)).cloned().collect()
}

/// Tells `choice` which of the options of every `one_of` in a pattern was taken.
fn options_of(
    path: &str,
    pattern: &Value,
    actual: &Value,
    bound: &Bindings,
    choice: &mut dyn FnMut(&str, usize, usize),
) {
    match pattern {
        Value::Object(fields) => {
            if let Some(options) = fields.get("one_of").and_then(Value::as_array) {
                if let [only] = options.as_slice() {
                    return options_of(path, only, actual, bound, choice);
                }
                let fits = |one: &Value| differences(one, actual, &mut bound.clone()).is_empty();
                let mut fitting = options.iter().enumerate().filter(|(_, one)| fits(one));
                if let (Some((taken, _)), None) = (fitting.next(), fitting.next()) {
                    let name = path.rsplit('.').next().unwrap_or_default();
                    choice(name, taken, options.len());
                }
                return;
            }
            for (name, field) in fields {
                if let Some(value) = actual.get(name) {
                    options_of(&format!("{path}.{name}"), field, value, bound, choice);
                }
            }
        }
        Value::Array(items) => {
            for (item, value) in items.iter().zip(actual.as_array().into_iter().flatten()) {
                options_of(path, item, value, bound, choice);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certify::suite::Suite;
    use crate::sut::in_process::InProcess;
    use crate::trace::load;
    use serde_json::json;

    /// This project's server with a configuration of its own, and with outputs of its own.
    struct Altered {
        server: InProcess,
        key: &'static str,
        value: Value,
        out: fn(&Option<Stimulus>, Answer) -> Answer,
    }

    impl Altered {
        fn config(key: &'static str, value: Value) -> Self {
            Self {
                server: InProcess::new(),
                key,
                value,
                out: |_, answer| answer,
            }
        }

        fn out(out: fn(&Option<Stimulus>, Answer) -> Answer) -> Self {
            Self {
                out,
                ..Self::config("unknown", Value::Null)
            }
        }
    }

    impl Sut for Altered {
        fn reset(&mut self, case: &str, seed: u64, config: &Value) -> Result<Answer, SutError> {
            let mut config = config.clone();
            config[self.key] = self.value.clone();
            self.server.reset(case, seed, &config)
        }

        fn vc_up(&mut self, at: u64, vc: &str, peer: &Value) -> Result<Answer, SutError> {
            self.server.vc_up(at, vc, peer)
        }

        fn vc_down(&mut self, at: u64, vc: &str) -> Result<Answer, SutError> {
            let done = Some(Stimulus::VcDown { vc: vc.to_owned() });
            Ok((self.out)(&done, self.server.vc_down(at, vc)?))
        }

        fn deliver(&mut self, at: u64, vc: &str, octets: &[u8]) -> Result<Answer, SutError> {
            self.server.deliver(at, vc, octets)
        }

        fn leaf_gone(&mut self, at: u64, group: &str, peer: &Value) -> Result<Answer, SutError> {
            let (group_, peer_) = (group.to_owned(), peer.clone());
            let done = Some(Stimulus::LeafGone {
                group: group_,
                peer: peer_,
            });
            Ok((self.out)(&done, self.server.leaf_gone(at, group, peer)?))
        }

        fn advance(&mut self, to: u64) -> Result<Answer, SutError> {
            self.server.advance(to)
        }

        fn admin(&mut self, at: u64, what: &str) -> Result<Answer, SutError> {
            self.server.admin(at, what)
        }

        fn probe(&mut self, at: u64, what: &str) -> Result<Value, SutError> {
            self.server.probe(at, what)
        }
    }

    fn played(case: &str, sut: &mut dyn Sut) -> Played {
        let traces = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
        let suite = Suite::load(&traces).unwrap();
        let case = suite.case(case).unwrap_or_else(|| panic!("no case {case}"));
        let trace = load(&case.file).unwrap();
        play(&trace, sut, &AtomicBool::new(false)).unwrap()
    }

    #[test]
    fn maps_may_come_sooner_than_told_but_neither_twice_as_often_nor_later() {
        let every = |ms: u64| {
            let mut sut = Altered::config("map_interval_ms", json!(ms));
            let played = played("map-every-minute", &mut sut);
            let code = played.failure.map(|told| told.code);
            (played.verdict, code)
        };
        for ms in [60_000, 45_000, 40_000, 30_000] {
            assert_eq!(every(ms), (Verdict::Pass, None), "{ms}");
        }
        for ms in [29_000, 15_000] {
            assert_ne!(every(ms).0, Verdict::Pass, "{ms}");
        }
        let late = Some("late-output".to_owned());
        assert_eq!(every(61_000), (Verdict::Fail, late));
        let missing = Some("missing-output".to_owned());
        assert_eq!(every(62_000), (Verdict::Fail, missing));
    }

    #[test]
    fn a_retransmission_that_comes_too_early_is_told_as_such() {
        let case = "timers-larger-negotiation-ca-timer";
        let mut sut = Altered::config("ca_rexmt_ms", json!(3_050));
        let played = played(case, &mut sut);
        assert_eq!(played.verdict, Verdict::Fail);
        assert_eq!(played.failure.unwrap().code, "early-output");
    }

    #[test]
    fn an_echo_of_a_leaf_that_is_gone_is_not_judged_and_another_leaf_is() {
        let echo: fn(&Option<Stimulus>, Answer) -> Answer = |done, mut answer| {
            if let Some(Stimulus::LeafGone { group, peer }) = done {
                let action = OutAction::Leaf {
                    add: false,
                    group: group.clone(),
                    peer: peer.clone(),
                };
                let at = answer.out.first().map_or(0, |out| out.at);
                answer.out.insert(0, Out { at, action });
            }
            answer
        };
        let case = "leaf-gone-removes-all";
        let right = played(case, &mut Altered::out(echo));
        assert_eq!(right.verdict, Verdict::Pass, "{:?}", right.failure);
        let other: fn(&Option<Stimulus>, Answer) -> Answer = |done, mut answer| {
            if let Some(Stimulus::LeafGone { group, .. }) = done {
                let action = OutAction::Leaf {
                    add: false,
                    group: group.clone(),
                    peer: json!({"number": "47", "form": "nsapa"}),
                };
                let at = answer.out.first().map_or(0, |out| out.at);
                answer.out.push(Out { at, action });
            }
            answer
        };
        let wrong = played(case, &mut Altered::out(other));
        assert_eq!(wrong.failure.unwrap().code, "extra-output");
    }

    #[test]
    fn who_does_not_claim_restart_may_ignore_which_life_it_is() {
        let traces = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
        let suite = Suite::load(&traces).unwrap();
        let mut lives = 0;
        for case in &suite.cases {
            let config = &case.trace.servers.first().unwrap().config;
            if config.get("incarnation").is_none() || case.needs.contains("restart") {
                continue;
            }
            lives += 1;
            let mut sut = Altered::config("incarnation", json!(0));
            let played = play(&case.trace, &mut sut, &AtomicBool::new(false)).unwrap();
            assert_eq!(played.verdict, Verdict::Pass, "{}", case.trace.id);
        }
        assert!(lives > 100, "{lives}");
    }

    #[test]
    fn a_should_that_is_not_followed_is_a_deviation_and_the_case_goes_on() {
        // 29 s is sooner than half of a minute: the RFC only advises against it.
        let mut sut = Altered::config("map_interval_ms", json!(29_000));
        let played = played("map-every-minute", &mut sut);
        let first = played.deviations.first().expect("a deviation");
        assert_eq!((first.level, first.step), (Level::Should, 5), "{first:?}");
        assert_eq!(first.register, ["F09"]);
        assert!(played.steps > 6, "{}", played.steps);
    }
}
