//! `junit.xml`, in the form of `conformance/schemas/junit.xsd`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::account::lines;
use super::results::{Results, Row};
use super::verdict::Verdict;

/// Text as XML has it; what no XML may hold becomes a question mark.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(letter),
            '\u{0}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => out.push('?'),
            _ => out.push(letter),
        }
    }
    out
}

/// How JUnit calls a verdict: nothing for a pass.
const fn kind(row: &Row) -> Option<&'static str> {
    match row.verdict {
        Verdict::Pass | Verdict::Nonstrict => None,
        Verdict::Fail | Verdict::Drift => Some("failure"),
        Verdict::Inconclusive | Verdict::Missing | Verdict::Error => Some("error"),
        Verdict::Unsupported => Some("skipped"),
    }
}

/// Counts as attributes.
fn counts(rows: &[&Row]) -> String {
    let count = |name| rows.iter().filter(|row| kind(row) == Some(name)).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        rows.len(),
        count("failure"),
        count("error"),
        count("skipped")
    )
}

/// The document: a suite for each area, the sanity case among them.
#[must_use]
pub fn document(results: &Results) -> String {
    let mut areas: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &results.rows {
        areas.entry(&row.area).or_default().push(row);
    }
    let all: Vec<&Row> = results.rows.iter().collect();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n",
        escape(&results.start.suite.name),
        counts(&all)
    );
    for (area, rows) in areas {
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" {}>",
            escape(area),
            counts(&rows)
        );
        for row in rows {
            case(row, &mut text);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn case(row: &Row, text: &mut String) {
    let (area, id) = (escape(&row.area), escape(&row.case));
    let _ = write!(text, "    <testcase classname=\"{area}\" name=\"{id}\"");
    let account: Vec<String> = row
        .failure
        .iter()
        .chain(&row.deviations)
        .flat_map(lines)
        .collect();
    let account = escape(&account.join("\n"));
    match kind(row) {
        None if account.is_empty() => text.push_str("/>\n"),
        None => {
            let _ = writeln!(
                text,
                ">\n      <system-out>{account}</system-out>\n    </testcase>"
            );
        }
        Some(kind) => {
            let code = row.failure.as_ref().map(|told| told.code.as_str());
            let message = match code {
                Some(code) => format!("{}: {code}", row.verdict.as_str()),
                None => format!("{}: {}", row.verdict.as_str(), row.why),
            };
            let _ = writeln!(
                text,
                ">\n      <{kind} message=\"{}\" type=\"{}\">{account}</{kind}>\n    </testcase>",
                escape(&message),
                row.verdict.as_str()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_xml_may_not_hold_is_replaced() {
        assert_eq!(escape("a<b>&\"\u{1b}[0m\n"), "a&lt;b&gt;&amp;&quot;?[0m\n");
    }
}
