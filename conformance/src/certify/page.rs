//! `report.html`: one page, no script, nothing to fetch; light and dark, narrow and wide.

mod chart;
mod failures;
mod requirements;

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub use chart::chart;
pub(crate) use chart::{message, output};

use super::certificate::{Certificate, Part};
use super::junit::escape;
use super::results::Results;
use super::run::name_of;
use super::suite::Suite;
use crate::requirements::Ledger;

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
gap:.1em 1em}dt{color:var(--off)}dd{margin:0}a{color:inherit}a.cell{text-decoration:none}h3{font-size:1.05em;margin-top:1.6em}\
h4{font-size:1em;margin:.6em 0 .2em}.req{margin:.5em 0;padding:.2em .6em;border-left:3px solid var(--line)}\
.req.ok,.req.bad,.req.odd,.req.off{background:none;color:inherit}.req.ok{border-color:var(--ok)}\
.req.bad{border-color:var(--bad)}.req.odd{border-color:var(--odd)}\
.req p,.case p{margin:.1em 0}ul{margin:.2em 0;padding-left:1.3em}.more{margin-left:1em}.wrap{white-space:pre-wrap}\
:target{outline:2px solid var(--odd);outline-offset:2px}@media(max-width:36em){dl{display:block}dd{margin:0 0 .4em 1em}}";

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
    requirements::all(certificate, ledger, &mut text);
    failures::all(results, suite, &mut text);
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
