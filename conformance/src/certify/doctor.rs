//! Checks of an adapter itself, before anything is said of the server behind it.

use std::time::Duration;

use serde_json::{Value, json};

use super::diagnose;
use super::suite::CLAIMS;
use super::target::{Target, words};
use crate::sut::child::{Child, Launch};
use crate::sut::{Sut, SutError};

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

/// What a patient said of a line.
type Said = Result<Value, String>;
/// A question, and what to mend if the answer is wrong.
type Step = (
    &'static str,
    fn(&mut Child) -> Said,
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
    let mut child = match Child::start(launch.clone()) {
        Ok(child) => child,
        Err(error) => {
            checks.push(broken("starts and says hello", &diagnose::of_error(&error)));
            return checks;
        }
    };
    checks.push(fine("starts and says hello"));
    checks.push(claims(&child));
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
        match ask(&mut child) {
            Ok(answer) => checks.push(Check {
                name,
                mend: judge(&answer).map(|mend| format!("{mend} It answered {}.", short(&answer))),
            }),
            Err(mend) => {
                checks.push(broken(name, &mend));
                return checks;
            }
        }
    }
    checks.push(alike(&mut child));
    checks.push(bye(child, matches!(target, Target::Connect(_))));
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
    let name = "claims are those of the closed list, and implementation has a name";
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
    match hello.implementation.get("name").and_then(Value::as_str) {
        Some(_) => fine(name),
        None => broken(
            name,
            "Answer `hello` with `implementation`: `{\"name\",\"version\",\"language\"}`.",
        ),
    }
}

/// Sends a line and reads the answer; a paragraph if there is none.
fn ask(child: &mut Child, line: &str) -> Said {
    let text = child.raw(line, SETTLE).map_err(|error| mend(&error))?;
    match serde_json::from_str(&text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => {
            let start: String = text.chars().take(80).collect();
            let says = diagnose::of_code("protocol-violation:1", "");
            Err(format!("It wrote `{start}`. {says}"))
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

/// A request with an id that no count of the adapter's own would have.
fn request(child: &mut Child, id: u64, mut body: Value) -> Said {
    if let Some(fields) = body.as_object_mut() {
        fields.insert("id".to_owned(), id.into());
    }
    let answer = ask(child, &body.to_string())?;
    if answer.get("id").and_then(Value::as_u64) != Some(id) {
        let got = answer
            .get("id")
            .map_or("no id".to_owned(), Value::to_string);
        let says = diagnose::of_code("protocol-violation:2", "");
        return Err(format!("The id {id} was answered with {got}. {says}"));
    }
    Ok(answer)
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

fn reset(child: &mut Child) -> Said {
    request(
        child,
        700_001,
        json!({"op": "reset", "case": "doctor", "seed": 1, "config": config()}),
    )
}

fn unknown(child: &mut Child) -> Said {
    request(child, 700_002, json!({"op": "dance"}))
}

fn nonsense(child: &mut Child) -> Said {
    ask(child, "this is no request")
}

fn passes(child: &mut Child) -> Said {
    request(child, 700_004, json!({"op": "advance", "to": 1000}))
}

fn back(child: &mut Child) -> Said {
    request(child, 700_005, json!({"op": "advance", "to": 500}))
}

fn stray(child: &mut Child) -> Said {
    request(
        child,
        700_006,
        json!({"op": "deliver", "at": 1000, "vc": "never-was", "hex": "aaaa0300005e0003"}),
    )
}

fn noise(child: &mut Child) -> Said {
    request(
        child,
        700_007,
        json!({"op": "vc_up", "at": 1000, "vc": "c1", "peer": atm("c1")}),
    )?;
    request(
        child,
        700_008,
        json!({"op": "deliver", "at": 1000, "vc": "c1", "hex": "00ff17"}),
    )
}

fn passes_on(child: &mut Child) -> Said {
    request(child, 700_009, json!({"op": "advance", "to": 2000}))
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
        "Keep the names of the VCs that are up; answer a frame on any other with status `error`, code \
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
