//! What `ADAPTERS.md` counts and lists is what the suite has.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;

use distributed_mars::group::GroupConfig;
use mars_conformance::certify::suite::{CLAIMS, Case, Suite};
use mars_conformance::certify::words;
use mars_conformance::trace::{Expected, Stimulus};
use serde_json::json;

/// Rows of the ladder: its name, and the messages that it adds, as [`words::kind`] names them.
const LADDER: [(&str, &str, &[&str]); 10] = [
    ("MARS", "`MARS_JOIN`", &["MARS_JOIN"]),
    ("", "`MARS_LEAVE`", &["MARS_LEAVE"]),
    (
        "",
        "`MARS_REQUEST`, `MARS_MULTI`",
        &["MARS_REQUEST", "MARS_MULTI"],
    ),
    ("", "`MARS_NAK`", &["MARS_NAK"]),
    ("", "`MARS_REDIRECT_MAP`", &["MARS_REDIRECT_MAP"]),
    (
        "",
        "messages that it has to ignore",
        &[
            "MARS_MSERV",
            "MARS_UNSERV",
            "MARS_SJOIN",
            "MARS_SLEAVE",
            "MARS_GROUPLIST_REQUEST",
            "MARS_GROUPLIST_REPLY",
            "MARS_MIGRATE",
            "MARS",
            "MARS message",
            "data1",
            "data2",
        ],
    ),
    ("SCSP", "Hello, CA", &["Hello", "CA"]),
    ("", "CSU Request, CSU Reply", &["CSU Request", "CSU Reply"]),
    ("", "CSUS", &["CSUS", "SCSP message"]),
    ("both", "all of these", &[]),
];

fn page() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("ADAPTERS.md");
    std::fs::read_to_string(file).unwrap()
}

fn suite() -> Suite {
    Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces")).unwrap()
}

/// The row of a table that begins with this cell, cell by cell.
fn row(page: &str, first: &str) -> Vec<String> {
    let begins = format!("| {first} |");
    let row = page.lines().find(|line| line.starts_with(&begins));
    let row = row.unwrap_or_else(|| panic!("no row of {first}"));
    let cells = row.trim_matches('|').split('|');
    cells.map(|cell| cell.trim().to_owned()).collect()
}

/// The messages that a case sends, and those that the first way of each step demands.
fn messages(case: &Case) -> BTreeSet<String> {
    let mut messages = BTreeSet::new();
    let mut add = |told: &str| {
        let kind = words::kind(told);
        let kind = kind
            .trim_start_matches("malformed ")
            .trim_end_matches(" arrives");
        messages.insert(kind.trim_end_matches(" register").to_owned());
    };
    for step in &case.trace.steps {
        if let Some(stimulus @ Stimulus::Deliver { .. }) = &step.stimulus {
            add(&words::stimulus(stimulus));
        }
        for one in step.expect.iter().take(1).flat_map(|one| &one.outputs) {
            if let Expected::Frame { matches, .. } = one {
                add(&words::frame(matches));
            }
        }
    }
    // What is no message at all is ignored by whoever reads messages.
    messages.retain(|one| one != "frame" && !one.starts_with("no"));
    messages
}

fn ladder(suite: &Suite) -> String {
    let alone = suite.cases.iter().filter(|case| case.needs.len() == 1);
    let cases: Vec<BTreeSet<String>> = alone.map(messages).collect();
    let among = |known: &BTreeSet<&str>| {
        let within = |case: &&BTreeSet<String>| case.iter().all(|one| known.contains(one.as_str()));
        cases.iter().filter(within).count()
    };
    let mut text = "| half | messages | cases |\n|---|---|---|\n".to_owned();
    let mut known = BTreeSet::new();
    for (half, what, more) in LADDER {
        match half {
            "SCSP" => known = BTreeSet::new(),
            "both" => known.extend(LADDER.iter().flat_map(|(.., all)| all.iter().copied())),
            _ => {}
        }
        known.extend(more.iter().copied());
        text.push_str(&format!("| {half} | {what} | {} |\n", among(&known)));
    }
    let all = LADDER.iter().flat_map(|(.., all)| all.iter().copied());
    let all: BTreeSet<&str> = all.collect();
    let strange: Vec<&BTreeSet<String>> = cases
        .iter()
        .filter(|case| !case.iter().all(|one| all.contains(one.as_str())))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    text
}

#[test]
fn the_ladder_of_messages_is_counted() {
    let (page, ladder) = (page(), ladder(&suite()));
    assert!(page.contains(&ladder), "ADAPTERS.md should have\n{ladder}");
}

#[test]
fn each_claim_is_told_with_the_number_of_cases_that_need_it() {
    let (page, suite) = (page(), suite());
    let all = suite.cases.len();
    assert!(page.contains(&format!("| cases (of {all}) |")), "{all}");
    for claim in CLAIMS {
        let need = suite.cases.iter().filter(|case| case.needs.contains(claim));
        let row = row(&page, &format!("`{claim}`"));
        assert_eq!(row.last().unwrap(), &need.count().to_string(), "{claim}");
    }
}

/// The table of the keys of `config`.
fn config_table(page: &str) -> &str {
    let (_, table) = page.split_once("### `config`").unwrap();
    table.split_once("\n## ").unwrap().0
}

#[test]
fn defaults_are_those_of_this_project() {
    let config = json!({
        "server_id": "0a000001", "atm": {"number": "47", "form": "e164"}, "cmi_range": [1, 9],
    });
    let config: GroupConfig = serde_json::from_value(config).unwrap();
    let config = serde_json::to_value(config).unwrap();
    let page = page();
    let mut compared = 0;
    for line in config_table(&page).lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [keys, .., defaults] = cells.as_slice() else {
            continue;
        };
        for (key, default) in keys.split(", ").zip(defaults.split(", ")) {
            if let Ok(default) = default.parse::<u64>() {
                assert_eq!(
                    config.get(key.trim_matches('`')),
                    Some(&json!(default)),
                    "{key}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared >= 14, "{compared}");
}

#[test]
fn each_key_of_a_configuration_is_told() {
    let page = page();
    let table = config_table(&page);
    let mut keys = BTreeSet::new();
    for case in suite().cases {
        let config = case.trace.servers.first().unwrap().config.clone();
        keys.extend(config.as_object().unwrap().keys().cloned());
    }
    assert!(keys.len() > 20, "{keys:?}");
    for key in keys {
        let cells = table.lines().filter_map(|line| line.split('|').nth(1));
        let told = cells.filter(|cell| cell.contains(&format!("`{key}`")));
        assert_eq!(told.count(), 1, "{key}");
    }
}

/// The table of patterns says the words that are printed.
#[test]
fn patterns_are_told_in_the_words_of_the_page() {
    let page = page();
    let (_, table) = page.split_once("| pattern | in words |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let mut compared = 0;
    for line in table.lines().skip(2) {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let (pattern, says) = (cells.next().unwrap(), cells.next().unwrap());
        let pattern = pattern.trim_matches('`');
        let pattern = pattern.replace("[A,B]", "[\"A\",\"B\"]");
        assert_eq!(words::wanted("message.cmi", &pattern), says);
        compared += 1;
    }
    assert_eq!(compared, 7);
}
