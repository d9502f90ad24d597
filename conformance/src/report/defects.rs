//! The findings as a folder of pages: `index.md` and `index.html` with every finding and the three-way table, and for each
//! finding its counterexample as `ID.svg` and `ID.pcapng`. All of it is what was derived just now.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use mars_model::findings::{Derived, Finding, Mixed};

use super::chart::Chart;
use super::html::{STYLE, escape};
use super::of_path;

/// One finding and what came of deriving it.
pub struct Defect {
    /// The finding.
    pub finding: &'static Finding,
    /// Its two searches.
    pub derived: Derived,
    /// Groups of both kinds, where that means something.
    pub mixed: Option<Mixed>,
}

/// What a table says of one kind of group.
#[must_use]
pub const fn verdict(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "holds",
        Some(false) => "fails",
        None => "open",
    }
}

/// Who has to read the sentence to the letter for harm to be done, in a group where others do not.
#[must_use]
pub fn harmful(mixed: &Mixed) -> String {
    let name = |odd: &u8| {
        let servers = (0..8u8).filter(|server| odd & (1 << server) != 0);
        let names: Vec<String> = servers.map(|server| format!("s{}", server + 1)).collect();
        names.join("+")
    };
    let groups: Vec<String> = mixed.harmful.iter().map(name).collect();
    match groups.as_slice() {
        [] => "nobody".to_owned(),
        groups => groups.join(", "),
    }
}

impl Defect {
    /// The chart of the counterexample.
    #[must_use]
    pub fn chart(&self) -> Option<Chart> {
        let (path, case) = (self.derived.path.as_ref()?, self.finding.in_scenario()?);
        let title = format!(
            "{}: shortest way into it, {} steps",
            self.finding.id,
            self.derived.trace_length()
        );
        Some(of_path::chart(case, path, title, self.finding.choice()))
    }

    fn capture(&self) -> Option<Vec<u8>> {
        let (path, case) = (self.derived.path.as_ref()?, self.finding.in_scenario()?);
        Some(of_path::capture(case, path, self.finding.choice()))
    }

    /// The reading in words.
    #[must_use]
    pub fn reading(&self) -> String {
        let (field, value) = self.finding.rules_field;
        format!(
            "{field} = {value}, all else resolved; scenario {}",
            self.finding.scenario
        )
    }

    /// What becomes of the property, in words.
    #[must_use]
    pub fn breaks(&self) -> String {
        format!(
            "{} fails after {} steps; resolved, it {}",
            self.finding.property,
            self.derived.trace_length(),
            match self.derived.holds_under_resolved {
                Some(true) => "holds in every reachable state",
                Some(false) => "FAILS as well",
                None => "was not decided",
            }
        )
    }

    /// The cells of the three-way table.
    fn row(&self) -> [String; 5] {
        let (finding, derived) = (self.finding, &self.derived);
        let (some, harm) = match &self.mixed {
            Some(mixed) => (verdict(mixed.holds), harmful(mixed)),
            None => ("one server", String::new()),
        };
        [
            format!("{} {}", finding.id, finding.property),
            verdict(derived.holds_under_literal).to_owned(),
            some.to_owned(),
            verdict(derived.holds_under_resolved).to_owned(),
            harm,
        ]
    }
}

impl Defect {
    /// The finding as a section of a page, with its chart.
    pub(super) fn section(&self) -> String {
        let finding = self.finding;
        let mut text = format!(
            "<h2 id=\"{0}\">{0} {1}</h2><p>{2}</p><p><b>Text:</b> {3}. <b>Reading:</b> {4}. <b>Breaks:</b> {5}.</p>\
             <p><b>Resolution:</b> {6}</p>",
            finding.id,
            escape(finding.title),
            escape(finding.consequence),
            escape(&finding.sections.join("; ")),
            escape(&self.reading()),
            escape(&self.breaks()),
            escape(finding.resolution),
        );
        if let Some(chart) = self.chart() {
            let _ = write!(text, "<div class=chart>{}</div>", chart.svg());
        }
        text
    }
}

const HEADS: [&str; 5] = [
    "finding, property",
    "literal/literal",
    "ours/literal",
    "ours/ours",
    "literal servers that do harm",
];
const INTRODUCTION: &str = "Each finding is the resolved protocol with one sentence read the other way: on the named scenario the named \
property then fails, at the end of a shortest path, and holds in every reachable state without. The table says what \
becomes of groups in which all servers, some of them, or none read it so; what a server does to itself and to its own \
clients alone is no failure of a mixed group.";

/// The page as Markdown.
#[must_use]
pub fn markdown(defects: &[Defect]) -> String {
    let mut text = format!("# Findings\n\n{INTRODUCTION}\n\n");
    let _ = writeln!(
        text,
        "| {} |\n|{}",
        HEADS.join(" | "),
        "---|".repeat(HEADS.len())
    );
    for defect in defects {
        let _ = writeln!(text, "| {} |", defect.row().join(" | "));
    }
    for defect in defects {
        let finding = defect.finding;
        let _ = write!(
            text,
            "\n## {} {}\n\n{}\n\n- Text: {}\n- Reading: {}\n- Breaks: {}\n- Resolution: {}\n",
            finding.id,
            finding.title,
            finding.consequence,
            finding.sections.join("; "),
            defect.reading(),
            defect.breaks(),
            finding.resolution,
        );
        if let Some(chart) = defect.chart() {
            let _ = write!(
                text,
                "- Counterexample: [chart]({0}.svg), [capture]({0}.pcapng)\n\n```text\n{1}```\n",
                finding.id,
                chart.text()
            );
        }
    }
    text
}

/// The page as HTML, with the charts in it.
#[must_use]
pub fn html(defects: &[Defect]) -> String {
    let mut text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Findings</title><style>{STYLE}</style><h1>Findings</h1>\
         <p>{INTRODUCTION}</p><table><tr>"
    );
    for head in HEADS {
        let _ = write!(text, "<th>{head}");
    }
    for defect in defects {
        text.push_str("<tr>");
        for cell in defect.row() {
            let class = match cell.as_str() {
                "holds" => " class=ok",
                "fails" => " class=no",
                _ => "",
            };
            let _ = write!(text, "<td{class}>{}", escape(&cell));
        }
    }
    text.push_str("</table>");
    for defect in defects {
        text.push_str(&defect.section());
        if defect.derived.path.is_some() {
            let id = defect.finding.id;
            let _ = write!(text, "<p><a href=\"{id}.pcapng\">Capture of {id}</a></p>");
        }
    }
    text.push_str("</html>\n");
    text
}

/// Writes the folder, each file to a temporary name first; the pages last. Returns the page for people.
///
/// # Errors
/// A folder or file that cannot be written.
pub fn save(folder: &Path, defects: &[Defect]) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let put = |name: String, octets: &[u8]| -> io::Result<PathBuf> {
        let (file, temporary) = (folder.join(&name), folder.join(format!("{name}.new")));
        std::fs::write(&temporary, octets)?;
        std::fs::rename(&temporary, &file)?;
        Ok(file)
    };
    for defect in defects {
        if let (Some(chart), Some(capture)) = (defect.chart(), defect.capture()) {
            put(format!("{}.svg", defect.finding.id), chart.svg().as_bytes())?;
            put(format!("{}.pcapng", defect.finding.id), &capture)?;
        }
    }
    put("index.md".to_owned(), markdown(defects).as_bytes())?;
    put("index.html".to_owned(), html(defects).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mars_model::findings::{derive, findings, mixed, resolved};
    use std::num::NonZeroUsize;
    use std::sync::atomic::AtomicBool;

    fn defect(id: &str) -> Defect {
        let stop = AtomicBool::new(false);
        let finding = findings().find(|finding| finding.id == id).unwrap();
        let derived = derive(
            finding,
            resolved(finding, NonZeroUsize::MIN, &stop),
            NonZeroUsize::MIN,
            &stop,
        );
        let mixed = mixed(finding, NonZeroUsize::MIN, &stop);
        Defect {
            finding,
            derived,
            mixed,
        }
    }

    #[test]
    fn the_folder_has_a_chart_and_a_capture_of_every_finding() {
        // One of the group, whose messages are seen when they are sent, and one whose messages are seen when they arrive.
        let defects = [defect("A05"), defect("D02")];
        let folder = std::env::temp_dir().join(format!("mars-findings-{}", std::process::id()));
        let page = save(&folder, &defects).unwrap();
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let text = String::from_utf8(read("index.md")).unwrap();
        for defect in &defects {
            let id = defect.finding.id;
            assert!(text.contains(&format!("## {id} ")), "{text}");
            assert!(read(&format!("{id}.svg")).starts_with(b"<svg"));
            let capture = read(&format!("{id}.pcapng"));
            // More than the two header blocks.
            assert!(capture.len() > 200, "{id}: {} octets", capture.len());
        }
        assert!(
            text.contains("| A05 no-lost-member | fails | fails | holds | "),
            "{text}"
        );
        assert!(text.contains("s1 --> s2"), "{text}");
        assert!(text.contains("A --> B  Hello, lists"), "{text}");
        let html = std::fs::read_to_string(page).unwrap();
        assert!(html.matches("<svg").count() == 2 && html.ends_with("</html>\n"));
        let files = std::fs::read_dir(&folder).unwrap().count();
        assert_eq!(files, 6, "no temporary file stays");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn tables_say_who_does_harm() {
        let mixed = Mixed {
            holds: Some(false),
            harmful: vec![0b1, 0b110],
        };
        assert_eq!(harmful(&mixed), "s1, s2+s3");
        assert_eq!([verdict(None), verdict(Some(true))], ["open", "holds"]);
    }
}
