use serde_json::{Value, json};

use super::*;
use crate::sut::child::Child;
use crate::sut::in_process::InProcess;
use crate::sut::{Answer, OutAction, Sut};

fn mutant(id: &str, find: &str, replace: &str) -> Mutant {
    Mutant {
        id: id.to_owned(),
        class: Class::Guard,
        requirement: "R2334-2.4-02".to_owned(),
        what: String::new(),
        file: "a.rs".into(),
        find: find.to_owned(),
        replace: replace.to_owned(),
        also: Vec::new(),
        caught_by: None,
        equivalent: None,
    }
}

fn woven(text: &str, mutants: &[Mutant]) -> Result<String, MutantError> {
    weave(Path::new("a.rs"), text, mutants)
}

#[test]
fn places_become_choices_at_run_time() {
    let text = "fn f(a: u8) -> u8 {\n    g();\n    a + 1\n}\n";
    let mutants = [
        mutant("one", "a + 1", "a"),
        mutant("two", "\ng();\n", ""),
        mutant("three", "a + 1", "a + 2"),
    ];
    let expected = "fn f(a: u8) -> u8 {\n    \
        if crate::mutant::active(2) {  } else { g(); }\n    \
        (if crate::mutant::active(1) { a } else if crate::mutant::active(3) { a + 2 } else { a + 1 })\n}\n";
    assert_eq!(woven(text, &mutants).unwrap(), expected);
    assert_eq!(weave(Path::new("b.rs"), text, &mutants).unwrap(), text);
}

#[test]
fn a_mutant_may_have_several_places_in_several_files() {
    let edit = |file: &str, find: &str| Edit {
        file: file.into(),
        find: find.to_owned(),
        replace: "x".to_owned(),
    };
    let one = Mutant {
        also: vec![edit("a.rs", "b"), edit("b.rs", "a")],
        ..mutant("one", "a", "y")
    };
    let all = [mutant("none-here", "c", "z"), one];
    let expected = "(if crate::mutant::active(2) { y } else { a }) + \
        (if crate::mutant::active(2) { x } else { b }) + (if crate::mutant::active(1) { z } else { c })";
    assert_eq!(woven("a + b + c", &all).unwrap(), expected);
    let other = weave(Path::new("b.rs"), "a + b + c", &all).unwrap();
    assert_eq!(
        other,
        "(if crate::mutant::active(2) { x } else { a }) + b + c"
    );
    match weave(Path::new("b.rs"), "b", &all) {
        Err(MutantError::Place { id, file, .. }) => {
            assert_eq!((id.as_str(), file.as_path()), ("one", Path::new("b.rs")));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_expression_that_is_not_there_exactly_once_names_its_mutant() {
    for (find, expected) in [("c", 0), ("b", 2), (" ", 0)] {
        match woven("a; b; b;", &[mutant("m", find, "x")]) {
            Err(MutantError::Place { id, times, .. }) => {
                assert_eq!((id.as_str(), times), ("m", expected));
            }
            other => panic!("{find}: {other:?}"),
        }
    }
    let overlapping = [mutant("m", "a; b", "x"), mutant("n", "b; c", "x")];
    let error = woven("a; b; c;", &overlapping).unwrap_err().to_string();
    assert!(error.contains("`m` and `n` overlap"), "{error}");
}

#[test]
fn ids_are_names_and_unique() {
    let checked = |ids: &[&str]| {
        let mutants: Vec<Mutant> = ids.iter().map(|id| mutant(id, "a", "b")).collect();
        check_ids(&mutants).is_ok()
    };
    assert!(checked(&["a", "b-2"]));
    assert!(!checked(&["a", "a"]));
    assert!(!checked(&["none"]) && !checked(&["A"]) && !checked(&[""]));
}

#[test]
fn a_file_of_another_form_is_refused_by_name() {
    let folder = std::env::temp_dir().join(format!("mutants-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("x.toml");
    fs::write(&path, "[[mutant]]\nid = \"a\"\nclass = \"colour\"\n").unwrap();
    let error = load(&folder).unwrap_err().to_string();
    fs::remove_dir_all(&folder).unwrap();
    assert!(
        error.contains("x.toml") && error.contains("colour"),
        "{error}"
    );
}

/// One server and one client: what each of six stimuli brings about.
fn conversation(sut: &mut dyn Sut) -> Vec<Answer> {
    let atm = |last: &str| json!({"number": format!("47000580ffe1000000f21a2b3c0020480{last}000100"), "form": "nsapa"});
    let config = json!({
        "server_id": "0a000001",
        "atm": atm("a"),
        "cmi_range": [0x101, 0x110],
        "backups": [atm("e"), atm("d")],
    });
    let llc = "aaaa0300005e0003";
    // Golden frames G8 (register) and G9 (join) of the layouts.
    let register = "000f08000000000000000000e4c000000004140004000001200000000000000047000580ffe1000000f21a2b3c0020480c0001000a000063";
    let join = "000f08000000000000000000c0b200000004140004040001800000000000000047000580ffe1000000f21a2b3c0020480c0001000a000063e0010203e0010203";
    let frame = |hex: &str| -> Vec<u8> {
        let hex: Vec<u8> = format!("{llc}{hex}").into_bytes();
        let digit = |c: u8| u8::try_from(char::from(c).to_digit(16).unwrap()).unwrap();
        hex.chunks(2)
            .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
            .collect()
    };
    let without_checksum = |hex: &str| -> String { format!("{}0000{}", &hex[..24], &hex[28..]) };
    let register = frame(&without_checksum(register));
    let join = frame(&without_checksum(join));
    vec![
        sut.reset("mutants", 1, &config).unwrap(),
        sut.vc_up(10, "c", &atm("c")).unwrap(),
        sut.deliver(20, "c", &register).unwrap(),
        sut.deliver(30, "c", &join).unwrap(),
        sut.advance(60_000).unwrap(),
        sut.advance(120_000).unwrap(),
    ]
}

fn frames(answers: &[Answer]) -> usize {
    let outs = answers.iter().flat_map(|answer| &answer.out);
    outs.filter(|out| matches!(out.action, OutAction::Send { .. }))
        .count()
}

/// The mechanism on the real implementation, and the expressions of all declared mutants.
#[test]
fn the_built_adapter_is_the_original_until_a_mutant_is_on() {
    let built = build().unwrap_or_else(|error| panic!("{error}"));
    let run = |id: Option<&str>| {
        let mut child = Child::start(built.launch(id)).unwrap();
        let name = child.hello().unwrap().implementation.get("name").cloned();
        (conversation(&mut child), name.unwrap_or(Value::Null))
    };
    let original = conversation(&mut InProcess::default());
    // The private copy, the CCVC copy, and two maps.
    assert_eq!(frames(&original), 4);
    let (answers, name) = run(None);
    assert_eq!(answers, original);
    assert_eq!(name, "distributed-mars with mutants, none on");
    for (id, step) in [
        ("cmi-outside-range", 2),
        ("csn-not-incremented", 4),
        ("map-never-again", 5),
    ] {
        let (answers, name) = run(Some(id));
        assert_eq!(name, format!("distributed-mars mutant {id}"));
        assert_eq!(answers[..step], original[..step], "{id}");
        assert_ne!(answers[step], original[step], "{id}");
    }
    assert!(Child::start(built.launch(Some("no-such"))).is_err());
}
