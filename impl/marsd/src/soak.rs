//! The soak: a group of processes with churn, faults and bad weather for as long as wanted. In between and at the end, when all is
//! calm, every server has to know exactly what the clients were told to want.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::{Duration, Instant};

use distributed_mars::endpoint::Command;
use serde_json::{Value, json};

use crate::atm::hex;
use crate::bench::resident;
use crate::lab::{Lab, Plan, Trouble, at, live};
use crate::proxy::Weather;
use crate::station::{Station, block};

/// How long and how many.
#[derive(Clone, Debug)]
pub struct Soak {
    /// How long the churn goes on.
    pub time: Duration,
    /// Clients at any time.
    pub clients: usize,
    /// Copies recordings there.
    pub keep: Option<PathBuf>,
    /// A `mars-conformance` that audits the recordings.
    pub audit: Option<PathBuf>,
    /// Of all choices.
    pub seed: u64,
}

/// A client and what it was told to want.
struct Guest {
    station: Station,
    wants: BTreeSet<u8>,
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below.max(1)
    }

    fn pick(&mut self, count: usize) -> usize {
        usize::try_from(self.roll(count as u64)).unwrap_or(0)
    }
}

/// Between two looks.
const ROUND: Duration = Duration::from_secs(45);
/// Until all agree when it is calm. A client tries for minutes of the protocol's time, and times are 20 times as fast.
const CALM: Duration = Duration::from_secs(60);

/// Soaks, and prints what was seen.
///
/// # Errors
/// The first that was not as it should be.
pub async fn run(program: &Path, soak: &Soak) -> Result<(), Trouble> {
    let start = Instant::now();
    let mut lab = Lab::new(Plan {
        proxies: true,
        record: true,
        more: "[shutdown]\nsettle_ms = 300\n".to_owned(),
        ..Plan::new(program)
    })
    .await?;
    for number in 0..3 {
        lab.start(number)?;
    }
    lab.aligned(&[0, 1, 2], CALM).await?;
    let mut dice = Dice(soak.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut guests: Vec<Guest> = Vec::new();
    let (mut deeds, mut kills, mut cuts, mut rounds) = (0_u64, 0_u64, 0_u64, 0_u64);
    // Server 3 lives all the time.
    let mut memory: Vec<u64> = Vec::new();
    while start.elapsed() < soak.time {
        let until = Instant::now() + ROUND.min(soak.time);
        while Instant::now() < until {
            deeds += 1;
            deed(&lab, &mut dice, &mut guests, soak.clients).await?;
            if dice.roll(400) == 0 {
                let number = dice.pick(2);
                lab.kill(number)?;
                kills += 1;
                let pause = dice.roll(4000);
                tokio::time::sleep(Duration::from_millis(pause)).await;
                lab.start(number)?;
            }
            if dice.roll(200) == 0 {
                cuts += 1;
                let index = dice.pick(lab.proxies.len());
                if let Some((_, proxy)) = lab.proxies.get(index) {
                    let weather = match dice.roll(3) {
                        0 => Weather::default(),
                        1 => Weather {
                            silent: true,
                            ..Weather::default()
                        },
                        _ => Weather {
                            loss: 10,
                            twice: 10,
                            late: 20,
                            delay: Duration::from_millis(1),
                            silent: false,
                        },
                    };
                    proxy.weather(weather);
                    if dice.roll(3) == 0 {
                        proxy.cut();
                    } else {
                        proxy.heal();
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(dice.roll(60))).await;
        }
        for (_, proxy) in &lab.proxies {
            proxy.weather(Weather::default());
            proxy.heal();
        }
        rounds += 1;
        let took = settled(&lab, &mut guests).await?;
        memory.extend(resident(lab.pid(2)));
        println!(
            "{:5.0} s  {deeds} deeds, {kills} kills, {cuts} changes of links; {} clients; all servers agree after {:.1} s; server 3 has {} KiB",
            start.elapsed().as_secs_f64(),
            guests.len(),
            took.as_secs_f64(),
            memory.last().copied().unwrap_or_default(),
        );
    }
    flat(&memory)?;
    let status = lab.status(2)?;
    println!(
        "longest delay of a timer at server 3: {} ms of the protocol",
        at(&status, "/longest_delay_ms")
    );
    drop(guests);
    for number in 0..3 {
        lab.until(number, CALM, "nobody", |status| {
            at(status, "/view/membership")
                .as_array()
                .is_some_and(Vec::is_empty)
        })
        .await?;
        if lab.end(number, CALM)? != Some(0) {
            return Err(format!("server {} did not end well", number + 1));
        }
    }
    println!(
        "{rounds} rounds, {deeds} deeds, {kills} kills, {cuts} changes of links: nothing lost"
    );
    recordings(&lab, soak)
}

/// Something that a client does, or that is done to one.
async fn deed(
    lab: &Lab,
    dice: &mut Dice,
    guests: &mut Vec<Guest>,
    clients: usize,
) -> Result<(), Trouble> {
    if guests.len() < clients {
        let settings = lab.client(dice.pick(3), dice.roll(u64::MAX));
        let station = Station::start(settings)
            .await
            .map_err(|error| error.to_string())?;
        station.order(Command::Register);
        let wants = BTreeSet::new();
        guests.push(Guest { station, wants });
        return Ok(());
    }
    let index = dice.pick(guests.len());
    if dice.roll(20) == 0 {
        let guest = guests.swap_remove(index);
        if dice.roll(2) == 0 {
            // In its own time; a confirmation may not come while its server is away.
            tokio::spawn(guest.station.leave(Duration::from_secs(5)));
        }
        return Ok(());
    }
    let Some(guest) = guests.get_mut(index) else {
        return Ok(());
    };
    let number = u8::try_from(dice.roll(16)).unwrap_or(0);
    let range = block(&format!("239.8.0.{number}"))?;
    if guest.wants.remove(&number) {
        guest.station.order(Command::Leave { range });
    } else {
        guest.wants.insert(number);
        let layer3grp = dice.roll(2) == 0;
        guest.station.order(Command::Join { range, layer3grp });
    }
    let _ = guest.station.told_already();
    Ok(())
}

/// Who is a member of what.
type Table = BTreeSet<(String, String)>;

fn known(status: &Value) -> Table {
    let lines = at(status, "/view/membership").as_array();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines
        .into_iter()
        .flatten()
        .map(|line| (text(at(line, "/endpoint/number")), text(at(line, "/min"))))
        .collect()
}

/// Waits until all servers know exactly what is wanted.
async fn settled(lab: &Lab, guests: &mut [Guest]) -> Result<Duration, Trouble> {
    let start = Instant::now();
    let wanted: Table = guests
        .iter()
        .flat_map(|guest| {
            let number = hex(guest.station.atm.number.octets());
            guest
                .wants
                .iter()
                .map(move |group| (number.clone(), hex(&[239, 8, 0, *group])))
        })
        .collect();
    for number in 0..3 {
        let seen = lab
            .until(number, CALM, "what the clients want", |status| {
                live(status) == 2 && known(status) == wanted
            })
            .await;
        if let Err(trouble) = seen {
            let status = lab.status(number)?;
            let known = known(&status);
            let missing: Vec<_> = wanted.difference(&known).take(5).collect();
            let phantom: Vec<_> = known.difference(&wanted).take(5).collect();
            let first = trouble.lines().next().unwrap_or_default();
            return Err(format!(
                "{first}: missing {}, phantoms {}; live {}",
                json!(missing),
                json!(phantom),
                live(&status)
            ));
        }
    }
    for guest in guests {
        let _ = guest.station.told_already();
    }
    Ok(start.elapsed())
}

/// After a third of the time it grows no more: by no more than a fifth and two MiB.
fn flat(memory: &[u64]) -> Result<(), Trouble> {
    let early = memory.get(memory.len() / 3).copied().unwrap_or_default();
    let last = memory.last().copied().unwrap_or_default();
    println!("memory of server 3: {early} KiB after a third of the time, {last} KiB at the end");
    if last > early + early / 5 + 2048 {
        return Err(format!("memory grew from {early} KiB to {last} KiB"));
    }
    Ok(())
}

fn recordings(lab: &Lab, soak: &Soak) -> Result<(), Trouble> {
    let files = lab.recordings();
    let octets: u64 = files
        .iter()
        .filter_map(|file| std::fs::metadata(file).ok())
        .map(|data| data.len())
        .sum();
    println!("{} recordings, {} MiB", files.len(), octets >> 20);
    if let Some(folder) = &soak.keep {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        for file in &files {
            let name = file.file_name().unwrap_or_default();
            std::fs::copy(file, folder.join(name)).map_err(|error| error.to_string())?;
        }
        println!("recordings are in {}", folder.display());
    }
    let Some(audit) = &soak.audit else {
        return Ok(());
    };
    for file in &files {
        let status = Process::new(audit)
            .args(["--quiet", "audit"])
            .arg(file)
            .status()
            .map_err(|error| format!("{}: {error}", audit.display()))?;
        if !status.success() {
            return Err(format!("the audit of {} says {status}", file.display()));
        }
    }
    println!("the audit finds nothing");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_grows_is_no_flat_memory() {
        assert!(flat(&[5000, 9000, 9100, 9050, 9200, 9100]).is_ok());
        assert!(flat(&[5000, 9000, 9100, 9050, 12000, 16000]).is_err());
    }
}
