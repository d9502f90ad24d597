use super::*;
use crate::sut::Sut;

const HELLO: &str = r#"{"id":1,"status":"ok","out":[],"next":null,"implementation":{},"claims":["server"],"probes":[]}"#;

/// An adapter in shell: answers hello, then runs `then` after it read the reset.
fn adapter(then: &str) -> Child {
    let script = format!("read a; echo '{HELLO}'; read b; {then}");
    let command = ["sh", "-c", &script].map(str::to_owned).to_vec();
    Child::start(Launch::new(command)).unwrap()
}

fn code(then: &str) -> String {
    adapter(then).reset("c", 1, &json!({})).unwrap_err().code()
}

#[test]
fn an_answer_is_read() {
    let out = r#"{"at":0,"call":{"peer":{"number":"47","form":"nsapa"}}}"#;
    let line = format!(r#"{{"id":2,"status":"ok","out":[{out}],"next":3000,"new":1}}"#);
    let mut child = adapter(&format!("echo '{line}'"));
    assert_eq!(child.hello().unwrap().claims, ["server"]);
    let answer = child.reset("c", 1, &json!({})).unwrap();
    assert_eq!((answer.out.len(), answer.next), (1, Some(3000)));
}

#[test]
fn a_broken_adapter_has_a_stable_code() {
    let mut slow = adapter("sleep 5");
    slow.launch.deadline = Duration::from_millis(100);
    assert_eq!(slow.reset("c", 1, &json!({})).unwrap_err().code(), "hang");
    assert_eq!(code("echo oh >&2; exit 3"), "crash");
    assert_eq!(code("echo nonsense"), "protocol-violation:1");
    assert_eq!(
        code(r#"echo '{"id":7,"status":"ok","out":[],"next":null}'"#),
        "protocol-violation:2"
    );
    assert_eq!(
        code(r#"echo '{"id":2,"status":"fine"}'"#),
        "protocol-violation:3"
    );
    assert_eq!(
        code(r#"echo '{"id":2,"status":"ok","out":[{"at":5,"hangup":{"vc":"a"}}],"next":null}'"#),
        "protocol-violation:4"
    );
    assert_eq!(
        code(r#"echo '{"id":2,"status":"unsupported","reason":"no"}'"#),
        "unsupported"
    );
    assert_eq!(
        code(r#"echo '{"id":2,"status":"error","code":"config","reason":"no"}'"#),
        "error"
    );
}

#[test]
fn an_answer_too_many_is_seen_at_the_next_request() {
    let line = r#"{"id":2,"status":"ok","out":[],"next":null}"#;
    let mut child = adapter(&format!("echo '{line}'; echo '{line}'; sleep 1"));
    child.reset("c", 1, &json!({})).unwrap();
    thread::sleep(Duration::from_millis(500));
    assert_eq!(child.advance(5).unwrap_err().code(), "protocol-violation:7");
}

#[test]
fn a_crash_shows_status_and_stderr_and_reset_starts_anew() {
    let mut child = adapter("echo last words >&2; exit 3");
    let error = child.reset("c", 1, &json!({})).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("exit status: 3") && text.contains("last words"),
        "{text}"
    );
    assert_eq!(child.advance(5).unwrap_err().code(), "error");
    // Ids go on, so the shell's fixed id no longer fits: what matters is that it was started.
    assert_eq!(
        child.reset("c", 1, &json!({})).unwrap_err().code(),
        "protocol-violation:2"
    );
}

#[test]
fn what_cannot_be_started_says_so() {
    let launch = Launch::new(vec!["/nonexistent/adapter".to_owned()]);
    assert!(
        Child::start(launch)
            .unwrap_err()
            .to_string()
            .contains("/nonexistent/adapter")
    );
    assert_eq!(
        Child::start(Launch::new(Vec::new())).unwrap_err().code(),
        "error"
    );
}
