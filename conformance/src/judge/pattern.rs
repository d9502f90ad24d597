//! Patterns over decoded frames: a pattern is a value in the form of `wire decode` in which any part
//! may be a matcher.
//!
//! An object matches when each field that the pattern names matches; fields it does not name are not
//! judged. An array matches element by element and in length. Matchers are objects with these keys alone:
//!
//! | matcher | matches |
//! |---|---|
//! | `{"any": true}` | everything |
//! | `{"bind": NAME}` | everything, and gives it a name; a second sight must be equal |
//! | `{"bind": NAME, "in": [LO, HI], "one_of": [..], "unlike": [..]}` | what the given ones of `in` and `one_of` match, and none of the patterns of `unlike` does; gives it a name |
//! | `{"absent": true}` | a field that is not there |
//! | `{"ref": NAME}` | what has that name |
//! | `{"ref": NAME, "add": N}` | the number of that name plus N, modulo 2^32; a negative one stays signed |
//! | `{"in": [LO, HI]}` | a number between the two, both included |
//! | `{"one_of": [..]}` | what one of the patterns matches |

use std::collections::BTreeMap;

use serde_json::Value;

/// Names given to values that a server was free to choose.
pub type Bindings = BTreeMap<String, Value>;

/// One place where a value differs from its pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Path of the field, such as `message.records[0].hop_count`; empty for the value itself.
    pub field: String,
    /// What was wanted, as JSON.
    pub wanted: String,
    /// What was there, as JSON, or `(absent)`.
    pub got: String,
}

impl Difference {
    /// The last name in the path, the `<name>` of the failure code `wrong-field:<name>`.
    #[must_use]
    pub fn name(&self) -> &str {
        let last = self.field.rsplit('.').next().unwrap_or_default();
        last.split('[').next().unwrap_or_default()
    }
}

/// All places where `actual` differs from `pattern`. New names enter `bindings` only when there is
/// no difference.
#[must_use]
pub fn differences(pattern: &Value, actual: &Value, bindings: &mut Bindings) -> Vec<Difference> {
    let mut bound = bindings.clone();
    let mut found = Vec::new();
    compare("", pattern, Some(actual), &mut bound, &mut found);
    if found.is_empty() {
        *bindings = bound;
    }
    found
}

/// `template` with every `ref` replaced by what it names.
///
/// # Errors
/// The name that is not bound, or is not a number where one is added.
pub fn resolve(template: &Value, bindings: &Bindings) -> Result<Value, String> {
    match template {
        Value::Object(fields) => {
            if let Some(name) = fields.get("ref").and_then(Value::as_str) {
                return reference(name, fields.get("add"), bindings);
            }
            fields
                .iter()
                .map(|(name, field)| Ok((name.clone(), resolve(field, bindings)?)))
                .collect::<Result<serde_json::Map<_, _>, String>>()
                .map(Value::Object)
        }
        Value::Array(items) => items
            .iter()
            .map(|item| resolve(item, bindings))
            .collect::<Result<_, _>>()
            .map(Value::Array),
        _ => Ok(template.clone()),
    }
}

/// The bound value of `name`, plus `add` where one is given.
fn reference(name: &str, add: Option<&Value>, bindings: &Bindings) -> Result<Value, String> {
    let value = bindings
        .get(name)
        .ok_or_else(|| format!("`{name}` has not been seen yet"))?;
    let Some(add) = add else {
        return Ok(value.clone());
    };
    let (Some(value), Some(add)) = (value.as_i64(), add.as_i64()) else {
        return Err(format!(
            "`{name}` is {value}, to which {add} cannot be added"
        ));
    };
    let sum = value.wrapping_add(add);
    // What was negative is a signed number (CSA sequence numbers) and stays one.
    Ok(Value::from(if value < 0 {
        sum
    } else {
        sum.rem_euclid(1 << 32)
    }))
}

/// Adds to `found` where `actual` differs from `pattern` at `path`.
fn compare(
    path: &str,
    pattern: &Value,
    actual: Option<&Value>,
    bindings: &mut Bindings,
    found: &mut Vec<Difference>,
) {
    let mut differ = |wanted: String| {
        found.push(Difference {
            field: path.to_owned(),
            wanted,
            got: actual.map_or_else(|| "(absent)".to_owned(), Value::to_string),
        });
    };
    let Some(actual) = actual else {
        if *pattern == serde_json::json!({"absent": true}) {
            return;
        }
        differ(pattern.to_string());
        return;
    };
    match pattern {
        Value::Object(fields) => match matcher(fields, actual, bindings) {
            Some(Ok(())) => {}
            Some(Err(wanted)) => differ(wanted),
            None if actual.is_object() => {
                for (name, field) in fields {
                    let path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    compare(&path, field, actual.get(name), bindings, found);
                }
            }
            None => differ(pattern.to_string()),
        },
        Value::Array(items) => match actual.as_array() {
            Some(others) if others.len() == items.len() => {
                for (position, (item, other)) in items.iter().zip(others).enumerate() {
                    compare(
                        &format!("{path}[{position}]"),
                        item,
                        Some(other),
                        bindings,
                        found,
                    );
                }
            }
            _ => differ(pattern.to_string()),
        },
        _ if pattern == actual => {}
        _ => differ(pattern.to_string()),
    }
}

/// Applies a matcher; `None` when the object is none.
fn matcher(
    fields: &serde_json::Map<String, Value>,
    actual: &Value,
    bindings: &mut Bindings,
) -> Option<Result<(), String>> {
    let (key, argument) = fields.iter().next()?;
    let verdict = |matches: bool, wanted: String| Some(if matches { Ok(()) } else { Err(wanted) });
    match (key.as_str(), fields.len()) {
        ("any", 1) => Some(Ok(())),
        ("absent", 1) => verdict(false, "(absent)".to_owned()),
        ("bind", _) => {
            let name = argument.as_str()?;
            if let Some(wanted) = restricted(fields, actual, bindings)? {
                return Some(Err(wanted));
            }
            let first = bindings
                .entry(name.to_owned())
                .or_insert_with(|| actual.clone());
            verdict(first == actual, format!("{first} (bound as `{name}`)"))
        }
        ("ref", 1 | 2) => match reference(argument.as_str()?, fields.get("add"), bindings) {
            Ok(wanted) => verdict(wanted == *actual, wanted.to_string()),
            Err(why) => Some(Err(why)),
        },
        ("in", 1) => {
            let [low, high] = argument.as_array()?.as_slice() else {
                return None;
            };
            let (low, high, got) = (low.as_i64()?, high.as_i64()?, actual.as_i64());
            verdict(
                got.is_some_and(|got| (low..=high).contains(&got)),
                format!("{low} to {high}"),
            )
        }
        ("one_of", 1) => {
            let patterns = argument.as_array()?;
            let any = patterns
                .iter()
                .any(|pattern| differences(pattern, actual, bindings).is_empty());
            verdict(any, format!("one of {argument}"))
        }
        _ => None,
    }
}

/// What else a `bind` asks for, if it is not so; `None` when the object is no matcher.
#[expect(
    clippy::option_option,
    reason = "no matcher, right, and wrong are three things"
)]
fn restricted(
    fields: &serde_json::Map<String, Value>,
    actual: &Value,
    bindings: &mut Bindings,
) -> Option<Option<String>> {
    for (key, argument) in fields.iter().skip(1) {
        let matches =
            |one: &Value, bindings: &mut Bindings| differences(one, actual, bindings).is_empty();
        let right = match key.as_str() {
            "in" | "one_of" => {
                let one = Value::Object(std::iter::once((key.clone(), argument.clone())).collect());
                matches(&one, bindings)
            }
            "unlike" => !argument
                .as_array()?
                .iter()
                .any(|one| matches(one, bindings)),
            _ => return None,
        };
        if !right {
            return Some(Some(format!("{key} {argument}")));
        }
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(pattern: &Value, actual: &Value, bindings: &mut Bindings) -> Vec<String> {
        differences(pattern, actual, bindings)
            .into_iter()
            .map(|found| found.field)
            .collect()
    }

    #[test]
    fn names_every_field_that_differs_and_no_other() {
        let actual = json!({"a": 1, "b": [{"c": 2, "d": 3}], "e": "x"});
        let mut bindings = Bindings::new();
        assert!(fields(&json!({"a": 1, "b": [{"c": 2}]}), &actual, &mut bindings).is_empty());
        let pattern = json!({"a": 2, "b": [{"c": 9, "d": 3}], "f": 0});
        assert_eq!(
            fields(&pattern, &actual, &mut bindings),
            ["a", "b[0].c", "f"]
        );
        assert_eq!(fields(&json!({"b": []}), &actual, &mut bindings), ["b"]);
        assert_eq!(
            differences(&pattern, &actual, &mut bindings)
                .get(1)
                .map(Difference::name),
            Some("c")
        );
    }

    #[test]
    fn binds_once_and_refers_afterwards() {
        let mut bindings = Bindings::new();
        assert!(
            fields(
                &json!({"n": {"bind": "x"}}),
                &json!({"n": 7}),
                &mut bindings
            )
            .is_empty()
        );
        assert_eq!(
            fields(
                &json!({"n": {"bind": "x"}}),
                &json!({"n": 8}),
                &mut bindings
            ),
            ["n"]
        );
        assert!(
            fields(
                &json!({"n": {"ref": "x", "add": 1}}),
                &json!({"n": 8}),
                &mut bindings
            )
            .is_empty()
        );
        assert_eq!(
            fields(&json!({"n": {"ref": "y"}}), &json!({"n": 8}), &mut bindings),
            ["n"]
        );
        // A CSA sequence number is signed, a CA sequence number is not.
        bindings.insert("low".to_owned(), json!(-2_147_483_647));
        bindings.insert("top".to_owned(), json!(u32::MAX));
        let sums = json!([{"ref": "low", "add": 1}, {"ref": "top", "add": 1}]);
        assert_eq!(resolve(&sums, &bindings), Ok(json!([-2_147_483_646, 0])));
        let template = json!([{"ref": "x"}, {"k": {"ref": "x", "add": -1}}]);
        assert_eq!(resolve(&template, &bindings), Ok(json!([7, {"k": 6}])));
    }

    #[test]
    fn a_restricted_bind_names_only_what_fits() {
        let mut bindings = Bindings::from([("other".to_owned(), json!(5))]);
        let pattern = json!({"n": {"bind": "x", "in": [1, 9], "unlike": [{"ref": "other"}]}});
        for wrong in [0, 5, 10] {
            assert_eq!(
                fields(&pattern, &json!({"n": wrong}), &mut bindings),
                ["n"],
                "{wrong}"
            );
        }
        assert!(!bindings.contains_key("x"));
        assert!(fields(&pattern, &json!({"n": 6}), &mut bindings).is_empty());
        assert_eq!(fields(&pattern, &json!({"n": 7}), &mut bindings), ["n"]);
        let pattern = json!({"n": {"bind": "y", "one_of": [{"ref": "x"}, {"ref": "x", "add": 1}]}});
        assert_eq!(fields(&pattern, &json!({"n": 8}), &mut bindings), ["n"]);
        assert!(fields(&pattern, &json!({"n": 7}), &mut bindings).is_empty());
        assert_eq!(bindings.get("y"), Some(&json!(7)));
        // Anything else with these keys is an object.
        let plain = json!({"bind": "z", "other": 1});
        assert!(fields(&plain, &plain.clone(), &mut bindings).is_empty());
        assert!(!bindings.contains_key("z"));
    }

    #[test]
    fn what_must_be_absent_is() {
        let mut bindings = Bindings::new();
        let pattern = json!({"n": {"absent": true}});
        assert!(fields(&pattern, &json!({"m": 1}), &mut bindings).is_empty());
        assert_eq!(fields(&pattern, &json!({"n": 1}), &mut bindings), ["n"]);
    }

    #[test]
    fn a_pattern_that_fails_binds_nothing() {
        let mut bindings = Bindings::new();
        assert!(
            !fields(
                &json!({"n": {"bind": "x"}, "m": 1}),
                &json!({"n": 7, "m": 2}),
                &mut bindings
            )
            .is_empty()
        );
        assert!(bindings.is_empty());
    }

    #[test]
    fn ranges_and_choices() {
        let mut bindings = Bindings::new();
        assert!(fields(&json!({"in": [1, 3]}), &json!(3), &mut bindings).is_empty());
        assert_eq!(
            fields(&json!({"in": [1, 3]}), &json!(4), &mut bindings),
            [""]
        );
        assert!(fields(&json!({"one_of": [0, 9]}), &json!(9), &mut bindings).is_empty());
        assert_eq!(
            fields(&json!({"one_of": [0, 9]}), &json!(1), &mut bindings),
            [""]
        );
    }
}
