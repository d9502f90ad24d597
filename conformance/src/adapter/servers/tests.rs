use serde_json::{Value, json};

use super::serve::{Answer, Ask, serve};
use super::*;

fn atm(number: u8) -> Value {
    json!({"number": format!("47000580ffe1000000f21a2b3c002048{number:02x}000100"), "form": "nsapa"})
}

fn group() -> Group {
    let server = |own: u8, other: u8| {
        json!({
            "server_id": format!("0a0000{own:02x}"), "atm": atm(own), "cmi_range": [256, 259],
            "neighbors": [{"id": format!("0a0000{other:02x}"), "atm": atm(other)}],
            "hello_interval_s": 60,
        })
    };
    Group {
        servers: vec![server(1, 2), server(2, 1)],
        clients: vec![atm(0x20)],
    }
}

const UP: Input = Input::Up { neighbor: 0 };
const WAIT: Input = Input::Wait { ms: 60_000 };

#[test]
fn a_server_is_never_changed_and_equal_ones_have_one_number() {
    let pool = Pool::new(&group()).unwrap();
    let start = pool.start(0).unwrap();
    let up = pool.step(start.machine, &UP).unwrap();
    assert_eq!(up.deeds.len(), 1, "a Hello");
    let again = pool.step(start.machine, &UP).unwrap();
    assert_eq!((again.machine, again.view), (up.machine, None));
    assert_ne!(pool.start(1).unwrap().machine, start.machine);
    // A minute makes another beat: its number is another, the canonical state comes back.
    let mut now = pool.step(up.machine, &WAIT).unwrap();
    let mut seen = vec![now.machine];
    for _ in 0..20 {
        let ms = |outcome: &Outcome| {
            let next = outcome.view.as_ref().and_then(|view| view.next_ms);
            u32::try_from(next.unwrap_or(60_000)).unwrap()
        };
        now = pool
            .step(now.machine, &Input::Wait { ms: ms(&now) })
            .unwrap();
        seen.push(now.machine);
    }
    let last = seen.pop().unwrap();
    assert!(seen.contains(&last), "{seen:?} {last}");
}

#[test]
fn what_is_not_there_is_refused_by_name() {
    let pool = Pool::new(&group()).unwrap();
    assert_eq!(pool.start(2), Err(PoolError::Server(2)));
    assert_eq!(pool.step(7, &UP), Err(PoolError::Machine(7)));
    let start = pool.start(0).unwrap().machine;
    let odd = pool.step(start, &Input::Up { neighbor: 9 });
    assert_eq!(odd, Err(PoolError::Refused("no neighbor 9".to_owned())));
}

#[test]
fn lines_say_what_the_pool_says() {
    let asks = [
        Ask::Start { server: 0 },
        Ask::Step {
            machine: 0,
            input: UP,
        },
        Ask::Step {
            machine: 9,
            input: UP,
        },
    ];
    let mut lines = serde_json::to_string(&group()).unwrap();
    for ask in &asks {
        lines.push('\n');
        lines.push_str(&serde_json::to_string(ask).unwrap());
    }
    let mut output = Vec::new();
    serve(&mut lines.as_bytes(), &mut output).unwrap();
    let pool = Pool::new(&group()).unwrap();
    let expected = [
        Answer::Done(pool.start(0).unwrap()),
        Answer::Done(pool.step(0, &UP).unwrap()),
        Answer::Refused("there is no machine 9".to_owned()),
    ];
    let answers: Vec<Answer> = String::from_utf8(output)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers, expected);
    assert!(serve(&mut "{}\n".as_bytes(), &mut Vec::new()).is_err());
}
