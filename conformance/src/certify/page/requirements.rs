//! The matrix of requirements, and each of them in words; every cell and every sentence lead to each other, and a sentence
//! to the cases that demanded it in vain.

use std::fmt::Write as _;

use super::{class, tag};
use crate::certify::certificate::{Certificate, Judged, Outcome};
use crate::certify::junit::escape;
use crate::requirements::Ledger;

/// Cases that are named with a requirement that fails.
const NAMED: usize = 8;

/// Matrix and sentences, RFC by RFC.
pub(super) fn all(certificate: &Certificate, ledger: &Ledger, text: &mut String) {
    for (rfc, prefix) in [
        ("RFC 2443", "R2443"),
        ("RFC 2334", "R2334"),
        ("RFC 2022", "R2022"),
    ] {
        let of = |one: &&Judged| {
            one.requirement.starts_with(prefix) && one.outcome != Outcome::NotOfAServer
        };
        let all: Vec<&Judged> = certificate.requirements.iter().filter(of).collect();
        let _ = write!(text, "<h3>{rfc}</h3><div class=grid>");
        for one in &all {
            cell(one, text);
        }
        text.push_str("</div>\n");
        let (wrong, others): (Vec<&Judged>, Vec<&Judged>) =
            all.into_iter().partition(|one| is_wrong(one));
        if !wrong.is_empty() {
            let _ = write!(text, "<h4>Not followed ({})</h4>", wrong.len());
            for one in wrong {
                sentence(one, ledger, text);
            }
        }
        let _ = write!(
            text,
            "<details><summary>The other {} in words</summary>",
            others.len()
        );
        for one in others {
            sentence(one, ledger, text);
        }
        text.push_str("</details>\n");
    }
}

const fn is_wrong(one: &Judged) -> bool {
    matches!(one.outcome, Outcome::Fail | Outcome::Nonstrict)
}

/// A cell of the matrix; it leads to the sentence.
fn cell(one: &Judged, text: &mut String) {
    let (id, word) = (escape(&one.requirement), one.outcome.as_str());
    let short = id.split_once('-').map_or("", |(_, rest)| rest);
    let _ = write!(
        text,
        "<a class=\"cell {}\" id=\"m-{id}\" href=\"#r-{id}\">{short} {word}</a>",
        class(word)
    );
}

/// A requirement in words; it leads back to its cell, and to the cases that demanded it in vain.
fn sentence(one: &Judged, ledger: &Ledger, text: &mut String) {
    let (id, word) = (escape(&one.requirement), one.outcome.as_str());
    let entry = ledger.requirement(&one.requirement);
    let says = entry.map(|entry| entry.text.as_str()).unwrap_or_default();
    let _ = write!(
        text,
        "<div class=\"req {}\" id=\"r-{id}\"><p><a href=\"#m-{id}\">{id}</a> {} {} of {} cases</p><p>{}: {}</p>",
        class(word),
        tag(word),
        one.cases.n,
        one.cases.of,
        one.level,
        escape(says)
    );
    if !is_wrong(one) && !one.why.is_empty() {
        let _ = write!(text, "<p>{}</p>", escape(&one.why));
    }
    if !one.failed_by.is_empty() {
        text.push_str(match is_wrong(one) {
            true => "<p>In vain demanded by ",
            false => "<p>Demanded beside what failed in ",
        });
        for (place, case) in one.failed_by.iter().take(NAMED).enumerate() {
            let case = escape(case);
            let comma = if place == 0 { "" } else { ", " };
            let _ = write!(text, "{comma}<a href=\"#c-{case}\">{case}</a>");
        }
        match one.failed_by.len().saturating_sub(NAMED) {
            0 => text.push_str(".</p>"),
            more => {
                let _ = write!(text, " and {more} more.</p>");
            }
        }
    }
    text.push_str("</div>\n");
}
