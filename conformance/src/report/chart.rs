//! Message sequence charts of traces and of counterexamples: text, Mermaid, SVG.

use std::fmt::Write as _;

use super::svg;
use crate::judge::step::says;
use crate::trace::{About, Act, Expected, LeafOp, Step, Trace};

/// One line of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields bear the names of what they hold")]
pub enum Line {
    /// Something that happens, above the messages that it causes.
    Event(String),
    /// A message; columns are indices into the participants.
    Message {
        from: usize,
        to: usize,
        label: String,
    },
    /// A remark beside one participant.
    Remark { at: usize, label: String },
}

/// A chart: participants from left to right, lines from top to bottom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// Columns.
    pub participants: Vec<String>,
    /// Lines.
    pub lines: Vec<Line>,
}

impl Chart {
    /// The chart of a trace: its acts and what they must cause.
    #[must_use]
    pub fn of_trace(trace: &Trace) -> Self {
        let clients = trace.topology.clients.keys().cloned();
        let servers = trace.servers.iter().map(|server| server.name.clone());
        let mut chart = Self {
            title: format!("{}: {}", trace.id, trace.title),
            participants: clients.chain(servers).collect(),
            lines: Vec::new(),
        };
        for (position, step) in trace.steps.iter().enumerate() {
            chart.step(position, step);
        }
        chart
    }

    /// Adds a step.
    pub fn step(&mut self, position: usize, step: &Step) {
        let what = match (&step.act, &step.stimulus) {
            (Some(act), _) => act_words(act),
            (None, stimulus) => serde_json::to_string(stimulus).unwrap_or_default(),
        };
        self.lines
            .push(Line::Event(format!("{position}. {what} ({} ms)", step.at)));
        for output in step
            .expect
            .iter()
            .take(1)
            .flat_map(|alternative| &alternative.outputs)
        {
            self.output(output);
        }
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.participants.iter().position(|other| other == name)
    }

    pub(super) fn message(&mut self, from: &str, to: &str, label: String) {
        match (self.column(from), self.column(to)) {
            (Some(from), Some(to)) if from != to => {
                self.lines.push(Line::Message { from, to, label });
            }
            (Some(at), _) | (None, Some(at)) => self.lines.push(Line::Remark {
                at,
                label: format!("{to}: {label}"),
            }),
            (None, None) => self.lines.push(Line::Event(label)),
        }
    }

    /// Adds an output.
    pub fn output(&mut self, output: &Expected) {
        match output {
            Expected::Csa(csa) => {
                let about = match &csa.about {
                    About::RedirectEntry => "redirect entry".to_owned(),
                    About::Register { client } if csa.live => format!("register {client}"),
                    About::Register { client } => format!("deregister {client}"),
                    About::Join { client, range } if csa.live => format!("join {client} {range}"),
                    About::Join { client, range } => format!("leave {client} {range}"),
                };
                let life = if csa.earlier { "'s earlier life" } else { "" };
                let how = match (csa.fresh, csa.solicited) {
                    (true, _) => " (new)",
                    (_, true) => " (solicited)",
                    _ => "",
                };
                self.message(
                    &csa.from,
                    &csa.to,
                    format!("CSA {about} of {}{life}{how}", csa.origin),
                );
            }
            Expected::Mars(mars) => self.message(&mars.from, &mars.to, says(&mars.says)),
            Expected::Leaf { from, op, peer, .. } => {
                let op = if *op == LeafOp::Add { "adds" } else { "drops" };
                if let Some(at) = self.column(from) {
                    self.lines.push(Line::Remark {
                        at,
                        label: format!("{op} leaf {peer}"),
                    });
                }
            }
            Expected::Frame { vc, matches } => self
                .lines
                .push(Line::Event(format!("expects on {vc}: {matches}"))),
            Expected::Tree { .. }
            | Expected::Call { .. }
            | Expected::Hangup { .. }
            | Expected::Deliver { .. }
            | Expected::Notice { .. } => {
                let what = serde_json::to_string(output).unwrap_or_default();
                self.lines.push(Line::Event(format!("expects {what}")));
            }
        }
    }

    /// Plain text: a line each, participants by name.
    #[must_use]
    pub fn text(&self) -> String {
        let name = |index: &usize| self.participants.get(*index).map_or("?", String::as_str);
        let mut text = format!("{}\n", self.title);
        for line in &self.lines {
            let _ = match line {
                Line::Event(what) => writeln!(text, "{what}"),
                Line::Message { from, to, label } => {
                    writeln!(text, "    {} --> {}  {label}", name(from), name(to))
                }
                Line::Remark { at, label } => writeln!(text, "    {}  {label}", name(at)),
            };
        }
        text
    }

    /// A Mermaid sequence diagram.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let clean = |label: &str| label.replace([';', '#'], ",");
        let name = |index: &usize| self.participants.get(*index).map_or("?", String::as_str);
        let mut text = format!(
            "---\ntitle: \"{}\"\n---\nsequenceDiagram\n",
            self.title.replace('"', "'")
        );
        for participant in &self.participants {
            let _ = writeln!(text, "  participant {participant}");
        }
        let (first, last) = (name(&0), name(&self.participants.len().saturating_sub(1)));
        for line in &self.lines {
            let _ = match line {
                Line::Event(what) => writeln!(text, "  Note over {first},{last}: {}", clean(what)),
                Line::Message { from, to, label } => {
                    writeln!(text, "  {}->>{}: {}", name(from), name(to), clean(label))
                }
                Line::Remark { at, label } => {
                    writeln!(text, "  Note over {}: {}", name(at), clean(label))
                }
            };
        }
        text
    }

    /// A self-contained SVG picture.
    #[must_use]
    pub fn svg(&self) -> String {
        svg::render(self)
    }
}

/// An act in words.
#[must_use]
pub fn act_words(act: &Act) -> String {
    match act {
        Act::Register { client, server } => format!("{client} registers at {server}"),
        Act::Join {
            client,
            server,
            range,
        } => format!("{client} joins {range} at {server}"),
        Act::Leave {
            client,
            server,
            range,
        } => format!("{client} leaves {range} at {server}"),
        Act::Deregister { client, server } => format!("{client} deregisters at {server}"),
        Act::Move { client, server } => {
            format!("{client} registers at {server} and keeps its old leaf")
        }
        Act::Redirect { client, server } => format!("{client}, redirected, registers at {server}"),
        Act::Failover { client, server } => {
            format!("{client}, without its home, registers at {server}")
        }
        Act::Query {
            client,
            server,
            range,
        } => format!("{client} asks {server} for {range}"),
        Act::LeafGone { server, client } => {
            format!("{client} drops off the control VC of {server}")
        }
        Act::ClientCrash { client } => format!("{client} dies"),
        Act::Deliver { from, to } => format!("a record from {from} arrives at {to}"),
        Act::Crash { server } => format!("{server} dies"),
        Act::Restart { server } => format!("{server} starts again"),
        Act::Cut { a, b } => format!("the link {a}-{b} goes down"),
        Act::Heal { a, b } => format!("the link {a}-{b} comes back and the caches align"),
        Act::Drain { server } => format!("{server} is drained"),
        Act::Tick => "a minute passes".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        Chart {
            title: "t".to_owned(),
            participants: vec!["c1".to_owned(), "s1".to_owned()],
            lines: vec![
                Line::Event("c1 registers".to_owned()),
                Line::Message {
                    from: 1,
                    to: 0,
                    label: "MARS_JOIN <copy> & more".to_owned(),
                },
                Line::Remark {
                    at: 1,
                    label: "adds leaf; c1".to_owned(),
                },
            ],
        }
    }

    #[test]
    fn text_names_both_ends() {
        assert_eq!(
            chart().text(),
            "t\nc1 registers\n    s1 --> c1  MARS_JOIN <copy> & more\n    s1  adds leaf; c1\n"
        );
    }

    #[test]
    fn mermaid_has_no_character_that_ends_a_statement() {
        let text = chart().mermaid();
        assert!(text.contains("s1->>c1: MARS_JOIN"), "{text}");
        assert!(!text.contains(';'), "{text}");
    }

    #[test]
    fn svg_escapes_what_xml_reserves() {
        let picture = chart().svg();
        assert!(
            picture.contains("MARS_JOIN &lt;copy&gt; &amp; more"),
            "{picture}"
        );
        assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"));
    }
}
