//! Failures and deviations in groups: what fails alike is told once, with its chart; the others are folded.

use std::fmt::Write as _;

use super::{chart, tag};
use crate::certify::account::short_lines;
use crate::certify::groups::{Group, groups, told};
use crate::certify::junit::escape;
use crate::certify::results::{Results, Row};
use crate::certify::suite::Suite;
use crate::certify::verdict::Explained;
use crate::requirements::sentence;

/// Groups whose first case gets a chart; further ones are told in words.
const CHARTS: usize = 40;

/// The section.
pub(super) fn all(results: &Results, suite: &Suite, text: &mut String) {
    let groups = groups(&results.rows);
    let cases: usize = groups.iter().map(|group| group.rows.len()).sum();
    let _ = write!(text, "<h2>Failures and deviations ({cases})</h2>");
    if groups.is_empty() {
        text.push_str("<p>None.</p>\n");
        return;
    }
    text.push_str(
        "<p>Cases with the same failure code at the same kind of step, of which much the same was wanted or seen, stand together: \
         most often they have one cause.</p><div class=wide><table><tr><th>cases<th>what they have in common",
    );
    for (number, group) in groups.iter().enumerate() {
        let _ = write!(
            text,
            "<tr><td class=n>{}<td><a href=\"#g-{number}\">{}</a>",
            group.rows.len(),
            escape(&group.title)
        );
    }
    text.push_str("</table></div>\n");
    for (number, group) in groups.iter().enumerate() {
        one(number, group, suite, text);
    }
}

/// A group: its first case in full, the others folded.
fn one(number: usize, group: &Group<'_>, suite: &Suite, text: &mut String) {
    let [first, others @ ..] = group.rows.as_slice() else {
        return;
    };
    let count = group.rows.len();
    let _ = write!(
        text,
        "<h3 id=\"g-{number}\">{} {count} case{}: {}</h3>",
        tag(group.verdict.as_str()),
        if count == 1 { "" } else { "s" },
        escape(&group.title)
    );
    let _ = write!(
        text,
        "<div class=case id=\"c-{0}\"><h4>{1}/{0}</h4><p>{2}</p>",
        escape(&first.case),
        escape(&first.area),
        escape(title(first, suite))
    );
    for told in told(first) {
        requirements(told, text);
        account(told, text);
        if number < CHARTS
            && let Some(case) = suite.case(&first.case)
        {
            let chart = chart(&case.trace, first, told);
            let _ = write!(text, "<div class=wide>{}</div>", chart.svg());
        }
    }
    text.push_str("</div>\n");
    if others.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "<details><summary>{} more like it</summary><div class=more>",
        others.len()
    );
    for row in others {
        let _ = write!(
            text,
            "<details id=\"c-{0}\"><summary>{1}/{0}: {2}</summary>",
            escape(&row.case),
            escape(&row.area),
            escape(title(row, suite))
        );
        for told in told(row) {
            let ids: Vec<String> = told.requirements.iter().map(|id| link(id)).collect();
            let _ = write!(text, "<p>{}</p>", ids.join(" "));
            account(told, text);
        }
        text.push_str("</details>\n");
    }
    text.push_str("</div></details>\n");
}

fn title<'s>(row: &Row, suite: &'s Suite) -> &'s str {
    let case = suite.case(&row.case);
    case.map_or("", |case| case.trace.title.as_str())
}

/// What was demanded in vain, in words, each leading to its place among the requirements.
fn requirements(told: &Explained, text: &mut String) {
    if told.requirements.is_empty() {
        return;
    }
    text.push_str("<ul>");
    for id in &told.requirements {
        let says = sentence(id).unwrap_or_default();
        let _ = write!(text, "<li>{} {}", link(id), escape(says));
    }
    text.push_str("</ul>\n");
}

fn link(id: &str) -> String {
    let id = escape(id);
    format!("<a href=\"#r-{id}\">{id}</a>")
}

fn account(told: &Explained, text: &mut String) {
    let command = |line: &&String| line.contains("mars-conformance certify ");
    // Frames are long and scroll; a command is there to be copied.
    let (commands, others): (Vec<String>, Vec<String>) = short_lines(told)
        .into_iter()
        .partition(|line| command(&line));
    for (class, lines) in [("", others), (" class=wrap", commands)] {
        if !lines.is_empty() {
            let _ = write!(text, "<pre{class}>{}</pre>", escape(&lines.join("\n")));
        }
    }
}
