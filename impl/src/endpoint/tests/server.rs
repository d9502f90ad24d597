//! Both ends of RFC 2022 of this crate together: octets between clients and a real server.

use super::*;
use crate::address::ServerId;
use crate::endpoint::Client;
use crate::group::{DistributedMars, GroupConfig};
use crate::io;

/// One server and clients, with a network between them that neither delays nor loses.
struct World {
    server: DistributedMars,
    clients: BTreeMap<u8, Client>,
    ccvc: BTreeMap<u8, VcId>,
    /// The other end of a private VC.
    links: BTreeMap<VcId, u8>,
    next_vc: u32,
    now: u64,
    delivered: Vec<(u8, Vec<u8>)>,
}

impl World {
    fn new(clients: &[u8]) -> Self {
        let config = GroupConfig::new(ServerId([10, 0, 0, 1]), atm(MARS), [1, 99]);
        let mut world = Self {
            server: DistributedMars::new(config).unwrap(),
            clients: BTreeMap::new(),
            ccvc: BTreeMap::new(),
            links: BTreeMap::new(),
            next_vc: 1,
            now: 0,
            delivered: Vec::new(),
        };
        world.server.handle(Time(0), io::Input::TimePassed);
        for name in clients {
            let config = EndpointConfig::new(Protocol::IPV4, atm(*name), vec![atm(MARS)]);
            world.clients.insert(*name, Client::new(config).unwrap());
            world.command(*name, Command::Register);
        }
        world
    }

    fn command(&mut self, client: u8, command: Command) {
        self.give(client, Input::Command(command));
        self.settle();
    }

    fn give(&mut self, client: u8, input: Input) {
        let now = Time(self.now);
        self.clients.get_mut(&client).unwrap().handle(now, input);
    }

    fn ask_server(&mut self, input: io::Input) {
        self.server.handle(Time(self.now), input);
    }

    fn vc(&mut self) -> VcId {
        self.next_vc += 1;
        VcId(self.next_vc)
    }

    /// Until nobody has anything to say.
    fn settle(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.server.poll_output() {
                quiet = false;
                self.of_server(output.action);
            }
            let names: Vec<u8> = self.clients.keys().copied().collect();
            for name in names {
                while let Some(output) = self.clients.get_mut(&name).unwrap().poll_output() {
                    quiet = false;
                    self.of_client(name, output.action);
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn of_server(&mut self, action: io::OutputAction) {
        match action {
            io::OutputAction::Send { target, octets } => match target {
                io::Target::Vc(vc) => {
                    if let Some(client) = self.links.get(&vc).copied() {
                        self.give(client, Input::Frame { vc, octets });
                    }
                }
                io::Target::Group(_) => {
                    for (client, vc) in self.ccvc.clone() {
                        let octets = octets.clone();
                        self.give(client, Input::Frame { vc, octets });
                    }
                }
            },
            io::OutputAction::AddLeaf { peer, .. } => {
                let vc = self.vc();
                self.ccvc.insert(last(&peer), vc);
                let (client, peer, kind) = (last(&peer), atm(MARS), VcKind::Leaf);
                self.give(client, Input::VcUp { vc, peer, kind });
            }
            io::OutputAction::DropLeaf { peer, .. } => {
                let vc = self.ccvc.remove(&last(&peer)).unwrap();
                self.give(last(&peer), Input::VcDown { vc });
            }
            _ => {}
        }
    }

    fn of_client(&mut self, name: u8, action: OutputAction) {
        match action {
            OutputAction::Call { peer } => {
                let vc = self.vc();
                self.links.insert(vc, name);
                let client = atm(name);
                self.ask_server(io::Input::VcUp { vc, peer: client });
                let kind = VcKind::PointToPoint;
                self.give(name, Input::VcUp { vc, peer, kind });
            }
            OutputAction::Send { vc, octets } => self.ask_server(io::Input::Frame { vc, octets }),
            OutputAction::OpenTree { tree, peer, .. } | OutputAction::AddLeaf { tree, peer } => {
                self.give(name, Input::LeafUp { tree, peer });
            }
            OutputAction::SendTree { tree, octets } => {
                let view = self.clients[&name].view();
                let leaves = view.groups.iter().find(|state| state.tree == Some(tree));
                for leaf in leaves.unwrap().up.clone() {
                    let vc = self.vc();
                    let (peer, kind) = (atm(name), VcKind::Leaf);
                    self.give(last(&leaf), Input::VcUp { vc, peer, kind });
                    let octets = octets.clone();
                    self.give(last(&leaf), Input::Frame { vc, octets });
                }
            }
            OutputAction::Deliver { packet, .. } => self.delivered.push((name, packet)),
            _ => {}
        }
    }

    fn run(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.now < end {
            let next = self.clients.values().filter_map(Client::next_deadline);
            let next = next.chain(self.server.next_deadline()).min();
            self.now = next.map_or(end, |at| at.0.clamp(self.now, end));
            self.ask_server(io::Input::TimePassed);
            let names: Vec<u8> = self.clients.keys().copied().collect();
            for name in names {
                self.give(name, Input::TimePassed);
            }
            self.settle();
        }
    }

    fn leaves(&self, client: u8, of: u8) -> Vec<u8> {
        let view = self.clients[&client].view();
        let state = view.groups.iter().find(|state| state.group == group(of));
        state.map_or(vec![], |state| state.leaves.iter().map(last).collect())
    }
}

fn join(range: GroupRange) -> Command {
    Command::Join {
        range,
        layer3grp: true,
    }
}

#[test]
fn a_client_and_a_server_of_this_crate_understand_each_other() {
    let mut world = World::new(&[11, 12, 13]);
    // Startup of the server (register B12): clients repeat until it serves.
    world.run(90_000);
    let cmis: BTreeSet<u16> = world
        .clients
        .values()
        .map(|client| client.view().cmi)
        .collect();
    assert_eq!(cmis.len(), 3);
    assert!(
        world
            .clients
            .values()
            .all(|client| client.view().registered)
    );
    // Join, resolve, send.
    world.command(12, join(one(5)));
    assert!(world.clients[&12].view().joined[0].confirmed);
    let send = || Command::Send {
        group: group(5),
        packet: vec![1, 2, 3],
    };
    world.command(11, send());
    assert_eq!(world.delivered, [(12, vec![1, 2, 3])]);
    // A block of another client, a leave and a punched leave.
    world.command(13, join(range(1, 9)));
    assert_eq!(world.leaves(11, 5), [12, 13]);
    world.command(13, join(one(5)));
    world.command(13, Command::Leave { range: range(1, 9) });
    assert!(world.clients[&13].view().joined[0].confirmed);
    assert_eq!(world.leaves(11, 5), [12, 13]);
    world.command(12, Command::Leave { range: one(5) });
    assert_eq!(world.leaves(11, 5), [13]);
    // Ten minutes of redirect maps: nobody moves, nothing is missed.
    world.run(600_000);
    for client in world.clients.values() {
        assert_eq!(
            (client.view().phase, client.meters().jumps),
            ("registered", 0)
        );
    }
    world.command(13, Command::Deregister);
    assert_eq!(world.clients[&13].view().phase, "off");
    assert_eq!(world.server.view().registrations.len(), 2);
    // A drain without another server moves nobody.
    world.ask_server(io::Input::Admin(io::Admin::Drain));
    world.run(120_000);
    assert!(world.clients[&11].view().registered);
}
