//! Turning places of one source file into choices at run time.

use std::ops::Range;

use super::{Mutant, MutantError};

/// One place and the mutants that live there.
struct Place<'a> {
    range: Range<usize>,
    mutants: Vec<(u32, &'a Mutant)>,
}

/// The source with a choice in the place of each mutant; their numbers are those that
/// `crate::mutant::active` takes, from 1.
///
/// # Errors
/// An expression that does not occur exactly once; two places that overlap.
pub fn instrument(source: &str, mutants: &[(u32, &Mutant)]) -> Result<String, MutantError> {
    let mut places: Vec<Place<'_>> = Vec::new();
    for &(number, mutant) in mutants {
        let range = place(source, mutant)?;
        match places.iter_mut().find(|place| place.range == range) {
            Some(place) => place.mutants.push((number, mutant)),
            None => places.push(Place {
                range,
                mutants: vec![(number, mutant)],
            }),
        }
    }
    places.sort_by_key(|place| place.range.start);
    let mut text = String::with_capacity(source.len() * 2);
    let mut done = 0;
    let mut before: Option<&Mutant> = None;
    for Place { range, mutants } in &places {
        let first = mutants.first().map(|&(_, mutant)| mutant);
        let (Some(gap), Some(original)) =
            (source.get(done..range.start), source.get(range.clone()))
        else {
            let id = |mutant: Option<&Mutant>| mutant.map_or_else(String::new, |m| m.id.clone());
            return Err(MutantError::Overlap {
                first: id(before),
                second: id(first),
            });
        };
        text.push_str(gap);
        text.push_str(&choice(original, mutants));
        done = range.end;
        before = first;
    }
    text.push_str(source.get(done..).unwrap_or_default());
    Ok(text)
}

/// Where the one occurrence of the mutant's expression is.
fn place(source: &str, mutant: &Mutant) -> Result<Range<usize>, MutantError> {
    let find = mutant.find.trim();
    let mut found = if find.is_empty() {
        Vec::new()
    } else {
        occurrences(source, find)
    };
    match (found.pop(), found.len()) {
        (Some(range), 0) => Ok(range),
        (last, others) => Err(MutantError::NotOnce {
            id: mutant.id.clone(),
            file: mutant.file.clone(),
            found: others + usize::from(last.is_some()),
        }),
    }
}

/// All occurrences, overlapping ones too.
fn occurrences(source: &str, find: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(offset) = source.get(from..).and_then(|rest| rest.find(find)) {
        let start = from + offset;
        found.push(start..start + find.len());
        from = start + find.chars().next().map_or(1, char::len_utf8);
    }
    found
}

/// `if active(N) { REPLACE } else { FIND }`, in parentheses where it is an expression.
fn choice(original: &str, mutants: &[(u32, &Mutant)]) -> String {
    let statements = original.ends_with([';', '}']);
    let branches: String = mutants
        .iter()
        .map(|(number, mutant)| {
            format!(
                "if crate::mutant::active({number}) {{ {} }} else ",
                mutant.replace.trim()
            )
        })
        .collect();
    if statements {
        format!("{branches}{{ {original} }}")
    } else {
        format!("({branches}{{ {original} }})")
    }
}
