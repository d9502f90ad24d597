//! The group as a whole: failover, partitions, bad weather, restarts.

use std::process::Command as Process;
use std::time::Duration;

use distributed_mars::endpoint::Command;
use marsd::lab::{Plan, live, members, members_of};
use marsd::proxy::Weather;
use marsd::station::{Station, Told, block, group};
use serde_json::Value;

use crate::common::{GROUP, PATIENCE, bounded, heard, home, joined, lab, plan};

#[test]
fn the_demo_ends_well_and_says_what_it_saw() {
    let output = Process::new(env!("CARGO_BIN_EXE_marsd"))
        .arg("demo")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    for line in [
        "all three servers know all four members",
        "the packet of client 1 was heard by the three others",
        "client 1 is member",
        "have flushed server 1",
        "the packet of client 4 was heard by the three others",
        "no server knows a member",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_demo_that_does_not_see_what_it_should_fails() {
    // A program that is no server.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let failed = runtime.block_on(marsd::demo::run(std::path::Path::new("/bin/false")));
    assert!(failed.unwrap_err().contains("ended at once"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_off_server_is_flushed_and_heals() {
    bounded(async {
        let mut lab = lab(Plan {
            proxies: true,
            ..plan()
        })
        .await?;
        let (one, at) = joined(lab.client(0, 1), GROUP).await?;
        assert_eq!(at, lab.mars(0)[0]);
        // One link of three cut: the news goes round it.
        let cut = |pairs: &[(usize, usize)], cut: bool, lab: &marsd::lab::Lab| {
            for (pair, proxy) in &lab.proxies {
                if pairs.contains(pair) {
                    if cut {
                        proxy.cut();
                    } else {
                        proxy.heal();
                    }
                }
            }
        };
        cut(&[(0, 1)], true, &lab);
        let (two, _) = joined(lab.client(1, 2), GROUP).await?;
        lab.until(0, PATIENCE, "the member beyond the cut link", |s| {
            members(s) == 2
        })
        .await?;
        // The other link of server 1 too: it is alone, and the others flush it.
        cut(&[(0, 2)], true, &lab);
        for number in [1, 2] {
            lab.until(number, PATIENCE, "server 1 flushed", |s| {
                live(s) == 1 && members_of(s, 0) == 0
            })
            .await?;
        }
        lab.until(0, PATIENCE, "the others flushed", |s| live(s) == 0)
            .await?;
        let (three, at) = joined(lab.client(0, 3), GROUP).await?;
        assert_eq!(at, lab.mars(0)[0], "server 1 serves on its own");
        cut(&[(0, 1), (0, 2)], false, &lab);
        for number in 0..3 {
            lab.until(number, PATIENCE, "all three members", |s| {
                live(s) == 2 && members(s) == 3
            })
            .await?;
        }
        drop((one, two, three));
        for number in 0..3 {
            lab.until(
                number,
                PATIENCE,
                "nobody after all were switched off",
                |s| members(s) == 0,
            )
            .await?;
        }
        // The test is over in time and without a crash.
        for number in 0..3 {
            assert_eq!(lab.end(number, PATIENCE)?, Some(0));
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_stands_but_is_silent_is_noticed() {
    bounded(async {
        let lab = lab(Plan {
            proxies: true,
            limits: "keep_alive_ms = 100\n".to_owned(),
            // Hello would notice later than the keep-alive.
            timers: "redirect_interval_ms = 60000\nhello_interval_s = 60\nstartup_ms = 20000\n"
                .to_owned(),
            servers: 2,
            ..plan()
        })
        .await?;
        let silent = Weather {
            silent: true,
            ..Weather::default()
        };
        lab.proxies[0].1.weather(silent);
        let took = lab
            .until(0, PATIENCE, "a VC that ended silently", |s| {
                s["vcs"]["ends"]["silent"]
                    .as_u64()
                    .is_some_and(|count| count > 0)
                    || s["vcs"]["ends"]["peer-released"]
                        .as_u64()
                        .is_some_and(|count| count > 0)
            })
            .await?;
        assert!(took < Duration::from_secs(3), "{took:?}");
        lab.proxies[0].1.weather(Weather::default());
        lab.aligned(&[0, 1], PATIENCE).await
    })
    .await;
}

/// The first group of each line of a view of the membership, in its order.
fn firsts(view: &Value) -> Vec<&str> {
    let lines = view.as_array().into_iter().flatten();
    lines.filter_map(|line| line["min"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_bad_weather_all_servers_agree_in_the_end() {
    bounded(async {
        let lab = lab(Plan {
            proxies: true,
            ..plan()
        })
        .await?;
        let bad = Weather {
            loss: 15,
            twice: 15,
            late: 30,
            delay: Duration::from_millis(2),
            silent: false,
        };
        for (_, proxy) in &lab.proxies {
            proxy.weather(bad);
        }
        let mut clients: Vec<Station> = Vec::new();
        for number in 0..9_usize {
            let (client, _) = joined(lab.client(number % 3, number as u64), GROUP).await?;
            clients.push(client);
            let range = block(&format!("239.9.0.{number}"))?;
            clients[number].order(Command::Join {
                range,
                layer3grp: false,
            });
            if number >= 3 {
                let range = block(&format!("239.9.0.{}", number - 3))?;
                clients[number - 3].order(Command::Leave { range });
            }
        }
        // All nine are in the group, and of the others the last three are. Twelve lines can be there before that, with
        // one group not left yet in place of a join that is still under way.
        let mut wanted = vec!["ef010203"; 9];
        wanted.extend(["ef090006", "ef090007", "ef090008"]);
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let mut views = Vec::new();
            for number in 0..3 {
                views.push(lab.status(number)?["view"]["membership"].clone());
            }
            if views
                .iter()
                .all(|view| firsts(view) == wanted && *view == views[0])
            {
                break;
            }
            assert!(tokio::time::Instant::now() < until, "{views:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let passed: Vec<_> = lab
            .proxies
            .iter()
            .map(|(_, proxy)| proxy.passed())
            .collect();
        for passed in passed {
            assert!(
                passed.lost > 0 && passed.doubled > 0 && passed.late > 0,
                "{passed:?}"
            );
        }
        Ok(())
    })
    .await;
}

/// `inside` the hold time the others never flush the killed server, outside they do; neither leaves a phantom.
async fn leader_restarts(inside: bool) -> Result<(), String> {
    let mut lab = lab(plan()).await?;
    let (mut stays, at) = joined(lab.client(0, 1), GROUP).await?;
    let (goes, _) = joined(lab.client(0, 2), GROUP).await?;
    let (mut other, _) = joined(lab.client(1, 3), GROUP).await?;
    assert_eq!(at, lab.mars(0)[0]);
    for number in 0..3 {
        lab.until(number, PATIENCE, "three members", |s| members(s) == 3)
            .await?;
    }
    lab.kill(0)?;
    // Switched off at the same instant: nobody will ever say that it left.
    drop(goes);
    if !inside {
        for number in [1, 2] {
            lab.until(number, PATIENCE, "server 1 flushed", |s| live(s) == 1)
                .await?;
        }
    }
    let before = lab.status(1)?["meters"]["flushes"].clone();
    lab.start(0)?;
    home(&mut stays).await?;
    lab.aligned(&[0, 1, 2], PATIENCE).await?;
    for number in 0..3 {
        lab.until(number, PATIENCE, "two members, no phantom", |s| {
            live(s) == 2 && members(s) == 2
        })
        .await?;
    }
    assert_eq!(lab.status(0)?["server"]["incarnation"], 2);
    let after = lab.status(1)?["meters"]["flushes"].clone();
    assert_eq!(before, after);
    assert_eq!(before, if inside { 0 } else { 1 }, "flushes seen");
    let mut others = [&mut other];
    heard(&stays, &mut others).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leader_restarts_inside_the_hold_time() {
    bounded(leader_restarts(true)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leader_restarts_outside_the_hold_time() {
    bounded(leader_restarts(false)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_any_point_leave_no_phantom() {
    bounded(async {
        let mut lab = lab(plan()).await?;
        let mut clients = Vec::new();
        for round in 0..6_u64 {
            let (client, _) = joined(lab.client(0, round), GROUP).await?;
            clients.push(client);
            // More and more of the alignment and of the registrations is done when the kill comes.
            lab.kill(0)?;
            lab.start(0)?;
            tokio::time::sleep(Duration::from_millis(7 * round * round)).await;
            lab.kill(0)?;
            if round % 2 == 0 {
                clients.pop();
            }
            lab.start(0)?;
        }
        for number in 0..3 {
            lab.until(number, PATIENCE, "three members", |s| {
                live(s) == 2 && members(s) == 3
            })
            .await?;
        }
        assert_eq!(lab.status(0)?["server"]["incarnation"], 13);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_on_one_server() {
    bounded(async {
        let lab = lab(Plan {
            servers: 2,
            ..plan()
        })
        .await?;
        let mut starting = tokio::task::JoinSet::new();
        for number in 0..1000 {
            let settings = lab.client(0, number);
            let what = format!("239.2.{}.{}", number / 250, number % 250);
            starting.spawn(async move { joined(settings, &what).await });
        }
        let mut clients = Vec::new();
        while let Some(client) = starting.join_next().await {
            clients.push(client.map_err(|error| error.to_string())??);
        }
        let first = lab.mars(0)[0];
        assert!(
            clients.iter().all(|(_, at)| *at == first),
            "nobody was turned away"
        );
        lab.until(1, PATIENCE, "a thousand members", |s| members(s) == 1000)
            .await?;
        let status = lab.status(0)?;
        assert_eq!(status["vcs"]["leaves"], 1000);
        assert_eq!(status["vcs"]["overflows"], 0, "{}", status["vcs"]);
        drop(clients);
        lab.until(1, PATIENCE, "nobody", |s| members(s) == 0)
            .await?;
        lab.until(0, PATIENCE, "no VC but the neighbour's", |s| {
            s["vcs"]["leaves"] == 0 && s["vcs"]["point"] == 1
        })
        .await?;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_sender_may_have_many_groups() {
    bounded(async {
        let lab = lab(Plan {
            servers: 1,
            ..plan()
        })
        .await?;
        let (sender, _) = joined(lab.client(0, 1), GROUP).await?;
        let (mut member, _) = joined(lab.client(0, 2), "239.4.0.0-239.4.0.255").await?;
        for number in 0..20 {
            let to = group(&format!("239.4.0.{number}"))?;
            let send = || {
                sender.order(Command::Send {
                    group: to,
                    packet: vec![number],
                });
            };
            send();
            let heard = member.until(|told| match told {
                Told::Packet { packet, .. } if packet == [number] => Some(()),
                _ => None,
            });
            let heard = tokio::time::timeout(PATIENCE, heard).await;
            heard.map_err(|_| format!("the packet to group {number} was not heard"))?;
        }
        let (view, _) = sender.look().await.ok_or("it ended")?;
        assert_eq!(view.groups.iter().filter(|of| of.up.len() == 1).count(), 20);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_member_is_told_of_on_the_control_vc() {
    bounded(async {
        let lab = lab(Plan {
            servers: 2,
            ..plan()
        })
        .await?;
        let to = group(GROUP)?;
        let mut senders = Vec::new();
        for number in 0..3 {
            senders.push(joined(lab.client(0, number), GROUP).await?.0);
        }
        for sender in &senders {
            sender.order(Command::Send {
                group: to,
                packet: vec![1],
            });
            let whole = sender.until_up(to, 2, PATIENCE).await;
            whole.ok_or("a tree is not whole")?;
        }
        // At the other server, so that it is told of to all of them and not in an answer.
        let (_later, _) = joined(lab.client(1, 9), GROUP).await?;
        for sender in &senders {
            let whole = sender.until_up(to, 3, PATIENCE).await;
            whole.ok_or("a sender was not told")?;
        }
        Ok(())
    })
    .await;
}
