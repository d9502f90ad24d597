//! Captures: what the suite's cases look like in pcapng is without fault, what was tampered with is found there, and no
//! octet of a file is believed.

use serde_json::Value;

use super::{RECORDED, Tamper, apply, mars, scsp, sent};
use crate::audit::{Auditor, Tally, pcapng};
use crate::frames;
use crate::report::pcapng::{Captured, write};

/// The frames of a recording as a capture, with or without comments that name their ends.
fn captured(lines: &[Value], comments: bool) -> Vec<u8> {
    let mut all = Vec::new();
    let mut put = |at: &Value, hex: &Value, comment: String| {
        all.push(Captured {
            at: at.as_u64().unwrap(),
            octets: frames::unhex(hex.as_str().unwrap()).unwrap(),
            comment: if comments { comment } else { String::new() },
        });
    };
    for exchange in lines.chunks_exact(2) {
        let (request, response) = (&exchange[0], &exchange[1]);
        let out = response["out"].as_array().into_iter().flatten();
        let sent = out.filter(|one| one["send"].is_object());
        let now = request["at"].as_u64().unwrap_or(0);
        let (before, after): (Vec<&Value>, Vec<&Value>) =
            sent.partition(|one| one["at"].as_u64().unwrap() < now);
        for one in before {
            let send = &one["send"];
            put(
                &one["at"],
                &send["hex"],
                format!("server to {}", send["vc"].as_str().unwrap()),
            );
        }
        if request["op"] == "deliver" {
            let from = request["vc"].as_str().unwrap();
            put(&request["at"], &request["hex"], format!("{from} to server"));
        }
        for one in after {
            let send = &one["send"];
            put(
                &one["at"],
                &send["hex"],
                format!("server to {}", send["vc"].as_str().unwrap()),
            );
        }
    }
    write(&all)
}

fn audited(file: &[u8], server: &str) -> Result<(Auditor, Tally), String> {
    let packets = pcapng::read(file).map_err(|error| error.to_string())?;
    let mut auditor = Auditor::new();
    let tally = auditor.packets(&packets, server, 1000)?;
    Ok((auditor, tally))
}

#[test]
fn every_case_as_a_capture_is_without_fault() {
    let (mut checks, mut by_id) = (0, 0);
    let mut wrong = Vec::new();
    for (case, lines) in RECORDED.iter() {
        let id = lines[0]["config"]["server_id"].as_str().unwrap().to_owned();
        for (comments, name) in [(true, "server"), (false, id.as_str())] {
            let Ok((auditor, tally)) = audited(&captured(lines, comments), name) else {
                // A case without any frame of the server's, or without SCSP.
                continue;
            };
            by_id += usize::from(!comments);
            assert!(tally.others == 0 || !comments, "{}", case);
            checks += auditor
                .counts()
                .values()
                .map(|count| count.checks)
                .sum::<u64>();
            wrong.extend(
                auditor
                    .findings()
                    .iter()
                    .map(|one| format!("{} {one:?}", case)),
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "{} found\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    assert!(checks > 1000 && by_id > 100, "{checks} {by_id}");
}

#[test]
fn a_server_is_found_by_its_address_and_one_that_is_not_there_is_told() {
    let mut found = 0;
    for (_, lines) in RECORDED.iter() {
        let atm = lines[0]["config"]["atm"]["number"].as_str().unwrap();
        let file = captured(lines, true);
        let says = sent(lines).iter().any(|(.., frame)| {
            let record = &frame["message"]["records"][0];
            let entry = record["mars"]["state"] == 1
                && record["originator_id"] == frame["message"]["sender_id"];
            mars(frame, 12) || mars(frame, 13) || (scsp(frame, 2) && entry)
        });
        match audited(&file, atm) {
            // Others may lie where it says nothing.
            Ok(_) if !says => {}
            Ok((_, tally)) => {
                assert_eq!(tally.server, "server");
                found += 1;
            }
            // A neighbour may claim it, too.
            Err(error) => assert!(error.contains("give"), "{error}"),
        }
        if let Err(error) = audited(&file, "4700") {
            assert!(error.contains("give"), "{error}");
        } else {
            panic!("4700 is nobody's address");
        }
    }
    assert!(found > 50, "{found}");
}

#[test]
fn what_was_tampered_with_is_found_in_a_capture_too() {
    type Which = fn(&Value) -> bool;
    let table: [(&str, Which, Tamper, &str); 4] = [
        (
            "a reserved bit",
            |f| scsp(f, 5),
            Tamper::Set("/unused", 1.into()),
            "noncanonical:unused",
        ),
        (
            "a number repeated",
            |f| mars(f, 12),
            Tamper::Add("/msn", -1),
            "wrong-field:msn",
        ),
        (
            "a part skipped",
            |f| mars(f, 2),
            Tamper::Add("/seqxy", 1),
            "wrong-field:seqxy",
        ),
        (
            "a CA of another number",
            |f| scsp(f, 1) && f["message"]["flags"] == 0,
            Tamper::Add("/ca_sequence_number", 7),
            "wrong-field:ca",
        ),
    ];
    for (what, which, tamper, code) in table {
        let found = RECORDED.iter().any(|(_, lines)| {
            let mut lines = lines.clone();
            let frames = sent(&lines);
            let Some((at, place, frame)) = frames.iter().rfind(|(.., frame)| which(frame)) else {
                return false;
            };
            if apply(&mut lines, *at, *place, frame.clone(), &tamper).is_none() {
                return false;
            }
            let (auditor, _) = audited(&captured(&lines, true), "server").unwrap();
            auditor.findings().iter().any(|one| one.code == code)
        });
        assert!(found, "{what}");
    }
}

#[test]
fn no_bit_of_a_frame_makes_the_audit_of_a_capture_panic() {
    let recorded = RECORDED.iter().find(|(_, lines)| {
        let frames = sent(lines);
        frames.iter().any(|(.., frame)| scsp(frame, 1)) && frames.len() > 5
    });
    let file = captured(&recorded.unwrap().1, true);
    let mut read = 0;
    for at in 0..file.len() {
        let mut broken = file.clone();
        broken[at] ^= 1 << (at % 8);
        read += usize::from(audited(&broken, "server").is_ok());
        let cut = file.get(..at).unwrap();
        read += usize::from(audited(cut, "server").is_ok());
    }
    assert!(read > 100, "{read}");
}
