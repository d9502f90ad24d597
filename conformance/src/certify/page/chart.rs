//! The message sequence chart of a failure.

use crate::certify::results::Row;
use crate::certify::verdict::Explained;
use crate::certify::words;
use crate::report::chart::{Chart, Line};
use crate::trace::{Stimulus, Trace};

/// Steps of a chart before the one that failed.
const BEFORE: usize = 6;

/// The last steps before a failure, and what came of them.
#[must_use]
pub fn chart(trace: &Trace, row: &Row, told: &Explained) -> Chart {
    let mut chart = Chart {
        title: format!("{}: {}", trace.id, told.code),
        participants: vec!["server".to_owned()],
        lines: Vec::new(),
    };
    let from = told.step.saturating_sub(BEFORE);
    let mut answers = row.answers.iter().skip(1);
    for (position, step) in trace.steps.iter().enumerate().take(told.step + 1) {
        // Time that was passed in strides before the stimulus belongs to its step.
        let mut outs = Vec::new();
        for answer in answers.by_ref() {
            let list = answer.get("out").and_then(serde_json::Value::as_array);
            outs.extend(list.into_iter().flatten());
            let at = answer.get("at").and_then(serde_json::Value::as_u64);
            if at == Some(step.at) {
                break;
            }
        }
        if position < from {
            continue;
        }
        let what = step.stimulus.as_ref().map(words::stimulus);
        match &step.stimulus {
            Some(Stimulus::Deliver { vc, .. }) => {
                let label = what.unwrap_or_default();
                let label = label
                    .split(" arrives on")
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                message(&mut chart, vc, "server", &format!("{position}. {label}"));
            }
            _ => {
                let what = format!("{position}. {} ({} ms)", what.unwrap_or_default(), step.at);
                chart.lines.push(Line::Event(what));
            }
        }
        for out in outs {
            output(&mut chart, out);
        }
    }
    let wanted = told.alternatives.first().map_or_else(
        || told.detail.clone(),
        |one| {
            format!(
                "{} wanted {}, got {}",
                one.field,
                words::wanted(&one.field, &one.wanted),
                one.got
            )
        },
    );
    let what = format!("{} {wanted}", told.code);
    chart.lines.push(Line::Event(short(&what, 100)));
    chart
}

/// Adds an output in the protocol's form.
pub(crate) fn output(chart: &mut Chart, out: &serde_json::Value) {
    let text = |part: &str, key: &str| {
        let text = out.get(part).and_then(|part| part.get(key)?.as_str());
        text.unwrap_or_default().to_owned()
    };
    if out.get("send").is_some() {
        let label = words::hex_frame(&text("send", "hex"));
        message(chart, "server", &text("send", "vc"), &label);
    } else if out.get("leaf").is_some() {
        let label = format!("{} leaf of {}", text("leaf", "op"), text("leaf", "group"));
        chart.lines.push(Line::Remark { at: 0, label });
    } else if out.get("hangup").is_some() {
        let label = format!("releases {}", text("hangup", "vc"));
        chart.lines.push(Line::Remark { at: 0, label });
    }
}

/// Adds a message; its ends become participants.
pub(crate) fn message(chart: &mut Chart, from: &str, to: &str, label: &str) {
    let mut column = |name: &str| {
        let known = chart.participants.iter().position(|one| one == name);
        known.unwrap_or_else(|| {
            chart.participants.push(name.to_owned());
            chart.participants.len() - 1
        })
    };
    let (from, to) = (column(from), column(to));
    let label = short(label, 60);
    chart.lines.push(Line::Message { from, to, label });
}

/// The start of a text.
fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}..", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
