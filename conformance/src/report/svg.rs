//! A chart as SVG: one file, no script, no font to fetch, readable on light and dark ground.

use std::fmt::Write as _;

use super::chart::{Chart, Line};

/// Distance between two participants.
const COLUMN: usize = 260;
/// Distance between two lines.
const ROW: usize = 26;
/// Room above the first line and below the last.
const MARGIN: usize = 60;

/// The octets that XML reserves, escaped.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The picture.
pub(super) fn render(chart: &Chart) -> String {
    let x = |column: usize| COLUMN / 2 + column * COLUMN;
    let width = (COLUMN * chart.participants.len()).max(480);
    let height = 2 * MARGIN + ROW * (chart.lines.len() + 1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>{}</title>\n\
         <style>.b{{fill:#fff}}text{{fill:#111}}line,path{{stroke:#335}}.e{{font-weight:bold}}\
         @media(prefers-color-scheme:dark){{.b{{fill:#181818}}text{{fill:#eee}}line,path{{stroke:#9ac}}}}</style>\n\
         <defs><marker id=\"a\" markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\" orient=\"auto\">\
         <path d=\"M0,0 L8,4 L0,8\" fill=\"none\"/></marker></defs>\n\
         <rect class=\"b\" width=\"{width}\" height=\"{height}\"/>\n\
         <text x=\"8\" y=\"18\" class=\"e\">{}</text>\n",
        escape(&chart.title),
        escape(&chart.title),
    );
    for (column, name) in chart.participants.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<text x=\"{0}\" y=\"{1}\" text-anchor=\"middle\" class=\"e\">{2}</text>\
             <line x1=\"{0}\" y1=\"{3}\" x2=\"{0}\" y2=\"{4}\" stroke-dasharray=\"3 4\"/>",
            x(column),
            MARGIN - 16,
            escape(name),
            MARGIN - 8,
            height - 20,
        );
    }
    for (row, line) in chart.lines.iter().enumerate() {
        let y = MARGIN + ROW * (row + 1);
        let _ = match line {
            Line::Event(what) => writeln!(
                svg,
                "<text x=\"8\" y=\"{y}\" class=\"e\">{}</text>",
                escape(what)
            ),
            Line::Message { from, to, label } => writeln!(
                svg,
                "<line x1=\"{}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" marker-end=\"url(#a)\"/>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                x(*from),
                x(*to),
                (x(*from) + x(*to)) / 2,
                y - 5,
                escape(label),
            ),
            Line::Remark { at, label } => {
                writeln!(
                    svg,
                    "<text x=\"{}\" y=\"{y}\">{}</text>",
                    x(*at) + 8,
                    escape(label)
                )
            }
        };
    }
    svg.push_str("</svg>\n");
    svg
}
