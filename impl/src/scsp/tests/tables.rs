//! The relation of the HFSM as a table, for people and for the comparison with that of the model
//! (`conformance/tests/tables.rs`).

use crate::scsp::hello::{HfsmEvent, HfsmState};

// R2334-2.1-04, R2334-2.1-05, R2334-2.1-08, R2334-2.1-09, R2334-2.1-13, R2334-2.1-15, R2334-2.1-19,
// R2334-2.1-20, R2334-2.1-22
#[test]
fn the_hello_machine() {
    let name = |event| match event {
        HfsmEvent::VcUp => "vc-up",
        HfsmEvent::VcDown => "vc-down",
        HfsmEvent::HelloLists => "hello-lists",
        HfsmEvent::HelloOmits => "hello-omits",
        HfsmEvent::DeadTime => "dead-time",
        HfsmEvent::Abnormal => "abnormal",
    };
    let mut table = String::new();
    for state in HfsmState::ALL {
        for event in HfsmEvent::ALL {
            let next = state.next(event).name();
            table += &format!("{} {} -> {next}\n", state.name(), name(event));
        }
    }
    insta::assert_snapshot!("hfsm", table);
}
