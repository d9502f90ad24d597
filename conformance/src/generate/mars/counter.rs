//! Sequence numbers of a control VC, of which a server is free to choose the first (RFC 2022, 6.1.4, 6.2.5).

use serde_json::{Value, json};

/// What is known of the numbers of one control VC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::generate) struct Counter {
    /// `csn` or `ssn`, with what tells protocols apart.
    name: String,
    /// Sights that were forgotten.
    forgotten: u32,
    /// A message on a private VC has shown a number before any on the control VC did.
    private: bool,
    /// Messages on the control VC since the first that is bound; 0 before it.
    sent: u32,
}

impl Counter {
    pub(in crate::generate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            forgotten: 0,
            private: false,
            sent: 0,
        }
    }

    fn bound(&self) -> String {
        match self.forgotten {
            0 => self.name.clone(),
            times => format!("{}-{}", self.name, times + 1),
        }
    }

    fn early(&self) -> String {
        format!("{}-before", self.bound())
    }

    /// Alternatives left different numbers behind: the next sight binds anew.
    pub(in crate::generate) fn forget(&mut self) {
        self.forgotten += 1;
        self.private = false;
        self.sent = 0;
    }

    /// The number of the next message on the control VC: one more than that of the last one.
    pub(in crate::generate) fn next(&mut self) -> Value {
        let name = self.bound();
        self.sent += 1;
        match self.sent {
            1 if self.private => json!({"bind": name, "one_of": [
                {"ref": self.early()}, {"ref": self.early(), "add": 1}
            ]}),
            1 => json!({"bind": name}),
            more => json!({"ref": name, "add": more - 1}),
        }
    }

    /// The current number in a message on a private VC, when `now` messages go out on the control VC in the
    /// same step: that of the message before or of the next one (register F02).
    pub(in crate::generate) fn current(&mut self, now: u32) -> Value {
        if self.sent == 0 {
            let name = self.early();
            let first = !std::mem::replace(&mut self.private, true);
            return if first {
                json!({"bind": name})
            } else {
                json!({"ref": name})
            };
        }
        let name = self.bound();
        let lowest = i64::from(self.sent) - 1 - i64::from(now);
        let all: Vec<Value> = (lowest..=i64::from(self.sent))
            .map(|add| match add {
                0 => json!({"ref": name}),
                _ => json!({"ref": name, "add": add}),
            })
            .collect();
        json!({"one_of": all})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_vcs_count_by_one_and_private_ones_do_not_count() {
        let mut csn = Counter::new("csn");
        assert_eq!(csn.current(0), json!({"bind": "csn-before"}));
        assert_eq!(csn.current(0), json!({"ref": "csn-before"}));
        let first = csn.next();
        assert_eq!(first.get("bind"), Some(&json!("csn")));
        assert!(first.get("one_of").is_some());
        assert_eq!(csn.next(), json!({"ref": "csn", "add": 1}));
        let either = json!({"one_of": [{"ref": "csn", "add": 1}, {"ref": "csn", "add": 2}]});
        assert_eq!(csn.current(0), either);
        csn.forget();
        assert_eq!(csn.next(), json!({"bind": "csn-2"}));
    }
}
