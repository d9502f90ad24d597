//! Shorthands for frames that the harness makes and looks into often.

use serde_json::{Value, json};

use super::{FrameError, Protocol, write};

const TYPE_CSU_REQUEST: u64 = 2;

/// The records of a frame as [`super::read`] gives it, if it is a CSU Request.
#[must_use]
pub fn csu_request_records(frame: &Value) -> Option<&Vec<Value>> {
    let scsp = frame.get("protocol")?.as_str() == Some(Protocol::Scsp.as_str());
    let message = frame.get("message")?;
    let request = message.get("type_code")?.as_u64() == Some(TYPE_CSU_REQUEST);
    if scsp && request {
        message.get("records")?.as_array()
    } else {
        None
    }
}

/// A whole CSU Request with these records, from and to servers whose IDs are given in hex.
///
/// # Errors
/// As [`super::write`].
pub fn csu_request(
    server_group_id: &Value,
    sender_id: &str,
    receiver_id: &str,
    records: &[Value],
) -> Result<Vec<u8>, FrameError> {
    write(&json!({
        "protocol": Protocol::Scsp.as_str(),
        "message": {
            "type_code": TYPE_CSU_REQUEST,
            "server_group_id": server_group_id,
            "sender_id": sender_id,
            "receiver_id": receiver_id,
            "records": records,
        },
    }))
}
