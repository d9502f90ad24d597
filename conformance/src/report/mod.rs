//! Reports for people: message sequence charts and captures.

pub mod carried;
pub mod chart;
pub mod defects;
pub mod html;
pub mod of_path;
pub mod pcapng;
pub mod recorded;
mod svg;
