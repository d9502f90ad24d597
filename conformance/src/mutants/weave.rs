//! From expressions to choices at run time.

use std::path::Path;

use super::{Mutant, MutantError};

/// One place of a file, and the mutants that differ there.
struct Place<'a> {
    start: usize,
    find: &'a str,
    /// Number on the command line's side, and what it puts there.
    choices: Vec<(u32, &'a Mutant)>,
}

/// The text of `file` with every place of its mutants turned into a choice. `mutants` are all mutants:
/// a mutant's number is its position, counted from 1.
///
/// An expression `E` becomes `(if crate::mutant::active(N) { R } else { E })`; statements become the
/// same without the parentheses, so what they declare is not seen after them.
///
/// # Errors
/// An expression that does not occur exactly once, or two that overlap.
pub fn weave(file: &Path, text: &str, mutants: &[Mutant]) -> Result<String, MutantError> {
    let mut places: Vec<Place<'_>> = Vec::new();
    for (number, mutant) in (1u32..).zip(mutants) {
        if mutant.file != file {
            continue;
        }
        let find = mutant.find.trim();
        let start = only_place(text, find).map_err(|times| MutantError::Place {
            id: mutant.id.clone(),
            file: mutant.file.clone(),
            times,
            find: find.to_owned(),
        })?;
        let choice = (number, mutant);
        match places
            .iter_mut()
            .find(|place| (place.start, place.find) == (start, find))
        {
            Some(place) => place.choices.push(choice),
            None => places.push(Place {
                start,
                find,
                choices: vec![choice],
            }),
        }
    }
    places.sort_by_key(|place| place.start);
    let mut woven = String::with_capacity(text.len() * 2);
    let (mut done, mut rest) = (0, text);
    let mut last: Option<&Place<'_>> = None;
    for place in &places {
        let Some((before, after)) = place
            .start
            .checked_sub(done)
            .and_then(|length| rest.split_at_checked(length))
        else {
            return Err(overlap(file, last, place));
        };
        woven.push_str(before);
        woven.push_str(&choice(place));
        rest = after.get(place.find.len()..).unwrap_or_default();
        done = place.start + place.find.len();
        last = Some(place);
    }
    woven.push_str(rest);
    Ok(woven)
}

/// Where `find` starts, or how often it is there.
fn only_place(text: &str, find: &str) -> Result<usize, usize> {
    if find.is_empty() {
        return Err(0);
    }
    let mut places = text.match_indices(find).map(|(start, _)| start);
    match (places.next(), places.count()) {
        (Some(start), 0) => Ok(start),
        (None, _) => Err(0),
        (Some(_), more) => Err(1 + more),
    }
}

fn choice(place: &Place<'_>) -> String {
    let mut text: String = place
        .choices
        .iter()
        .map(|(number, mutant)| {
            let replace = mutant.replace.trim();
            format!("if crate::mutant::active({number}) {{ {replace} }} else ")
        })
        .collect();
    text.push_str("{ ");
    text.push_str(place.find);
    text.push_str(" }");
    if place.find.ends_with(';') {
        text
    } else {
        format!("({text})")
    }
}

fn overlap(file: &Path, last: Option<&Place<'_>>, place: &Place<'_>) -> MutantError {
    let id = |place: &Place<'_>| {
        let first = place.choices.first();
        first.map_or_else(String::new, |(_, mutant)| mutant.id.clone())
    };
    MutantError::Overlap {
        one: last.map_or_else(String::new, id),
        other: id(place),
        file: file.to_path_buf(),
    }
}
