//! From expressions to choices at run time.

use std::path::Path;

use super::{Mutant, MutantError};

/// One place of a file, and the mutants that differ there.
struct Place<'a> {
    start: usize,
    find: &'a str,
    /// Number on the command line's side, and what it puts there.
    choices: Vec<(u32, &'a str)>,
    /// The first of its mutants.
    id: &'a str,
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
    let all = (1u32..).zip(mutants);
    let all = all.flat_map(|(number, one)| one.places().map(move |place| (number, one, place)));
    for (number, mutant, (_, find, replace)) in all.filter(|(.., place)| place.0 == file) {
        let find = find.trim();
        let start = only_place(text, find).map_err(|times| MutantError::Place {
            id: mutant.id.clone(),
            file: file.to_owned(),
            times,
            find: find.to_owned(),
        })?;
        let choice = (number, replace.trim());
        match places
            .iter_mut()
            .find(|place| (place.start, place.find) == (start, find))
        {
            Some(place) => place.choices.push(choice),
            None => places.push(Place {
                start,
                find,
                choices: vec![choice],
                id: &mutant.id,
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
        .map(|(number, replace)| {
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
    MutantError::Overlap {
        one: last.map_or_else(String::new, |last| last.id.to_owned()),
        other: place.id.to_owned(),
        file: file.to_path_buf(),
    }
}
