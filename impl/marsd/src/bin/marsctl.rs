//! `marsctl`: a client, a multicast server, and a look into a running server.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use distributed_mars::endpoint::{Command, Notice};
use marsd::atm;
use marsd::lab::at;
use marsd::station::{Settings, Station, Told, block, group, layer3_text};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Clients of distributed MARS servers, and a look into a server.
///
/// Examples:
///   marsctl join --mars tcp:127.0.0.1:4701 --mars tcp:127.0.0.1:4702 239.1.2.3
///   marsctl show membership --status 127.0.0.1:4801
#[derive(Debug, Parser)]
#[command(version, verbatim_doc_comment)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Be a client: register, join groups, show what comes. Reads `join G`, `leave G`, `send G TEXT`, `quit` from its input.
    Join(Member),
    /// Be a multicast server for groups. Reads `serve G`, `unserve G`, `quit` from its input.
    Mcs(Member),
    /// Show a part of a server's state.
    Show {
        /// Which part.
        #[arg(value_enum)]
        part: Part,
        /// Where the server's status is (`status.listen`).
        #[arg(long, value_name = "IP:PORT")]
        status: SocketAddr,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Show each change of a server's state as it happens, one JSON object a line.
    Follow {
        /// Where the server's status is.
        #[arg(long, value_name = "IP:PORT")]
        status: SocketAddr,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Membership,
    Registrations,
    Neighbors,
    RedirectMap,
    Cache,
    Counters,
    All,
}

#[derive(Debug, Args)]
struct Member {
    /// A server, the preferred one first: tcp:IP:PORT, nsapa:HEX, e164:HEX.
    #[arg(long, required = true, value_parser = atm::parse)]
    mars: Vec<distributed_mars::address::Endpoint>,
    /// Where VCs are taken; others must reach it.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "IP:PORT")]
    listen: SocketAddr,
    /// The own ATM address, if not the one that says where it listens.
    #[arg(long, value_parser = atm::parse)]
    atm: Option<distributed_mars::address::Endpoint>,
    /// The own layer 3 address.
    #[arg(long, value_parser = group)]
    source: Option<distributed_mars::address::ProtocolAddress>,
    /// Times pass so many times faster; as the servers' `test.speed`.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    speed: u32,
    /// TLS: certificates of those who may sign peers' ones, PEM.
    #[arg(long, value_name = "FILE", requires_all = ["tls_certificate", "tls_key"])]
    tls_authority: Option<std::path::PathBuf>,
    /// TLS: the own certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_authority")]
    tls_certificate: Option<std::path::PathBuf>,
    /// TLS: its private key, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_authority")]
    tls_key: Option<std::path::PathBuf>,
    /// End after so many seconds; otherwise at the end of input, at `quit`, or when interrupted.
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
    /// Groups (239.1.2.3) or blocks (239.1.0.0-239.1.0.255).
    #[arg(value_parser = block)]
    groups: Vec<distributed_mars::address::GroupRange>,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 64 } else { 0 });
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("marsctl: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match arguments.task {
            Task::Join(member) => stay(member, false).await,
            Task::Mcs(member) => stay(member, true).await,
            Task::Show { part, status, json } => show(part, status, json).await,
            Task::Follow { status } => follow(status).await,
        }
    });
    // Input that nobody has typed yet would hold up the end.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("marsctl: {why}");
            ExitCode::FAILURE
        }
    }
}

/// A line for people, at once; a reader that went away is no error.
fn say(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

async fn stay(member: Member, mcs: bool) -> Result<(), String> {
    let ipv6 = |range: &distributed_mars::address::GroupRange| range.min().octets().len() == 16;
    let protocol = if member.groups.iter().any(ipv6) {
        distributed_mars::address::Protocol::IPV6
    } else {
        distributed_mars::address::Protocol::IPV4
    };
    let tls = match (
        &member.tls_authority,
        &member.tls_certificate,
        &member.tls_key,
    ) {
        (Some(authority), Some(certificate), Some(key)) => {
            let files = marsd::config::Tls {
                authority: authority.clone(),
                certificate: certificate.clone(),
                key: key.clone(),
            };
            Some(marsd::tls::Tls::read(&files)?)
        }
        _ => None,
    };
    let settings = Settings {
        tls,
        atm: member.atm,
        mcs,
        protocol,
        source: member.source.unwrap_or_default(),
        speed: member.speed,
        ..Settings::client(member.listen, member.mars)
    };
    let mut station = Station::start(settings)
        .await
        .map_err(|error| format!("{}: {error}", member.listen))?;
    say(format_args!("listening at {}", atm::text(station.atm)));
    station.order(Command::Register);
    for range in member.groups {
        station.order(wish(mcs, true, range));
    }
    let mut input = BufReader::new(tokio::io::stdin()).lines();
    let mut open = true;
    let far = Duration::from_secs(member.seconds.unwrap_or(100 * 365 * 24 * 3600));
    let mut over = std::pin::pin!(tokio::time::sleep(far));
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|error| error.to_string())?;
    loop {
        tokio::select! {
            told = station.told() => match told {
                Some(told) => say(told_text(&told)),
                None => return Err("the client ended".to_owned()),
            },
            line = input.next_line(), if open => match line {
                Ok(Some(line)) if line.trim() == "quit" => break,
                Ok(Some(line)) => match read(line.trim(), mcs) {
                    Ok(Some(command)) => station.order(command),
                    Ok(None) => {}
                    Err(why) => say(format_args!("? {why}")),
                },
                // Without somebody at the keyboard it goes on until its time is over.
                _ if member.seconds.is_some() => open = false,
                _ => break,
            },
            () = &mut over => break,
            _ = tokio::signal::ctrl_c() => break,
            _ = terminate.recv() => break,
        }
    }
    let confirmed = station.leave(Duration::from_secs(5)).await;
    say(if confirmed {
        "deregistered"
    } else {
        "gone without a confirmation"
    });
    Ok(())
}

fn wish(mcs: bool, more: bool, range: distributed_mars::address::GroupRange) -> Command {
    match (mcs, more) {
        (false, true) => Command::Join {
            range,
            layer3grp: true,
        },
        (false, false) => Command::Leave { range },
        (true, true) => Command::Serve { range },
        (true, false) => Command::Unserve { range },
    }
}

fn read(line: &str, mcs: bool) -> Result<Option<Command>, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    Ok(Some(match word {
        "" => return Ok(None),
        "join" | "serve" => wish(mcs, true, block(rest)?),
        "leave" | "unserve" => wish(mcs, false, block(rest)?),
        "groups" => Command::GroupList {
            range: block(rest)?,
        },
        "send" => {
            let (to, text) = rest.split_once(' ').unwrap_or((rest, ""));
            Command::Send {
                group: group(to)?,
                packet: text.as_bytes().to_vec(),
            }
        }
        _ => {
            return Err(format!(
                "`{word}` is none of join, leave, send, groups, serve, unserve, quit"
            ));
        }
    }))
}

fn range_text(range: &distributed_mars::address::GroupRange) -> String {
    if range.is_single() {
        layer3_text(range.min())
    } else {
        format!("{}-{}", layer3_text(range.min()), layer3_text(range.max()))
    }
}

fn told_text(told: &Told) -> String {
    match told {
        Told::Packet { cmi, packet } => {
            let from = cmi.map_or(String::new(), |cmi| format!(" from member {cmi}"));
            format!(
                "packet{from}: {}",
                String::from_utf8_lossy(packet).escape_debug()
            )
        }
        Told::Notice(notice) => match notice {
            Notice::Registered { mars, cmi } => {
                format!("registered with {} as member {cmi}", atm::text(*mars))
            }
            Notice::Deregistered { confirmed } => format!("deregistered, confirmed: {confirmed}"),
            Notice::Joined { range } => format!("joined {}", range_text(range)),
            Notice::Left { range } => format!("left {}", range_text(range)),
            Notice::GroupList { range, groups } => {
                let groups: Vec<String> = groups.iter().map(|group| layer3_text(*group)).collect();
                format!("groups in {}: {}", range_text(range), groups.join(" "))
            }
            Notice::MarsProblem { mars, why } => {
                format!("trouble with {}: {why:?}", atm::text(*mars))
            }
            Notice::RegistrationFailed { mars } => {
                format!("{} does not answer", atm::text(*mars))
            }
            Notice::BackupChosen { mars } => format!("trying {}", atm::text(*mars)),
            Notice::Redirected { mars, .. } => format!("sent to {}", atm::text(*mars)),
            Notice::Refused { why } => format!("? refused: {why:?}"),
        },
    }
}

/// Asks for a page.
async fn get(status: SocketAddr, path: &str) -> Result<TcpStream, String> {
    let failed = |error: std::io::Error| format!("{status}: {error}");
    let mut stream = TcpStream::connect(status).await.map_err(failed)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: marsd\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    Ok(stream)
}

async fn show(part: Part, status: SocketAddr, json: bool) -> Result<(), String> {
    let mut stream = get(status, "/status").await?;
    let mut text = String::new();
    let reading = tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut text));
    match reading.await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(format!("{status}: {error}")),
        Err(_) => return Err(format!("{status}: no answer")),
    }
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let all: Value = serde_json::from_str(body).map_err(|error| format!("{status}: {error}"))?;
    let view = at(&all, "/view");
    let chosen = match part {
        Part::Membership => at(view, "/membership").clone(),
        Part::Registrations => at(view, "/registrations").clone(),
        Part::Neighbors => {
            serde_json::json!({"hello": at(view, "/hfsm"), "alignment": at(view, "/cafsm"), "live": at(view, "/live")})
        }
        Part::RedirectMap => at(view, "/redirect_map").clone(),
        Part::Cache => at(view, "/cache").clone(),
        Part::Counters => {
            serde_json::json!({"meters": at(&all, "/meters"), "scsp": at(&all, "/scsp"), "vcs": at(&all, "/vcs")})
        }
        Part::All => all.clone(),
    };
    if json || matches!(part, Part::Neighbors | Part::Counters | Part::All) {
        say(format_args!("{chosen:#}"));
        return Ok(());
    }
    for item in chosen.as_array().into_iter().flatten() {
        say(item_text(item));
    }
    Ok(())
}

/// One line of a list: fields by name, addresses as people write them.
fn item_text(item: &Value) -> String {
    let Some(fields) = item.as_object() else {
        return item.to_string();
    };
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value_text(name, value)))
        .collect();
    fields.join(" ")
}

fn value_text(name: &str, value: &Value) -> String {
    if let Ok(endpoint) = serde_json::from_value(value.clone()) {
        return atm::text(endpoint);
    }
    if let Some(list) = value.as_array() {
        let items: Vec<String> = list.iter().map(|item| value_text(name, item)).collect();
        return items.join(",");
    }
    if name == "protocol" {
        return at(value, "/type")
            .as_u64()
            .map_or(value.to_string(), |kind| format!("{kind:04x}"));
    }
    match value {
        Value::String(text) => match name {
            "min" | "max" | "origin" => atm::unhex(text)
                .and_then(|octets| distributed_mars::address::ProtocolAddress::new(&octets))
                .map_or(text.clone(), layer3_text),
            _ => text.clone(),
        },
        other => other.to_string(),
    }
}

async fn follow(status: SocketAddr) -> Result<(), String> {
    let stream = get(status, "/follow").await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines
        .next_line()
        .await
        .map_err(|error| format!("{status}: {error}"))?
    {
        if line.starts_with('{') {
            say(line);
        }
    }
    Err("the server ended".to_owned())
}
