//! Cases that came to the same: one code, at one kind of step, with one kind of demand.
//!
//! What is told of the first of a group is what is wrong with all of it, most often for one cause.

use std::collections::BTreeMap;

use super::results::Row;
use super::verdict::{Explained, Verdict};
use super::words;

/// Cases of one cause.
#[derive(Clone, Debug)]
pub struct Group<'r> {
    /// Their verdict.
    pub verdict: Verdict,
    /// What they have in common, in words.
    pub title: String,
    /// The cases in the order of the suite, at least one.
    pub rows: Vec<&'r Row>,
}

/// What is told of a case, the failure first.
pub fn told(row: &Row) -> impl Iterator<Item = &Explained> {
    row.failure.iter().chain(&row.deviations)
}

/// Every case of which something is told, in groups, each where its first case stands.
#[must_use]
pub fn groups(rows: &[Row]) -> Vec<Group<'_>> {
    let mut places: BTreeMap<(Verdict, String), usize> = BTreeMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in rows {
        let Some(first) = told(row).next() else {
            continue;
        };
        let title = title(first);
        let key = (row.verdict, title.clone());
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group {
                verdict: row.verdict,
                title,
                rows: vec![row],
            }),
        }
    }
    groups
}

/// What a failure has in common with others.
fn title(told: &Explained) -> String {
    let kind = words::kind(&told.stimulus);
    let Some(first) = told.alternatives.first() else {
        return format!("{}: {kind}", told.code);
    };
    let (text, what) = match told.code.as_str() {
        "extra-output" | "early-output" => (words::output_text(&first.got), "got"),
        _ => (words::wanted("", &first.wanted), "wanted"),
    };
    // The code names the field that is wrong.
    if !first.field.is_empty() || text.is_empty() {
        return format!("{}: {kind}", told.code);
    }
    format!("{}: {kind}, {what} {}", told.code, demand(&text))
}

/// `on n1: Hello to nobody yet` without names.
fn demand(text: &str) -> String {
    if let Some((on, what)) = text
        .strip_prefix("on ")
        .and_then(|text| text.split_once(": "))
    {
        let group = on.starts_with("ccvc") || on.starts_with("scvc");
        let on = if group { on } else { "a VC" };
        return format!("{} on {on}", words::kind(what));
    }
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["leaf", op, .., group] => format!("leaf {} {group}", op.to_lowercase()),
        _ => text.to_owned(),
    }
}

/// How many cases need each claim that is not made, and how many of these need another such claim too.
#[must_use]
pub fn unclaimed(rows: &[Row]) -> BTreeMap<&str, (usize, usize)> {
    let mut of: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in rows
        .iter()
        .filter(|row| row.verdict == Verdict::Unsupported)
    {
        let claims: Vec<&str> = row.unclaimed().collect();
        for claim in &claims {
            let (all, more) = of.entry(claim).or_default();
            *all += 1;
            *more += usize::from(claims.len() > 1);
        }
    }
    of
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certify::verdict::Mismatch;
    use crate::trace::Level;

    fn row(case: &str, stimulus: &str, code: &str, wanted: &str) -> Row {
        let one = Mismatch {
            level: Level::Must,
            requirements: Vec::new(),
            code: code.to_owned(),
            field: String::new(),
            wanted: wanted.to_owned(),
            got: "nothing".to_owned(),
        };
        Row {
            case: case.to_owned(),
            verdict: Verdict::Fail,
            area: "mars.cluster".to_owned(),
            level: Level::Must,
            requirements: Vec::new(),
            steps: 1,
            why: String::new(),
            failure: Some(Explained {
                code: code.to_owned(),
                step: 0,
                at: 0,
                stimulus: stimulus.to_owned(),
                level: Level::Must,
                requirements: Vec::new(),
                register: Vec::new(),
                detail: String::new(),
                alternatives: vec![one],
                outputs: Vec::new(),
                octets: Vec::new(),
                frames: Vec::new(),
                stderr: Vec::new(),
                command: String::new(),
                shrunk: None,
            }),
            deviations: Vec::new(),
            choices: Vec::new(),
            answers: Vec::new(),
        }
    }

    #[test]
    fn one_code_one_kind_of_step_and_one_kind_of_demand_are_one_group() {
        let hello = |vc: &str, id: &str| {
            format!(r#"on {vc}: {{"message":{{"type_code":5,"receiver_id":"{id}"}}}}"#)
        };
        let rows = [
            row(
                "a",
                "VC n1 to 47 comes up",
                "missing-output",
                &hello("n1", ""),
            ),
            row("b", "time passes", "missing-output", &hello("n1", "")),
            row(
                "c",
                "VC n2 to 48 comes up",
                "missing-output",
                &hello("n2", "0a000001"),
            ),
            row("d", "VC n1 to 47 comes up", "late-output", &hello("n1", "")),
            row(
                "e",
                "VC n1 to 47 comes up",
                "missing-output",
                "leaf Add 47 ccvc",
            ),
            row(
                "f",
                "VC n1 to 47 comes up",
                "missing-output",
                "leaf Add 48 ccvc",
            ),
        ];
        let groups = groups(&rows);
        let found: Vec<Vec<&str>> = groups
            .iter()
            .map(|group| group.rows.iter().map(|row| row.case.as_str()).collect())
            .collect();
        assert_eq!(
            found,
            [vec!["a", "c"], vec!["b"], vec!["d"], vec!["e", "f"]]
        );
        let titles: Vec<&str> = groups.iter().map(|group| group.title.as_str()).collect();
        assert_eq!(
            titles.first(),
            Some(&"missing-output: a VC comes up, wanted Hello on a VC")
        );
        assert_eq!(
            titles.last(),
            Some(&"missing-output: a VC comes up, wanted leaf add ccvc")
        );
    }

    #[test]
    fn claims_that_are_not_made_are_counted_each() {
        let mut rows = vec![row("a", "", "", ""), row("b", "", "", "")];
        for (row, why) in rows.iter_mut().zip(["restart", "mars.mcs, restart"]) {
            row.verdict = Verdict::Unsupported;
            row.why = Row::not_claimed(&why.split(", ").collect::<Vec<_>>());
        }
        let counted: Vec<_> = unclaimed(&rows).into_iter().collect();
        assert_eq!(counted, [("mars.mcs", (1, 1)), ("restart", (2, 1))]);
    }
}
