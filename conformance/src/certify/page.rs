//! `report.html`: one page, no script, nothing to fetch; light and dark, narrow and wide.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::certificate::{Certificate, Judged, Outcome, Part};
use super::junit::escape;
use super::results::{Results, Row};
use super::run::name_of;
use super::suite::Suite;
use super::verdict::Explained;
use super::words;
use crate::cli::certify::lines;
use crate::report::chart::{Chart, Line};
use crate::requirements::Ledger;
use crate::trace::{Stimulus, Trace};

/// Steps of a chart before the one that failed.
const BEFORE: usize = 6;
/// Failures that get a chart; further ones are told in words.
const CHARTS: usize = 40;

const STYLE: &str = "\
:root{--ink:#1a1a1a;--ground:#fff;--line:#bbb;--soft:#f3f3f0;--ok:#1d6b35;--okg:#d8eedd;--bad:#9c1c1c;--badg:#f7d9d6;\
--odd:#6b5200;--oddg:#f5e9c0;--off:#555;--offg:#e6e6e6}\
@media(prefers-color-scheme:dark){:root{--ink:#e4e4e0;--ground:#16181a;--line:#555;--soft:#202326;--ok:#8fd6a3;\
--okg:#1d3a27;--bad:#ff9d94;--badg:#4a1f1c;--odd:#ecd07a;--oddg:#40360f;--off:#aaa;--offg:#2c2f33}}\
*{box-sizing:border-box}body{font:15px/1.5 system-ui,sans-serif;max-width:76em;margin:0 auto;padding:1em;\
color:var(--ink);background:var(--ground);overflow-wrap:anywhere}\
h1{font-size:1.5em}h2{font-size:1.2em;margin-top:2em;border-bottom:1px solid var(--line)}\
.wide{overflow-x:auto}table{border-collapse:collapse}td,th{border:1px solid var(--line);padding:.15em .6em;\
text-align:left;vertical-align:top;overflow-wrap:normal}td.n{text-align:right;white-space:nowrap}\
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5em,1fr));gap:3px;margin:.5em 0}\
.cell{display:block;padding:.1em .4em;border-radius:3px;font-size:.8em;white-space:nowrap;overflow:hidden;\
text-overflow:ellipsis}\
.ok{color:var(--ok);background:var(--okg)}.bad{color:var(--bad);background:var(--badg)}\
.odd{color:var(--odd);background:var(--oddg)}.off{color:var(--off);background:var(--offg)}\
.tag{white-space:nowrap;padding:.1em .5em;border-radius:3px;font-weight:bold}pre{background:var(--soft);padding:.6em;overflow-x:auto;\
font-size:.85em}details{margin:.4em 0}summary{cursor:pointer}dl{display:grid;grid-template-columns:max-content 1fr;\
gap:.1em 1em}dt{color:var(--off)}dd{margin:0}@media(max-width:36em){dl{display:block}dd{margin:0 0 .4em 1em}}";

/// The class of an outcome or a verdict.
fn class(word: &str) -> &'static str {
    match word {
        "pass" => "ok",
        "fail" | "error" | "drift" => "bad",
        "nonstrict" | "partly" | "inconclusive" | "incomplete" | "missing" => "odd",
        _ => "off",
    }
}

fn tag(word: &str) -> String {
    format!(
        "<span class=\"tag {}\">{}</span>",
        class(word),
        escape(word)
    )
}

/// The page.
#[must_use]
pub fn page(
    results: &Results,
    certificate: &Certificate,
    suite: &Suite,
    ledger: &Ledger,
) -> String {
    let name = escape(&name_of(&certificate.implementation));
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>Conformance of {name}</title><style>{STYLE}</style></head><body>\n<h1>Conformance of {name} {}</h1>\n\
         <p>{}</p>\n",
        tag(certificate.result),
        escape(&certificate.says)
    );
    facts(certificate, &mut text);
    totals(certificate, &mut text);
    matrix(certificate, ledger, &mut text);
    failures(results, suite, &mut text);
    choices(certificate, &mut text);
    text.push_str("<h2>Not covered</h2><div class=wide><table><tr><th>what<th>count<th>why");
    for gap in &certificate.not_covered {
        let _ = write!(
            text,
            "<tr><td>{}<td class=n>{}<td>{}",
            escape(&gap.what),
            gap.count,
            escape(&gap.why)
        );
    }
    text.push_str("</table></div>\n</body></html>\n");
    text
}

fn facts(certificate: &Certificate, text: &mut String) {
    text.push_str("<dl>");
    let claims = match certificate.claims.is_empty() {
        true => "nothing".to_owned(),
        false => certificate.claims.join(", "),
    };
    for (what, value) in [
        ("Reached by", certificate.target.clone()),
        ("Claims", claims),
        (
            "Profile",
            format!("{} {}", certificate.profile, certificate.globs.join(" ")),
        ),
        ("Seed", certificate.seed.to_string()),
        (
            "Suite",
            format!("{} {}", certificate.suite.name, certificate.suite.version),
        ),
        ("Digest of the suite", certificate.suite.digest.clone()),
        ("Digest of the results", certificate.results_sha256.clone()),
    ] {
        let _ = write!(text, "<dt>{what}<dd>{}", escape(&value));
    }
    text.push_str("</dl>\n");
}

/// A table of counts for several groups.
fn counts(title: &str, groups: &BTreeMap<String, BTreeMap<String, Part>>, text: &mut String) {
    let mut words: Vec<&str> = Vec::new();
    for parts in groups.values() {
        for word in parts.keys() {
            if !words.contains(&word.as_str()) {
                words.push(word);
            }
        }
    }
    words.sort_unstable_by_key(|word| (class(word) != "ok", *word));
    let _ = write!(text, "<div class=wide><table><tr><th>{title}");
    for word in &words {
        let _ = write!(text, "<th>{}", tag(word));
    }
    text.push_str("<th>of");
    for (group, parts) in groups {
        let _ = write!(text, "<tr><td>{}", escape(group.trim_start_matches("~ ")));
        for word in &words {
            let n = parts.get(*word).map_or(0, |part| part.n);
            let _ = write!(text, "<td class=n>{n}");
        }
        let of = parts.values().next().map_or(0, |part| part.of);
        let _ = write!(text, "<td class=n>{of}");
    }
    text.push_str("</table></div>\n");
}

fn totals(certificate: &Certificate, text: &mut String) {
    text.push_str("<h2>Cases</h2>");
    let mut groups = certificate.areas.clone();
    // Behind all areas.
    groups.insert("~ all".to_owned(), certificate.cases.clone());
    counts("area", &groups, text);
    text.push_str(
        "<h2>Requirements</h2><p>Of those that bind a server. A requirement passes when every case about it \
         that was played passed; it fails when a case demanded it in vain.</p>",
    );
    counts("RFC", &certificate.rfcs, text);
}

fn matrix(certificate: &Certificate, ledger: &Ledger, text: &mut String) {
    for (rfc, prefix) in [
        ("RFC 2443", "R2443"),
        ("RFC 2334", "R2334"),
        ("RFC 2022", "R2022"),
    ] {
        let of = |one: &&Judged| {
            one.requirement.starts_with(prefix) && one.outcome != Outcome::NotOfAServer
        };
        let _ = write!(text, "<h3>{rfc}</h3><div class=grid>");
        for one in certificate.requirements.iter().filter(of) {
            let word = one.outcome.as_str();
            let says = ledger.requirement(&one.requirement);
            let says = says.map(|entry| entry.text.as_str()).unwrap_or_default();
            let failed = match one.failed_by.is_empty() {
                true => String::new(),
                false => format!(" Failed by {}.", one.failed_by.join(", ")),
            };
            let title = format!(
                "{} {}: {word}, {} of {} cases. {says} {}{failed}",
                one.requirement, one.level, one.cases.n, one.cases.of, one.why
            );
            let short = one.requirement.split_once('-').map_or("", |(_, rest)| rest);
            let _ = write!(
                text,
                "<span class=\"cell {}\" title=\"{}\">{short} {word}</span>",
                class(word),
                escape(&title)
            );
        }
        text.push_str("</div>\n");
    }
}

fn failures(results: &Results, suite: &Suite, text: &mut String) {
    let told = |row: &&Row| row.failure.is_some() || !row.deviations.is_empty();
    let rows: Vec<&Row> = results.rows.iter().filter(told).collect();
    let _ = write!(text, "<h2>Failures and deviations ({})</h2>", rows.len());
    if rows.is_empty() {
        text.push_str("<p>None.</p>\n");
    }
    for (number, row) in rows.iter().enumerate() {
        let case = suite.case(&row.case);
        let title = case.map_or("", |case| case.trace.title.as_str());
        let first = row.failure.iter().chain(&row.deviations).next();
        let _ = write!(
            text,
            "<details{}><summary>{} <b>{}/{}</b> {}: {}</summary>",
            if number == 0 { " open" } else { "" },
            tag(row.verdict.as_str()),
            escape(&row.area),
            escape(&row.case),
            escape(title.trim_end_matches('.')),
            escape(first.map(|told| told.code.as_str()).unwrap_or_default())
        );
        for told in row.failure.iter().chain(&row.deviations) {
            let _ = write!(text, "<pre>{}</pre>", escape(&lines(told).join("\n")));
            if number < CHARTS
                && let Some(case) = case
            {
                let chart = chart(&case.trace, row, told);
                let _ = write!(text, "<div class=wide>{}</div>", chart.svg());
            }
        }
        text.push_str("</details>\n");
    }
}

fn choices(certificate: &Certificate, text: &mut String) {
    let _ = write!(
        text,
        "<h2>Choices</h2><p>Where the RFCs leave a choice, or are unclear, every reading that the register lists \
         passes; these were taken.</p><details><summary>{} choices</summary><div class=wide><table>\
         <tr><th>about<th>what<th>taken<th>times<th>for example",
        certificate.choices.len()
    );
    for one in &certificate.choices {
        let _ = write!(
            text,
            "<tr><td>{}<td>{}<td>{} of {}<td class=n>{}<td>{}",
            escape(&one.requirements.join(" ")),
            escape(&one.what),
            one.taken,
            one.of,
            one.times,
            escape(&one.case)
        );
    }
    text.push_str("</table></div></details>\n");
}

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
                words::demand(&one.wanted),
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
