use serde_json::{Value, json};

use super::*;
use crate::sut::child::Child;
use crate::sut::in_process::InProcess;
use crate::sut::{Answer, Sut};

fn mutant(id: &str, find: &str, replace: &str) -> Mutant {
    Mutant {
        id: id.to_owned(),
        class: "guard".to_owned(),
        requirement: "R2443-2-18".to_owned(),
        file: "a.rs".to_owned(),
        find: find.to_owned(),
        replace: replace.to_owned(),
        caught_by: None,
    }
}

fn altered(source: &str, mutants: &[Mutant]) -> Result<String, String> {
    let numbered: Vec<_> = (1..).zip(mutants).collect();
    instrument(source, &numbered).map_err(|error| error.to_string())
}

#[test]
fn expressions_and_statements_become_choices() {
    let source = "fn f(a: u8) -> u8 { log(a); a + 1 }";
    let mutants = [
        mutant("one", "a + 1", "a"),
        mutant("two", "log(a);", ""),
        mutant("three", "a + 1", "a + 2"),
    ];
    let expected = "fn f(a: u8) -> u8 { if crate::mutant::active(2) {  } else { log(a); } \
        (if crate::mutant::active(1) { a } else if crate::mutant::active(3) { a + 2 } else { a + 1 }) }";
    assert_eq!(altered(source, &mutants).unwrap(), expected);
    assert_eq!(altered(source, &[]).unwrap(), source);
}

#[test]
fn an_expression_that_is_not_there_exactly_once_names_the_mutant() {
    for (find, found) in [
        ("a", "occurs 3 times"),
        ("b", "occurs 0 times"),
        ("", "occurs 0 times"),
    ] {
        let error = altered("a + a + a", &[mutant("lost", find, "0")]).unwrap_err();
        assert!(error.contains("lost") && error.contains(found), "{error}");
    }
    let places = [mutant("one", "a + b", "0"), mutant("two", "b + c", "0")];
    let error = altered("a + b + c", &places).unwrap_err();
    assert!(error.contains("one") && error.contains("two"), "{error}");
}

#[test]
fn declared_mutants_are_well_formed() {
    let root = workspace();
    let mutants = declared(&root).unwrap();
    assert!(mutants.len() >= 10, "{}", mutants.len());
    let kebab = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    for mutant in &mutants {
        assert!(kebab(&mutant.id) && kebab(&mutant.class), "{mutant:?}");
        assert_ne!(mutant.find.trim(), mutant.replace.trim(), "{}", mutant.id);
        let source = std::fs::read_to_string(root.join("impl/src").join(&mutant.file)).unwrap();
        instrument(&source, &[(1, mutant)]).unwrap();
    }
}

fn config() -> Value {
    json!({
        "server_id": "0a000001",
        "atm": {"number": "47000580ffe1000000f21a26d80020ea00002100", "form": "nsapa"},
        "neighbors": [{
            "id": "0a000002",
            "atm": {"number": "47000580ffe1000000f21a26d80020ea00002200", "form": "nsapa"},
        }],
        "cmi_range": [1, 9],
        "redirect_interval_ms": 60_000,
        "map_interval_ms": 100_000,
    })
}

/// Everything a server says with a VC to a neighbour that is silent, and its cache in the end.
fn play(sut: &mut dyn Sut) -> (Vec<Answer>, Value) {
    let peer = &config()["neighbors"][0]["atm"];
    let answers = vec![
        sut.reset("mutants", 1, &config()).unwrap(),
        sut.vc_up(10, "n1", peer).unwrap(),
        sut.advance(30_000).unwrap(),
        sut.advance(60_000).unwrap(),
    ];
    (answers, sut.probe(60_000, "cache").unwrap())
}

#[test]
fn the_adapter_is_the_original_until_a_mutant_is_on() {
    let root = workspace();
    let mutants = declared(&root).unwrap();
    let adapter = build(&root, &mutants).unwrap();
    let original = play(&mut InProcess::new());
    let mut none = Child::start(adapter.launch(None)).unwrap();
    assert_eq!(
        none.hello().unwrap().implementation["version"],
        "mutant:none"
    );
    assert_eq!(play(&mut none), original);
    assert!(
        original.0.iter().any(|answer| !answer.out.is_empty()),
        "it says something"
    );

    // R2443-2-17: the second Redirect Entry is due after one interval.
    let id = "redirect-entry-at-twice-the-interval";
    let mut late = Child::start(adapter.launch(Some(id))).unwrap();
    assert_eq!(
        late.hello().unwrap().implementation["version"],
        format!("mutant:{id}")
    );
    assert_ne!(play(&mut late).1, original.1);
    assert_eq!(
        Child::start(adapter.launch(Some("no-such")))
            .unwrap_err()
            .code(),
        "crash"
    );
}
