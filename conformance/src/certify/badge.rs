//! `badge.svg`, and `badge.json` in the form of shields.io's endpoint badges.

use serde_json::{Value, json};

use super::certificate::Certificate;
use super::junit::escape;

/// What stands on its left.
const LABEL: &str = "MARS conformance";

/// What stands on its right, and the colour: word and hex.
fn message(certificate: &Certificate) -> (String, &'static str, &'static str) {
    let count = |verdict: &str| certificate.cases.get(verdict).map_or(0, |part| part.n);
    let of = certificate.cases.values().next().map_or(0, |part| part.of);
    let score = format!("{}/{of}", count("pass") + count("nonstrict"));
    let narrowed = certificate.profile != "standard" || !certificate.globs.is_empty();
    let part = if narrowed { " (part)" } else { "" };
    match certificate.result {
        "pass" => (format!("{score}{part}"), "brightgreen", "#2b7a2b"),
        "nonstrict" => (format!("{score}{part}, nonstrict"), "yellow", "#8a6d00"),
        "fail" => (format!("{score}{part}, fails"), "red", "#b02a2a"),
        word => (format!("{word} {score}"), "lightgrey", "#666666"),
    }
}

/// The badge for shields.io.
#[must_use]
pub fn json(certificate: &Certificate) -> Value {
    let (message, colour, _) = message(certificate);
    json!({"schemaVersion": 1, "label": LABEL, "message": message, "color": colour})
}

/// The badge as a picture.
#[must_use]
pub fn svg(certificate: &Certificate) -> String {
    let (message, _, colour) = message(certificate);
    // Verdana of 11 pixels is about this wide.
    let width = |text: &str| text.chars().count() * 7 + 12;
    let (left, right) = (width(LABEL), width(&message));
    let whole = left + right;
    let title = escape(&format!("{LABEL}: {message}"));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" \
         aria-label=\"{title}\"><title>{title}</title>\
         <rect width=\"{whole}\" height=\"20\" rx=\"3\" fill=\"#444\"/>\
         <path d=\"M{left} 0h{}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{left}z\" fill=\"{colour}\"/>\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\" text-anchor=\"middle\">\
         <text x=\"{}\" y=\"14\" textLength=\"{}\">{LABEL}</text>\
         <text x=\"{}\" y=\"14\" textLength=\"{}\">{}</text></g></svg>\n",
        right - 3,
        left / 2,
        left - 12,
        left + right / 2,
        right - 12,
        escape(&message)
    )
}
