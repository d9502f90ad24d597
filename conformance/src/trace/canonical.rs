//! The one way a trace is written: the order of keys is that of the format's own definition, and a
//! value that fits on a line stays on one.

use serde_json::Value;

/// Longest line before an array or object is broken up.
const WIDTH: usize = 120;

/// `value` as text that ends in a newline; equal values give equal octets.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, 0, &mut text);
    text.push('\n');
    text
}

/// Writes `value` at `indent`; `used` is what already stands on the line behind the indent.
fn write(value: &Value, indent: usize, used: usize, text: &mut String) {
    let flat = value.to_string();
    if indent + used + flat.len() <= WIDTH {
        text.push_str(&flat);
        return;
    }
    let inner = indent + 1;
    let line = |text: &mut String, indent: usize| {
        text.push('\n');
        text.extend(core::iter::repeat_n(' ', indent));
    };
    match value {
        Value::Array(items) => {
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                line(text, inner);
                write(item, inner, 0, text);
            }
            line(text, indent);
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (position, (name, field)) in fields.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                line(text, inner);
                let name = Value::from(name.as_str()).to_string();
                text.push_str(&name);
                text.push(':');
                write(field, inner, name.len() + 1, text);
            }
            line(text, indent);
            text.push('}');
        }
        _ => text.push_str(&flat),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_values_stay_on_a_line_and_long_ones_are_broken() {
        let long = "x".repeat(100);
        let value = json!({"a": [1, 2], "b": {"long": long, "other": "yyyyyyyyyyyyyyyyyyyy"}});
        let text = canonical(&value);
        assert_eq!(text.lines().nth(1), Some(r#" "a":[1,2],"#));
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
