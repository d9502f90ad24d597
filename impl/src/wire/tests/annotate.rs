//! A hex dump with field names, walked along the tables of `layouts-and-constants.md` and not with
//! the decoders under test.

use std::fmt::Write as _;

use super::Kind;

struct Walker<'a> {
    octets: &'a [u8],
    at: usize,
    lines: Vec<String>,
    fields: Vec<Field>,
}

/// A field where the tables have it.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) at: usize,
    pub(super) length: usize,
}

impl Walker<'_> {
    /// Notes `length` octets as `name` and gives them as a number (low 32 bits).
    fn field(&mut self, name: &str, length: usize) -> usize {
        let end = (self.at + length).min(self.octets.len());
        self.fields.push(Field {
            name: name.trim().to_owned(),
            at: self.at,
            length: end - self.at,
        });
        let taken = &self.octets[self.at..end];
        let mut rows = taken.chunks(12);
        if let Some(first) = rows.next() {
            self.line(self.at, first, name);
        }
        let mut at = self.at + 12;
        for row in rows {
            self.line(at, row, "");
            at += 12;
        }
        self.at = end;
        taken.iter().fold(0, |sum, octet| {
            (sum << 8 | usize::from(*octet)) & 0xffff_ffff
        })
    }

    fn line(&mut self, at: usize, octets: &[u8], name: &str) {
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        self.lines.push(format!("{at:4}  {hex:24}  {name}"));
    }

    fn csas(&mut self) -> usize {
        self.field("Hop Count", 2);
        let length = self.field("Record Length", 2);
        self.field("Cache Key Len", 1);
        self.field("Orig ID Len", 1);
        self.field("N, unused", 2);
        self.field("CSA Sequence Number", 4);
        self.field("Cache Key", 4);
        self.field("Originator ID", 4);
        length - 20
    }

    fn record(&mut self) {
        self.field("  Hardware Type", 2);
        self.field("  Protocol Type", 2);
        self.field("  SNAP", 5);
        self.field("  unused", 1);
        self.field("  Version", 1);
        self.field("  State", 1);
        self.field("  Flags", 2);
        self.field("  Cluster Member ID", 2);
        let source = self.field("  Src Addr Len", 1);
        let group = self.field("  Group Addr Len", 1);
        let number = self.field("  ATM Addr T/L", 1) & 0x3f;
        let subaddress = self.field("  ATM SubAddr T/L", 1) & 0x3f;
        self.field("  Source Protocol Address", source);
        self.field("  Source ATM Address", number);
        self.field("  Source ATM SubAddress", subaddress);
        self.field("  Minimum group", group);
        self.field("  Maximum group", group);
    }

    fn scsp(&mut self) {
        self.field("Version", 1);
        let kind = self.field("Type Code", 1);
        let size = self.field("Packet Size", 2);
        self.field("Checksum", 2);
        let extensions = self.field("Start Of Extensions", 2);
        match kind {
            1 => {
                self.field("CA Sequence Number", 4);
            }
            5 => {
                self.field("HelloInterval", 2);
                self.field("DeadFactor", 2);
                self.field("unused", 2);
                self.field("Family ID", 2);
            }
            _ => {}
        }
        self.field("Protocol ID", 2);
        self.field("Server Group ID", 2);
        self.field("unused", 2);
        self.field("Flags", 2);
        let sender = self.field("Sender ID Len", 1);
        let receiver = self.field("Recvr ID Len", 1);
        let count = self.field("Number of Records", 2);
        self.field("Sender ID", sender);
        self.field("Receiver ID", receiver);
        for _ in 0..count {
            match kind {
                5 => {
                    let length = self.field("Additional Rec Len", 1);
                    self.field("Additional Receiver ID", length);
                }
                2 => {
                    if self.csas() > 0 {
                        self.record();
                    }
                }
                _ => {
                    self.csas();
                }
            }
        }
        while extensions != 0 && self.at < size {
            self.field("Extension Type", 2);
            let length = self.field("Extension Length", 2);
            self.field("Extension Value", length);
        }
    }

    fn mars(&mut self) {
        let message = self.octets;
        self.field("mar$afn", 2);
        self.field("mar$pro.type", 2);
        self.field("mar$pro.snap", 5);
        self.field("mar$hdrrsv", 3);
        self.field("mar$chksum", 2);
        let extoff = self.field("mar$extoff", 2) & !3;
        self.field("mar$op.version", 1);
        let op = self.field("mar$op.type", 1);
        let r = self.field("mar$shtl", 1) & 0x3f;
        let q = self.field("mar$sstl", 1) & 0x3f;
        let s = self.field(if op == 12 { "reserved" } else { "mar$spln" }, 1);
        let (mut x, mut y, mut z, mut n) = (0, 0, 0, 0);
        match op {
            1 | 2 | 6 | 11 | 12 | 13 => {
                x = self.field("mar$thtl", 1) & 0x3f;
                y = self.field("mar$tstl", 1) & 0x3f;
                z = self.field(if op == 12 { "mar$redirf" } else { "mar$tpln" }, 1);
                if op == 1 || op == 6 {
                    self.field("padding", 8);
                } else {
                    n = self.field("mar$tnum", 2);
                    self.field("mar$seqxy", 2);
                    self.field("mar$msn", 4);
                }
            }
            _ => {
                z = self.field("mar$tpln", 1).max(z);
                n = self.field("mar$pnum", 2);
                self.field("mar$flags", 2);
                self.field("mar$cmi", 2);
                self.field("mar$msn", 4);
            }
        }
        self.field("mar$sha", r);
        self.field("mar$ssa", q);
        if op != 12 {
            self.field("mar$spa", s);
        }
        if matches!(op, 1 | 2 | 6 | 13) {
            self.field("mar$tpa", z);
        }
        for i in 1..=n {
            match op {
                2 | 12 | 13 => {
                    self.field(&format!("mar$tha.{i}"), x);
                    self.field(&format!("mar$tsa.{i}"), y);
                }
                11 => {
                    self.field(&format!("mar$grp.{i}"), z);
                }
                _ => {
                    self.field(&format!("mar$min.{i}"), z);
                    self.field(&format!("mar$max.{i}"), z);
                }
            }
        }
        if extoff != 0 {
            self.field("padding", extoff - self.at);
            while self.at < message.len() {
                let kind = self.field("TLV type", 2);
                let length = self.field("TLV length", 2);
                self.field("TLV value", length.next_multiple_of(4));
                if kind == 0 && length == 0 {
                    break;
                }
            }
        }
    }
}

fn walk(kind: Kind, octets: &[u8]) -> Walker<'_> {
    let mut walker = Walker {
        octets,
        at: 0,
        lines: Vec::new(),
        fields: Vec::new(),
    };
    match kind {
        Kind::Scsp => walker.scsp(),
        Kind::Mars => walker.mars(),
    }
    walker
}

/// The fields of a message that stands, in order.
pub(super) fn fields(kind: Kind, octets: &[u8]) -> Vec<Field> {
    walk(kind, octets).fields
}

/// One line a field: offset, octets, name.
pub(super) fn annotate(kind: Kind, octets: &[u8]) -> Vec<String> {
    let mut walker = walk(kind, octets);
    walker.field("(trailing)", octets.len());
    walker.lines
}

/// Two columns: the dump and the lines of `decoded`.
pub(super) fn beside(dump: &[String], decoded: &str) -> String {
    let width = dump.iter().map(String::len).max().unwrap_or_default();
    let decoded: Vec<&str> = decoded.lines().collect();
    let mut out = String::new();
    for row in 0..dump.len().max(decoded.len()) {
        let left = dump.get(row).map_or("", String::as_str);
        let right = decoded.get(row).copied().unwrap_or_default();
        let line = format!("{left:width$} | {right}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}
