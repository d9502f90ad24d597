use super::*;
use crate::adapter::serve::serve;

fn session() -> Session {
    Session::new(Identity {
        name: "x".to_owned(),
        version: "1".to_owned(),
    })
}

/// Serves these lines and returns the responses.
fn answers(lines: &[Value]) -> Vec<Value> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    raw(text.as_bytes())
}

fn raw(input: &[u8]) -> Vec<Value> {
    let mut output = Vec::new();
    serve(&mut session(), &mut &*input, &mut output).unwrap();
    let text = String::from_utf8(output).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn peer(last: u8) -> Value {
    json!({"number": format!("47000580ffe1000000f21a26d80020ea00002{last:x}00"), "form": "nsapa"})
}

fn reset() -> Value {
    json!({"id": 1, "op": "reset", "case": "c", "seed": 1, "config": {
        "server_id": "0a000001", "atm": peer(1), "cmi_range": [1, 9], "something": "ignored",
    }})
}

#[test]
fn hello_is_answered_and_a_foreign_version_refused() {
    let suite = json!({"name": "s", "version": "1"});
    let [good, bad, bye] = &answers(&[
        json!({"id": 1, "op": "hello", "protocol": 1, "suite": suite, "extra": 1}),
        json!({"id": 2, "op": "hello", "protocol": 2, "suite": suite}),
        json!({"id": 3, "op": "bye"}),
    ])[..] else {
        panic!("three answers");
    };
    assert_eq!(good["status"], "ok");
    assert_eq!(good["implementation"]["language"], "Rust");
    assert!(
        good["claims"]
            .as_array()
            .unwrap()
            .contains(&json!("server"))
    );
    assert!(
        good["claims"]
            .as_array()
            .unwrap()
            .contains(&json!("scsp.auth"))
    );
    assert_eq!(
        (&bad["status"], &bad["code"]),
        (&json!("error"), &json!("version"))
    );
    assert_eq!((&bye["id"], &bye["status"]), (&json!(3), &json!("ok")));
}

/// A reset with one neighbour, 0a000002, and a key for the server of that id.
fn keyed(peer_id: &str) -> Value {
    let mut reset = reset();
    reset["config"]["neighbors"] = json!([{"id": "0a000002", "atm": peer(2)}]);
    reset["config"]["auth"] = json!([{
        "spi": 4096, "peer_id": peer_id, "algorithm": "hmac-md5-128", "key": "0b".repeat(16),
    }]);
    reset
}

// R2334-B.3.1.3-01, R2334-B.3.1.4-01
#[test]
fn keys_are_configured_by_reset() {
    let up = json!({"id": 2, "op": "vc_up", "at": 0, "vc": "n2", "peer": peer(2)});
    let answered = answers(&[keyed("0a000002"), up.clone()]);
    let hello = answered[1]["out"][0]["send"]["hex"].as_str().unwrap();
    // Type 1, 20 octets, the SPI; after 16 octets more the End extension.
    let (_, extension) = hello.split_once("0001001400001000").unwrap();
    assert_eq!(extension.len(), 2 * (16 + 4));
    assert!(extension.ends_with("00000000"));
    // A frame without authentication has no effect.
    let bare = answers(&[reset_with_neighbor(), up.clone()]);
    let bare = bare[1]["out"][0]["send"]["hex"].clone();
    assert!(!bare.as_str().unwrap().contains("00010014"));
    let probe = json!({"id": 4, "op": "probe", "at": 0, "what": "hfsm"});
    let deliver = json!({"id": 3, "op": "deliver", "at": 0, "vc": "n2", "hex": of_second(&bare)});
    let answered = answers(&[
        keyed("0a000002"),
        up.clone(),
        deliver.clone(),
        probe.clone(),
    ]);
    assert_eq!(answered[3]["probe"]["0a000002"], "waiting");
    let answered = answers(&[reset_with_neighbor(), up, deliver, probe]);
    assert_eq!(answered[3]["probe"]["0a000002"], "unidirectional");
    // A key that nobody could use is refused.
    let refused = answers(&[keyed("0a000003")]);
    assert_eq!(
        (&refused[0]["status"], &refused[0]["code"]),
        (&json!("error"), &json!("config"))
    );
}

fn reset_with_neighbor() -> Value {
    let mut reset = keyed("0a000002");
    reset["config"]["auth"] = json!([]);
    reset
}

/// A Hello of server 0a000001 as server 0a000002 would send it: id and checksum are one more and one less.
fn of_second(hello: &Value) -> String {
    let hex = hello.as_str().unwrap();
    let (head, tail) = hex.split_at(hex.len() - 1);
    assert_eq!(tail, "1");
    // LLC/SNAP, then version, type and size before the checksum.
    let at = 2 * (8 + 4);
    let sum = u16::from_str_radix(&head[at..at + 4], 16).unwrap() - 1;
    format!("{}{sum:04x}{}2", &head[..at], &head[at + 4..])
}

#[test]
fn one_answer_to_each_line_whatever_it_is() {
    let answered = raw(b"{\n\n[]\n{\"id\":\"x\",\"op\":\"bye\"}\n{\"id\":7,\"op\":\"dance\"}\n\xff\n{\"id\":8,\"op\":\"advance\"}\n");
    let codes: Vec<_> = answered
        .iter()
        .map(|a| (a["id"].clone(), a["status"].clone()))
        .collect();
    let null = (Value::Null, json!("error"));
    let expected = [
        null.clone(),
        null.clone(),
        null.clone(),
        null.clone(),
        (json!(7), json!("unsupported")),
        null,
        (json!(8), json!("error")),
    ];
    assert_eq!(codes, expected);
    assert_eq!(answered[0]["code"], "malformed-request");
}

#[test]
fn a_line_that_is_too_long_is_skipped_whole() {
    let mut input = vec![b'x'; (1 << 20) + 5];
    input.extend(b"\n{\"id\":7,\"op\":\"bye\"}\n{\"id\":8,\"op\":\"bye\"}\n");
    let answered = raw(&input);
    assert_eq!(answered.len(), 2, "nothing is served after bye");
    assert_eq!(answered[0]["code"], "malformed-request");
    assert_eq!(answered[1]["id"], 7);
}

#[test]
fn misuse_has_stable_codes_and_changes_nothing() {
    let answered = answers(&[
        json!({"id": 0, "op": "advance", "to": 1}),
        json!({"id": 1, "op": "reset", "case": "c", "seed": 1, "config": {}}),
        reset(),
        json!({"id": 2, "op": "vc_up", "at": 5, "vc": "a", "peer": peer(2)}),
        json!({"id": 3, "op": "vc_up", "at": 5, "vc": "a", "peer": peer(2)}),
        json!({"id": 4, "op": "deliver", "at": 5, "vc": "b", "hex": ""}),
        json!({"id": 5, "op": "deliver", "at": 5, "vc": "a", "hex": "abc"}),
        json!({"id": 6, "op": "advance", "to": 4}),
        json!({"id": 7, "op": "leaf_gone", "at": 5, "group": "ccvc:0800", "peer": peer(2)}),
        json!({"id": 8, "op": "vc_down", "at": 6, "vc": "a"}),
        json!({"id": 9, "op": "admin", "at": 6, "what": "reboot"}),
        json!({"id": 10, "op": "probe", "what": "mind"}),
        json!({"id": 11, "op": "deliver", "at": 5, "vc": "a", "hex": "00"}),
    ]);
    let got: Vec<_> = answered
        .iter()
        .map(|a| a["code"].as_str().or(a["status"].as_str()).unwrap())
        .collect();
    let expected = [
        "no-reset",
        "config",
        "ok",
        "ok",
        "vc-name-reused",
        "unknown-vc",
        "malformed-request",
        "time-went-back",
        "unknown-group",
        "ok",
        "unsupported",
        "unsupported",
        "time-went-back",
    ];
    assert_eq!(got, expected);
}

#[test]
fn probes_are_answered_in_the_words_of_the_contract() {
    let probes: Vec<_> = PROBES
        .iter()
        .zip(10..)
        .map(|(what, id)| json!({"id": id, "op": "probe", "what": what}))
        .collect();
    let answered = answers(&[&[reset()], &probes[..]].concat());
    assert!(
        answered.iter().all(|answer| answer["status"] == "ok"),
        "{answered:?}"
    );
    let of = |what: &str| {
        let place = PROBES.iter().position(|probe| *probe == what).unwrap();
        answered[place + 1]["probe"].clone()
    };
    assert_eq!(of("live"), json!(["0a000001"]));
    assert_eq!(of("membership"), json!([]));
    assert_eq!(of("hfsm"), json!({}));
}

/// A reset of an endpoint with other values in its `config`.
fn end(role: &str, more: &Value) -> Value {
    let mut config = json!({"role": role, "atm": peer(9), "mars": [peer(1)]});
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    json!({"id": 1, "op": "reset", "case": "c", "seed": 1, "config": config})
}

// R2022-E-01, R2022-E-02
#[test]
fn times_of_an_endpoint_have_bounds() {
    let inside = [
        ("retransmit_ms", 5_000),
        ("answer_ms", 10_000),
        ("tree_idle_ms", 60_000),
        ("mars_idle_ms", 60_000),
        ("missed_map_ms", 240_000),
        ("loop_wait_ms", 60_000),
    ];
    for (key, bound) in inside {
        let beyond = if matches!(key, "answer_ms" | "missed_map_ms") {
            bound + 1
        } else {
            bound - 1
        };
        let (good, bad) = (json!({key: bound}), json!({key: beyond}));
        let answers = answers(&[end("client", &good), end("mcs", &bad)]);
        assert_eq!(answers[0]["status"], "ok", "{key}");
        assert_eq!(answers[1]["code"], "config", "{key}");
    }
}

#[test]
fn a_server_and_an_endpoint_have_operations_of_their_own() {
    let command = json!({"id": 2, "op": "command", "at": 0, "command": {"register": {}}});
    let admin = json!({"id": 3, "op": "admin", "at": 0, "what": "drain"});
    let tree = json!({"id": 4, "op": "tree_down", "at": 0, "tree": "t1"});
    let of_server = answers(&[reset(), command.clone(), tree.clone()]);
    assert_eq!(of_server[1]["status"], "unsupported");
    assert_eq!(of_server[2]["status"], "unsupported");
    let of_client = answers(&[end("client", &json!({})), command, admin, tree]);
    assert_eq!(
        of_client[1]["out"],
        json!([{"at": 0, "call": {"peer": peer(1)}}])
    );
    assert_eq!(of_client[2]["status"], "unsupported");
    assert_eq!(of_client[3]["code"], "unknown-tree");
    let strange = answers(&[end("router", &json!({})), end("server", &json!({}))]);
    assert_eq!(strange[0]["code"], "config");
    // A server, of which this is no configuration.
    assert_eq!(strange[1]["code"], "config");
}
