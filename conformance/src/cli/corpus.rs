//! Where the golden corpus lies, and which of it is meant.

use std::path::{Path, PathBuf};

/// The folder `traces/` of the checkout: that of the current directory or of one above it, otherwise
/// that of the checkout this binary was built in.
#[must_use]
pub fn folder() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let found = here
        .ancestors()
        .map(|folder| folder.join("traces"))
        .find(|folder| folder.join("wire").is_dir());
    found.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces"))
}

/// True when `name` matches `glob`, in which `*` stands for any text.
#[must_use]
pub fn matches(glob: &str, name: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

/// True when a trace is meant: its id or `area/id` matches one of the globs, or none is given.
#[must_use]
pub fn meant(globs: &[String], area: &str, id: &str) -> bool {
    let whole = format!("{area}/{id}");
    globs.is_empty()
        || globs
            .iter()
            .any(|glob| matches(glob, id) || matches(glob, &whole))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_any_text() {
        for (glob, name, wanted) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abc", true),
            ("a*b*c", "axbxc", true),
            ("a*b*c", "axc", false),
            ("group.*", "scsp.hello/x", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(glob, name), wanted, "{glob} {name}");
        }
    }
}
