//! Readings of the RFCs as data: an enum for each ambiguity, and for each family of models a set of them.

/// How an ambiguity is named in a set of rules, with the value of its field.
pub type FieldValue = (&'static str, &'static str);

/// A set of rules: one reading for each ambiguity that a family of models tells apart.
pub trait Readings: Copy + Send + Sync + 'static {
    /// What this project implements: the Resolve lines of the register of ambiguities.
    fn resolved() -> Self;
    /// The RFCs' own words, where they are known to hurt.
    fn literal() -> Self;
    /// Every field with its value, by name, in a fixed order.
    fn fields(&self) -> Vec<FieldValue>;
    /// Gives a field a value; false where there is no such field or value.
    fn set(&mut self, field: &str, value: &str) -> bool;
}

/// The most nodes that a model of any family can have.
pub const NODES: usize = 4;

/// Who follows which rules: all nodes of a model the same, or some of them others (a mixed group).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Readers<R> {
    each: [R; NODES],
    odd: u8,
}

impl<R: Copy> Readers<R> {
    /// Everybody follows the same rules.
    pub const fn all(rules: R) -> Self {
        Self {
            each: [rules; NODES],
            odd: 0,
        }
    }
    /// The nodes in `odd` (one bit each, bit 0: the first) follow other rules than the rest.
    pub fn mixed(rules: R, others: R, odd: u8) -> Self {
        let mut each = [rules; NODES];
        for (place, node) in each.iter_mut().enumerate() {
            if odd & (1 << place) != 0 {
                *node = others;
            }
        }
        Self { each, odd }
    }
    /// The rules of a node, counted from 0. Whoever has no number follows those of the first.
    #[inline]
    pub fn of(&self, node: u8) -> &R {
        let [first, ..] = &self.each;
        self.each.get(usize::from(node)).unwrap_or(first)
    }
    /// The nodes that follow other rules than the rest, one bit each; 0 if all follow the same.
    pub const fn odd(&self) -> u8 {
        self.odd
    }
}

impl<R: Copy> From<R> for Readers<R> {
    fn from(rules: R) -> Self {
        Self::all(rules)
    }
}

/// Which rules a model is to follow, whatever its family.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Choice {
    /// The register resolved.
    #[default]
    Resolved,
    /// The letter of the RFCs.
    Literal,
    /// The register resolved, but for one field.
    But(FieldValue),
    /// The register resolved, but for one field at some nodes (one bit each, bit 0: the first).
    Mixed(FieldValue, u8),
}

impl Choice {
    /// The rules of a family, in a mixed group those of the nodes that differ. A field that the family does not have
    /// changes nothing.
    pub fn rules<R: Readings>(self) -> R {
        match self {
            Self::Resolved => R::resolved(),
            Self::Literal => R::literal(),
            Self::But((field, value)) | Self::Mixed((field, value), _) => {
                let mut rules = R::resolved();
                rules.set(field, value);
                rules
            }
        }
    }
    /// Who follows which rules of a family.
    pub fn readers<R: Readings>(self) -> Readers<R> {
        match self {
            Self::Resolved | Self::Literal | Self::But(_) => Readers::all(self.rules()),
            Self::Mixed(_, odd) => Readers::mixed(R::resolved(), self.rules(), odd),
        }
    }
}

/// The fields in which two sets of rules differ, with the values of the first.
pub fn differences<R: Readings>(one: &R, other: &R) -> Vec<FieldValue> {
    one.fields()
        .into_iter()
        .zip(other.fields())
        .filter(|(a, b)| a != b)
        .map(|(a, _)| a)
        .collect()
}

/// An enum of the readings of one ambiguity, each with its name in kebab case.
macro_rules! reading {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }
        impl $name {
            /// The reading's name in kebab case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
            /// The reading of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

/// A set of rules: each field with its reading, what the register resolves it to, and the literal value.
macro_rules! rules {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$fmeta:meta])* $field:ident: $reading:ident = $resolved:ident | $literal:ident),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $name { $($(#[$fmeta])* pub $field: $reading),+ }
        impl $name {
            /// What this project implements: the Resolve lines of the register of ambiguities.
            pub const fn resolved() -> Self {
                Self { $($field: $reading::$resolved),+ }
            }
            /// The RFCs' own words, where they are known to hurt.
            pub const fn literal() -> Self {
                Self { $($field: $reading::$literal),+ }
            }
            /// Every field with its value, by name, in a fixed order.
            pub fn fields(&self) -> Vec<$crate::reading::FieldValue> {
                vec![$((stringify!($field), self.$field.as_str())),+]
            }
            /// The fields in which two sets of rules differ, with the values of `self`.
            pub fn differences(&self, other: &Self) -> Vec<$crate::reading::FieldValue> {
                $crate::reading::differences(self, other)
            }
        }
        impl $crate::reading::Readings for $name {
            fn resolved() -> Self {
                Self::resolved()
            }
            fn literal() -> Self {
                Self::literal()
            }
            fn fields(&self) -> Vec<$crate::reading::FieldValue> {
                Self::fields(self)
            }
            fn set(&mut self, field: &str, value: &str) -> bool {
                match field {
                    $(stringify!($field) => match $reading::named(value) {
                        Some(reading) => {
                            self.$field = reading;
                            true
                        }
                        None => false,
                    },)+
                    _ => false,
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Flush, Rules};

    #[test]
    fn fields_are_set_by_name_and_nothing_else_is() {
        let rules: Rules = Choice::But(("flush", "delete")).rules();
        assert_eq!(rules.flush, Flush::Delete);
        assert_eq!(
            differences(&rules, &Rules::resolved()),
            [("flush", "delete")]
        );
        for odd in [("flush", "maybe"), ("flash", "delete")] {
            assert!(!Rules::resolved().set(odd.0, odd.1));
        }
        let mixed = Choice::Mixed(("flush", "delete"), 0b10).readers::<Rules>();
        assert_eq!(mixed.odd(), 0b10);
        assert_eq!(*mixed.of(0), Rules::resolved());
        assert_eq!(*mixed.of(1), rules);
        assert_eq!(mixed.of(9), mixed.of(0));
        for choice in [Rules::resolved(), Rules::literal()] {
            for (field, value) in choice.fields() {
                let mut same = choice;
                assert!(same.set(field, value) && same == choice, "{field}");
            }
        }
    }
}
