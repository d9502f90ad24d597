//! `check --engine timely`: the search on several threads, processes or machines.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use mars_model::explore::timely::{Cluster, Error, Outcome};
use mars_model::explore::{Options, Progress};
use mars_model::registry::{Case, Told};
use serde_json::{Value, json};

use super::super::output::{Ctx, Exit};
use super::{RulesName, head, judge, line, row};

/// Who searches together.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "With --engine timely")]
pub struct ClusterArgs {
    /// Worker threads of each process; 1 if not given
    #[arg(long, value_name = "N")]
    pub workers: Option<NonZeroUsize>,
    /// The processes that search together: a file with one host:port a line, the same for all of them
    #[arg(long, value_name = "FILE", requires = "process")]
    pub hosts: Option<PathBuf>,
    /// Which line of the file this process is, from 0; process 0 prints the result
    #[arg(long, value_name = "I", requires = "hosts")]
    pub process: Option<usize>,
    /// Seconds to wait for the other processes to come up, and for a word of one that has fallen silent
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub patience: u64,
}

impl ClusterArgs {
    /// A flag that means nothing to another engine, if there is one.
    pub const fn misplaced(&self) -> Option<&'static str> {
        if self.workers.is_some() {
            Some("--workers")
        } else if self.hosts.is_some() {
            Some("--hosts")
        } else {
            None
        }
    }

    /// The cluster, or what is wrong with the arguments.
    fn cluster(&self) -> Result<Cluster, String> {
        let patience = Duration::from_secs(self.patience);
        let mut cluster = Cluster {
            connect_within: patience,
            silence: patience,
            process: self.process.unwrap_or(0),
            ..Cluster::threads(self.workers.unwrap_or(NonZeroUsize::MIN))
        };
        if let Some(file) = &self.hosts {
            let shown = file.display();
            let text =
                std::fs::read_to_string(file).map_err(|error| format!("{shown}: {error}"))?;
            cluster.hosts = Cluster::hosts(&text);
            let hosts = cluster.hosts.len();
            if hosts == 0 {
                return Err(format!("{shown}: no host; write one host:port a line"));
            }
            if let Some(odd) = cluster.hosts.iter().find(|host| !has_port(host)) {
                return Err(format!("{shown}: `{odd}` is not host:port"));
            }
            if cluster.process >= hosts {
                let process = cluster.process;
                return Err(format!(
                    "--process {process}: {shown} has the processes 0 to {} only",
                    hosts - 1
                ));
            }
        }
        Ok(cluster)
    }
}

/// Whether an address has a host and a port.
fn has_port(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

/// Searches the scenarios one after the other, together with the other processes.
pub fn run(
    scenarios: &[&'static dyn Case],
    rules: RulesName,
    options: &Options,
    args: &ClusterArgs,
    ctx: &Ctx,
) -> Exit {
    let cluster = match args.cluster() {
        Ok(cluster) => cluster,
        Err(why) => {
            ctx.error(why);
            return Exit::Usage;
        }
    };
    let speaks = cluster.process == 0;
    if speaks {
        head(ctx);
    }
    let mut exit = Exit::Ok;
    for scenario in scenarios {
        match one(*scenario, rules, options, &cluster, ctx) {
            Ok(outcome) => exit = exit.combine(tell(*scenario, rules, outcome, &cluster, ctx)),
            Err(error) => {
                ctx.error(format_args!("{}: {error}", scenario.name()));
                return exit.combine(exit_of(&error));
            }
        }
        if ctx.stopped() {
            break;
        }
    }
    exit
}

/// Searches one scenario.
fn one(
    scenario: &'static dyn Case,
    rules: RulesName,
    options: &Options,
    cluster: &Cluster,
    ctx: &Ctx,
) -> Result<Outcome<Told>, Error> {
    if let Some(own) = cluster.hosts.get(cluster.process) {
        ctx.log(format_args!(
            "{}: process {} of {} at {own}, waiting up to {} s for the others",
            scenario.name(),
            cluster.process,
            cluster.hosts.len(),
            cluster.connect_within.as_secs()
        ));
    }
    let mut progress = ctx.progress("check", None);
    let mut alone = !cluster.hosts.is_empty();
    let mut show = |now: &Progress| {
        if std::mem::take(&mut alone) {
            ctx.log(format_args!(
                "{}: all {} processes are there",
                scenario.name(),
                cluster.hosts.len()
            ));
        }
        progress.set(
            now.unique,
            format_args!(
                "states; {}: depth {}, queue {}",
                scenario.name(),
                now.depth,
                now.queue
            ),
        );
    };
    let outcome = scenario.together(rules.choice(), options, cluster, &mut show, ctx.stop);
    progress.finish();
    outcome
}

/// Says what came out: process 0 on stdout, the others a word on stderr. All end with the same code.
fn tell(
    scenario: &'static dyn Case,
    rules: RulesName,
    outcome: Outcome<Told>,
    cluster: &Cluster,
    ctx: &Ctx,
) -> Exit {
    let traffic = Traffic::of(&outcome);
    let checked = judge(scenario, outcome.report, rules);
    if cluster.process == 0 {
        let mut shown = row(&checked, rules, None);
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("engine".to_owned(), "timely".into());
            fields.insert("processes".to_owned(), cluster.hosts.len().max(1).into());
            fields.insert("workers".to_owned(), cluster.workers.get().into());
            fields.insert("traffic".to_owned(), traffic.row());
        }
        ctx.row(&shown);
        line(&checked, rules, ctx);
        ctx.say(format_args!("    {}", traffic.sentence()));
    } else {
        ctx.log(format_args!(
            "{}: process {} is done; process 0 has the result",
            scenario.name(),
            cluster.process
        ));
    }
    checked.exit
}

/// What was exchanged.
struct Traffic {
    unique: u64,
    least: u64,
    most: u64,
    table: u64,
    sent: u64,
    sent_octets: u64,
    socket_octets: u64,
    workers: usize,
}

impl Traffic {
    fn of(outcome: &Outcome<Told>) -> Self {
        let shares = &outcome.shares;
        let owned = || shares.iter().map(|share| share.unique);
        Self {
            unique: outcome.report.unique,
            least: owned().min().unwrap_or(0),
            most: owned().max().unwrap_or(0),
            table: shares.iter().map(|share| share.table_octets).sum(),
            sent: shares.iter().map(|share| share.sent).sum(),
            sent_octets: shares.iter().map(|share| share.sent_octets).sum(),
            socket_octets: outcome.socket_octets,
            workers: shares.len(),
        }
    }

    fn per_state(&self, count: u64) -> f64 {
        ratio(count, self.unique)
    }

    fn sentence(&self) -> String {
        format!(
            "{} workers own {} to {} states, {:.1} octets of table a state; {:.2} states sent for each, of {:.1} octets; \
             process 0 wrote {:.1} octets a state to sockets",
            self.workers,
            self.least,
            self.most,
            self.per_state(self.table),
            self.per_state(self.sent),
            ratio(self.sent_octets, self.sent),
            self.per_state(self.socket_octets),
        )
    }

    fn row(&self) -> Value {
        json!({
            "owned_least": self.least, "owned_most": self.most,
            "table_octets_per_state": self.per_state(self.table),
            "sent_per_state": self.per_state(self.sent),
            "octets_per_sent_state": ratio(self.sent_octets, self.sent),
            "socket_octets_per_state": self.per_state(self.socket_octets),
        })
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    let float = |count: u64| u32::try_from(count).map_or(count as f64, f64::from);
    float(part) / float(whole).max(1.0)
}

/// The exit code for an error between processes.
const fn exit_of(error: &Error) -> Exit {
    match error {
        Error::NoSuchProcess { .. } | Error::Listen { .. } | Error::Differs { .. } => Exit::Usage,
        Error::NeverCame { .. } | Error::Lost { .. } => Exit::Incomplete,
        Error::Interrupted => Exit::Interrupted,
        Error::Codec { .. } | Error::Replay { .. } | Error::System { .. } => Exit::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_host_and_port() {
        for good in ["127.0.0.1:4000", "one.example:1", "[::1]:65535"] {
            assert!(has_port(good), "{good}");
        }
        for odd in [
            "127.0.0.1",
            ":4000",
            "host:",
            "host:0",
            "host:70000",
            "host:port",
        ] {
            assert!(!has_port(odd), "{odd}");
        }
    }

    #[test]
    fn wrong_files_of_hosts_are_named() {
        let file = std::env::temp_dir().join(format!("hosts-{}", std::process::id()));
        let args = |process| ClusterArgs {
            hosts: Some(file.clone()),
            process: Some(process),
            patience: 3,
            ..ClusterArgs::default()
        };
        assert!(args(0).cluster().is_err_and(|why| why.contains("hosts-")));
        let cases = [
            ("# none\n", 0, "no host"),
            ("a:1\nb\n", 0, "`b`"),
            ("a:1\nb:2\n", 2, "0 to 1"),
        ];
        for (text, process, word) in cases {
            std::fs::write(&file, text).unwrap();
            let why = args(process).cluster().unwrap_err();
            assert!(why.contains(word) && why.contains("hosts-"), "{why}");
        }
        std::fs::write(&file, "a:1\nb:2\n").unwrap();
        let cluster = args(1).cluster().unwrap();
        assert_eq!((cluster.hosts.len(), cluster.process), (2, 1));
        std::fs::remove_file(&file).unwrap();
    }
}
