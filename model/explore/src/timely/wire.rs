//! What workers say to each other: parcels of octets, exchanged by a timely dataflow of one input, one exchange and one
//! probe. A round is a timestamp of it; a round is over when the frontier has passed it everywhere, so that nothing of
//! it can be on its way.

use super::error::Error;
use super::shared::Shared;
use ::timely::Accountable;
use ::timely::bytes::arc::Bytes;
use ::timely::communication::{Allocator, Push};
use ::timely::container::NoopBuilder;
use ::timely::dataflow::channels::pact::DistributorPact;
use ::timely::dataflow::channels::pushers::exchange::Distributor;
use ::timely::dataflow::channels::{ContainerBytes, Message};
use ::timely::dataflow::operators::generic::operator::Operator as _;
use ::timely::dataflow::operators::{Input as _, Probe as _};
use ::timely::dataflow::{InputHandle, ProbeHandle};
use ::timely::worker::{Config, Worker};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Write;
use std::ops::Deref;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long a worker with nothing to do sleeps before it looks at the flags again.
const NAP: Duration = Duration::from_millis(50);

/// Octets for one worker. Empty ones are never sent.
#[derive(Clone, Default)]
pub(super) struct Parcel {
    to: usize,
    octets: Octets,
}

#[derive(Clone)]
enum Octets {
    /// As they were packed, within a process.
    Packed(Vec<u8>),
    /// As they came out of a socket.
    Received(Bytes),
}

impl Default for Octets {
    fn default() -> Self {
        Self::Packed(Vec::new())
    }
}

impl Deref for Parcel {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match &self.octets {
            Octets::Packed(octets) => octets,
            Octets::Received(bytes) => {
                // The first eight octets are the length; what follows it fills up to a multiple of eight.
                let (length, rest) = bytes.split_first_chunk().unwrap_or((&[0; 8], &[]));
                let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(0);
                rest.get(..length).unwrap_or_default()
            }
        }
    }
}

impl Accountable for Parcel {
    fn record_count(&self) -> i64 {
        i64::from(!self.deref().is_empty())
    }
}

impl ContainerBytes for Parcel {
    fn from_bytes(bytes: Bytes) -> Self {
        Self {
            to: 0,
            octets: Octets::Received(bytes),
        }
    }
    fn length_in_bytes(&self) -> usize {
        8 + self.deref().len().next_multiple_of(8)
    }
    fn into_bytes<W: Write>(&self, writer: &mut W) {
        let octets = self.deref();
        let fill = octets.len().next_multiple_of(8) - octets.len();
        let length = (octets.len() as u64).to_le_bytes();
        // The writer is memory of the size announced above; it has no other failure than being too small.
        let _ = writer
            .write_all(&length)
            .and_then(|()| writer.write_all(octets))
            .and_then(|()| writer.write_all([0u8; 8].get(..fill).unwrap_or_default()));
    }
}

/// Hands a parcel to whom it is for.
struct Address;

impl Distributor<Parcel> for Address {
    fn partition<T: Clone, P: Push<Message<T, Parcel>>>(
        &mut self,
        parcel: &mut Parcel,
        time: &T,
        pushers: &mut [P],
    ) {
        if let Some(pusher) = pushers.get_mut(parcel.to) {
            Message::push_at(parcel, time.clone(), pusher);
        }
    }
    fn flush<T: Clone, P: Push<Message<T, Parcel>>>(&mut self, _: &T, _: &mut [P]) {}
}

/// Parcels of the round that is open, and of the next: others may have closed a round before we saw it.
type Inbox = Rc<RefCell<[VecDeque<Parcel>; 2]>>;

/// One worker's end.
pub(super) struct Wire<'a> {
    worker: Worker,
    input: InputHandle<u64, NoopBuilder<Parcel>>,
    probe: ProbeHandle<u64>,
    inbox: Inbox,
    round: u64,
    shared: &'a Shared,
}

const fn half(round: u64) -> usize {
    (round % 2) as usize
}

impl<'a> Wire<'a> {
    pub(super) fn new(allocator: Allocator, shared: &'a Shared) -> Self {
        // Without a clock a worker never sleeps.
        let mut worker = Worker::new(Config::default(), allocator, Some(Instant::now()));
        let inbox = Inbox::default();
        let into = Rc::clone(&inbox);
        let (input, probe) = worker.dataflow::<u64, _, _>(|scope| {
            let (input, parcels) = scope.new_input_with_builder::<NoopBuilder<Parcel>>();
            let arrived = parcels.unary::<NoopBuilder<Parcel>, _, _, _>(
                DistributorPact(|_| Address),
                "arrive",
                |_, _| {
                    move |input, _| {
                        input.for_each(|time, parcel: &mut Parcel| {
                            if let Some(queue) = into.borrow_mut().get_mut(half(*time.time())) {
                                queue.push_back(std::mem::take(parcel));
                            }
                        });
                    }
                },
            );
            let (probe, _) = arrived.probe();
            (input, probe)
        });
        Self {
            worker,
            input,
            probe,
            inbox,
            round: 0,
            shared,
        }
    }

    /// This worker's number among all of all processes.
    pub(super) fn index(&self) -> usize {
        self.worker.index()
    }
    /// How many workers there are in all.
    pub(super) fn peers(&self) -> usize {
        self.worker.peers()
    }

    /// Sends octets to a worker, in the round that is open.
    pub(super) fn send(&mut self, to: usize, octets: Vec<u8>) {
        let octets = Octets::Packed(octets);
        self.input.send_batch(&mut Parcel { to, octets });
    }

    /// Sends the same octets to all workers, this one among them.
    pub(super) fn send_all(&mut self, octets: &[u8]) {
        for to in 0..self.peers() {
            self.send(to, octets.to_vec());
        }
    }

    /// Lets parcels come and go.
    pub(super) fn step(&mut self) {
        self.worker.step();
    }

    /// The oldest parcel of the round that is open.
    pub(super) fn next(&mut self) -> Option<Parcel> {
        self.inbox
            .borrow_mut()
            .get_mut(half(self.round))?
            .pop_front()
    }

    /// Nothing more is sent from here in this round.
    pub(super) fn leave(&mut self) {
        self.input.advance_to(self.round + 1);
    }
    /// Whether something of this round may still arrive.
    pub(super) fn is_open(&self) -> bool {
        self.probe.less_than(&(self.round + 1))
    }
    /// Lets parcels come and go, and sleeps while there are none.
    pub(super) fn wait(&mut self) -> Result<(), Error> {
        if let Some(error) = self.shared.failure() {
            return Err(error);
        }
        self.worker.step_or_park(Some(NAP));
        Ok(())
    }
    /// Begins the next round.
    pub(super) const fn enter(&mut self) {
        self.round += 1;
    }

    /// Closes the round: all that is sent in it is handed to `take`.
    pub(super) fn close(
        &mut self,
        mut take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.leave();
        loop {
            let open = self.is_open();
            while let Some(parcel) = self.next() {
                take(&parcel)?;
            }
            if !open {
                break;
            }
            self.wait()?;
        }
        self.enter();
        Ok(())
    }

    /// Ends the dataflow: comes back when every worker has ended it.
    pub(super) fn finish(self) -> Result<(), Error> {
        let Self {
            mut worker,
            input,
            shared,
            ..
        } = self;
        drop(input);
        while worker.has_dataflows() {
            if let Some(error) = shared.failure() {
                abandon(&mut worker);
                return Err(error);
            }
            worker.step_or_park(Some(NAP));
        }
        Ok(())
    }

    /// Leaves the dataflow as it is: with somebody gone it never completes.
    pub(super) fn abandon(mut self) {
        abandon(&mut self.worker);
    }
}

fn abandon(worker: &mut Worker) {
    for dataflow in worker.installed_dataflows() {
        worker.drop_dataflow(dataflow);
    }
}
