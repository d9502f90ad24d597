//! Checks of an adapter itself, before anything is said of the server behind it.

use std::time::Duration;

use serde_json::{Value, json};

use super::diagnose;
use super::suite::CLAIMS;
use super::target::{Target, words};
use crate::adapter::{Outcome, Response};
use crate::sut::child::{Child, Launch};
use crate::sut::contract::{Contract, FIELD};
use crate::sut::reply::emitted;
use crate::sut::{Answer, Sut, SutError};

/// Longest wait for a line that should not come.
const SETTLE: Duration = Duration::from_millis(40);
/// Longest wait for the end after `bye`.
const FAREWELL: Duration = Duration::from_secs(2);

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub name: &'static str,
    /// What to mend; nothing if all is well.
    pub mend: Option<String>,
}

/// An adapter, and what it promised so far.
struct Patient {
    child: Child,
    contract: Contract,
    /// A rule that its last answer breaks, and what to mend.
    fault: Option<String>,
}

/// What a patient said of a line.
type Said = Result<Value, String>;
/// A question, and what to mend if the answer is wrong.
type Step = (
    &'static str,
    fn(&mut Patient) -> Said,
    fn(&Value) -> Option<&'static str>,
);

/// Runs every check; stops at the first that leaves nothing to talk to.
#[must_use]
pub fn examine(target: &Target, deadline: Duration) -> Vec<Check> {
    let launch = match target {
        Target::Adapter(line) => Launch::new(words(line)),
        Target::Connect(address) => Launch::connect(address.clone()),
        Target::Builtin => return Vec::new(),
    };
    let launch = Launch { deadline, ..launch };
    let mut checks = Vec::new();
    let child = match Child::start(launch.clone()) {
        Ok(child) => child,
        Err(error) => {
            checks.push(broken("starts and says hello", &diagnose::of_error(&error)));
            return checks;
        }
    };
    checks.push(fine("starts and says hello"));
    checks.push(claims(&child));
    let mut patient = Patient {
        child,
        contract: Contract::default(),
        fault: None,
    };
    let steps: [Step; 8] = [
        ("a reset is answered once, with its id", reset, is_ok),
        (
            "an operation it does not know is unsupported",
            unknown,
            is_unsupported,
        ),
        (
            "a line that is no request is answered with an error",
            nonsense,
            is_malformed,
        ),
        ("time passes", passes, is_ok),
        ("time that goes back is refused", back, went_back),
        (
            "a frame on a VC that never was is refused",
            stray,
            is_unknown_vc,
        ),
        ("a frame of noise is survived", noise, is_ok),
        ("it still answers", passes_on, is_ok),
    ];
    for (name, ask, judge) in steps {
        match ask(&mut patient) {
            Ok(answer) => {
                // A fault of time may be of a request before this answer's, and quotes its own.
                let fault = patient.fault.take();
                let wrong = judge(&answer);
                let wrong = wrong.map(|mend| format!("{mend} It answered {}.", short(&answer)));
                checks.push(Check {
                    name,
                    mend: wrong.or(fault),
                });
            }
            Err(mend) => {
                checks.push(broken(name, &mend));
                return checks;
            }
        }
    }
    checks.push(alike(&mut patient.child));
    checks.push(bye(patient.child, matches!(target, Target::Connect(_))));
    checks
}

fn fine(name: &'static str) -> Check {
    Check { name, mend: None }
}

fn broken(name: &'static str, mend: &str) -> Check {
    Check {
        name,
        mend: Some(mend.to_owned()),
    }
}

/// The paragraph for checks that are not all well.
#[must_use]
pub fn paragraph(checks: &[Check]) -> Option<String> {
    let wrong: Vec<&Check> = checks.iter().filter(|check| check.mend.is_some()).collect();
    let first = wrong.first()?;
    let more = match wrong.len() {
        1 => String::new(),
        count => format!(" ({} more below.)", count - 1),
    };
    let mend = first.mend.as_deref().unwrap_or_default();
    Some(format!("Mend this first: {}. {mend}{more}", first.name))
}

fn short(answer: &Value) -> String {
    answer.to_string().chars().take(160).collect()
}

fn claims(child: &Child) -> Check {
    let name = "claims are those of the closed list, and the implementation says what it is";
    let Some(hello) = child.hello() else {
        return fine(name);
    };
    let strange = hello
        .claims
        .iter()
        .find(|claim| !CLAIMS.contains(&claim.as_str()));
    if let Some(strange) = strange {
        let all = CLAIMS.join(", ");
        return broken(name, &format!("`{strange}` is none of the claims: {all}."));
    }
    if !hello.claims.iter().any(|claim| claim == "server") {
        return broken(name, "Claim `server`: without it no case is asked.");
    }
    let lacks = ["name", "version", "language"]
        .into_iter()
        .find(|key| !hello.implementation.get(key).is_some_and(Value::is_string));
    match lacks {
        None => fine(name),
        Some(key) => {
            let all = "`{\"name\":\"..\",\"version\":\"..\",\"language\":\"..\"}`";
            broken(
                name,
                &format!(
                    "Answer `hello` with `implementation`: {all}; `{key}` is missing or no text."
                ),
            )
        }
    }
}

impl Patient {
    /// Sends a line and reads the answer; a paragraph if there is none.
    fn ask(&mut self, op: &'static str, line: &str) -> Said {
        self.child.raw(op, line, SETTLE).map_err(|error| {
            let asked: String = line.chars().take(200).collect();
            format!("{} The request was {asked}", mend(&error))
        })
    }

    /// A request with an id that no count of the adapter's own would have.
    fn request(&mut self, id: u64, op: &'static str, mut body: Value) -> Said {
        let at = body.get("at").or_else(|| body.get("to"));
        let at = at.and_then(Value::as_u64).unwrap_or(0);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("op".to_owned(), op.into());
            fields.insert("id".to_owned(), id.into());
        }
        let answer = self.ask(op, &body.to_string())?;
        if answer.get("id").and_then(Value::as_u64) != Some(id) {
            let got = answer
                .get("id")
                .map_or("no id".to_owned(), Value::to_string);
            let says = diagnose::of_code("protocol-violation:2", "");
            return Err(format!("The id {id} was answered with {got}. {says}"));
        }
        let broken = self.promised(op, at, &answer).err();
        self.fault = self.fault.take().or(broken.map(|error| mend(&error)));
        Ok(answer)
    }

    /// Holds an `ok` against the contract of time, as `certify` does.
    fn promised(&mut self, op: &str, at: u64, answer: &Value) -> Result<(), SutError> {
        let response: Response =
            serde_json::from_value(answer.clone()).map_err(|error| SutError::Protocol {
                rule: FIELD,
                detail: error.to_string(),
            })?;
        let Outcome::Ok { out, next, .. } = response.outcome else {
            return Ok(());
        };
        let answer = Answer {
            out: out.into_iter().map(emitted).collect(),
            next,
        };
        match op {
            "reset" => self.contract.reset(&answer),
            _ => self.contract.check(at, &answer),
        }
    }
}

fn mend(error: &SutError) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let stderr: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
    let stderr = match stderr.is_empty() {
        true => String::new(),
        false => format!(" It left behind: {}.", stderr.join(" / ")),
    };
    format!(
        "{first}. {}{stderr}",
        diagnose::of_code(&error.code(), &text)
    )
}

fn atm(last: &str) -> Value {
    json!({"number": format!("47000580ffe1000000f21a2b3c002048{last}000100"), "form": "nsapa"})
}

fn config() -> Value {
    json!({
        "server_id": "0a000001", "atm": atm("0a"), "protocol_address": "0a000001", "sgid": 1,
        "protocols": [{"type": 2048, "snap": "0000000000"}], "cmi_range": [1, 200], "neighbors": [],
    })
}

fn reset(patient: &mut Patient) -> Said {
    let body = json!({"case": "doctor", "seed": 1, "config": config()});
    patient.request(700_001, "reset", body)
}

fn unknown(patient: &mut Patient) -> Said {
    patient.request(700_002, "dance", json!({}))
}

fn nonsense(patient: &mut Patient) -> Said {
    patient.ask("a line that is no request", "this is no request")
}

fn passes(patient: &mut Patient) -> Said {
    patient.request(700_004, "advance", json!({"to": 1000}))
}

fn back(patient: &mut Patient) -> Said {
    patient.request(700_005, "advance", json!({"to": 500}))
}

fn stray(patient: &mut Patient) -> Said {
    let body = json!({"at": 1000, "vc": "never-was", "hex": "aaaa0300005e0003"});
    patient.request(700_006, "deliver", body)
}

fn noise(patient: &mut Patient) -> Said {
    let body = json!({"at": 1000, "vc": "c1", "peer": atm("c1")});
    patient.request(700_007, "vc_up", body)?;
    let body = json!({"at": 1000, "vc": "c1", "hex": "00ff17"});
    patient.request(700_008, "deliver", body)
}

fn passes_on(patient: &mut Patient) -> Said {
    patient.request(700_009, "advance", json!({"to": 2000}))
}

fn is_ok(answer: &Value) -> Option<&'static str> {
    match answer.get("status").and_then(Value::as_str) {
        Some("ok")
            if answer.get("out").is_some_and(Value::is_array) && answer.get("next").is_some() =>
        {
            None
        }
        Some("ok") => Some("An `ok` carries `out` (a list) and `next` (a number or null)."),
        _ => Some("This is a valid request: answer it with status `ok`."),
    }
}

fn is_unsupported(answer: &Value) -> Option<&'static str> {
    let status = answer.get("status").and_then(Value::as_str);
    (status != Some("unsupported"))
        .then_some("Answer every `op` that you do not know with status `unsupported`.")
}

fn is_malformed(answer: &Value) -> Option<&'static str> {
    let right = answer.get("id").is_none_or(Value::is_null)
        && answer.get("status").and_then(Value::as_str) == Some("error");
    (!right).then_some(
        "Answer a line that is no request with {\"id\":null,\"status\":\"error\",\"code\":\"malformed-request\"}.",
    )
}

fn code(answer: &Value) -> Option<&str> {
    answer.get("code").and_then(Value::as_str)
}

fn went_back(answer: &Value) -> Option<&'static str> {
    (code(answer) != Some("time-went-back")).then_some(
        "Keep the time of the last request; answer one that is earlier with status `error`, code \
         `time-went-back`.",
    )
}

fn is_unknown_vc(answer: &Value) -> Option<&'static str> {
    (code(answer) != Some("unknown-vc")).then_some(
        "Keep the names of the VCs that came up; answer a frame on any other with status `error`, code \
         `unknown-vc`.",
    )
}

/// Two equal resets give equal answers, whatever came before.
fn alike(child: &mut Child) -> Check {
    let name = "two equal cases are answered alike";
    let mut once = || -> Result<_, SutError> {
        let mut answers = vec![child.reset("doctor", 7, &config())?];
        answers.push(child.vc_up(10, "c1", &atm("c1"))?);
        answers.push(child.advance(30_000)?);
        Ok(answers)
    };
    match (once(), once()) {
        (Ok(first), Ok(second)) if first == second => fine(name),
        (Ok(_), Ok(_)) => broken(
            name,
            "Two equal cases were answered differently. Let `reset` make everything fresh, take all that \
             has to look random from its `seed`, and never look at a clock.",
        ),
        (Err(error), _) | (_, Err(error)) => broken(name, &mend(&error)),
    }
}

fn bye(child: Child, peer: bool) -> Check {
    let name = "bye is answered, and ends the adapter with status 0";
    match child.bye(FAREWELL) {
        Ok(_) if peer => fine(name),
        Ok(Some(status)) if status.success() => fine(name),
        Ok(Some(status)) => broken(
            name,
            &format!("After `bye` it ended with {status}; end with status 0."),
        ),
        Ok(None) => broken(
            name,
            "It answered `bye` and went on. After that answer flush stdout and exit with status 0.",
        ),
        Err(error) => broken(name, &mend(&error)),
    }
}
