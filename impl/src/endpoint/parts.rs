//! Putting together answers of several parts (RFC 2022, 5.1.1, 5.3, 5.4.3).

/// More items than any answer is believed to have.
const MOST_ITEMS: usize = 1 << 17;

/// The parts so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Parts<T> {
    /// y of the last part.
    last: u16,
    msn: u32,
    /// A part is missing, or mar$msn has changed: only the end is waited for.
    broken: bool,
    items: Vec<T>,
}

/// What a part has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress<T> {
    /// More are to come.
    More,
    /// All are here.
    Whole {
        /// In the order in which they came.
        items: Vec<T>,
        /// mar$msn of the last part.
        msn: u32,
    },
    /// The end of an answer that cannot be used.
    Broken,
}

/// What one part says of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// x of mar$seqxy.
    pub(super) last: bool,
    /// y of mar$seqxy.
    pub(super) part: u16,
    /// mar$msn.
    pub(super) msn: u32,
    /// How far mar$msn may rise from part to part: 0, or 1 where each part is a transmission on a
    /// control VC.
    pub(super) step: u32,
}

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self {
            last: 0,
            msn: 0,
            broken: false,
            items: Vec::new(),
        }
    }
}

impl<T> Parts<T> {
    /// True before the first part.
    pub(super) const fn is_new(&self) -> bool {
        self.last == 0 && !self.broken
    }

    /// Takes a part. After [`Progress::Whole`] and [`Progress::Broken`] the next one starts anew.
    pub(super) fn take(&mut self, part: Part, items: impl Iterator<Item = T>) -> Progress<T> {
        let first = self.is_new();
        // R2022-5.1.1-11 R2022-5.1.1-13 R2022-5.4.3-04
        let jump = u32::from(part.part) != u32::from(self.last) + 1;
        let moved = !first && part.msn.wrapping_sub(self.msn) > part.step;
        self.broken |= jump || moved;
        self.last = part.part;
        self.msn = part.msn;
        if self.broken {
            self.items = Vec::new();
        } else {
            self.items.extend(items);
            self.broken = self.items.len() > MOST_ITEMS;
        }
        // R2022-5.1.1-04
        if !part.last {
            return Progress::More;
        }
        let whole = core::mem::take(self);
        if whole.broken {
            Progress::Broken
        } else {
            Progress::Whole {
                items: whole.items,
                msn: whole.msn,
            }
        }
    }
}
