use super::*;
use std::collections::BTreeSet;

#[test]
fn names_are_unique_and_lists_name_what_exists() {
    let mut names = BTreeSet::new();
    for case in cases().chain(for_liveness()) {
        assert!(names.insert(case.name()), "{}", case.name());
        let kinds = case.kinds();
        assert!(
            case.actions().iter().all(|action| kinds.contains(action)),
            "{}",
            case.name()
        );
        let properties = case.properties();
        let own: BTreeSet<_> = properties.iter().map(|about| about.name).collect();
        assert_eq!(own.len(), properties.len(), "{}", case.name());
        assert!(properties.iter().any(|about| about.kind == Kind::Always));
    }
}

#[test]
fn witnesses_that_a_scenario_names_are_claims_of_its_family() {
    fn check<C: Configuration>(scenarios: &'static [C]) {
        for scenario in scenarios {
            for witness in scenario.witnesses() {
                let claim = C::claims().iter().find(|claim| claim.name == *witness);
                let is_witness = claim.is_some_and(|claim| claim.kind == Kind::Witness);
                assert!(is_witness, "{}: {witness}", scenario.name());
            }
        }
    }
    check(crate::hello::scenarios());
    check(crate::alignment::scenarios());
    check(crate::flooding::scenarios());
    check(crate::cluster::scenarios());
    check(crate::scenario::scenarios());
}

#[test]
fn a_choice_says_in_which_fields_it_differs() {
    let case = by_name("drain").unwrap();
    let soft = Choice::But(("redirect_flag", "soft"));
    assert_eq!(case.differences(soft), [("redirect_flag", "soft")]);
    assert!(case.differences(Choice::Resolved).is_empty());
    assert_ne!(case.fingerprint(soft), case.fingerprint(Choice::Resolved));
}
