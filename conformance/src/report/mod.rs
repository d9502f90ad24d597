//! Reports for people: message sequence charts and captures.

pub mod chart;
pub mod html;
pub mod pcapng;
mod svg;
