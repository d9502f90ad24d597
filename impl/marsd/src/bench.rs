//! Figures: joins a second, failover time, memory for each client.

use std::path::Path;
use std::time::{Duration, Instant};

use distributed_mars::endpoint::{Command, Notice};
use tokio::task::JoinSet;

use crate::lab::{Lab, Plan, Trouble, live, members};
use crate::station::{Settings, Station, Told, block};

const PATIENCE: Duration = Duration::from_secs(120);

/// Resident memory of a process, KiB; `None` where the system does not say.
#[must_use]
pub fn resident(pid: Option<u32>) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{}/status", pid?)).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Prints all figures.
///
/// # Errors
/// What was not seen.
pub async fn run(program: &Path) -> Result<(), Trouble> {
    joins(program).await?;
    memory(program).await?;
    failover(program).await
}

async fn registered(settings: Settings) -> Result<Station, Trouble> {
    let mut client = Station::start(settings)
        .await
        .map_err(|error| error.to_string())?;
    client.order(Command::Register);
    let done = client.until(|told| match told {
        Told::Notice(Notice::Registered { .. }) => Some(()),
        _ => None,
    });
    tokio::time::timeout(PATIENCE, done)
        .await
        .map_err(|_| "a client was not registered")?
        .ok_or("a client ended")?;
    Ok(client)
}

async fn crowd(lab: &Lab, count: u64) -> Result<Vec<Station>, Trouble> {
    let mut starting = JoinSet::new();
    for number in 0..count {
        starting.spawn(registered(lab.client(0, number)));
    }
    let mut clients = Vec::new();
    while let Some(client) = starting.join_next().await {
        clients.push(client.map_err(|error| error.to_string())??);
    }
    Ok(clients)
}

async fn pair(program: &Path) -> Result<Lab, Trouble> {
    let mut lab = Lab::new(Plan {
        servers: 2,
        speed: 1,
        timers: String::new(),
        ..Plan::new(program)
    })
    .await?;
    for number in [0, 1] {
        lab.start(number)?;
    }
    lab.aligned(&[0, 1], PATIENCE).await?;
    Ok(lab)
}

/// Waits until a server counts so many memberships.
async fn known(lab: &Lab, number: usize, count: u64) -> Result<(), Trouble> {
    let until = Instant::now() + PATIENCE;
    let wanted = format!("mars_memberships {count}");
    while Instant::now() < until {
        if lab
            .page(number, "/metrics")?
            .lines()
            .any(|line| line == wanted)
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Err(format!(
        "server {} never knew {count} memberships",
        number + 1
    ))
}

async fn joins(program: &Path) -> Result<(), Trouble> {
    const CLIENTS: u64 = 100;
    const EACH: u64 = 100;
    let lab = pair(program).await?;
    let clients = crowd(&lab, CLIENTS).await?;
    let start = Instant::now();
    for client in &clients {
        for number in 0..EACH {
            let range = block(&format!("239.5.0.{number}"))?;
            client.order(Command::Join {
                range,
                layer3grp: false,
            });
        }
    }
    known(&lab, 1, CLIENTS * EACH).await?;
    let took = start.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "a few thousands")]
    let rate = (CLIENTS * EACH) as f64 / took.as_secs_f64();
    println!(
        "joins: {} by {CLIENTS} clients of one server, known at another after {:.3} s: {rate:.0} joins/s",
        CLIENTS * EACH,
        took.as_secs_f64(),
    );
    drop(clients);
    drop(lab);
    let lab = pair(program).await?;
    let clients = crowd(&lab, 1).await?;
    // One at a time: how long one join takes from the client's wish to the other server's table.
    let client = clients.first().ok_or("no client")?;
    let mut times = Vec::new();
    for number in 0..20 {
        let range = block(&format!("239.6.0.{number}"))?;
        let start = Instant::now();
        client.order(Command::Join {
            range,
            layer3grp: false,
        });
        known(&lab, 1, number + 1).await?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let median = times.get(10).copied().unwrap_or_default();
    println!(
        "one join: known at another server after {:.1} ms (median of 20, steps of the poll included)",
        median.as_secs_f64() * 1000.0
    );
    Ok(())
}

async fn memory(program: &Path) -> Result<(), Trouble> {
    const CLIENTS: u64 = 1000;
    let lab = pair(program).await?;
    let before = [0, 1].map(|number| resident(lab.pid(number)).unwrap_or_default());
    let clients = crowd(&lab, CLIENTS).await?;
    for (number, client) in clients.iter().enumerate() {
        let range = block(&format!("239.7.{}.{}", number / 250, number % 250))?;
        client.order(Command::Join {
            range,
            layer3grp: true,
        });
    }
    known(&lab, 1, CLIENTS).await?;
    let after = [0, 1].map(|number| resident(lab.pid(number)).unwrap_or_default());
    let each = |number: usize| {
        let [before, after] =
            [before, after].map(|all| all.get(number).copied().unwrap_or_default());
        after.saturating_sub(before) * 1024 / CLIENTS
    };
    println!(
        "memory: {} octets for each client at its server (two connections, one group), {} at another server",
        each(0),
        each(1)
    );
    Ok(())
}

async fn failover(program: &Path) -> Result<(), Trouble> {
    const CLIENTS: u64 = 50;
    let plan = Plan::new(program);
    let speed = f64::from(plan.speed);
    let mut lab = Lab::new(plan).await?;
    for number in 0..3 {
        lab.start(number)?;
    }
    lab.aligned(&[0, 1, 2], PATIENCE).await?;
    let mut clients = crowd(&lab, CLIENTS).await?;
    for client in &clients {
        let range = block("239.1.2.3")?;
        client.order(Command::Join {
            range,
            layer3grp: true,
        });
    }
    lab.until(2, PATIENCE, "all members", |status| members(status) == 50)
        .await?;
    for client in &mut clients {
        let _ = client.told_already();
    }
    let killed = Instant::now();
    lab.kill(0)?;
    let mut waiting = JoinSet::new();
    for mut client in clients {
        waiting.spawn(async move {
            let home = async {
                let mut registered = false;
                while let Some(told) = client.told().await {
                    match told {
                        Told::Notice(Notice::Registered { .. }) => registered = true,
                        Told::Notice(Notice::Joined { .. }) if registered => break,
                        _ => {}
                    }
                }
            };
            let done = tokio::time::timeout(PATIENCE, home).await;
            done.map(|()| (killed.elapsed(), client))
        });
    }
    let mut times = Vec::new();
    let mut kept = Vec::new();
    while let Some(done) = waiting.join_next().await {
        let (took, client) = done
            .map_err(|error| error.to_string())?
            .map_err(|_| "a client did not come home")?;
        times.push(took);
        kept.push(client);
    }
    times.sort_unstable();
    let at = |part: usize| {
        let index = (times.len().saturating_sub(1)) * part / 100;
        times.get(index).copied().unwrap_or_default().as_secs_f64()
    };
    println!(
        "failover: of {CLIENTS} clients whose server was killed, half were registered and joined again after {:.2} s, \
         all after {:.2} s; in the protocol's time {:.0} s and {:.0} s (speed {speed})",
        at(50),
        at(100),
        at(50) * speed,
        at(100) * speed,
    );
    let flushed = lab
        .until(2, PATIENCE, "server 1 flushed", |status| live(status) == 1)
        .await?;
    let after = killed.elapsed().as_secs_f64();
    println!(
        "flush: the other servers have flushed it after {after:.2} s, {:.0} s of the protocol's (hold time 45 s)",
        after * speed
    );
    let _ = flushed;
    drop(kept);
    Ok(())
}
