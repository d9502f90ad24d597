//! Which ledger ids say what a CA does.

use super::input::Form;
use super::node::Node;
use super::peer::Side;
use super::place::{Place, Reaction};

impl Node {
    /// What RFC 2334, 2.2 says of a CA here.
    pub(super) fn cite_ca(&self, number: u32, form: Form, reaction: &mut Reaction) {
        let own = self.alignment.number;
        let one_up = number == own.wrapping_add(1);
        reaction.cite(match self.place() {
            Place::Negotiation => match self.setup.side {
                Side::Larger if form == Form::BID => &[
                    "R2334-2.2.1-01",
                    "R2334-2.2.1-02",
                    "R2334-2.2.1-03",
                    "R2334-2.2.1-04",
                    "R2334-2.2.1-05",
                    "R2334-2.2.1-06",
                    "R2334-B.2.1-02",
                ],
                Side::Smaller if !form.master && !form.init && number == own => &[
                    "R2334-2.2.1-07",
                    "R2334-2.2.1-08",
                    "R2334-2.2.1-09",
                    "R2334-2.2.1-10",
                    "R2334-2.2.1-11",
                    "R2334-2.2.1-12",
                ],
                _ => &["R2334-2.2.1-13"],
            },
            Place::Slave(_) if form == Form::BID && self.alignment.bid == Some(number) => {
                &["R2334-2.2.2-11"]
            }
            Place::Slave(_) if !form.master || form.init => &["R2334-2.2.2-02", "R2334-2.2-08"],
            Place::Master(_) if form.master || form.init => &["R2334-2.2.2-02", "R2334-2.2-08"],
            // The slave's batch is acknowledged by the next number only.
            Place::Slave(_) if number == own => &["R2334-2.2.2-11", "R2334-B.2.1-03"],
            // No server of these traces has more than two batches: this is the last one.
            Place::Slave(true) if one_up && form.more => &[
                "R2334-2.2.2-12",
                "R2334-2.2.2-13",
                "R2334-2.2.2-15",
                "R2334-2.2.2-18",
            ],
            Place::Slave(true) if one_up => &[
                "R2334-2.2.2-12",
                "R2334-2.2.2-13",
                "R2334-2.2.2-15",
                "R2334-2.2.2-17",
            ],
            Place::Slave(false) if one_up && form.more => {
                &["R2334-2.2.2-12", "R2334-2.2.2-13", "R2334-2.2.2-18"]
            }
            Place::Slave(false) if one_up => &[
                "R2334-2.2.2-12",
                "R2334-2.2.2-13",
                "R2334-2.2.2-14",
                "R2334-2.2.2-20",
            ],
            Place::Slave(_) => &["R2334-2.2.2-19", "R2334-2.2-08"],
            Place::Master(_) if number == own.wrapping_sub(1) => &["R2334-2.2.2-03"],
            Place::Master(more) if number == own => match (more, form.more) {
                (true, _) => &[
                    "R2334-2.2.2-04",
                    "R2334-2.2.2-06",
                    "R2334-2.2.2-07",
                    "R2334-2.2.2-10",
                ],
                (false, true) => &["R2334-2.2.2-04", "R2334-2.2.2-07", "R2334-2.2.2-09"],
                (false, false) => &["R2334-2.2.2-04", "R2334-2.2.2-05", "R2334-2.2.2-08"],
            },
            Place::Update(true) | Place::Aligned(true)
                if number == own && form.master && !form.init =>
            {
                &["R2334-2.2.2-20", "R2334-2.2.2-21"]
            }
            _ => &["R2334-2.2-08"],
        });
    }

    /// What RFC 2334, 2.2.3 says where the summaries have just ended.
    pub(super) fn cite_entry(&self, reaction: &mut Reaction) {
        match self.place() {
            Place::Aligned(_) => reaction.cite(&["R2334-2.2.3-01"]),
            Place::Update(_) => reaction.cite(&["R2334-2.2.2.1-01", "R2334-2.2.3-02"]),
            _ => {}
        }
    }
}
