use super::*;

fn config(id: u8, neighbor: u8) -> Config {
    Config {
        id: [10, 0, 0, id],
        neighbors: vec![[10, 0, 0, neighbor]],
        protocol_id: 0xff00,
        hello_interval_s: 1,
        dead_factor: 3,
        ca_rexmt_ms: 1000,
        csus_rexmt_ms: 1000,
        csu_rexmt_ms: 1000,
        csu_max_rexmt: 2,
        hop_count: 2,
        mtu: 52,
        restart_constant: 16,
    }
}

const UP: Input = Input::Up { neighbor: 0 };
const WAIT: Input = Input::Wait { ms: 1000 };

#[test]
fn a_machine_is_never_changed_and_equal_ones_have_one_number() {
    let pool = Pool::new(&[config(1, 2), config(2, 1)], 2);
    let start = pool.start(0, 0).unwrap();
    assert_eq!(start.view.unwrap().next_ms, None);
    let up = pool.step(start.machine, &UP).unwrap();
    assert_eq!(up.sent.len(), 1, "a Hello");
    let again = pool.step(start.machine, &UP).unwrap();
    assert_eq!((again.machine, again.view), (up.machine, None));
    // A second later it says Hello once more and is where it was, at another time.
    let later = pool.step(up.machine, &WAIT).unwrap();
    assert_eq!((later.machine, &later.sent), (up.machine, &up.sent));
    assert_eq!(pool.count(up.machine), 2);
    assert_eq!(pool.step_of(up.machine, 1, &WAIT).unwrap(), later);
    assert_ne!(pool.start(1, 0).unwrap().machine, start.machine);
}

#[test]
fn what_is_not_there_is_refused_by_name() {
    let pool = Pool::new(&[config(1, 2)], 1);
    assert_eq!(pool.start(1, 0), Err(PoolError::Config(1)));
    assert_eq!(pool.step(7, &UP), Err(PoolError::Machine(7)));
}

#[test]
fn lines_say_what_the_pool_says() {
    use serve::{Answer, Ask, serve};
    let configs = [config(1, 2)];
    let asks = [
        Ask::Start {
            config: 0,
            ca_start: 5,
        },
        Ask::Step {
            machine: 0,
            input: UP,
        },
        Ask::Step {
            machine: 9,
            input: UP,
        },
    ];
    let mut lines = serde_json::to_string(&configs).unwrap();
    for ask in &asks {
        lines.push('\n');
        lines.push_str(&serde_json::to_string(ask).unwrap());
    }
    let mut output = Vec::new();
    serve(&mut lines.as_bytes(), &mut output).unwrap();
    let pool = Pool::new(&configs, 1);
    let expected = [
        Answer::Done(pool.start(0, 5).unwrap()),
        Answer::Done(pool.step(0, &UP).unwrap()),
        Answer::Refused("there is no machine 9".to_owned()),
    ];
    let answers: Vec<Answer> = String::from_utf8(output)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers, expected);
    assert!(serve(&mut "[]\nnonsense\n".as_bytes(), &mut Vec::new()).is_err());
}
