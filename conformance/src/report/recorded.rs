//! Charts and captures of what was asked and answered: a case of a certificate, made from the answers in its results.

use serde_json::{Value, json};

use super::chart::{Chart, Line};
use super::pcapng::Captured;
use crate::audit::tape;
use crate::certify::page::{message, output};
use crate::certify::results::Row;
use crate::certify::words;
use crate::frames;
use crate::trace::{Stimulus, Trace};

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn time(request: &Value) -> u64 {
    let at = request.get("at").or_else(|| request.get("to"));
    at.and_then(Value::as_u64).unwrap_or(0)
}

fn outs(response: &Value) -> impl Iterator<Item = &Value> {
    let out = response.get("out").and_then(Value::as_array);
    out.into_iter().flatten()
}

/// A case as a message sequence chart: what the suite did, what the server answered, and what came of it.
#[must_use]
pub fn chart(trace: &Trace, row: &Row) -> Chart {
    let lines = tape::of_row(trace, &row.answers);
    let mut chart = Chart {
        title: format!("{}: {} ({})", row.case, trace.title, row.verdict.as_str()),
        participants: vec!["server".to_owned()],
        lines: Vec::new(),
    };
    for exchange in lines.chunks_exact(2) {
        let [request, response] = exchange else {
            continue;
        };
        let at = time(request);
        // What was due before comes before.
        let (before, after): (Vec<_>, Vec<_>) =
            outs(response).partition(|out| out.get("at").and_then(Value::as_u64) < Some(at));
        before.into_iter().for_each(|out| sent(&mut chart, out));
        match text(request, "op") {
            "reset" => chart
                .lines
                .push(Line::Event("a fresh server (0 ms)".to_owned())),
            "advance" if after.is_empty() => {}
            "advance" => chart
                .lines
                .push(Line::Event(format!("time passes ({at} ms)"))),
            "deliver" => {
                let what = words::hex_frame(text(request, "hex"));
                message(
                    &mut chart,
                    text(request, "vc"),
                    "server",
                    &format!("{what} ({at} ms)"),
                );
            }
            _ => {
                let stimulus = stimulus(request);
                let what = stimulus
                    .as_ref()
                    .map_or_else(|| text(request, "op").to_owned(), words::stimulus);
                chart.lines.push(Line::Event(format!("{what} ({at} ms)")));
            }
        }
        after.into_iter().for_each(|out| sent(&mut chart, out));
        if text(response, "status") != "ok" {
            let why = format!("{}: {}", text(response, "code"), text(response, "reason"));
            chart.lines.push(Line::Event(why));
        }
    }
    for told in row.failure.iter().chain(&row.deviations) {
        let wanted = told.alternatives.first();
        let why = match (told.detail.as_str(), wanted) {
            ("", Some(one)) => format!(": wanted {}", words::wanted(&one.field, &one.wanted)),
            ("", None) => String::new(),
            (detail, _) => format!(": {detail}"),
        };
        let what = format!("step {}, {}{why}", told.step, told.code);
        chart.lines.push(Line::Event(what));
    }
    chart
}

/// What was asked, in the form of a trace.
fn stimulus(request: &Value) -> Option<Stimulus> {
    let mut fields = request.as_object()?.clone();
    let op = fields.remove("op")?.as_str()?.to_owned();
    fields.remove("id");
    fields.remove("at");
    serde_json::from_value(json!({ op: fields })).ok()
}

fn sent(chart: &mut Chart, out: &Value) {
    output(chart, out);
    if let (Some(Line::Message { label, .. } | Line::Remark { label, .. }), Some(at)) = (
        chart.lines.last_mut(),
        out.get("at").and_then(Value::as_u64),
    ) {
        label.push_str(&format!(" ({at} ms)"));
    }
}

/// The frames of a case, each with a comment that names its two ends: VC and server, or server and VC.
#[must_use]
pub fn capture(trace: &Trace, row: &Row) -> Vec<Captured> {
    let mut all = Vec::new();
    let octets = |hex: &str| frames::unhex(hex).unwrap_or_default();
    for exchange in tape::of_row(trace, &row.answers).chunks_exact(2) {
        let [request, response] = exchange else {
            continue;
        };
        let at = time(request);
        let arrived = (text(request, "op") == "deliver").then(|| Captured {
            at,
            octets: octets(text(request, "hex")),
            comment: format!("{} to server", text(request, "vc")),
        });
        let sent = outs(response).filter_map(|out| {
            let send = out.get("send")?;
            Some(Captured {
                at: out.get("at")?.as_u64()?,
                octets: octets(text(send, "hex")),
                comment: format!("server to {}", text(send, "vc")),
            })
        });
        let (before, after): (Vec<_>, Vec<_>) = sent.partition(|frame| frame.at < at);
        all.extend(before);
        all.extend(arrived);
        all.extend(after);
    }
    all
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::certify::play::play;
    use crate::certify::suite::Suite;
    use crate::certify::transcript::Recorder;
    use crate::certify::verdict::Verdict;
    use crate::sut::in_process::InProcess;
    use crate::trace::Level;

    /// A case as `certify` plays it, and the frames that crossed, told apart by who sent them.
    fn played(name: &str) -> (Trace, Row) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
        let suite = Suite::load(&folder).unwrap();
        let trace = suite.case(name).unwrap().trace.clone();
        let mut sut = InProcess::new();
        let mut recorder = Recorder::new(&mut sut, 0);
        let played = play(&trace, &mut recorder, &AtomicBool::new(false)).unwrap();
        let row = Row {
            case: name.to_owned(),
            verdict: played.verdict,
            area: String::new(),
            level: Level::Must,
            requirements: Vec::new(),
            steps: played.steps,
            why: String::new(),
            failure: None,
            deviations: Vec::new(),
            choices: Vec::new(),
            answers: recorder.lines,
        };
        (trace, row)
    }

    #[test]
    fn every_frame_of_a_case_is_in_its_chart_and_in_its_capture() {
        let (trace, row) = played("map-every-minute");
        assert_eq!(row.verdict, Verdict::Pass);
        let delivered = row
            .answers
            .iter()
            .filter(|answer| answer["op"] == "deliver")
            .count();
        let outs = row
            .answers
            .iter()
            .filter_map(|answer| answer["out"].as_array());
        let sent = outs.flatten().filter(|out| out["send"].is_object()).count();
        assert!(delivered > 0 && sent > delivered, "{delivered} {sent}");
        let chart = chart(&trace, &row);
        let to = |server: bool| {
            let lines = chart.lines.iter();
            lines
                .filter(|line| matches!(line, Line::Message { to, .. } if (*to == 0) == server))
                .count()
        };
        assert_eq!((to(true), to(false)), (delivered, sent));
        assert!(
            chart.text().contains("server --> ccvc  MARS_REDIRECT_MAP"),
            "{}",
            chart.text()
        );
        let capture = capture(&trace, &row);
        assert_eq!(capture.len(), delivered + sent);
        assert!(capture.is_sorted_by_key(|frame| frame.at));
        assert!(
            capture
                .iter()
                .all(|frame| frame.comment.split(" to ").any(|end| end == "server"))
        );
        assert!(
            capture
                .iter()
                .all(|frame| frames::read(&frame.octets).is_ok())
        );
    }
}
