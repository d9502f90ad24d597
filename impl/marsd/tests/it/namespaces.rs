//! Three servers in network namespaces of their own, joined by a bridge of veth pairs, where this process may make some. Where it may
//! not, the same on loopback is what `group` does, and this says so.

use std::fs::{self, File};
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::Killed;
use marsd::lab::{aligned, live, members, members_of};
use marsd::testing::Scratch;

const GROUP: &str = "239.1.2.3";
const PATIENCE: Duration = Duration::from_secs(40);

fn run(command: &str) -> bool {
    let mut words = command.split(' ');
    let done = Process::new(words.next().unwrap())
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    done.is_ok_and(|status| status.success())
}

/// A bridge in a namespace of its own, and a host for each server and its clients.
struct Net {
    tag: String,
    scratch: Scratch,
    children: Vec<Option<Child>>,
}

impl Net {
    /// `None` where namespaces are not allowed.
    fn new(hosts: usize) -> Option<Self> {
        let net = Self {
            tag: format!("m{}", std::process::id()),
            scratch: Scratch::new(),
            children: (0..hosts).map(|_| None).collect(),
        };
        let hub = net.hub();
        if !run(&format!("ip netns add {hub}"))
            || !run(&format!("ip -n {hub} link add br0 type bridge"))
            || !run(&format!("ip -n {hub} link set br0 up"))
        {
            return None;
        }
        for number in 1..=hosts {
            let host = net.host(number);
            let all = [
                format!("ip netns add {host}"),
                format!("ip -n {host} link set lo up"),
                format!("ip -n {hub} link add p{number} type veth peer name eth0 netns {host}"),
                format!("ip -n {hub} link set p{number} master br0"),
                format!("ip -n {hub} link set p{number} up"),
                format!("ip -n {host} addr add 10.77.0.{number}/24 dev eth0"),
                format!("ip -n {host} link set eth0 up"),
            ];
            if !all.iter().all(|command| run(command)) {
                return None;
            }
        }
        Some(net)
    }

    fn hub(&self) -> String {
        format!("{}hub", self.tag)
    }

    fn host(&self, number: usize) -> String {
        format!("{}h{number}", self.tag)
    }

    fn start(&mut self, number: usize, hosts: usize) {
        let mut text = format!(
            "[server]\nid = \"10.0.0.{number}\"\nlisten = \"10.77.0.{number}:4701\"\ncmi_range = [{number}000, {number}999]\n\
             state = {:?}\n[status]\nlisten = \"10.77.0.{number}:4801\"\n[test]\nspeed = 20\n[limits]\nkeep_alive_ms = 200\n\
             [timers]\nredirect_interval_ms = 20000\nredirect_hold_ms = 45000\nmap_interval_ms = 20000\n",
            self.scratch.path(&format!("{number}.redb"))
        );
        for other in (1..=hosts).filter(|other| *other != number) {
            text.push_str(&format!(
                "[[neighbor]]\nid = \"10.0.0.{other}\"\natm = \"tcp:10.77.0.{other}:4701\"\n"
            ));
        }
        let config = self.scratch.path(&format!("{number}.toml"));
        fs::write(&config, text).unwrap();
        let log = File::create(self.scratch.path(&format!("{number}.log"))).unwrap();
        let child = Process::new("ip")
            .args(["netns", "exec", &self.host(number)])
            .arg(env!("CARGO_BIN_EXE_marsd"))
            .arg("--config")
            .arg(config)
            .stderr(log)
            .spawn()
            .unwrap();
        self.children[number - 1] = Some(child);
    }

    fn client(&self, number: usize, servers: &[usize]) -> Killed {
        let mut process = Process::new("ip");
        process
            .args(["netns", "exec", &self.host(number)])
            .arg(env!("CARGO_BIN_EXE_marsctl"))
            .args([
                "join",
                "--speed",
                "20",
                "--seconds",
                "200",
                GROUP,
                "--listen",
            ])
            .arg(format!("10.77.0.{number}:0"));
        for server in servers {
            process.args(["--mars", &format!("tcp:10.77.0.{server}:4701")]);
        }
        Killed(
            process
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }

    fn status(&self, number: usize) -> Value {
        let output = Process::new("ip")
            .args(["netns", "exec", &self.host(number)])
            .arg(env!("CARGO_BIN_EXE_marsctl"))
            .args(["show", "all", "--json", "--status"])
            .arg(format!("10.77.0.{number}:4801"))
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    fn until(&self, number: usize, what: &str, wanted: impl Fn(&Value) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let status = self.status(number);
            if wanted(&status) {
                return;
            }
            assert!(
                Instant::now() < until,
                "server {number}: {what}\n{status:#}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn kill(&mut self, number: usize) {
        if let Some(mut child) = self.children[number - 1].take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for number in 1..=self.children.len() {
            self.kill(number);
        }
        for number in 1..=self.children.len() {
            run(&format!("ip netns del {}", self.host(number)));
        }
        run(&format!("ip netns del {}", self.hub()));
    }
}

#[test]
fn three_hosts_a_kill_and_a_cable() {
    let Some(mut net) = Net::new(3) else {
        println!(
            "no network namespaces here: not run; the tests of `group` do the same on loopback"
        );
        return;
    };
    let hub = net.hub();
    let netem = run(&format!(
        "tc -n {hub} qdisc add dev p1 root netem loss 3% delay 5ms 3ms"
    ));
    println!(
        "network namespaces: yes; netem: {}",
        if netem { "yes" } else { "the kernel has none" }
    );
    for number in 1..=3 {
        net.start(number, 3);
    }
    for number in 1..=3 {
        net.until(number, "aligned with the others", |s| aligned(s) == 2);
    }
    let _clients = [
        net.client(1, &[1, 2]),
        net.client(2, &[2, 3]),
        net.client(3, &[3, 1]),
    ];
    for number in 1..=3 {
        net.until(number, "three members", |s| members(s) == 3);
    }
    // A cable is pulled: no connection is closed, nothing comes any more.
    assert!(run(&format!("ip -n {hub} link set p3 down")));
    net.until(1, "server 3 flushed", |s| {
        live(s) == 1 && members_of(s, 2) == 0
    });
    net.until(2, "server 3 flushed", |s| {
        live(s) == 1 && members_of(s, 2) == 0
    });
    net.until(3, "the others flushed", |s| live(s) == 0 && members(s) == 1);
    assert!(run(&format!("ip -n {hub} link set p3 up")));
    for number in 1..=3 {
        net.until(number, "three members again", |s| {
            live(s) == 2 && members(s) == 3
        });
    }
    // A kill: the client on that host goes to server 2.
    net.kill(1);
    net.until(2, "server 1 flushed, its client here", |s| {
        live(s) == 1 && members(s) == 3 && members_of(s, 1) == 2
    });
    net.start(1, 3);
    for number in 1..=3 {
        net.until(number, "all back", |s| live(s) == 2 && members(s) == 3);
    }
}
