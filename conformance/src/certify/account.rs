//! A failure told line by line: one text for the terminal, `show`, JUnit and the report.

use super::verdict::{Explained, Mismatch};
use super::words;
use crate::requirements::sentence;

/// The whole account.
#[must_use]
pub fn lines(told: &Explained) -> Vec<String> {
    let mut lines = vec![head(told)];
    lines.extend(detail(told));
    if !told.requirements.is_empty() {
        lines.push("requirements:".to_owned());
    }
    for id in &told.requirements {
        lines.push(format!("  {id} {}", sentence(id).unwrap_or_default()));
    }
    lines.extend(rest(told));
    lines
}

/// The account of a case whose requirements stand elsewhere.
#[must_use]
pub fn short_lines(told: &Explained) -> Vec<String> {
    let mut lines = vec![head(told)];
    lines.extend(detail(told));
    lines.extend(rest(told));
    lines
}

/// What happened, and when. Steps are counted as in the whole case, from 0, whichever of them are played.
fn head(told: &Explained) -> String {
    format!(
        "{} at step {} of the case (the first is 0), {} ms: {}",
        told.code, told.step, told.at, told.stimulus
    )
}

fn detail(told: &Explained) -> Option<String> {
    (!told.detail.is_empty()).then(|| plain(&told.detail))
}

fn rest(told: &Explained) -> Vec<String> {
    let mut lines = Vec::new();
    if !told.register.is_empty() {
        let items = told.register.join(" ");
        lines.push(format!(
            "rests on items of the register, whose other readings pass: {items}"
        ));
    }
    for (number, one) in told.alternatives.iter().enumerate() {
        lines.extend(alternative(number, one));
    }
    for one in &told.octets {
        lines.push(format!(
            "octets {} {}: wanted {}, got {}",
            one.offset, one.field, one.wanted, one.got
        ));
    }
    lines.extend(told.outputs.iter().map(|output| format!("seen: {output}")));
    lines.extend(told.frames.iter().map(|frame| format!("before: {frame}")));
    let stderr = told.stderr.iter().map(|line| plain(line));
    lines.extend(stderr.map(|line| format!("stderr: {line}")));
    if let Some(shrunk) = &told.shrunk {
        lines.push(format!(
            "{} of {} steps show it: {}",
            shrunk.steps.len(),
            shrunk.of,
            shrunk.command
        ));
    } else if !told.command.is_empty() {
        lines.push(format!("again: {}", told.command));
    }
    lines
}

/// What an adapter wrote, without what would steer a terminal.
fn plain(text: &str) -> String {
    let steers = |letter: char| letter.is_control() && letter != '\n' && letter != '\t';
    text.replace(steers, "?")
}

/// What was allowed, in words where there are words, and what is wrong with it first.
fn alternative(number: usize, one: &Mismatch) -> Vec<String> {
    let field = match one.field.is_empty() {
        true => String::new(),
        false => format!(" {}", one.field),
    };
    let mut lines = vec![format!(
        "allowed {} ({}): {}{field}",
        number + 1,
        one.requirements.join(" "),
        one.code
    )];
    let wanted = words::wanted(&one.field, &one.wanted);
    lines.push(format!("  wanted {wanted}"));
    if wanted != one.wanted && one.wanted.contains('{') {
        lines.push(format!("  as a pattern: {}", one.wanted));
    }
    let got = match one.field.is_empty() {
        true => words::output_text(&one.got),
        false => words::wanted(&one.field, &one.got),
    };
    lines.push(format!("  got    {got}"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Level;

    #[test]
    fn a_failure_says_its_requirements_and_what_was_wanted_in_words() {
        let one = Mismatch {
            level: Level::Must,
            requirements: vec!["R2334-2.1-05".to_owned()],
            code: "missing-output".to_owned(),
            field: String::new(),
            wanted: r#"on n1: {"protocol":"scsp","message":{"type_code":5,"receiver_id":""}}"#
                .to_owned(),
            got: "nothing".to_owned(),
        };
        let told = Explained {
            code: "missing-output".to_owned(),
            step: 3,
            at: 7,
            stimulus: "time passes".to_owned(),
            level: Level::Must,
            requirements: vec!["R2334-2.1-05".to_owned()],
            register: Vec::new(),
            detail: String::new(),
            alternatives: vec![one],
            outputs: Vec::new(),
            octets: Vec::new(),
            frames: Vec::new(),
            stderr: Vec::new(),
            command: String::new(),
            shrunk: None,
        };
        let text = lines(&told).join("\n");
        let says = sentence("R2334-2.1-05").unwrap();
        assert!(
            says.len() > 20 && text.contains(&format!("R2334-2.1-05 {says}")),
            "{text}"
        );
        assert!(
            text.contains("wanted on n1: Hello to nobody yet\n"),
            "{text}"
        );
        assert!(text.contains("as a pattern: on n1: {"), "{text}");
        assert!(
            text.starts_with("missing-output at step 3 of the case (the first is 0), 7 ms"),
            "{text}"
        );
        assert!(!short_lines(&told).join("\n").contains(says));
    }
}
