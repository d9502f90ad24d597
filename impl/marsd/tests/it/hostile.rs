//! Peers that send garbage, nothing, or too much.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use distributed_mars::address::{Endpoint, GroupRange, Protocol, ProtocolAddress};
use distributed_mars::endpoint::Command;
use distributed_mars::wire::llc_snap::MARS_HEADER;
use distributed_mars::wire::mars::{Body, Membership, MembershipFlags, Message, PairList};
use marsd::atm;
use marsd::frame::{Frame, Purpose, Setup};
use marsd::lab::{Lab, Plan, members};
use marsd::station::block;

use crate::common::{GROUP, Killed, PATIENCE, bounded, heard, joined, lab, plan};

fn octets(frames: &[Frame]) -> BytesMut {
    frames.iter().fold(BytesMut::new(), |mut out, frame| {
        frame.encode(&mut out);
        out
    })
}

fn setup(calling: &str, called: Endpoint) -> Frame {
    Frame::Setup(Setup {
        purpose: Purpose::Point,
        keep_alive_ms: 60_000,
        calling: atm::parse(calling).unwrap(),
        called,
        label: String::new(),
    })
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// Everything until the other side closes.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut all);
    all
}

fn noise(seed: &mut u64, length: usize) -> Vec<u8> {
    (0..length)
        .map(|_| {
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            seed.to_be_bytes()[0]
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_hurts_nobody_else() {
    bounded(async {
        let lab = lab(Plan {
            servers: 2,
            limits: "setup_ms = 300\n".to_owned(),
            ..plan()
        })
        .await?;
        let (one, _) = joined(lab.client(0, 1), GROUP).await?;
        let (mut two, _) = joined(lab.client(0, 2), GROUP).await?;
        let (listen, own) = (lab.listen(0)?, lab.mars(0)[0]);
        let mut seed = 0x1234_5678_9abc_def1;
        // Garbage from the first octet on.
        for length in [1, 4, 64, 5000] {
            let mut stream = connect(listen);
            let _ = stream.write_all(&noise(&mut seed, length));
            rest(&mut stream);
        }
        // Nothing, or half of a set-up, until the time for it is over.
        let start = Instant::now();
        let mut nothing = connect(listen);
        let mut half = connect(listen);
        half.write_all(&octets(&[setup("tcp:127.0.0.1:1", own)])[..20])
            .unwrap();
        rest(&mut nothing);
        rest(&mut half);
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "strangers are shown the door"
        );
        // A set-up for somebody else, and one of somebody who would be the server itself.
        for wrong in [
            setup("tcp:127.0.0.1:1", atm::parse("nsapa:4700").unwrap()),
            setup(&atm::text(own), own),
        ] {
            let mut stream = connect(listen);
            stream.write_all(&octets(&[wrong])).unwrap();
            assert_eq!(rest(&mut stream)[..], [3, 0, 0, 1, 3], "rejected: no route");
        }
        // A good set-up, then SDUs of noise, with and without good headers.
        let mut stream = connect(listen);
        stream
            .write_all(&octets(&[setup("tcp:127.0.0.1:1", own)]))
            .unwrap();
        for round in 0..600 {
            let mut sdu = match round % 3 {
                0 => Vec::new(),
                1 => atm::unhex("aaaa0300005e0003000f08000000000000000000").unwrap(),
                _ => atm::unhex("aaaa0300005e00050105").unwrap(),
            };
            sdu.extend(noise(&mut seed, 1 + round % 90));
            stream
                .write_all(&octets(&[Frame::Sdu(Bytes::from(sdu))]))
                .unwrap();
        }
        lab.until(0, PATIENCE, "the noise counted", |s| {
            let dropped = s["meters"]["dropped"].as_object();
            dropped.is_some_and(|d| d.values().filter_map(|n| n.as_u64()).sum::<u64>() >= 600)
        })
        .await?;
        // Then a frame that is none: the VC is released with the cause "protocol".
        stream.write_all(&[0x77, 0, 0, 0]).unwrap();
        let answer = rest(&mut stream);
        assert_eq!(answer[..8], [2, 0, 0, 4, 0, 0, 0x13, 0x88], "accepted");
        assert_eq!(answer[answer.len() - 5..], [0x30, 0, 0, 1, 111], "released");
        let status = lab.status(0)?;
        assert!(
            status["vcs"]["refused"]["framing"].as_u64() >= Some(3),
            "{status:#}"
        );
        // The single octet of noise, the one that said nothing, and the half set-up.
        assert_eq!(status["vcs"]["refused"]["silent"], 3);
        assert_eq!(members(&status), 2);
        heard(&one, &mut [&mut two]).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_more_than_the_limits() {
    bounded(async {
        let lab = lab(Plan {
            servers: 1,
            limits: "per_peer = 2\nconnections = 5\nstrangers = 4\n".to_owned(),
            ..plan()
        })
        .await?;
        let (listen, own) = (lab.listen(0)?, lab.mars(0)[0]);
        let mut open = Vec::new();
        let mut try_one = |name: &str| {
            let mut stream = connect(listen);
            stream.write_all(&octets(&[setup(name, own)])).unwrap();
            let mut first = [0; 4];
            stream.read_exact(&mut first).unwrap();
            open.push(stream);
            first[0]
        };
        let answers: Vec<u8> = ["1", "1", "1", "2", "2", "3", "4"]
            .map(|port| try_one(&format!("tcp:127.0.0.1:{port}")))
            .to_vec();
        assert_eq!(answers, [2, 2, 3, 2, 2, 2, 3]);
        // Strangers beyond the limit wait until one of them is none any more.
        drop(open);
        lab.until(0, PATIENCE, "all gone", |s| s["vcs"]["called"] == 0)
            .await?;
        let mut strangers: Vec<TcpStream> = (0..4).map(|_| connect(listen)).collect();
        lab.until(0, PATIENCE, "four strangers", |s| {
            s["vcs"]["strangers"] == 4
        })
        .await?;
        let mut fifth = connect(listen);
        fifth
            .write_all(&octets(&[setup("tcp:127.0.0.1:1", own)]))
            .unwrap();
        fifth
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let mut first = [0; 4];
        assert!(fifth.read_exact(&mut first).is_err(), "it waits");
        strangers.pop();
        fifth
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        fifth.read_exact(&mut first).unwrap();
        assert_eq!(first[0], 2, "places are given back");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_without_a_word_is_a_leaf_that_is_gone() {
    bounded(async {
        let lab = lab(Plan {
            servers: 2,
            ..plan()
        })
        .await?;
        let client = Killed(
            Process::new(env!("CARGO_BIN_EXE_marsctl"))
                .args(["join", "--speed", "20", "--seconds", "300", GROUP, "--mars"])
                .arg(atm::text(lab.mars(0)[0]))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        );
        lab.until(1, PATIENCE, "the member", |s| members(s) == 1)
            .await?;
        // It neither ends nor answers any more: TCP alone would never tell.
        let stopped = Process::new("kill")
            .args(["-STOP", &client.0.id().to_string()])
            .status();
        assert!(stopped.unwrap().success());
        lab.until(1, PATIENCE, "no member", |s| members(s) == 0)
            .await?;
        let status = lab.status(0)?;
        assert!(
            status["vcs"]["ends"]["silent"].as_u64() >= Some(1),
            "{status:#}"
        );
        Ok(())
    })
    .await;
}

/// A registration, or the question which groups of a block have layer 3 members.
fn said(sender: Endpoint, asked: Option<GroupRange>) -> Frame {
    let register = asked.is_none();
    let body = Membership {
        source_protocol: ProtocolAddress::default(),
        flags: MembershipFlags(if register {
            MembershipFlags::REGISTER
        } else {
            0
        }),
        cmi: 0,
        msn: 0,
        pairs: PairList::new(asked.as_slice()).unwrap(),
    };
    let body = if register {
        Body::Join(body)
    } else {
        Body::GrouplistRequest(body)
    };
    let mut sdu = MARS_HEADER.to_vec();
    Message::new(Protocol::IPV4, sender, body).encode(&mut sdu);
    Frame::Sdu(sdu.into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_takes_nothing_is_dropped_and_holds_up_nobody() {
    bounded(async {
        let lab = lab(Plan {
            servers: 2,
            limits: "stall_ms = 1000\n".to_owned(),
            ..plan()
        })
        .await?;
        let (listen, own) = (lab.listen(0)?, lab.mars(0)[0]);
        let (busy, _) = joined(lab.client(0, 1), GROUP).await?;
        for number in 0..1500_u16 {
            let [high, low] = number.to_be_bytes();
            busy.order(Command::Join {
                range: block(&format!("239.5.{high}.{low}"))?,
                layer3grp: true,
            });
        }
        lab.until(1, PATIENCE, "all groups", |s| members(s) == 1501)
            .await?;
        // A peer registers, and takes the call of the control VC.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let atm = atm::of_socket(listener.local_addr().unwrap()).unwrap();
        let mut peer = connect(listen);
        peer.write_all(&octets(&[setup(&atm::text(atm), own), said(atm, None)]))
            .unwrap();
        let (mut leaf, _) = listener.accept().unwrap();
        let keep_alive_ms = 600_000;
        leaf.write_all(&octets(&[Frame::Accept { keep_alive_ms }]))
            .unwrap();
        lab.until(1, PATIENCE, "both registrations", |s| {
            s["view"]["registrations"].as_array().map_or(0, Vec::len) == 2
        })
        .await?;
        // Each question takes 70 octets, each answer 6000; they are never read.
        let question = said(atm, Some(block("239.5.0.0-239.5.255.255")?));
        let questions = octets(&vec![question; 2500]);
        let mut writer = peer.try_clone().unwrap();
        let asking = std::thread::spawn(move || {
            // The server may have had enough before the end.
            let _ = writer.write_all(&questions);
        });
        lab.until(0, PATIENCE, "a VC that is stalled", |s| {
            let waiting = s["vcs"]["waiting_octets"].as_u64().unwrap();
            assert!(waiting <= 4 << 20, "{waiting} octets wait");
            s["vcs"]["ends"]["stalled"] == 1
        })
        .await
        .map_err(|_| {
            let status = lab.status(0).unwrap();
            format!("{:#}{:#}", status["vcs"], status["meters"])
        })?;
        asking.join().unwrap();
        let status = lab.status(0)?;
        assert!(status["vcs"]["overflows"].as_u64() > Some(0), "{status:#}");
        assert_eq!(status["vcs"]["neighbors"], 1);
        assert_eq!(members(&status), 1501);
        let (view, _) = busy.look().await.ok_or("it ended")?;
        assert!(
            view.registered && view.current_mars == own,
            "it was never in trouble"
        );
        drop(peer);
        Ok(())
    })
    .await;
}

/// A host that lost its power has closed nothing: its next call takes the place of the VC that seems to be there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_neighbor_that_calls_anew_takes_the_place_of_its_old_self() {
    bounded(async {
        let mut lab = Lab::new(Plan {
            servers: 2,
            ..plan()
        })
        .await?;
        lab.start(0)?;
        let (listen, own, other) = (lab.listen(0)?, lab.mars(0)[0], lab.mars(1)[0]);
        let call = octets(&[setup(&atm::text(other), own)]);
        let mut first = connect(listen);
        first.write_all(&call).unwrap();
        lab.until(0, PATIENCE, "a neighbour", |s| s["vcs"]["neighbors"] == 1)
            .await?;
        let mut second = connect(listen);
        second.write_all(&call).unwrap();
        let all = rest(&mut first);
        assert_eq!(all[all.len() - 5..], [0x30, 0, 0, 1, 16], "released");
        let status = lab.status(0)?;
        assert_eq!(status["vcs"]["neighbors"], 1);
        // SCSP speaks on the new one.
        let mut answer = [0; 8 + 4 + 8];
        second.read_exact(&mut answer).unwrap();
        assert_eq!(
            answer[8..],
            [0x10, 0, 0, 40, 0xaa, 0xaa, 3, 0, 0, 0x5e, 0, 5]
        );
        Ok(())
    })
    .await;
}
