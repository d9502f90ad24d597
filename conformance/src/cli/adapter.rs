//! `adapter`: this project's implementation over `mars-sut/1` on stdin and stdout.

use std::io;

use super::output::{Ctx, Exit};
use crate::adapter::serve::serve;
use crate::adapter::{Identity, Session};
use crate::certify::control::{self, Control};

/// Arguments of `adapter`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  echo '{\"id\":1,\"op\":\"hello\",\"protocol\":1}' | mars-conformance adapter")]
pub struct Args {
    /// Misbehaves in this way: a negative control of the suite
    #[arg(long, value_enum, hide = true)]
    pub control: Option<Control>,
}

/// Serves until `bye` or the end of stdin.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let identity = Identity {
        name: "distributed-mars".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut session = Session::new(identity);
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let served = match args.control {
        Some(control) => control::serve(control, session, &mut input, &mut output),
        None => serve(&mut session, &mut input, &mut output),
    };
    match served {
        Ok(()) => Exit::Ok,
        Err(error) => {
            ctx.error(error);
            Exit::Internal
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn schema(name: &str) -> jsonschema::Validator {
        let path = format!("{}/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    }

    /// A conversation with every operation, as the harness would have it.
    fn requests() -> Vec<Value> {
        let peer = |last: u8| json!({"number": format!("47000580ffe1000000f21a26d80020ea000021{last:02x}"), "form": "nsapa"});
        let mut lines = vec![
            json!({"op": "hello", "protocol": 1, "suite": {"name": "s", "version": "1"}}),
            json!({"op": "reset", "case": "c", "seed": 1, "config": {
                "server_id": "0a000001", "atm": peer(1), "cmi_range": [1, 9],
                "neighbors": [{"id": "0a000002", "atm": peer(2)}, {"id": null, "atm": peer(3)}],
                "protocols": [{"type": 2048, "snap": "0000000000"}],
            }}),
            json!({"op": "vc_up", "at": 5, "vc": "a", "peer": peer(2)}),
            json!({"op": "deliver", "at": 6, "vc": "a", "hex": "aaaa03"}),
            json!({"op": "deliver", "at": 6, "vc": "b", "hex": ""}),
            json!({"op": "leaf_gone", "at": 7, "group": "ccvc", "peer": peer(4)}),
            json!({"op": "admin", "at": 8, "what": "drain"}),
            json!({"op": "advance", "to": 61_000}),
            json!({"op": "vc_down", "at": 61_000, "vc": "a"}),
        ];
        let probes = crate::adapter::message::PROBES;
        lines.extend(probes.map(|what| json!({"op": "probe", "what": what})));
        lines.extend(as_a_client(&peer));
        lines.push(json!({"op": "bye"}));
        for (line, id) in lines.iter_mut().zip(1..) {
            line["id"] = json!(id);
        }
        lines
    }

    /// The extensions for an endpoint.
    fn as_a_client(peer: &dyn Fn(u8) -> Value) -> Vec<Value> {
        let copy = "aaaa0300005e0003000f080000000000000000000000000000041400000000016001\
            0007000000643101";
        let command = |wish: Value| json!({"op": "command", "at": 1, "command": wish});
        let one = json!({"min": "e0000001", "max": "e0000001"});
        vec![
            json!({"op": "reset", "case": "c", "seed": 1, "config": {
                "role": "client", "atm": peer(9), "mars": [peer(1), peer(2)], "retransmit_ms": 10_000,
            }}),
            command(json!({"register": {}})),
            json!({"op": "vc_up", "at": 1, "vc": "m", "peer": peer(1)}),
            json!({"op": "vc_up", "at": 1, "vc": "c", "peer": peer(1), "kind": "leaf"}),
            json!({"op": "deliver", "at": 1, "vc": "m", "hex": copy}),
            command(json!({"join": {"min": "e0000001", "max": "e0000001", "layer3grp": true}})),
            command(json!({"leave": one})),
            command(json!({"send": {"group": "e0000001", "hex": "01"}})),
            command(json!({"group_list": one})),
            command(json!({"serve": one})),
            command(json!({"unserve": one})),
            command(json!({"deregister": {}})),
            json!({"op": "call_failed", "at": 1, "peer": peer(1)}),
            // No tree was ever opened.
            json!({"op": "leaf_up", "at": 1, "tree": "t1", "peer": peer(2)}),
            json!({"op": "leaf_failed", "at": 1, "tree": "t1", "peer": peer(2), "cause": 49}),
            json!({"op": "leaf_gone", "at": 1, "group": "t1", "peer": peer(2)}),
            json!({"op": "tree_down", "at": 1, "tree": "t1"}),
        ]
    }

    #[test]
    fn both_sides_of_a_conversation_fit_the_published_schemas() {
        let (asked, answered) = (schema("adapter-request"), schema("adapter-response"));
        let requests = requests();
        let mut input = String::new();
        for request in &requests {
            let errors: Vec<_> = asked
                .iter_errors(request)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{request}: {errors:?}");
            input.push_str(&format!("{request}\n"));
        }
        // A line that is no request, and an operation of a later version.
        input.insert_str(0, "oh\n{\"id\":0,\"op\":\"dance\"}\n");
        let identity = Identity {
            name: "n".to_owned(),
            version: "1".to_owned(),
        };
        let mut output = Vec::new();
        serve(
            &mut Session::new(identity),
            &mut input.as_bytes(),
            &mut output,
        )
        .unwrap();
        let output = String::from_utf8(output).unwrap();
        assert_eq!(output.lines().count(), requests.len() + 2);
        for line in output.lines() {
            let response: Value = serde_json::from_str(line).unwrap();
            let errors: Vec<_> = answered
                .iter_errors(&response)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{line}: {errors:?}");
        }
        assert!(output.contains("\"send\""), "it sends something");
        assert!(output.contains("\"notice\""), "it tells something");
        assert_eq!(output.matches("\"status\":\"error\"").count(), 2 + 4);
    }

    #[test]
    fn the_schemas_refuse_what_is_wrong() {
        let (asked, answered) = (schema("adapter-request"), schema("adapter-response"));
        assert!(!asked.is_valid(&json!({"id": 1, "op": "advance", "to": -1})));
        assert!(
            !asked.is_valid(&json!({"id": 1, "op": "deliver", "at": 1, "vc": "a", "hex": "ABC"}))
        );
        assert!(!asked.is_valid(&json!({"op": "bye"})));
        assert!(!answered.is_valid(&json!({"id": 1, "status": "ok", "out": []})));
        assert!(!answered.is_valid(&json!({"id": 1, "status": "fine"})));
        assert!(
            !asked.is_valid(&json!({"id": 1, "op": "command", "at": 1, "command": {"sing": {}}}))
        );
        assert!(!asked.is_valid(&json!({"id": 1, "op": "leaf_up", "at": 1, "tree": "t1"})));
        for wrong in [
            json!([{"at": 1, "tree": {"op": "open", "tree": "t1"}}]),
            json!([{"at": 1, "notice": {"weather": {}}}]),
        ] {
            assert!(
                !answered.is_valid(&json!({"id": 1, "status": "ok", "out": wrong, "next": null}))
            );
        }
        let out = json!([{"at": 1, "leaf": {"op": "move", "group": "ccvc"}}]);
        assert!(!answered.is_valid(&json!({"id": 1, "status": "ok", "out": out, "next": null})));
    }
}
