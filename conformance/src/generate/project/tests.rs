use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::certify::play::{Played, play};
use crate::certify::verdict::Verdict;
use crate::sut::in_process::InProcess;
use crate::trace::{find, load};

fn globals() -> Vec<Trace> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
    let all = find(&folder).unwrap().into_iter();
    all.map(|file| load(&file).unwrap())
        .filter(|trace| trace.servers.len() > 1)
        .collect()
}

fn played(trace: &Trace) -> Played {
    play(trace, &mut InProcess::new(), &AtomicBool::new(false)).unwrap()
}

#[test]
fn the_built_in_server_passes_every_projection_of_every_path() {
    let mut wrong = BTreeMap::new();
    let mut count = 0;
    for global in globals() {
        for server in &global.servers {
            let Some(projected) = project(&global, &server.name) else {
                continue;
            };
            count += 1;
            let played = played(&projected.trace);
            if played.verdict != Verdict::Pass {
                wrong.insert(projected.trace.id.clone(), played);
            }
        }
    }
    assert!(count > 350, "{count}");
    if let Some((id, played)) = wrong.iter().next() {
        panic!("{} of {count}, such as {id}: {played:#?}\n{:?}", wrong.len(), wrong.keys());
    }
}
