use super::*;

#[test]
fn t() {
    assert_eq!(to_json::codes().len(), 9);
}
