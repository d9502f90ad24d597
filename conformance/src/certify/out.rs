//! The folder that `certify --out` writes: everything follows from `results.jsonl`.

use std::io;
use std::path::Path;

use super::certificate::Certificate;
use super::results::{Results, write_whole};
use super::suite::Suite;
use super::{badge, junit, page};
use crate::requirements::Ledger;

/// Names and texts of all files, `results.jsonl` first.
#[must_use]
pub fn files(results: &Results, suite: &Suite, ledger: &Ledger) -> Vec<(&'static str, String)> {
    let text = results.text();
    let certificate = Certificate::of(results, &text, ledger);
    let pretty = |value: &serde_json::Value| {
        format!(
            "{}\n",
            serde_json::to_string_pretty(value).unwrap_or_default()
        )
    };
    let page = page::page(results, &certificate, suite, ledger);
    let svg = badge::svg(&certificate);
    let shield = pretty(&badge::json(&certificate));
    let certificate = pretty(&serde_json::to_value(&certificate).unwrap_or_default());
    vec![
        ("results.jsonl", text),
        ("junit.xml", junit::document(results)),
        ("report.html", page),
        ("badge.svg", svg),
        ("badge.json", shield),
        ("certificate.json", certificate),
    ]
}

/// Writes them, each whole or not at all, the certificate last.
///
/// # Errors
/// Those of the file system.
pub fn write(folder: &Path, results: &Results, suite: &Suite, ledger: &Ledger) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    // A certificate never stands beside results of another run.
    match std::fs::remove_file(folder.join("certificate.json")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for (name, text) in files(results, suite, ledger) {
        write_whole(&folder.join(name), &text)?;
    }
    Ok(())
}
