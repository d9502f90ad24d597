//! The service: configuration, status, reload, end, recording.

use std::fs;
use std::io::Write as _;
use std::process::{Command as Process, Stdio};
use std::time::Duration;

use distributed_mars::endpoint::Notice;
use distributed_mars::group::{DistributedMars, GroupConfig};
use distributed_mars::io::{ControlKind, ControlVc, Input, OutputAction, Time, VcId};
use marsd::atm;
use marsd::lab::{Plan, members, members_of};
use marsd::station::Told;
use marsd::testing::Scratch;
use serde_json::{Value, json};

use crate::common::{GROUP, Killed, Lines, PATIENCE, bounded, joined, lab, plan};

#[test]
fn a_bad_configuration_is_refused_with_line_and_key() {
    let scratch = Scratch::new();
    let path = scratch.path("bad.toml");
    fs::write(
        &path,
        "[server]\nid = \"10.0.0.1\"\nlisten = \"127.0.0.1:0\"\ncmi_range = [5, 1]\n",
    )
    .unwrap();
    for check in [true, false] {
        let mut process = Process::new(env!("CARGO_BIN_EXE_marsd"));
        process.arg("--config").arg(&path);
        if check {
            process.arg("--check-config");
        }
        let output = process.output().unwrap();
        assert_eq!(output.status.code(), Some(78));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("bad.toml:4: server.cmi_range: "), "{text}");
    }
    let good = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/server-1.toml");
    let check = Process::new(env!("CARGO_BIN_EXE_marsd"))
        .args(["--check-config", "--config", good])
        .output()
        .unwrap();
    assert_eq!(check.status.code(), Some(0));
    let usage = Process::new(env!("CARGO_BIN_EXE_marsd")).output().unwrap();
    assert_eq!(usage.status.code(), Some(64));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_metrics_and_marsctl_show_what_is() {
    bounded(async {
        let lab = lab(Plan {
            servers: 2,
            ..plan()
        })
        .await?;
        let follow = Process::new(env!("CARGO_BIN_EXE_marsctl"))
            .args(["follow", "--status", &lab.status_address(1)?.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut follow = Killed(follow);
        let changes = Lines::of(&mut follow.0);
        let first: Value = serde_json::from_str(&changes.find(|_| true)?).unwrap();
        assert_eq!(first["change"], "is");
        let (client, _) = joined(lab.client(0, 1), GROUP).await?;
        lab.until(1, PATIENCE, "a member", |s| members(s) == 1)
            .await?;
        // Until the member is shown as new; the endpoint pushes, nobody polls.
        let new = changes.find(|line| line.contains("\"what\":\"member\""))?;
        let new: Value = serde_json::from_str(&new).unwrap();
        assert_eq!(new["change"], "new");
        assert_eq!(new["item"]["min"], "ef010203");
        let metrics = lab.page(0, "/metrics")?;
        let value = |name: &str| -> u64 {
            let line = metrics
                .lines()
                .find(|line| line.starts_with(&format!("{name} ")));
            let value = line.and_then(|line| line.split(' ').nth(1));
            value
                .unwrap_or_else(|| panic!("{name} in\n{metrics}"))
                .parse()
                .unwrap()
        };
        // The registration and the join.
        assert_eq!(value("mars_stat_rx_join_msgs_total"), 2);
        assert_eq!(value("mars_registrations_total"), 1);
        assert_eq!(value("marsd_leaves"), 1);
        assert_eq!(value("mars_memberships"), 1);
        assert_eq!(value("scsp_aligned_neighbors"), 1);
        assert!(value("scsp_sent_total") > 0);
        assert!(lab.page(0, "/nothing")?.contains("/status"));
        assert_eq!(lab.page(0, "/health")?, "ok\n");
        let show = Process::new(env!("CARGO_BIN_EXE_marsctl"))
            .args([
                "show",
                "membership",
                "--status",
                &lab.status_address(1)?.to_string(),
            ])
            .output()
            .unwrap();
        let text = String::from_utf8(show.stdout).unwrap();
        let wanted = format!(
            "protocol=0800 min={GROUP} max={GROUP} endpoint={} origin=10.0.0.1 kind=client\n",
            atm::text(client.atm)
        );
        assert_eq!(text, wanted);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marsctl_is_a_client_and_a_multicast_server() {
    bounded(async {
        let lab = lab(Plan {
            servers: 2,
            ..plan()
        })
        .await?;
        let start = |kind: &str, mars: usize| {
            let child = Process::new(env!("CARGO_BIN_EXE_marsctl"))
                .args([kind, "--speed", "20", GROUP, "--mars"])
                .arg(atm::text(lab.mars(mars)[0]))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut child = Killed(child);
            let lines = Lines::of(&mut child.0);
            (child, lines)
        };
        let (mut mcs, said) = start("mcs", 0);
        said.find(|line| line.starts_with("joined"))?;
        lab.until(1, PATIENCE, "the MCS", |s| members(s) == 1)
            .await?;
        let (mut one, one_said) = start("join", 0);
        let (mut two, two_said) = start("join", 1);
        one_said.find(|line| line.starts_with("joined"))?;
        two_said.find(|line| line.starts_with("joined"))?;
        lab.until(0, PATIENCE, "MCS and clients", |s| members(s) == 3)
            .await?;
        lab.until(1, PATIENCE, "MCS and clients", |s| members(s) == 3)
            .await?;
        // All goes through the MCS, which is the one leaf of the sender's tree. Its own tree and that of the sender are
        // built with the first packets.
        let mut input = one.0.stdin.take().unwrap();
        let sender = std::thread::spawn(move || {
            for number in 0..200 {
                if writeln!(input, "send {GROUP} packet {number}").is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            input
        });
        let heard = two_said.find(|line| line.starts_with("packet"))?;
        assert!(heard.contains("packet "), "{heard}");
        drop(two.0.stdin.take());
        two_said.find(|line| line == "deregistered")?;
        drop(sender);
        drop(mcs.0.stdin.take());
        said.find(|line| line == "deregistered")?;
        assert_eq!(two.0.wait().unwrap().code(), Some(0));
        assert_eq!(mcs.0.wait().unwrap().code(), Some(0));
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_takes_leave() {
    bounded(async {
        // With the hold time of the RFC: what is gone early is gone because it was said.
        let mut lab = lab(Plan {
            timers: String::new(),
            more: "[shutdown]\nsettle_ms = 500\n".to_owned(),
            ..plan()
        })
        .await?;
        let (client, _) = joined(lab.client(0, 1), GROUP).await?;
        lab.until(1, PATIENCE, "a member", |s| members_of(s, 0) == 1)
            .await?;
        let code = lab.end(0, PATIENCE)?;
        assert_eq!(code, Some(0));
        let status = lab.status(1)?;
        assert_eq!(members_of(&status, 0), 0, "the client was deregistered");
        assert_eq!(status["meters"]["flushes"], 0, "and not flushed");
        drop(client);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_sends_clients_elsewhere_first() {
    bounded(async {
        let mut lab = lab(Plan {
            more: "[shutdown]\ndrain_ms = 20000\nsettle_ms = 300\n".to_owned(),
            ..plan()
        })
        .await?;
        let (mut client, at) = joined(lab.client(0, 1), GROUP).await?;
        assert_eq!(at, lab.mars(0)[0]);
        lab.signal(0, "TERM")?;
        let redirected = client.until(|told| match told {
            Told::Notice(Notice::Redirected { hard, .. }) => Some(hard),
            Told::Notice(Notice::MarsProblem { .. }) => Some(false),
            _ => None,
        });
        let hard = tokio::time::timeout(PATIENCE, redirected)
            .await
            .unwrap()
            .unwrap();
        assert!(hard, "redirected, and not left alone");
        lab.until(1, PATIENCE, "the client at another server", |s| {
            members(s) == 1 && members_of(s, 0) == 0
        })
        .await?;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_change_is_taken_over_while_it_runs() {
    bounded(async {
        let mut lab = lab(Plan {
            servers: 1,
            ..plan()
        })
        .await?;
        let path = lab.config(0)?.to_owned();
        let good = fs::read_to_string(&path).unwrap();
        let log = lab.folder().join("server-1-life-1.log");
        let mut reload = |text: &str, says: &str| {
            fs::write(&path, text).unwrap();
            let before = fs::read_to_string(&log).unwrap().len();
            lab.signal(0, "HUP").unwrap();
            let until = std::time::Instant::now() + PATIENCE;
            while !fs::read_to_string(&log).unwrap()[before..].contains(says) {
                assert!(std::time::Instant::now() < until, "not said: {says}");
                std::thread::sleep(Duration::from_millis(10));
            }
        };
        reload("nonsense", "nothing is taken over");
        reload(&good.replace("10.0.0.1", "10.0.0.7"), "needs a restart");
        reload(
            &good.replace("[limits]", "[limits]\nconnections = 1"),
            "taken over",
        );
        let (_one, _) = joined(lab.client(0, 1), GROUP).await?;
        let mut two = marsd::station::Station::start(lab.client(0, 2))
            .await
            .unwrap();
        two.order(distributed_mars::endpoint::Command::Register);
        lab.until(0, PATIENCE, "a call rejected", |s| {
            s["vcs"]["refused"]["rejected"].as_u64() > Some(0)
        })
        .await?;
        assert!(two.told_already().is_empty() || !two.look().await.unwrap().0.registered);
        Ok(())
    })
    .await;
}

/// A recording fed to the core again gives what the recording says: nothing that mattered is missing from it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_is_whole() {
    bounded(async {
        let mut lab = lab(Plan {
            record: true,
            servers: 2,
            ..plan()
        })
        .await?;
        let (client, _) = joined(lab.client(0, 1), GROUP).await?;
        let (other, _) = joined(lab.client(1, 2), "239.0.0.0-239.0.0.255").await?;
        lab.until(1, PATIENCE, "two members", |s| members(s) == 2)
            .await?;
        drop(client);
        assert!(other.leave(PATIENCE).await);
        lab.until(0, PATIENCE, "nobody", |s| members(s) == 0)
            .await?;
        lab.end(0, PATIENCE)?;
        lab.end(1, PATIENCE)?;
        let files = lab.recordings();
        assert_eq!(files.len(), 2);
        for file in files {
            let text = fs::read_to_string(file).unwrap();
            let lines: Vec<Value> = text
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            let steps = replay(&lines);
            assert!(steps > 20, "{steps} steps");
        }
        Ok(())
    })
    .await;
}

fn replay(lines: &[Value]) -> usize {
    let config: GroupConfig = serde_json::from_value(lines[2]["config"].clone()).unwrap();
    assert_eq!(lines[2]["op"], "reset");
    let mut core = DistributedMars::new(config).unwrap();
    let vc = |line: &Value| VcId(line["vc"].as_str().unwrap()[1..].parse().unwrap());
    let control = |name: &str| ControlVc {
        kind: if name == "ccvc" {
            ControlKind::Ccvc
        } else {
            ControlKind::Scvc
        },
        protocol: distributed_mars::address::Protocol::IPV4,
    };
    let peer = |line: &Value| serde_json::from_value(line["peer"].clone()).unwrap();
    let pairs = lines[2..].chunks_exact(2);
    let count = pairs.len();
    for pair in pairs {
        let (request, response) = (&pair[0], &pair[1]);
        assert_eq!(request["id"], response["id"]);
        let at = Time(
            request["at"]
                .as_u64()
                .or(request["to"].as_u64())
                .unwrap_or(0),
        );
        let input = match request["op"].as_str().unwrap() {
            "reset" => None,
            "vc_up" => Some(Input::VcUp {
                vc: vc(request),
                peer: peer(request),
            }),
            "vc_down" => Some(Input::VcDown { vc: vc(request) }),
            "deliver" => Some(Input::Frame {
                vc: vc(request),
                octets: atm::unhex(request["hex"].as_str().unwrap()).unwrap(),
            }),
            "leaf_gone" => Some(Input::LeafGone {
                group: control(request["group"].as_str().unwrap()),
                peer: peer(request),
            }),
            "advance" => Some(Input::TimePassed),
            other => panic!("{other}"),
        };
        if let Some(input) = input {
            core.handle(at, input);
        }
        let mut sent = Vec::new();
        while let Some(output) = core.poll_output() {
            match output.action {
                OutputAction::Send { octets, .. } => {
                    sent.push(json!([output.at.0, atm::hex(&octets)]));
                }
                OutputAction::Log(_) => {}
                _ => sent.push(json!([output.at.0])),
            }
        }
        let recorded: Vec<Value> = response["out"]
            .as_array()
            .unwrap()
            .iter()
            .map(|out| match out["send"]["hex"].as_str() {
                Some(hex) => json!([out["at"], hex]),
                None => json!([out["at"]]),
            })
            .collect();
        assert_eq!(sent, recorded, "{request}");
        assert_eq!(json!(core.next_deadline().map(|at| at.0)), response["next"]);
    }
    count
}
