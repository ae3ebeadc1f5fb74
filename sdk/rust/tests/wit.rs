//! The interface that the SDK carries is the released one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|e| (e.file_name().into_string().unwrap(), fs::read_to_string(e.path()).unwrap())).collect()
}

#[test]
fn the_copy_in_the_sdk_is_the_released_interface() {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(files(&sdk.join("wit")), files(&sdk.join("../../wit/1.0")));
}
