//! The report of `verify`: one self-contained page, no script, readable on light and dark ground.

use std::fmt::Write as _;

use mars_model::family::Kind;
use mars_model::registry::About;

use super::defects::Defect;
use crate::cli::check::Checked;

/// The octets that HTML reserves, escaped.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

pub(super) const STYLE: &str = "body{font:15px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#111;background:#fff}\
table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border:1px solid #aaa;padding:.2em .6em;text-align:left}\
td.n{text-align:right}.ok{color:#064}.no{color:#a00;font-weight:bold}div.chart{overflow-x:auto}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.ok{color:#5c9}.no{color:#f77}}";

/// The page: parts, scenarios with their properties, findings with their charts.
#[must_use]
pub fn page(parts: &[(&str, &str, bool)], checked: &[Checked], findings: &[Defect]) -> String {
    let mut text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>mars-conformance verify</title><style>{STYLE}</style>\
         <h1>mars-conformance verify</h1><table><tr><th>part<th>result<th>"
    );
    let verdict = |ok: bool| {
        if ok {
            "<td class=ok>ok"
        } else {
            "<td class=no>NOT OK"
        }
    };
    for (name, done, ok) in parts {
        let _ = write!(
            text,
            "<tr><td>{}<td>{}{}",
            escape(name),
            escape(done),
            verdict(*ok)
        );
    }
    text.push_str("</table><h2>Scenarios</h2><table><tr><th>scenario<th>unique states<th>transitions<th>depth<th>");
    for one in checked {
        let report = &one.report;
        let _ = write!(
            text,
            "<tr><td>{}<td class=n>{}<td class=n>{}<td class=n>{}{}",
            escape(one.scenario.name()),
            report.unique,
            report.states,
            report.depth,
            verdict(one.wrong.is_empty()),
        );
    }
    text.push_str("</table><h2>Properties</h2><table><tr><th>property<th>sentence<th>requirements<th>scenarios");
    let mut claims: Vec<(&str, About)> = Vec::new();
    for one in checked {
        let family = one.scenario.family();
        for about in one.scenario.properties() {
            if about.kind == Kind::Always && !claims.contains(&(family, about)) {
                claims.push((family, about));
            }
        }
    }
    for (family, claim) in claims {
        let own = || checked.iter().filter(|one| one.scenario.family() == family);
        let failed: Vec<&str> = own()
            .filter(|one| one.report.discovery(claim.name).is_some())
            .map(|one| one.scenario.name())
            .collect();
        let verdict = if failed.is_empty() {
            format!("<td class=ok>holds in all {} of {family}", own().count())
        } else {
            format!("<td class=no>fails in {}", failed.join(", "))
        };
        let _ = write!(
            text,
            "<tr><td>{}<td>{}<td>{}{verdict}",
            claim.name,
            escape(claim.sentence),
            claim.requirements.join(", "),
        );
    }
    text.push_str("</table><h1>Findings</h1>");
    findings
        .iter()
        .for_each(|defect| text.push_str(&defect.section()));
    text.push_str("</html>\n");
    text
}
