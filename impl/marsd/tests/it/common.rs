use std::path::Path;
use std::time::Duration;

use distributed_mars::address::Endpoint;
use distributed_mars::endpoint::{Command, Notice};
use marsd::lab::{Lab, Plan};
use marsd::station::{Settings, Station, Told, block, group};

pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
pub(crate) const GROUP: &str = "239.1.2.3";

pub(crate) fn plan() -> Plan {
    Plan::new(Path::new(env!("CARGO_BIN_EXE_marsd")))
}

/// Whatever it is, it is over after two minutes.
pub(crate) async fn bounded(test: impl Future<Output = Result<(), String>>) {
    let done = tokio::time::timeout(Duration::from_secs(120), test).await;
    done.expect("the test takes too long").unwrap();
}

pub(crate) async fn lab(plan: Plan) -> Result<Lab, String> {
    let servers: Vec<usize> = (0..plan.servers).collect();
    let mut lab = Lab::new(plan).await?;
    for number in &servers {
        lab.start(*number)?;
    }
    lab.aligned(&servers, PATIENCE).await?;
    Ok(lab)
}

/// A client that is registered and has joined.
pub(crate) async fn joined(settings: Settings, what: &str) -> Result<(Station, Endpoint), String> {
    let mut client = Station::start(settings).await.map_err(|e| e.to_string())?;
    client.order(Command::Register);
    client.order(Command::Join {
        range: block(what)?,
        layer3grp: true,
    });
    let at = home(&mut client).await?;
    Ok((client, at))
}

/// Waits until a client is registered and has joined; where.
pub(crate) async fn home(client: &mut Station) -> Result<Endpoint, String> {
    let all = async {
        let mut at = None;
        while let Some(told) = client.told().await {
            match told {
                Told::Notice(Notice::Registered { mars, .. }) => at = Some(mars),
                Told::Notice(Notice::Joined { .. }) if at.is_some() => break,
                _ => {}
            }
        }
        at.ok_or_else(|| "the client ended".to_owned())
    };
    let done = tokio::time::timeout(PATIENCE, all).await;
    done.map_err(|_| "a client did not come home".to_owned())?
}

/// One client sends, and each of the others hears it.
pub(crate) async fn heard(sender: &Station, others: &mut [&mut Station]) -> Result<(), String> {
    let to = group(GROUP)?;
    let send = |packet: &[u8]| {
        sender.order(Command::Send {
            group: to,
            packet: packet.to_vec(),
        });
    };
    send(b"first");
    let whole = sender.until_up(to, others.len(), PATIENCE).await;
    whole.ok_or("a tree is not whole")?;
    send(b"hear this");
    for other in others {
        let hears = other.until(|told| match told {
            Told::Packet { packet, .. } if packet == b"hear this" => Some(()),
            _ => None,
        });
        let done = tokio::time::timeout(PATIENCE, hears).await;
        done.map_err(|_| "a packet was not heard")?;
    }
    Ok(())
}

/// A process that does not outlive its test.
pub(crate) struct Killed(pub(crate) std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process says, line by line, within bounds of time.
pub(crate) struct Lines(std::sync::mpsc::Receiver<String>);

impl Lines {
    pub(crate) fn of(child: &mut std::process::Child) -> Self {
        use std::io::BufRead as _;
        let (sender, receiver) = std::sync::mpsc::channel();
        let output = std::io::BufReader::new(child.stdout.take().unwrap());
        // Ends with the process.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self(receiver)
    }

    /// The next line that is wanted.
    pub(crate) fn find(&self, wanted: impl Fn(&str) -> bool) -> Result<String, String> {
        let until = std::time::Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(std::time::Instant::now());
            let line = self.0.recv_timeout(left);
            let line = line.map_err(|error| format!("a line was not said: {error}"))?;
            if wanted(&line) {
                return Ok(line);
            }
        }
    }
}
