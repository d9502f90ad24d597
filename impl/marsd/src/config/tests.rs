use super::*;

const GOOD: &str = r#"[server]
id = "10.0.0.1"
listen = "127.0.0.1:4701"
cmi_range = [1, 999]

[[neighbor]]
id = "10.0.0.2"
atm = "tcp:127.0.0.1:4702"

[timers]
hello_interval_s = 3

[[auth]]
spi = 4096
peer = "10.0.0.2"
key = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
"#;

fn read(text: &str) -> Result<Config, Box<Fault>> {
    Config::parse(Path::new("marsd.toml"), text)
}

#[test]
fn a_short_file_is_enough() {
    let config = read(GOOD).unwrap();
    let group = config.group(config.listen(), 7).unwrap();
    assert_eq!(group.validate(), Ok(()));
    assert_eq!(group.incarnation, 7);
    assert_eq!(atm::text(group.atm), "tcp:127.0.0.1:4701");
    assert_eq!(group.neighbors.len(), 1);
    assert_eq!(group.auth[0].key, [0x0b; 16]);
    assert!(!format!("{config:?}").contains("0b0b"), "no key in logs");
}

/// What is replaced by what, and the line, the key and a word of the message.
#[test]
fn each_fault_names_line_and_key() {
    let faults = [
        ("10.0.0.1", "10.0.0", 2, "server.id", "server id"),
        (
            "id = \"10.0.0.1\"",
            "ident = 1",
            2,
            "server.ident",
            "unknown field",
        ),
        ("[1, 999]", "[9, 1]", 4, "server.cmi_range", "no value"),
        ("[1, 999]", "[9]", 4, "server.cmi_range", "length"),
        ("[1, 999]", "[9, 70000]", 4, "server.cmi_range[1]", "u16"),
        ("cmi_range = [1, 999]\n", "", 1, "server", "missing field"),
        (
            "10.0.0.2",
            "255.255.255.255",
            7,
            "neighbor[0].id",
            "reserved",
        ),
        (
            "tcp:127.0.0.1:4702",
            "tcp:here",
            8,
            "neighbor[0].atm",
            "IP:PORT",
        ),
        (
            "tcp:127.0.0.1:4702",
            "tcp:127.0.0.1:4701",
            8,
            "neighbor[0].atm",
            "taken",
        ),
        (
            "tcp:127.0.0.1:4702",
            "nsapa:4a01000000000000000000000000000000000000",
            8,
            "neighbor[0].atm",
            "route",
        ),
        (
            "hello_interval_s = 3",
            "hello_interval_s = 0",
            11,
            "timers.hello_interval_s",
            "zero",
        ),
        (
            "hello_interval_s = 3",
            "redirect_hold_ms = 9",
            11,
            "timers.redirect_hold_ms",
            "not over",
        ),
        (
            "hello_interval_s = 3",
            "map_interval_ms = 999999",
            11,
            "timers.map_interval_ms",
            "over",
        ),
        (
            "hello_interval_s = 3",
            "helo = 3",
            11,
            "timers.helo",
            "unknown field",
        ),
        (
            "peer = \"10.0.0.2\"",
            "peer = \"10.0.0.9\"",
            15,
            "auth[0].peer",
            "neighbor",
        ),
        (
            "key = \"0b0b",
            "key = \"x0b0b",
            16,
            "auth[0].key",
            "hex digits",
        ),
        (
            "key = \"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b\"",
            "",
            13,
            "auth[0]",
            "exactly one",
        ),
        ("[timers]", "[timers", 10, "", "]"),
        (
            "[timers]",
            "[limits]\nstall_ms = 1\n[timers]",
            11,
            "limits.stall_ms",
            "less than",
        ),
        (
            "[timers]",
            "[limits]\nsdu_octets = 100\n[timers]",
            11,
            "limits.sdu_octets",
            "9188",
        ),
        (
            "[timers]",
            "[test]\nspeed = 0\n[timers]",
            11,
            "test.speed",
            "1 to 1000",
        ),
        (
            "[timers]",
            "[log]\nfilter = \"a=b=c\"\n[timers]",
            11,
            "log.filter",
            "filter",
        ),
        ("127.0.0.1:4701", "0.0.0.0:4701", 1, "server.atm", "needed"),
    ];
    let mut wrong = Vec::new();
    for (old, new, line, key, word) in faults {
        assert!(GOOD.contains(old), "{old}");
        let fault = read(&GOOD.replacen(old, new, 1)).unwrap_err();
        let place = (fault.line, fault.key.as_str());
        if place != (Some(line), key) || !fault.what.contains(word) {
            wrong.push(format!("{new}: {fault}"));
        }
        assert!(
            !fault.to_string().contains("x0b0b"),
            "a key is shown: {fault}"
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_missing_file_is_named() {
    let fault = Config::read(Path::new("/nowhere/marsd.toml")).unwrap_err();
    assert!(fault.to_string().starts_with("/nowhere/marsd.toml: "));
}

#[test]
fn the_examples_are_good() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "toml") {
            Config::read(&path).unwrap();
            seen += 1;
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn what_can_change_while_it_runs_is_told_from_what_cannot() {
    let config = read(GOOD).unwrap();
    for (old, new, table) in [
        ("4701", "4799", Some("server")),
        (
            "hello_interval_s = 3",
            "hello_interval_s = 4",
            Some("timers"),
        ),
        ("spi = 4096", "spi = 4097", Some("auth")),
        ("[timers]", "[limits]\nper_peer = 3\n[timers]", None),
        ("[timers]", "[log]\nfilter = \"debug\"\n[timers]", None),
        (
            "[timers]",
            "[[route]]\natm = \"tcp:127.0.0.1:4702\"\nconnect = \"127.0.0.1:9\"\n[timers]",
            None,
        ),
    ] {
        let other = read(&GOOD.replacen(old, new, 1)).unwrap();
        assert_eq!(config.needs_restart(&other), table, "{new}");
    }
}
