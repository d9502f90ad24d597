//! The demo: three server processes and four clients on loopback, a server killed, and everybody seeing the group heal.

use std::path::Path;
use std::time::{Duration, Instant};

use distributed_mars::endpoint::{Command, Notice};

use crate::lab::{Lab, Plan, Trouble, at, live, members, members_of};
use crate::station::{Station, Told, block, group};

const PATIENCE: Duration = Duration::from_secs(30);

struct Story {
    start: Instant,
}

impl Story {
    fn tell(&self, what: impl std::fmt::Display) {
        let at = self.start.elapsed().as_secs_f64();
        println!("{at:6.2} s  {what}");
    }
}

/// Plays the demo with this program as the server.
///
/// # Errors
/// What was not seen.
pub async fn run(program: &Path) -> Result<(), Trouble> {
    let story = Story {
        start: Instant::now(),
    };
    let mut lab = Lab::new(Plan::new(program)).await?;
    println!(
        "Three servers and four clients of 239.1.2.3 on loopback. Times of the protocol pass 20 times as fast."
    );
    for number in 0..3 {
        lab.start(number)?;
        let (listen, pid) = (lab.listen(number)?, lab.pid(number).unwrap_or_default());
        story.tell(format_args!(
            "server {} at tcp:{listen}, process {pid}",
            number + 1
        ));
    }
    lab.aligned(&[0, 1, 2], PATIENCE).await?;
    story.tell("each server is aligned with the two others");

    let mut clients = Vec::new();
    for number in 0..4_usize {
        let settings = lab.client(number % 3, number as u64 + 1);
        let client = Station::start(settings)
            .await
            .map_err(|error| error.to_string())?;
        client.order(Command::Register);
        client.order(Command::Join {
            range: block("239.1.2.3")?,
            layer3grp: true,
        });
        clients.push(client);
    }
    for (number, client) in clients.iter_mut().enumerate() {
        let (server, cmi) = home(&lab, client).await?;
        story.tell(format_args!(
            "client {} is member {cmi} at server {server} and has joined",
            number + 1
        ));
    }
    for number in 0..3 {
        lab.until(number, PATIENCE, "four members", |status| {
            members(status) == 4
        })
        .await?;
    }
    story.tell("all three servers know all four members");
    speak(&story, &mut clients, 0).await?;

    let killed = Instant::now();
    lab.kill(0)?;
    story.tell("server 1 is killed (kill -9)");
    for number in [0, 3] {
        let client = clients.get_mut(number).ok_or("no such client")?;
        let (server, cmi) = home(&lab, client).await?;
        let after = killed.elapsed().as_secs_f64();
        story.tell(format_args!(
            "client {} is member {cmi} at server {server} and has joined again, {after:.2} s after the kill",
            number + 1
        ));
    }
    for number in [1, 2] {
        lab.until(
            number,
            PATIENCE,
            "server 1 flushed, four members",
            |status| live(status) == 1 && members(status) == 4 && members_of(status, 0) == 0,
        )
        .await?;
    }
    let after = killed.elapsed().as_secs_f64();
    story.tell(format_args!(
        "servers 2 and 3 have flushed server 1 and know all four members, {after:.2} s after the kill"
    ));
    speak(&story, &mut clients, 3).await?;

    lab.start(0)?;
    story.tell("server 1 starts again");
    lab.aligned(&[0, 1, 2], PATIENCE).await?;
    for number in 0..3 {
        lab.until(
            number,
            PATIENCE,
            "two live servers, four members",
            |status| live(status) == 2 && members(status) == 4,
        )
        .await?;
    }
    let incarnation = at(&lab.status(0)?, "/server/incarnation").clone();
    story.tell(format_args!(
        "server 1, incarnation {incarnation}, is aligned and knows all four members; each server lists three in its redirect map"
    ));
    for (number, client) in clients.into_iter().enumerate() {
        if !client.leave(PATIENCE).await {
            return Err(format!("client {} was not confirmed its leave", number + 1));
        }
    }
    for number in 0..3 {
        lab.until(number, PATIENCE, "no members", |status| {
            members(status) == 0
        })
        .await?;
    }
    story.tell("all clients have left; no server knows a member");
    for number in 0..3 {
        if lab.end(number, PATIENCE)? != Some(0) {
            return Err(format!("server {} did not end well", number + 1));
        }
    }
    story.tell("the servers have ended");
    Ok(())
}

/// Waits until a client is registered and has joined: the number of the server, and the CMI.
async fn home(lab: &Lab, client: &mut Station) -> Result<(usize, u16), Trouble> {
    let all = async {
        let mut at = None;
        while let Some(told) = client.told().await {
            match told {
                Told::Notice(Notice::Registered { mars, cmi }) => at = Some((mars, cmi)),
                Told::Notice(Notice::Joined { .. }) if at.is_some() => break,
                _ => {}
            }
        }
        at
    };
    let at = tokio::time::timeout(PATIENCE, all).await;
    let (mars, cmi) = at
        .map_err(|_| "a client was not registered and joined".to_owned())?
        .ok_or("a client ended")?;
    let number = lab.mars(0).iter().position(|other| *other == mars);
    Ok((number.map_or(0, |number| number + 1), cmi))
}

/// One client sends, the three others have to hear.
async fn speak(story: &Story, clients: &mut [Station], who: usize) -> Result<(), Trouble> {
    let text = format!("packet of client {}", who + 1);
    for client in clients.iter_mut() {
        let _ = client.told_already();
    }
    let sender = clients.get(who).ok_or("no such client")?;
    let send = |text: &str| -> Result<(), Trouble> {
        sender.order(Command::Send {
            group: group("239.1.2.3")?,
            packet: text.as_bytes().to_vec(),
        });
        Ok(())
    };
    // The first packet makes the sender ask for the members and call them; it goes to those who are there by then
    // (RFC 2022, 5.1.3).
    send("")?;
    sender
        .until_up(group("239.1.2.3")?, clients.len() - 1, PATIENCE)
        .await
        .ok_or("the tree of a sender is not whole")?;
    send(&text)?;
    for (number, client) in clients.iter_mut().enumerate() {
        if number == who {
            continue;
        }
        let heard = client.until(|told| match told {
            Told::Packet { packet, .. } if packet == text.as_bytes() => Some(()),
            _ => None,
        });
        tokio::time::timeout(PATIENCE, heard)
            .await
            .map_err(|_| format!("client {} did not hear the {text}", number + 1))?;
    }
    story.tell(format_args!("the {text} was heard by the three others"));
    Ok(())
}
