use proptest::prelude::*;

use super::*;
use crate::atm;

const LONGEST: usize = 9188;

fn setup() -> Setup {
    Setup {
        purpose: Purpose::Leaf,
        keep_alive_ms: 5000,
        calling: atm::parse("tcp:127.0.0.1:4701").unwrap(),
        called: atm::parse("e164:1234/0506").unwrap(),
        label: "ccvc:0800".to_owned(),
    }
}

fn all() -> Vec<Frame> {
    vec![
        Frame::Setup(setup()),
        Frame::Accept {
            keep_alive_ms: 1000,
        },
        Frame::Reject(Cause::REJECTED),
        Frame::Sdu(Bytes::from_static(b"\xaa\xaa\x03")),
        Frame::Alive,
        Frame::Release(Cause::NORMAL),
    ]
}

fn octets(frame: &Frame) -> BytesMut {
    let mut out = BytesMut::new();
    frame.encode(&mut out);
    out
}

/// The example of `FRAMING.md`, octet by octet.
#[test]
fn the_documents_example_is_what_is_sent() {
    let document = include_str!("../../FRAMING.md");
    let example: String = document
        .lines()
        .skip_while(|line| *line != "```hex")
        .skip(1)
        .take_while(|line| *line != "```")
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(str::split_whitespace)
        .collect();
    let mut input = BytesMut::from(&*atm::unhex(&example).unwrap());
    let mut frames = Vec::new();
    while let Some(frame) = Frame::decode(&mut input, LONGEST).unwrap() {
        frames.push(frame);
    }
    assert!(input.is_empty());
    let again = frames.iter().fold(BytesMut::new(), |mut out, frame| {
        frame.encode(&mut out);
        out
    });
    assert_eq!(atm::hex(&again), example);
    assert!(matches!(
        &frames[..],
        [
            Frame::Setup(_),
            Frame::Accept { .. },
            Frame::Sdu(_),
            Frame::Alive,
            Frame::Release(_)
        ]
    ));
}

#[test]
fn frames_come_out_as_they_went_in_however_they_are_cut() {
    let mut whole = BytesMut::new();
    for frame in all() {
        frame.encode(&mut whole);
    }
    for step in [1, 2, 3, 7, whole.len()] {
        let (mut input, mut seen) = (BytesMut::new(), Vec::new());
        for piece in whole.chunks(step) {
            input.extend_from_slice(piece);
            while let Some(frame) = Frame::decode(&mut input, LONGEST).unwrap() {
                seen.push(frame);
            }
        }
        assert_eq!(seen, all(), "cut every {step} octets");
    }
}

#[test]
fn a_length_is_refused_before_its_octets_are_there() {
    let mut input = BytesMut::from(&[SDU, 0, 0xff, 0xff][..]);
    assert_eq!(
        Frame::decode(&mut input, LONGEST),
        Err(FrameError::TooLong {
            length: 65535,
            limit: LONGEST
        })
    );
    let mut input = BytesMut::from(&[SETUP, 0, 0x40, 0][..]);
    assert_eq!(
        Frame::decode(&mut input, 65535).unwrap_err().code(),
        "too-long"
    );
    let mut input = BytesMut::from(&[SDU, 0, 0, 0][..]);
    assert_eq!(Frame::decode(&mut input, LONGEST), Err(FrameError::Short));
}

#[test]
fn each_fault_of_a_set_up_has_its_name() {
    let good = octets(&Frame::Setup(setup()));
    // Offsets: header 4, magic 4, version, purpose, keep-alive 4, calling 1 + 20 + 1, called ..
    let faults: [(usize, u8, &str); 9] = [
        (0, 0x7f, "unknown-type"),
        (1, 1, "reserved"),
        (4, b'N', "magic"),
        (8, 2, "version"),
        (9, 2, "purpose"),
        (10, 0xff, "keep-alive"),
        (14, 0x94, "address"),
        (14, 0x00, "address"),
        (14, 0x3f, "short"),
    ];
    for (at, octet, code) in faults {
        let mut bad = good.clone();
        bad[at] = octet;
        let error = Frame::decode(&mut bad, LONGEST).unwrap_err();
        assert_eq!(error.code(), code, "octet {at} = {octet:#04x}: {error}");
    }
    // A label that runs over, one that is no UTF-8, and one octet too many.
    let label = good.len() - "ccvc:0800".len() - 1;
    let mut bad = good.clone();
    bad[label] = 65;
    assert_eq!(Frame::decode(&mut bad, LONGEST), Err(FrameError::Label));
    let mut bad = good.clone();
    bad[label + 1] = 0xff;
    assert_eq!(Frame::decode(&mut bad, LONGEST), Err(FrameError::Label));
    let mut bad = good.clone();
    bad[label] -= 1;
    assert_eq!(
        Frame::decode(&mut bad, LONGEST),
        Err(FrameError::Trailing(1))
    );
}

proptest! {
    #[test]
    fn no_octets_make_it_panic_or_wait_for_more_than_a_frame(
        noise in prop::collection::vec(any::<u8>(), 0..600),
        kind in prop::sample::select(vec![SETUP, ACCEPT, REJECT, SDU, ALIVE, RELEASE]),
        tidy in any::<bool>(),
    ) {
        let mut input = BytesMut::new();
        if tidy {
            input.put_slice(&[kind, 0]);
        }
        input.put_slice(&noise);
        let limit = 64;
        loop {
            match Frame::decode(&mut input, limit) {
                Ok(Some(frame)) => {
                    let again = octets(&frame);
                    prop_assert_eq!(Frame::decode(&mut again.clone(), limit), Ok(Some(frame)));
                }
                Ok(None) => {
                    prop_assert!(input.len() < HEADER + LONGEST_CONTROL);
                    break;
                }
                Err(_) => break,
            }
        }
    }

    #[test]
    fn a_set_up_with_one_octet_changed_is_read_or_refused(at in 0_usize..200, flip in 1_u8..) {
        let mut input = octets(&Frame::Setup(setup()));
        let at = at % input.len();
        input[at] ^= flip;
        if let Ok(Some(frame)) = Frame::decode(&mut input, LONGEST) {
            let again = octets(&frame);
            prop_assert_eq!(again.len(), HEADER + usize::from(u16::from_be_bytes([again[2], again[3]])));
        }
    }
}
