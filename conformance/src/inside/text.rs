//! A path for people.

use std::fmt::Write as _;

use mars_model::explore::Path;

use super::action::Action;
use super::frame::{Frame, Kind};
use super::space::Inside;
use super::state::State;

/// Names of a scenario's parts: servers count from 1, as their ids do.
fn link(model: &Inside, direction: u8) -> String {
    let (from, to) = model.scenario().ends(direction);
    format!("s{} -> s{}", from + 1, to + 1)
}

fn record(model: &Inside, record: u8) -> String {
    let known = model.scenario().records.get(usize::from(record));
    known.map_or_else(String::new, |known| {
        format!("s{}/{}", known.server + 1, known.key)
    })
}

/// One frame in a few words.
#[must_use]
pub(super) fn frame(model: &Inside, frame: &Frame) -> String {
    let mut text = match frame.kind {
        Kind::Hello { lists: true } => "Hello that lists it".to_owned(),
        Kind::Hello { lists: false } => "Hello".to_owned(),
        Kind::Ca {
            number,
            master,
            init,
            more,
        } => {
            let flag = |set: bool, name| if set { name } else { '-' };
            format!(
                "CA {number:#x} {}{}{}",
                flag(master, 'M'),
                flag(init, 'I'),
                flag(more, 'O')
            )
        }
        Kind::CsuRequest => "CSU Request".to_owned(),
        Kind::CsuReply => "CSU Reply".to_owned(),
        Kind::Csus => "CSUS".to_owned(),
        Kind::Wrong => "frame that should not be".to_owned(),
    };
    for part in &frame.parts {
        let instance = i64::from(part.sequence) - i64::from(i32::MIN);
        let null = if part.null { " null" } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(text, " [{} #{instance}{null}]", record(model, part.record));
    }
    text
}

fn action(model: &Inside, before: &State, action: Action) -> String {
    let head = |direction: u8| {
        let queue = before.queues.get(usize::from(direction));
        let first = queue.and_then(|queue| queue.frames().first().copied());
        let read = first.and_then(|first| model.memo().frame(first));
        read.map_or_else(String::new, |read| frame(model, &read))
    };
    match action {
        Action::Deliver(direction) => format!("{}  {}", link(model, direction), head(direction)),
        Action::Lose(direction) => {
            format!("{}  {} is LOST", link(model, direction), head(direction))
        }
        Action::Double(direction) => {
            format!("{}  {} is DOUBLED", link(model, direction), head(direction))
        }
        Action::Swap(direction) => {
            format!(
                "{}  {} is OVERTAKEN",
                link(model, direction),
                head(direction)
            )
        }
        Action::Tick => "time passes to the next deadline".to_owned(),
        Action::Late => "time passes to the next deadline, frames are LATE".to_owned(),
        Action::Change(it) => format!("{} changes", record(model, it)),
        Action::End(it) => format!("{} is ended", record(model, it)),
        Action::Forget(server, it) => format!("s{} drops ended {}", server + 1, record(model, it)),
        Action::Cut(it) => format!("the link {} goes down", link(model, it * 2)),
        Action::Mend(it) => format!("the link {} comes back", link(model, it * 2)),
        Action::Restart(server) => format!("s{} starts again with nothing", server + 1),
    }
}

/// What happens on the way to each state of a path; nothing for the first.
#[must_use]
pub(super) fn words(model: &Inside, path: &Path<Inside>) -> Vec<Option<String>> {
    let before = std::iter::once(None).chain(path.0.iter().map(|(_, state)| Some(state)));
    let steps = path.0.iter().zip(before);
    steps
        .map(|((taken, _), before)| Some(action(model, before?, (*taken)?)))
        .collect()
}

/// Every action of a path, numbered, one a line; then what the last state breaks.
#[must_use]
pub fn path(model: &Inside, path: &Path<Inside>) -> String {
    let mut text = String::new();
    for (number, words) in words(model, path).into_iter().flatten().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {}. {words}", number + 1);
    }
    if let Some(state) = path.last() {
        let broken = model.broken(state);
        if !broken.is_empty() {
            let _ = writeln!(text, "  broken: {}", broken.join(", "));
        }
    }
    text
}
