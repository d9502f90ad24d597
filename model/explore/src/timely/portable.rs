//! How a state travels to the worker that owns it.

/// A value that can leave its process: octets that name their own end.
///
/// What `write` appends, `read` takes off again, and gives back an equal value (the search checks the fingerprint of
/// every state that it receives). A state that serde knows needs two lines around any binary format; the integers and
/// their arrays, tuples, lists and options are here. Fewer octets are less traffic: see `DISTRIBUTED.md`.
pub trait Portable: Sized {
    /// Appends the value.
    fn write(&self, octets: &mut Vec<u8>);
    /// Takes a value off the front; `None` if there is none, and then the front may be anywhere.
    fn read(octets: &mut &[u8]) -> Option<Self>;
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Portable for $integer {
            fn write(&self, octets: &mut Vec<u8>) {
                octets.extend_from_slice(&self.to_le_bytes());
            }
            fn read(octets: &mut &[u8]) -> Option<Self> {
                let (first, rest) = octets.split_first_chunk()?;
                *octets = rest;
                Some(Self::from_le_bytes(*first))
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

impl Portable for bool {
    fn write(&self, octets: &mut Vec<u8>) {
        octets.push(u8::from(*self));
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        match u8::read(octets)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

macro_rules! tuples {
    ($(($($name:ident),*)),*) => {$(
        impl<$($name: Portable),*> Portable for ($($name,)*) {
            fn write(&self, octets: &mut Vec<u8>) {
                #[expect(non_snake_case, reason = "a part is called as its type")]
                let ($($name,)*) = self;
                $($name.write(octets);)*
            }
            fn read(octets: &mut &[u8]) -> Option<Self> {
                Some(($($name::read(octets)?,)*))
            }
        }
    )*};
}
tuples!((A, B), (A, B, C), (A, B, C, D));

impl<T: Portable, const N: usize> Portable for [T; N] {
    fn write(&self, octets: &mut Vec<u8>) {
        self.iter().for_each(|value| value.write(octets));
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let mut whole = true;
        let values: [Option<T>; N] = std::array::from_fn(|_| {
            let value = if whole { T::read(octets) } else { None };
            whole = value.is_some();
            value
        });
        #[expect(clippy::expect_used, reason = "the last one is there, so all are")]
        whole.then(|| values.map(|value| value.expect("a value")))
    }
}

impl<T: Portable> Portable for Vec<T> {
    fn write(&self, octets: &mut Vec<u8>) {
        (self.len() as u64).write(octets);
        self.iter().for_each(|value| value.write(octets));
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let length = u64::read(octets)?;
        // No room is made on the word of the sender alone.
        (0..length).map(|_| T::read(octets)).collect()
    }
}

impl<T: Portable> Portable for Option<T> {
    fn write(&self, octets: &mut Vec<u8>) {
        self.is_some().write(octets);
        if let Some(value) = self {
            value.write(octets);
        }
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        Some(if bool::read(octets)? {
            Some(T::read(octets)?)
        } else {
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Debug;

    fn there_and_back<T: Portable + PartialEq + Debug>(value: &T) {
        let mut octets = Vec::new();
        value.write(&mut octets);
        for end in 0..octets.len() {
            let mut front = &octets[..end];
            assert_eq!(T::read(&mut front), None, "{end} octets of {value:?}");
        }
        octets.push(0xee);
        let mut front = octets.as_slice();
        assert_eq!(T::read(&mut front).as_ref(), Some(value));
        assert_eq!(front, [0xee]);
    }

    #[test]
    fn values_come_back_and_no_cut_one_is_taken() {
        there_and_back(&0x0123_4567_89ab_cdef_u64);
        there_and_back(&(-3i16, true, [1u32, 2, 3]));
        there_and_back(&vec![(1u8, Some(2u16)), (3, None)]);
        there_and_back(&[[7u8; 3]; 5]);
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(bool::read(&mut [2].as_slice()), None);
        assert_eq!(Option::<u8>::read(&mut [9, 1].as_slice()), None);
        assert_eq!(Vec::<u64>::read(&mut [0xff; 8].as_slice()), None);
    }
}
