use tokio::io::{DuplexStream, duplex};

use super::*;
use crate::queue::{Bounds, Outgoing, queue};

const MANNER: Manner = Manner {
    longest_sdu: 100,
    keep_alive: Duration::from_secs(5),
    peer_keep_alive: Duration::from_secs(7),
    stall: Duration::from_secs(10),
};

/// A VC with the peer's end of its connection, its queue, what it tells, and its end.
fn start(
    manner: Manner,
    room: usize,
) -> (
    DuplexStream,
    Outgoing,
    mpsc::Receiver<Event>,
    tokio::task::JoinHandle<End>,
) {
    let (near, far) = duplex(room);
    let bounds = Bounds {
        frames: 100,
        octets: 100_000,
    };
    let (outgoing, mut waiting) = queue(bounds);
    let (events, told) = mpsc::channel(4);
    let end = tokio::spawn(async move {
        let stream: Box<dyn Stream> = Box::new(near);
        run(
            stream,
            Input::new(100),
            manner,
            VcId(1),
            &events,
            &mut waiting,
        )
        .await
    });
    (far, outgoing, told, end)
}

async fn put_frames(far: &mut DuplexStream, frames: &[Frame]) {
    let mut octets = BytesMut::new();
    for frame in frames {
        frame.encode(&mut octets);
    }
    far.write_all(&octets).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_given_up_after_three_intervals_and_told() {
    let (mut far, _outgoing, _told, end) = start(MANNER, 4096);
    let begin = Instant::now();
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(!end.is_finished());
    put_frames(&mut far, &[Frame::Alive]).await;
    assert_eq!(end.await.unwrap(), End::Silent);
    assert_eq!(begin.elapsed().as_secs(), 20 + 21);
    // Eight ALIVEs, one for each five seconds, and the reason.
    let mut all = Vec::new();
    far.read_to_end(&mut all).await.unwrap();
    let wanted = [[0x20, 0, 0, 0].repeat(8), vec![0x30, 0, 0, 1, 27]].concat();
    assert_eq!(all, wanted);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_given_up_though_it_speaks() {
    let (mut far, outgoing, _told, end) = start(MANNER, 64);
    let begin = Instant::now();
    for _ in 0..10 {
        outgoing.send(Bytes::from_static(&[7; 50])).unwrap();
    }
    // It says that it lives, and reads nothing.
    let speaking = async {
        for _ in 0..20 {
            put_frames(&mut far, &[Frame::Alive]).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let end = tokio::select! {
        end = end => end.unwrap(),
        () = speaking => panic!("it is still there"),
    };
    assert_eq!(end, End::Stalled);
    assert_eq!(begin.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_slow_peer_that_takes_a_little_is_kept() {
    let (mut far, outgoing, _told, end) = start(MANNER, 64);
    for _ in 0..4 {
        outgoing.send(Bytes::from_static(&[7; 50])).unwrap();
    }
    let mut piece = [0; 27];
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_secs(9)).await;
        far.read_exact(&mut piece).await.unwrap();
        put_frames(&mut far, &[Frame::Alive]).await;
    }
    assert!(!end.is_finished(), "72 seconds");
    outgoing.release(Cause::NORMAL);
    let mut rest = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut far, &mut rest)
        .await
        .unwrap();
    assert_eq!(end.await.unwrap(), End::Released);
    assert_eq!(rest[rest.len() - 5..], [0x30, 0, 0, 1, 16]);
}

#[tokio::test(start_paused = true)]
async fn an_sdu_from_a_leaf_breaks_the_framing() {
    let leaf = Manner {
        longest_sdu: 0,
        ..MANNER
    };
    let (mut far, _outgoing, _told, end) = start(leaf, 4096);
    put_frames(&mut far, &[Frame::Sdu(Bytes::from_static(b"x"))]).await;
    // One octet is within what the reader takes; it is the kind of frame that is wrong.
    assert_eq!(end.await.unwrap(), End::Framing(FrameError::Unexpected));
}

#[tokio::test(start_paused = true)]
async fn sdus_come_in_order_and_a_busy_receiver_makes_the_peer_wait() {
    let (mut far, _outgoing, mut told, end) = start(MANNER, 64);
    let sending = async {
        for number in 0..20 {
            put_frames(&mut far, &[Frame::Sdu(vec![number; 30].into())]).await;
        }
        put_frames(&mut far, &[Frame::Release(Cause::NORMAL)]).await;
    };
    let taking = async {
        // The channel has room for four; nothing is lost meanwhile.
        tokio::time::sleep(Duration::from_secs(60)).await;
        let mut seen = Vec::new();
        while let Some(Event::Sdu { octets, .. }) = told.recv().await {
            seen.push(octets[0]);
        }
        seen
    };
    let keep = Duration::from_secs(100);
    let ((), seen) = timeout(keep, async { tokio::join!(sending, taking) })
        .await
        .unwrap();
    assert_eq!(seen, (0..20).collect::<Vec<u8>>());
    assert_eq!(end.await.unwrap(), End::Peer(Cause::NORMAL));
}
