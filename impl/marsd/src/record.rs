//! A recording of all that a server sees and says: JSON lines of the adapter protocol `mars-sut/1`, a request for what came
//! in and a response for what went out, so that `mars-conformance audit` can judge it.
//!
//! Authentication keys are left out of the configuration.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use distributed_mars::address::Protocol;
use distributed_mars::group::GroupConfig;
use distributed_mars::io::{
    Admin, ControlKind, ControlVc, Input, Output, OutputAction, Target, Time, VcId,
};
use serde_json::{Value, json};

use crate::atm::hex;

/// Writes a recording.
#[derive(Debug)]
pub struct Recorder {
    file: BufWriter<File>,
    protocols: Vec<Protocol>,
    id: u64,
}

impl Recorder {
    /// A new file that only its owner may read.
    ///
    /// # Errors
    /// Those of the file.
    pub fn create(path: &Path, config: &GroupConfig) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut recorder = Self {
            file: BufWriter::new(options.open(path)?),
            protocols: config.protocols.clone(),
            id: 0,
        };
        recorder.request(json!({
            "op": "hello",
            "protocol": 1,
            "suite": {"name": "marsd", "version": env!("CARGO_PKG_VERSION")},
        }))?;
        let implementation = json!({
            "name": "marsd",
            "version": env!("CARGO_PKG_VERSION"),
            "language": "Rust",
        });
        let claims = [
            "server",
            "scsp.auth",
            "mars.mcs",
            "mars.grouplist",
            "mars.tlv",
        ];
        recorder.line(&json!({
            "id": recorder.id,
            "status": "ok",
            "out": [],
            "next": null,
            "implementation": implementation,
            "claims": claims,
            "probes": [],
        }))?;
        let mut said = serde_json::to_value(config)?;
        if let Some(said) = said.as_object_mut() {
            said.remove("auth");
        }
        recorder.request(json!({
            "op": "reset",
            "case": "recording",
            "seed": config.seed,
            "config": said,
        }))?;
        Ok(recorder)
    }

    fn line(&mut self, line: &Value) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, line)?;
        self.file.write_all(b"\n")
    }

    fn request(&mut self, mut request: Value) -> io::Result<()> {
        self.id += 1;
        if let Some(fields) = request.as_object_mut() {
            fields.insert("id".to_owned(), json!(self.id));
        }
        self.line(&request)
    }

    /// What comes in.
    ///
    /// # Errors
    /// Those of the file.
    pub fn input(&mut self, now: Time, input: &Input) -> io::Result<()> {
        let at = now.0;
        let request = match input {
            Input::VcUp { vc, peer } => {
                json!({"op": "vc_up", "at": at, "vc": name(*vc), "peer": peer})
            }
            Input::VcDown { vc } => json!({"op": "vc_down", "at": at, "vc": name(*vc)}),
            Input::Frame { vc, octets } => {
                json!({"op": "deliver", "at": at, "vc": name(*vc), "hex": hex(octets)})
            }
            Input::LeafGone { group, peer } => {
                let group = self.group(*group);
                json!({"op": "leaf_gone", "at": at, "group": group, "peer": peer})
            }
            Input::TimePassed => json!({"op": "advance", "to": at}),
            Input::Admin(what) => {
                let what = match what {
                    Admin::Drain => "drain",
                    Admin::Undrain => "undrain",
                };
                json!({"op": "admin", "at": at, "what": what})
            }
        };
        self.request(request)
    }

    /// What went out in answer.
    ///
    /// # Errors
    /// Those of the file.
    pub fn outputs(&mut self, outputs: &[Output], next: Option<Time>) -> io::Result<()> {
        let out: Vec<Value> = outputs
            .iter()
            .filter_map(|output| self.output(output))
            .collect();
        self.line(&json!({
            "id": self.id,
            "status": "ok",
            "out": out,
            "next": next.map(|next| next.0),
        }))?;
        // A kill loses no whole step that others may have seen.
        self.file.flush()
    }

    fn output(&self, output: &Output) -> Option<Value> {
        let at = output.at.0;
        let leaf = |op: &str, group: &ControlVc, peer: &_| {
            let group = self.group(*group);
            json!({"at": at, "leaf": {"op": op, "group": group, "peer": peer}})
        };
        Some(match &output.action {
            OutputAction::Send { target, octets } => {
                let vc = match target {
                    Target::Vc(vc) => name(*vc),
                    Target::Group(group) => self.group(*group),
                };
                json!({"at": at, "send": {"vc": vc, "hex": hex(octets)}})
            }
            OutputAction::AddLeaf { group, peer } => leaf("add", group, peer),
            OutputAction::DropLeaf { group, peer } => leaf("drop", group, peer),
            OutputAction::Call { peer } => json!({"at": at, "call": {"peer": peer}}),
            OutputAction::Hangup { vc } => json!({"at": at, "hangup": {"vc": name(*vc)}}),
            OutputAction::Log(_) => return None,
        })
    }

    fn group(&self, group: ControlVc) -> String {
        group_name(group, &self.protocols)
    }
}

fn name(vc: VcId) -> String {
    format!("v{}", vc.0)
}

/// The adapter protocol's name of a control VC.
#[must_use]
pub fn group_name(group: ControlVc, protocols: &[Protocol]) -> String {
    let kind = match group.kind {
        ControlKind::Ccvc => "ccvc",
        ControlKind::Scvc => "scvc",
    };
    let Protocol { kind: number, snap } = group.protocol;
    match protocols {
        [_] => kind.to_owned(),
        _ if number == 0x0080 => format!("{kind}:{number:04x}:{}", hex(&snap)),
        _ => format!("{kind}:{number:04x}"),
    }
}

#[cfg(test)]
mod tests {
    use distributed_mars::address::ServerId;
    use distributed_mars::group::DistributedMars;

    use super::*;
    use crate::atm;
    use crate::testing::Scratch;

    #[test]
    fn each_request_has_one_response_and_no_key_is_written() {
        let scratch = Scratch::new();
        let path = scratch.path("recording.jsonl");
        let own = atm::parse("tcp:127.0.0.1:1").unwrap();
        let peer = atm::parse("tcp:127.0.0.1:2").unwrap();
        let config = GroupConfig::new(ServerId([10, 0, 0, 1]), own, [1, 9]);
        let mut core = DistributedMars::new(config.clone()).unwrap();
        let mut recorder = Recorder::create(&path, &config).unwrap();
        let mut step = |input: Option<Input>| {
            if let Some(input) = input {
                recorder.input(Time(5), &input).unwrap();
                core.handle(Time(5), input);
            }
            let outputs: Vec<_> = std::iter::from_fn(|| core.poll_output()).collect();
            recorder.outputs(&outputs, core.next_deadline()).unwrap();
        };
        step(None);
        let vc = VcId(7);
        step(Some(Input::VcUp { vc, peer }));
        let octets = atm::unhex(
            "aaaa0300005e0003000f080000000000000000000000000000041400040000012000000000000000\
             494d00000000000000000000ffff7f00000100020a000063",
        )
        .unwrap();
        step(Some(Input::Frame { vc, octets }));
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 8);
        for pair in lines.chunks(2) {
            assert_eq!(pair[0]["id"], pair[1]["id"]);
            assert!(pair[0]["op"].is_string() && pair[1]["out"].is_array());
        }
        let out = &lines[7]["out"];
        assert_eq!(out[0]["leaf"]["group"], "ccvc");
        assert_eq!(out[1]["send"]["vc"], "v7", "{out}");
        assert!(lines[2]["config"].get("auth").is_none());
    }
}
